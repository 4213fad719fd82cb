"""The sample district: what it lives through before the present begins."""

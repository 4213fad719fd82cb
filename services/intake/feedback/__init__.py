"""Approved replies on their way back to the platforms."""

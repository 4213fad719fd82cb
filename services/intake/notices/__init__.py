"""Cancellations, urges, revisit results and redos of the platforms."""

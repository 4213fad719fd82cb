"""A sample district, a simulated upstream, and staff who handle one order: all through the public API."""

"""A sample district, a simulated upstream and the staff's way through one order: all of it through the public API."""

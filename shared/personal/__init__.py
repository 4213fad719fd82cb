"""Personal data: sealed at rest and on the bus, masked by role, struck out of texts (X2)."""

"""Personal data: sealed in the database and in events, masked by role, removed from texts (X2)."""

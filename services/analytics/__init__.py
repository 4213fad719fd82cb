"""Analytics: figures by unit, day and week, computed from events; it decides nothing (S3.2)."""

"""What sla does: load, decide, change, emit."""

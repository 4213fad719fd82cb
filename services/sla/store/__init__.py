"""Reading and writing sla's rows."""

"""Reading and writing dispatch's rows."""

"""The fault run: orders are sent while processes are killed; afterwards the client's ledger is compared with the data."""

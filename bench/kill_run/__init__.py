"""The fault run: orders flow while everything is killed; a ledger on the client's side says what must be true afterwards."""

"""Orders as they arrive, stored by a group commit."""

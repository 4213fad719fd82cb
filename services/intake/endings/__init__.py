"""What becomes of each message of a platform about an order, by the state of the order: one table."""

"""dispatch: the life of every order, the units and their duties, the accounts."""

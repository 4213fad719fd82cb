"""How far an order is, told to the platform that sent it."""

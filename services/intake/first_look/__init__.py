"""What the text of a new order suggests: urgency, out of scope, the street."""

"""Orders found by their number, by words of the title or by a telephone number, though texts are sealed."""

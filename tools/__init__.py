"""Programs of the house: run as `python -m tools.<name>`, from the checkout."""

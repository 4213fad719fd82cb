"""Programs for development: run as `python -m tools.<name>`, from the checkout."""

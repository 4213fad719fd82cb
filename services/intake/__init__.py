"""The upstream side: orders come in from seven platforms, and replies go back to them."""

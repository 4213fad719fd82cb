"""What intake does: accept, note, quarantine, follow the order, hand replies over."""

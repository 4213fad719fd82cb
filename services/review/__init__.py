"""Review: the unit's leader and the centre review a reply before it is fed back upstream (S2.2.3c, S2.3)."""

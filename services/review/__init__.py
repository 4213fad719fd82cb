"""Review: what becomes of a reply between the unit's desk and the upstream (S2.2.3c, S2.3)."""

"""How many units are recommended."""

from __future__ import annotations

from typing import Final

from services.dispatch.rulesets.policy import Figure

CANDIDATES: Final = Figure(3, "S2.1a")

# The circular says how many at least; how many at most is ours.
MOST_CANDIDATES: Final = 5

CLEARLY_STRONGER: Final = 12.0
"""So many points more of duty has a unit that comes before the one that a return proposes: about two keywords of its own,
each in title and text."""

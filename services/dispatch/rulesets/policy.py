"""The numbers of the circular that a published rule set may change (X3).

The values here are those of the circular of 2022.  They hold for orders that were received before any published rule
set became effective.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple


class Figure(NamedTuple):
    """A number of the circular: its value, its clause, and the id of the reading that the value follows."""

    value: int
    clause: str
    reading: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The numbers of a published rule set by which dispatch decides; sla keeps the whole (X3)."""

    version: str
    return_window: Figure
    """Working days from the assignment."""
    plan: Figure
    """Calendar days from the first assignment."""
    returns_to_panel: Figure
    """How many accepted returns call the panel."""


CIRCULAR_2022: Final = RuleSet(
    version="circular-2022",
    return_window=Figure(1, "S2.2.1f", "A14"),
    plan=Figure(90, "S2.2.2e", "A16"),
    returns_to_panel=Figure(2, "S3.1h", "A21"),
)

"""Every number of dispatch, with its clause and the reading that it follows.

Those that a rule set of sla holds stand here as the circular of 2022 has them: for the orders of a time for which no
other rule set was published (X3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple


class Figure(NamedTuple):
    """A number of the circular: its value, its clause, and the reading of it that is the default."""

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

VAIN_ATTEMPTS_THAT_COUNT: Final = Figure(2, "S2.2.1b")
# How far ahead a next contact may be promised. The circular gives no figure: thirteen working days are the longest that an
# order is with a unit at all, three and ten of extension, or the thirteen of the enterprise platform. A longer promise
# buys off the evening (不过夜) and the caller hears nothing.
PROMISE_WORKDAYS: Final = Figure(13, "S2.2.1d")
VAIN_REVISIT_DAYS: Final = Figure(2, "", "A32")
CANDIDATES: Final = Figure(3, "S2.1a")

# The circular is silent here; these are ours.
MOST_CANDIDATES: Final = 5
MATERIAL_BYTES: Final = 700 * 1024  # base64 of it fits the 1 MB that a request may have
PASSWORD_LENGTH: Final = 8
LOCK_AFTER: Final = 5
LOCK_FOR: Final = timedelta(minutes=15)

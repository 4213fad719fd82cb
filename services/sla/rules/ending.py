"""What stops a clock, what makes it void, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.sla.model import State
from services.sla.policy import UNIT_CLOCKS
from shared.contracts.sla import ClockKind

# What each fact stops. What is not named here runs on: signing for an order stops nothing but the signing itself (A04),
# submitting a reply or having it rejected stops no deadline of the order (A19).
STOPS: Final[Mapping[str, frozenset[ClockKind]]] = MappingProxyType(
    {
        "assigned": frozenset({"same_day_dispatch", "consult"}),
        "accepted": frozenset({"accept"}),
        "contacted": frozenset({"accept", "first_contact", "next_contact"}),
        "tried": frozenset({"accept"}),
        # A first reply ends its own clock only: the final one runs on (S1.2.2c, S1.3.1d).
        "reached": frozenset({"caller_reply", "first_reply"}),
        "noted": frozenset({"accept", "progress_note"}),
        "submitted": frozenset({"accept", "progress_note"}),
        "return_requested": frozenset({"accept", "return_window"}),
        "judged": frozenset({"review_turnaround"}),
        "fed_back": frozenset({"final", "district_final", "upstream_due", "progress_note", "chain_step"}),
        "revisited": frozenset({"revisit"}),
    }
)


def void_on_leaving_unit(kinds: Iterable[ClockKind]) -> frozenset[ClockKind]:
    """Of these, the clocks that end when the order leaves its unit; the district's and the upstream's run on (A15)."""
    return frozenset(kinds) & UNIT_CLOCKS


def ended(due_at: datetime, stopped_at: datetime) -> State:
    """In time is up to and including the due moment."""
    return State.MET if stopped_at <= due_at else State.LATE

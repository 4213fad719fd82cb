"""What stops a clock, what makes it void, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.sla.model import State
from services.sla.policy import UNIT_CLOCKS
from shared.contracts.sla import ClockKind

# What each fact stops. What is not named here runs on: signing for an order (A04), submitting a reply, and having it
# rejected (A19) stop no deadline.
STOPS: Final[Mapping[str, frozenset[ClockKind]]] = MappingProxyType(
    {
        "assigned": frozenset({"same_day_dispatch"}),
        "contacted": frozenset({"first_contact", "next_contact"}),
        "reached": frozenset({"caller_reply", "first_reply"}),
        "return_requested": frozenset({"return_window"}),
        "fed_back": frozenset({"final", "district_final", "upstream_due"}),
    }
)


def void_on_leaving_unit(kinds: Iterable[ClockKind]) -> frozenset[ClockKind]:
    """Of these, the clocks that end when the order leaves its unit; the district's and the upstream's run on (A15)."""
    return frozenset(kinds) & UNIT_CLOCKS


def ended(due_at: datetime, stopped_at: datetime) -> State:
    """In time is up to and including the due moment."""
    return State.MET if stopped_at <= due_at else State.LATE

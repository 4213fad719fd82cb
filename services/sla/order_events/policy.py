"""What each fact stops, what ends when an order leaves its unit or is handled once more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.contracts.sla import ClockKind

# Whose clock it is. A return or a reassignment ends the first unit's clocks and leaves the district's running (A15);
# rework ends none (A19).
UNIT_CLOCKS: Final[frozenset[ClockKind]] = frozenset(
    {
        "accept",
        "first_contact",
        "caller_reply",
        "first_reply",
        "final",
        "return_window",
        "progress_note",
        "next_contact",
        "plan",
    }
)

# What a redo makes pointless: the plan, the review and the call-back of the reply that the upstream rejected; and what a unit
# that got the order after that reply has in its place.
ENDED_BY_REDO: Final[frozenset[ClockKind]] = frozenset(
    {"plan", "review_turnaround", "revisit", "final", "caller_reply"}
)

# Dispositions with which an order is closed by the acknowledgement, without a call to the person.
EXCLUSIONS: Final = frozenset({"out_of_scope", "not_true"})

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
        "fed_back": frozenset(
            {"caller_reply", "final", "district_final", "upstream_due", "progress_note", "chain_step"}
        ),
        "revisited": frozenset({"revisit"}),
    }
)

"""What the dispatch desk decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.dispatch import Basis


@dataclass(frozen=True, slots=True)
class Assigned:
    """The number of the assignment, and whether the centre had accepted a return of the order by this very unit."""

    number: int
    returned_before: bool


@dataclass(frozen=True, slots=True)
class AssignmentOrder:
    """What the desk decided: the unit, on which basis and grounds (S2.1c), and the reason or decision that it may need."""

    unit: str
    basis: Basis
    grounds: str
    determined_at: datetime | None
    reason: str | None
    decision: str | None

"""A clock that a person asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.sla import ClockKind


@dataclass(frozen=True, slots=True)
class ManualClock:
    """What the operator asked for."""

    order_id: str
    kind: ClockKind
    unit: str | None
    step: str | None
    due_at: datetime | None
    workdays: int | None
    reason: str

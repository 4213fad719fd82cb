"""A clock whose moment has come, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.sla.counting.model import DAILY, Quiet, Span
from shared.contracts import Event
from shared.contracts.sla import ClockKind

Planned = tuple[datetime, Event]
"""An event to be published, with the moment that it is for."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the loop needs of a clock whose moment has come; the row stays locked until the commit."""

    id: UUID
    order_id: str
    kind: ClockKind
    unit: str | None
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    next_at: datetime
    breached_at: datetime | None
    provisional: bool
    lapse: str
    rungs: list[dict[str, Any]]
    fired: int
    span: Span


class Reminders(NamedTuple):
    """When breached clocks remind next, and when they reminded last."""

    next: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Fired:
    """How a clock goes on after the loop looked at it."""

    id: UUID
    fired: int
    next_at: datetime | None
    breached_at: datetime | None
    closed: bool
    rungs: list[dict[str, Any]] | None = None
    """Its warnings, when some of them wait for the end of the quiet hours."""


@dataclass(slots=True)
class Due:
    """A clock whose moment has come, with the warnings to be published and whether its due moment has passed.

    `held` are the clock's rungs when some that are due wait for the end of the quiet hours.
    """

    clock: Claimed
    rungs: list[tuple[str, datetime]]
    wakes: bool
    lapses: bool
    reminds: bool
    fired: int
    held: list[dict[str, Any]] | None = None
    quiet: Quiet = DAILY
    """Which quiet times its warnings keep."""

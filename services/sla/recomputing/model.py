"""A clock as it was counted, and how another calendar moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.sla.calendar.model import Version
from services.sla.clocks.model import State
from services.sla.counting.model import Lapse, Rung, Span
from shared.calendar import Day, Due
from shared.contracts.sla import ClockKind


class Progress(StrEnum):
    """Whether clocks have still to be counted anew by a version."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a clock was counted by, and where it stands."""

    id: UUID
    order_id: str
    kind: ClockKind
    unit: str | None
    started_at: datetime
    span: Span
    amount: int
    extended_workdays: int
    due_at: datetime
    original_due_at: datetime
    provisional: bool
    lapse: Lapse
    fired: int
    next_at: datetime | None
    state: State
    stopped_at: datetime | None
    breached_at: datetime | None
    excused: bool
    rules: str
    rungs: list[dict[str, Any]]
    occasion: str
    scheme: str
    urgent: bool
    safety: bool
    received_at: datetime
    upstream_due_at: datetime | None
    stands: bool
    """Whether the order is still with the clock's unit by the assignment that started it, which may return it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How a clock goes on: another due moment, the same one that has become certain, or other warnings of the same.

    A clock that had ended runs again, or has ended otherwise.
    """

    clock: Counted
    due: Due
    rungs: tuple[Rung, ...]
    fired: int
    next_at: datetime | None
    excused: bool
    """Whether this move takes the clock's breach back."""
    state: State
    stopped_at: datetime | None
    breached_at: datetime | None
    """Its breach from now on: none, the one that it has, or for an ended clock a new one, of the new due moment."""

    @property
    def reopened(self) -> bool:
        """Whether the clock had ended and runs again."""
        return self.clock.state is not State.RUNNING and self.state is State.RUNNING

    @property
    def moves(self) -> bool:
        """Whether the due moment or its certainty changes, and not the warnings alone."""
        return self.due.at != self.clock.due_at or self.due.provisional != self.clock.provisional


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day that counts differently, before and after."""

    before: Day
    after: Day


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move; the counts are made for the first page only, because they look at every clock."""

    base: Version
    days: tuple[ChangedDay, ...]
    moves: list[Moved]
    following: str | None
    """The cursor of the next page."""
    looked_at: int | None
    moving: int | None
    settled: int | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A new version, and how many clocks it may move."""

    version: str
    number: int
    days: int
    expected: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction of a recomputation did: where it came to, and how many clocks it looked at and moved."""

    position: tuple[datetime, UUID] | None
    seen: int
    moved: int

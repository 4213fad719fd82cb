"""Facts that sla tells: clocks, warnings, breaches."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.base import Event, Moment, OrderEvent

ClockKind = Literal[
    "upstream_due",
    "same_day_dispatch",
    "accept",
    "first_contact",
    "caller_reply",
    "first_reply",
    "final",
    "district_final",
    "return_window",
    "progress_note",
    "next_contact",
    "co_task",
    "consult",
    "review_turnaround",
    "chain_step",
    "plan",
    "revisit",
    "supervise_case",
    "rectify_promise",
]
"""Every clock of the circular by its name; which of them run today is for sla's rules to say."""


class ClockStarted(OrderEvent):
    """A deadline began to run."""

    type: ClassVar[str] = "clock.started.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    started_at: Moment
    due_at: Moment
    provisional: bool
    rules: str


class ClockChanged(OrderEvent):
    """A deadline moved: another calendar, an extension."""

    type: ClassVar[str] = "clock.changed.v1"

    clock_id: str
    kind: ClockKind
    was_due_at: Moment
    due_at: Moment
    provisional: bool
    reason: str


class ClockStopped(OrderEvent):
    """What the deadline asked for happened (`met` says whether in time), or became void."""

    type: ClassVar[str] = "clock.stopped.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    due_at: Moment
    stopped_at: Moment
    met: bool
    void: bool = False


class ClockWarned(OrderEvent):
    """A deadline is near."""

    type: ClassVar[str] = "clock.warned.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    rung: str
    due_at: Moment
    warned_at: Moment
    provisional: bool = False


class ClockBreached(Event):
    """A deadline passed.  On a topic of its own, keyed by unit, because operators watch it (S1.1.4b)."""

    type: ClassVar[str] = "clock.breached.v1"
    topic: ClassVar[str] = "sla-breaches"

    order_id: str
    clock_id: str
    kind: ClockKind
    unit: str | None
    due_at: Moment
    breached_at: Moment
    late_by_seconds: float
    provisional: bool = False

    @property
    def key(self) -> str:
        """The unit that owns the deadline, or the district."""
        return self.unit or "district"


EVENTS: tuple[type[Event], ...] = (ClockStarted, ClockChanged, ClockStopped, ClockWarned, ClockBreached)

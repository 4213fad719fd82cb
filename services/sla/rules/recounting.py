"""What another calendar does to a running clock: the same count by the code that armed it (A01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.sla.model import ClockPlan, Rung, Span
from services.sla.policy import RuleSet
from services.sla.rules.counting import quietened, workday_moments
from shared.calendar import Due, WorkCalendar
from shared.contracts.sla import ClockKind


@dataclass(frozen=True, slots=True)
class Counted:
    """What a running clock was counted by."""

    id: UUID
    order_id: str
    kind: ClockKind
    unit: str | None
    started_at: datetime
    span: str
    amount: int
    extended_workdays: int
    due_at: datetime
    provisional: bool
    fired: int
    next_at: datetime | None
    breached_at: datetime | None
    excused: bool
    rules: str
    scheme: str
    safety: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """How a clock runs on: another due moment, or the same one that has become certain."""

    clock: Counted
    due: Due
    rungs: tuple[Rung, ...]
    fired: int
    next_at: datetime | None
    excused: bool
    """Whether this move takes the clock's breach back."""


def recounted(clock: Counted, rules: RuleSet, calendar: WorkCalendar, *, now: datetime) -> Moved | None:
    """The clock on another calendar; None when neither its due moment nor its certainty changes.

    Only working days are counted on the calendar. A breach that came no later than the new due moment is taken back, and
    the clock is armed anew: what happens at the new moment is told as of any other clock.
    """
    if clock.span != Span.WORKDAYS:
        return None
    left = warn_left(clock.kind, clock.scheme, rules)
    due, rungs = workday_moments(
        clock.started_at, clock.amount, calendar, warn_left=left, extended=clock.extended_workdays
    )
    if due.at == clock.due_at and due.provisional == clock.provisional:
        return None
    rungs = quietened(_plan(clock, due, rungs), rules, safety=clock.safety).rungs
    excused = is_excused(clock.breached_at, due.at, now)
    if clock.breached_at is not None and not excused:
        return Moved(clock, due, rungs, clock.fired, clock.next_at, excused=False)
    if excused:
        return Moved(clock, due, rungs, 0, min([*(rung.at for rung in rungs), due.at]), excused=True)
    fired = 0
    # A warning whose day is still to come is given again; what has been said for good is not repeated.
    while fired < min(clock.fired, len(rungs)) and rungs[fired].at <= now:
        fired += 1
    next_at = min([*(rung.at for rung in rungs[fired:]), due.at])
    return Moved(clock, due, rungs, fired, next_at, excused=False)


def is_excused(breached_at: datetime | None, due_at: datetime, now: datetime) -> bool:
    """Whether another due moment takes a breach back: it lies no earlier than the breach, or is still to come."""
    return breached_at is not None and (breached_at <= due_at or due_at > now)


def warn_left(kind: str, scheme: str, rules: RuleSet) -> int:
    """With how many working days left a clock of this kind turns yellow."""
    final = rules.final_enterprise if scheme == "enterprise_fast" else rules.final
    by_kind = {
        "final": final,
        "district_final": final,
        "first_reply": rules.first_reply,
        "return_window": rules.return_window,
        "review_turnaround": rules.review_turnaround,
        "revisit": rules.revisit,
        "consult": rules.consult_panel,
    }
    rule = by_kind.get(kind)
    return 1 if rule is None else rule.warn_left


def _plan(clock: Counted, due: Due, rungs: tuple[Rung, ...]) -> ClockPlan:
    return ClockPlan(clock.kind, "", clock.unit, clock.started_at, Span.WORKDAYS, clock.amount, due, rungs, clause="")

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


def recounted(clock: Counted, rules: RuleSet, calendar: WorkCalendar, *, now: datetime) -> Moved | None:
    """The clock on another calendar; None when neither its due moment nor its certainty changes.

    Only working days are counted on the calendar. A breach that was told stays told and is not told again: when it came
    no later than the new due moment it is excused, and nothing reminds of it any more.
    """
    if clock.span != Span.WORKDAYS:
        return None
    left = _warn_left(clock, rules)
    due, rungs = workday_moments(
        clock.started_at, clock.amount, calendar, warn_left=left, extended=clock.extended_workdays
    )
    if due.at == clock.due_at and due.provisional == clock.provisional:
        return None
    rungs = quietened(_plan(clock, due, rungs), rules, safety=clock.safety).rungs
    if clock.breached_at is not None:
        excused = clock.breached_at <= due.at
        return Moved(clock, due, rungs, clock.fired, None if excused else clock.next_at, excused)
    fired = 0
    # A warning whose day is still to come is given again; what has been said for good is not repeated.
    while fired < min(clock.fired, len(rungs)) and rungs[fired].at <= now:
        fired += 1
    next_at = min([*(rung.at for rung in rungs[fired:]), due.at])
    return Moved(clock, due, rungs, fired, next_at, excused=False)


def _warn_left(clock: Counted, rules: RuleSet) -> int:
    final = rules.final_enterprise if clock.scheme == "enterprise_fast" else rules.final
    by_kind = {
        "final": final,
        "district_final": final,
        "first_reply": rules.first_reply,
        "return_window": rules.return_window,
        "review_turnaround": rules.review_turnaround,
        "revisit": rules.revisit,
        "consult": rules.consult_panel,
    }
    rule = by_kind.get(clock.kind)
    return 1 if rule is None else rule.warn_left


def _plan(clock: Counted, due: Due, rungs: tuple[Rung, ...]) -> ClockPlan:
    return ClockPlan(clock.kind, "", clock.unit, clock.started_at, Span.WORKDAYS, clock.amount, due, rungs, clause="")

"""How a clock is counted: working days, hours, the same day, a named moment; its due moment and its warnings."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from services.sla.model import ClockPlan, Lapse, Rung, Span
from services.sla.policy import Hours, RuleSet, SameDay, Workdays
from shared.calendar import SHANGHAI, Due, WorkCalendar
from shared.contracts.sla import ClockKind

YELLOW: Final = "yellow"


def workday_clock(
    kind: ClockKind,
    occasion: str,
    unit: str | None,
    start: datetime,
    rule: Workdays,
    calendar: WorkCalendar,
    lapse: Lapse = Lapse.BREACH,
) -> ClockPlan:
    """Ends with the nth statutory working day; yellow when one working day is left."""
    due, rungs = workday_moments(start, rule.count, calendar)
    return ClockPlan(kind, occasion, unit, start, Span.WORKDAYS, rule.count, due, rungs, rule.clause, lapse)


def workday_moments(start: datetime, count: int, calendar: WorkCalendar) -> tuple[Due, tuple[Rung, ...]]:
    """Due and rungs of a working-day clock: also how a running one is recomputed on another calendar (A01)."""
    due = calendar.due_at(start, count)
    return due, rungs_before(start, due, calendar.due_at(start, count - 1).at)


def hour_clock(kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: Hours) -> ClockPlan:
    """Ends after so many hours, holidays included (A08); yellow at the half."""
    due = due_of(start + timedelta(hours=rule.count))
    return ClockPlan(
        kind, occasion, unit, start, Span.HOURS, rule.count, due, rungs_before(start, due, None), rule.clause
    )


def same_day_clock(
    kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: SameDay, calendar: WorkCalendar
) -> ClockPlan:
    """Ends with the start's own day, or at noon of the next after the cut-off (A11, A13); yellow at a stated hour."""
    local = start.astimezone(SHANGHAI)
    if rule.cut_off is not None and local.time() > rule.cut_off:
        due = due_of(moment_on(local.date() + timedelta(days=1), rule.next_day_until))
    else:
        due = calendar.due_at(start, 0)
    rungs = rungs_before(start, due, moment_on(local.date(), rule.warn_at))
    return ClockPlan(kind, occasion, unit, start, Span.DAY, 0, due, rungs, rule.clause)


def moment_clock(
    kind: ClockKind,
    occasion: str,
    unit: str | None,
    start: datetime,
    named: datetime,
    calendar: WorkCalendar,
    clause: str,
) -> ClockPlan:
    """Ends at a moment that somebody named; yellow one working day before, or at the half of a shorter span."""
    due = due_of(named)
    day_before = calendar.due_at(moment_on(calendar.latest_start(named, 1), time(12)), 0).at
    return ClockPlan(kind, occasion, unit, start, Span.MOMENT, 0, due, rungs_before(start, due, day_before), clause)


def work_time_after(start: datetime, needed: timedelta, rules: RuleSet, calendar: WorkCalendar) -> datetime:
    """The moment at which so much working time has passed since `start`, on statutory working days only."""
    local = start.astimezone(SHANGHAI)
    day = local.date()
    while True:
        opens, closes = moment_on(day, rules.work_from), moment_on(day, rules.work_until)
        begin = max(opens, local)
        if calendar.is_workday(day) and begin < closes:
            if closes - begin >= needed:
                return begin + needed
            needed -= closes - begin
        day += timedelta(days=1)


def moment_on(day: date, at: time) -> datetime:
    """A local day and hour as a moment."""
    return datetime.combine(day, at, tzinfo=SHANGHAI)


def due_of(at: datetime) -> Due:
    """A moment that is certain as a due moment."""
    # The end of a day belongs to that day: 24:00 is the next day's 00:00.
    return Due(at.astimezone(UTC), (at.astimezone(SHANGHAI) - timedelta(microseconds=1)).date(), provisional=False)


def rungs_before(start: datetime, due: Due, wanted: datetime | None) -> tuple[Rung, ...]:
    """One yellow warning at the wanted moment, or at the half of the span when that moment is not inside it."""
    if wanted is None or not start < wanted < due.at:
        wanted = start + (due.at - start) / 2
    return (Rung(YELLOW, wanted.astimezone(UTC)),)

"""Which clocks start, when they are due, when they warn, and what stops them: pure functions of facts and calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from services.sla.model import Assigned, ClockPlan, Lapse, ProofLine, Received, Rung, Span, State
from services.sla.policy import UNIT_CLOCKS, Hours, RuleSet, SameDay, Workdays
from shared.calendar import SHANGHAI, Due, WorkCalendar
from shared.contracts.sla import ClockKind

YELLOW: Final = "yellow"

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


def clocks_on_receipt(received: Received, rules: RuleSet, calendar: WorkCalendar) -> tuple[ClockPlan, ...]:
    """The district's clocks run from our receipt and never stop for a return (A04, A15, S1.1.4a, S1.2.2b, S2.1b)."""
    start, occasion = received.received_at, "receipt"
    plans = [
        workday_clock("district_final", occasion, None, start, _final(received, rules), calendar),
        same_day_clock("same_day_dispatch", occasion, None, start, rules.same_day_dispatch, calendar),
    ]
    upstream = upstream_clock(received, occasion, start, rules, calendar)
    if upstream is not None:
        plans.append(upstream)
    return tuple(plans)


def upstream_clock(
    received: Received, occasion: str, start: datetime, rules: RuleSet, calendar: WorkCalendar
) -> ClockPlan | None:
    """The deadline that the upstream named itself (S1.1.1a); None when there is none, or it lies in the past."""
    named = received.upstream_due_at
    if named is None or named <= start:
        return None
    return moment_clock("upstream_due", occasion, None, start, named, calendar, rules.upstream_clause)


def clocks_on_assignment(
    order: Received, assigned: Assigned, rules: RuleSet, calendar: WorkCalendar
) -> tuple[ClockPlan, ...]:
    """The unit's clocks run from 交办, not from 签收 (A04): S1.1.4a, S1.2.2a, S1.2.2b, S1.3.1c, S2.2.1a, S2.2.1f."""
    start, unit, occasion = assigned.assigned_at, assigned.unit, f"assignment:{assigned.assignment}"
    plans = [
        workday_clock("final", occasion, unit, start, _final(order, rules), calendar),
        _first_contact(occasion, unit, start, rules, calendar),
    ]
    if order.scheme == "enterprise_fast":
        plans.append(workday_clock("first_reply", occasion, unit, start, rules.first_reply, calendar))
    if order.urgent:
        plans.append(hour_clock("caller_reply", occasion, unit, start, rules.caller_reply))
    if not assigned.no_return:
        window = workday_clock("return_window", occasion, unit, start, rules.return_window, calendar, Lapse.CLOSE)
        plans.append(window)
    return tuple(plans)


def determined_dispatch(assigned: Assigned, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan | None:
    """The legal same-day clock, from the moment the unit was determined to 24:00 of that day (S2.1b, A11).

    It can only be known at the assignment, so it starts and stops with it; 23:50 and 00:10 is a breach. None when both
    are one moment: then there is nothing to count.
    """
    if assigned.determined_at >= assigned.assigned_at:
        return None
    occasion = f"determined:{assigned.assignment}"
    rule = rules.determined_dispatch
    return same_day_clock("same_day_dispatch", occasion, None, assigned.determined_at, rule, calendar)


def clock_on_return(returns: int, returned_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """A returned order is to be assigned anew on the same day (S2.1b, A15)."""
    return same_day_clock(
        "same_day_dispatch", f"return:{returns}", None, returned_at, rules.same_day_dispatch, calendar
    )


def clock_on_promise(
    unit: str, promised_at: datetime, recorded_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> ClockPlan | None:
    """The promised next contact is a clock of its own (S2.2.1e); None when the promise lies in the past already."""
    if promised_at <= recorded_at:
        return None
    occasion = f"promise:{recorded_at.isoformat()}"
    return moment_clock("next_contact", occasion, unit, recorded_at, promised_at, calendar, rules.promise_clause)


def clock_on_redo(
    order: Received, unit: str, redos: int, at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> ClockPlan:
    """重办 gives the unit a new final clock; whatever was late stays late (lifecycle 2, A34)."""
    return workday_clock("final", f"redo:{redos}", unit, at, _final(order, rules), calendar)


def clock_on_urgency(unit: str, version: int, at: datetime, rules: RuleSet) -> ClockPlan:
    """An order that turns urgent while a unit has it is to be answered within a day of that (S1.3.1c)."""
    return hour_clock("caller_reply", f"urgent:{version}", unit, at, rules.caller_reply)


# -- how a clock is counted ---------------------------------------------------------------------------------------------


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
    return due, _rungs(start, due, calendar.due_at(start, count - 1).at)


def hour_clock(kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: Hours) -> ClockPlan:
    """Ends after so many hours, holidays included (A08); yellow at the half."""
    due = _due(start + timedelta(hours=rule.count))
    return ClockPlan(kind, occasion, unit, start, Span.HOURS, rule.count, due, _rungs(start, due, None), rule.clause)


def same_day_clock(
    kind: ClockKind, occasion: str, unit: str | None, start: datetime, rule: SameDay, calendar: WorkCalendar
) -> ClockPlan:
    """Ends with the start's own day, or at noon of the next after the cut-off (A11, A13); yellow at a stated hour."""
    local = start.astimezone(SHANGHAI)
    if rule.cut_off is not None and local.time() > rule.cut_off:
        due = _due(_moment(local.date() + timedelta(days=1), rule.next_day_until))
    else:
        due = calendar.due_at(start, 0)
    rungs = _rungs(start, due, _moment(local.date(), rule.warn_at))
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
    due = _due(named)
    day_before = calendar.due_at(_moment(calendar.latest_start(named, 1), time(12)), 0).at
    return ClockPlan(kind, occasion, unit, start, Span.MOMENT, 0, due, _rungs(start, due, day_before), clause)


def _first_contact(occasion: str, unit: str, start: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """立即: a warning after two hours of working time, a breach at the end of the day (A12)."""
    due = calendar.due_at(start, 0)
    warn_at = work_time_after(start, timedelta(hours=rules.first_contact_warn.count), rules, calendar)
    rungs = _rungs(start, due, warn_at)
    clause = rules.first_contact.clause
    return ClockPlan("first_contact", occasion, unit, start, Span.DAY, 0, due, rungs, clause)


def work_time_after(start: datetime, needed: timedelta, rules: RuleSet, calendar: WorkCalendar) -> datetime:
    """The moment at which so much working time has passed since `start`, on statutory working days only."""
    local = start.astimezone(SHANGHAI)
    day = local.date()
    while True:
        opens, closes = _moment(day, rules.work_from), _moment(day, rules.work_until)
        begin = max(opens, local)
        if calendar.is_workday(day) and begin < closes:
            if closes - begin >= needed:
                return begin + needed
            needed -= closes - begin
        day += timedelta(days=1)


def _final(order: Received, rules: RuleSet) -> Workdays:
    return rules.final_enterprise if order.scheme == "enterprise_fast" else rules.final


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=SHANGHAI)


def _due(at: datetime) -> Due:
    # The end of a day belongs to that day: 24:00 is the next day's 00:00.
    return Due(at.astimezone(UTC), (at.astimezone(SHANGHAI) - timedelta(microseconds=1)).date(), provisional=False)


def _rungs(start: datetime, due: Due, wanted: datetime | None) -> tuple[Rung, ...]:
    """One yellow warning at the wanted moment, or at the half of the span when that moment is not inside it."""
    if wanted is None or not start < wanted < due.at:
        wanted = start + (due.at - start) / 2
    return (Rung(YELLOW, wanted.astimezone(UTC)),)


# -- how a clock ends ---------------------------------------------------------------------------------------------------


def void_on_leaving_unit(kinds: Iterable[ClockKind]) -> frozenset[ClockKind]:
    """Of these, the clocks that end when the order leaves its unit; the district's and the upstream's run on (A15)."""
    return frozenset(kinds) & UNIT_CLOCKS


def ended(due_at: datetime, stopped_at: datetime) -> State:
    """In time is up to and including the due moment."""
    return State.MET if stopped_at <= due_at else State.LATE


# -- the proof ----------------------------------------------------------------------------------------------------------


def proof(
    span: Span, amount: int, started_at: datetime, due_at: datetime, calendar: WorkCalendar
) -> tuple[ProofLine, ...]:
    """Why a clock is due when it is, line by line, by the same code that computed it (S1.1.4a)."""
    if span is Span.WORKDAYS:
        days = calendar.explain(started_at, amount)
        return tuple(ProofLine(day.reason, day.on.isoformat(), day.kind.value, day.ordinal, day.known) for day in days)
    texts = {
        Span.HOURS: f"自起算时刻起连续计 {amount} 小时，节假日不扣除",
        Span.DAY: "当日事项，计至当日 24:00；当日截止时点之后接收的顺延至次日 12:00",
        Span.MOMENT: "按上级平台或承诺写明的时刻截止",
    }
    return (
        ProofLine(f"{local_text(started_at)} 起算"),
        ProofLine(texts[span]),
        ProofLine(f"{local_text(due_at)} 截止"),
    )


def local_text(moment: datetime) -> str:
    """A moment as people read it: in Asia/Shanghai, midnight as 24:00 of the day that ends."""
    local = moment.astimezone(SHANGHAI)
    if local.time() == time(0):
        return f"{local.date() - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"

"""Which clocks start when something happens to an order: pure functions of facts, rule set and calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.sla.model import Assigned, ClockPlan, Lapse, Received, Span
from services.sla.policy import RuleSet, Workdays
from services.sla.rules.counting import (
    hour_clock,
    moment_clock,
    rungs_before,
    same_day_clock,
    work_time_after,
    workday_clock,
)
from shared.calendar import WorkCalendar


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


def _first_contact(occasion: str, unit: str, start: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """立即: a warning after two hours of working time, a breach at the end of the day (A12)."""
    due = calendar.due_at(start, 0)
    warn_at = work_time_after(start, timedelta(hours=rules.first_contact_warn.count), rules, calendar)
    rungs = rungs_before(start, due, warn_at)
    clause = rules.first_contact.clause
    return ClockPlan("first_contact", occasion, unit, start, Span.DAY, 0, due, rungs, clause)


def _final(order: Received, rules: RuleSet) -> Workdays:
    return rules.final_enterprise if order.scheme == "enterprise_fast" else rules.final

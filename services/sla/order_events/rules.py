"""Which clocks start, and which end, when something happens to an order: pure functions of facts, rule set and calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.sla.clocks.rules import DETERMINED
from services.sla.counting.model import ClockPlan, Lapse, Span
from services.sla.counting.rules import (
    accept_rungs,
    contact_moments,
    final_of,
    hour_clock,
    moment_clock,
    same_day_clock,
    workday_clock,
)
from services.sla.order_events.model import Assigned
from services.sla.orders.model import Received
from services.sla.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar


def clocks_on_receipt(
    received: Received, rules: RuleSet, calendar: WorkCalendar, *, known_at: datetime | None = None
) -> tuple[ClockPlan, ...]:
    """The district's clocks run from our receipt and never stop for a return (A04, A15, S1.1.4a, S1.2.2b, S2.1b, S2.1d).

    An order that waited in quarantine until `known_at` warns of nothing that lay before: nobody could have acted on it.
    """
    start, occasion = received.received_at, "receipt"
    plans = [
        workday_clock("district_final", occasion, None, start, final_of(received.scheme, rules), calendar),
        same_day_clock("same_day_dispatch", occasion, None, start, rules.same_day_dispatch, calendar),
    ]
    upstream = upstream_clock(received, occasion, start, rules, calendar)
    if upstream is not None:
        plans.append(upstream)
    if known_at is not None:
        plans = [replace(plan, rungs=tuple(rung for rung in plan.rungs if rung.at > known_at)) for plan in plans]
    return tuple(plans)


def upstream_clock(
    received: Received, occasion: str, start: datetime, rules: RuleSet, calendar: WorkCalendar
) -> ClockPlan | None:
    """The deadline that the upstream named itself (S1.1.1a); None when there is none.

    One that was over when the order came is breached at once: its start lies with the upstream, before our receipt.
    """
    named = received.upstream_due_at
    if named is None:
        return None
    if named <= start:
        earlier = named - timedelta(seconds=1)
        plan = moment_clock("upstream_due", occasion, None, earlier, named, calendar, rules.upstream_clause)
        return replace(plan, rungs=())
    return moment_clock("upstream_due", occasion, None, start, named, calendar, rules.upstream_clause)


def clocks_on_assignment(
    order: Received, assigned: Assigned, rules: RuleSet, calendar: WorkCalendar
) -> tuple[ClockPlan, ...]:
    """The unit's clocks run from 交办, not from 签收 (A04): S1.1.4a, S1.2.2a, S1.2.2b, S1.3.1c, S2.2.1a, S2.2.1f."""
    start, unit, occasion = assigned.assigned_at, assigned.unit, f"assignment:{assigned.assignment}"
    plans = [
        workday_clock("final", occasion, unit, start, final_of(order.scheme, rules), calendar),
        _first_contact(occasion, unit, start, rules, calendar),
        _accept(occasion, unit, start, rules, calendar),
        same_day_clock("progress_note", occasion, unit, start, rules.progress_note, calendar),
    ]
    if order.scheme == "enterprise_fast":
        plans.append(workday_clock("first_reply", occasion, unit, start, rules.first_reply, calendar))
    if order.urgent:
        plans.append(hour_clock("caller_reply", occasion, unit, since_urgent(order, start), rules.caller_reply))
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
    occasion = f"{DETERMINED}{assigned.assignment}"
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
    occasion = f"promise:{recorded_at.isoformat()}:{promised_at.isoformat()}"
    return moment_clock("next_contact", occasion, unit, recorded_at, promised_at, calendar, rules.promise_clause)


def clocks_on_redo(
    order: Received, unit: str, redos: int, at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> tuple[ClockPlan, ...]:
    """重办 gives the unit a new final clock, and the caller of an urgent order another day; what was late stays late (A34).

    The caller waits again, whenever the order turned urgent: with the first assignment or while the reply was upstream.
    """
    occasion = f"redo:{redos}"
    plans = [workday_clock("final", occasion, unit, at, final_of(order.scheme, rules), calendar)]
    if order.urgent:
        plans.append(hour_clock("caller_reply", occasion, unit, since_urgent(order, at), rules.caller_reply))
    return tuple(plans)


def since_urgent(order: Received, turn_at: datetime) -> datetime:
    """From when the caller of an urgent order waits for a unit that handles it since `turn_at` (S1.3.1c).

    The urgency may have been found after the assignment or the redo, and heard of before it.
    """
    return max(turn_at, order.urgent_since or turn_at)


def clock_on_review(reply_round: int, reply_id: str, at: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """The centre reviews a reply within its time (S2.3a): the order's own deadlines run on meanwhile."""
    occasion = review_occasion(reply_round, reply_id)
    return workday_clock("review_turnaround", occasion, None, at, rules.review_turnaround, calendar)


def review_occasion(reply_round: int, reply_id: str) -> str:
    """What starts the clock for the review of a reply."""
    return f"round:{reply_round}:{reply_id}"


def clock_on_feedback(reply_id: str, at: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """After the feedback the caller is called back (S4.1d)."""
    return workday_clock("revisit", f"reply:{reply_id}", None, at, rules.revisit, calendar)


def clock_on_panel(returns: int, at: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """An order that was returned twice is the panel's, which has its own time so that the order's is not eaten (A24)."""
    return workday_clock("consult", f"returns:{returns}", None, at, rules.consult_panel, calendar)


def _first_contact(occasion: str, unit: str, start: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """立即: by the end of the day, and never before the unit has had its working time (A12)."""
    due, rungs = contact_moments(start, rules, calendar)
    clause = rules.first_contact.clause
    return ClockPlan("first_contact", occasion, unit, start, Span.DAY, 0, due, rungs, clause)


def _accept(occasion: str, unit: str, start: datetime, rules: RuleSet, calendar: WorkCalendar) -> ClockPlan:
    """The unit takes the order up the same day (S3.1d), with a warning after four working hours (S3.3b)."""
    plan = same_day_clock("accept", occasion, unit, start, rules.accept, calendar)
    return replace(plan, rungs=accept_rungs(start, plan.due, rules, calendar))

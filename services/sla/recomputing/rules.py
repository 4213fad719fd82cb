"""What another calendar does to a clock: the same count by the code that started it (A01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.sla.chain_plans.rules import chain_rung
from services.sla.clocks.model import State
from services.sla.clocks.rules import ended, is_excused, warn_left
from services.sla.counting.model import Lapse, Rung, Span
from services.sla.counting.rules import (
    CHAIN,
    accept_rungs,
    contact_moments,
    due_of,
    moment_clock,
    quiet_of,
    quietened_rungs,
    rearmed,
    workday_moments,
)
from services.sla.orders.model import Received
from services.sla.recomputing.model import Counted, Moved
from services.sla.rulesets.policy import RuleSet
from shared.calendar import Due, WorkCalendar


def recounted(
    clock: Counted,
    rules: RuleSet,
    calendar: WorkCalendar,
    *,
    now: datetime,
    observed: Mapping[str, Sequence[float]] | None = None,
    warnings: bool = False,
) -> Moved | None:
    """The running clock on another calendar; None when neither its due moment nor its certainty changes.

    With `warnings` also one whose warnings alone move: a named moment stays, the working day before it may not, and a
    warning waits for another working morning. A reminder is put right when it comes due on what is a day off by then. A
    breach of another due moment is taken back (A38), and the clock starts to count anew: at the new moment, or at once when
    that has passed, it fires like any other clock. `observed` are the hours that steps of signature chains took.
    """
    if clock.span is Span.WORKDAYS:
        left = warn_left(clock.kind, clock.scheme, rules)
        due, rungs = workday_moments(
            clock.started_at, clock.amount, calendar, warn_left=left, extended=clock.extended_workdays
        )
    elif clock.span is Span.MOMENT and warnings:
        due = due_of(clock.due_at)
        rungs = moment_clock(clock.kind, "", clock.unit, clock.started_at, clock.due_at, calendar, "").rungs
    elif clock.kind == "first_contact":
        due, rungs = contact_moments(clock.started_at, rules, calendar)
    elif clock.span is Span.DAY and warnings:
        due = due_of(clock.due_at)
        rungs = accept_rungs(clock.started_at, due, rules, calendar) if clock.kind == "accept" else ()
    else:
        return None
    moves = due.at != clock.due_at or due.provisional != clock.provisional
    if not moves and not warnings:
        return None
    rungs = _rungs(clock, rungs, due, rules, calendar, observed or {})
    excused = is_excused(clock, due.at)
    if clock.breached_at is not None and not excused:
        if not moves:
            return None
        return Moved(
            clock, due, rungs, clock.fired, clock.next_at, False, State.RUNNING, None, breached_at=clock.breached_at
        )
    told = () if excused else [rung["name"] for rung in clock.rungs[: clock.fired]]
    rungs, fired = rearmed(rungs, told, now)
    if not moves and _moments(rungs[fired:]) == _moments(clock.rungs[clock.fired :]):
        return None
    following = min([*(rung.at for rung in rungs[fired:]), due.at])
    return Moved(clock, due, rungs, fired, following, excused, State.RUNNING, None, breached_at=None)


def put_right(
    clock: Counted,
    rules: RuleSet,
    calendar: WorkCalendar,
    *,
    now: datetime,
    observed: Mapping[str, Sequence[float]] | None = None,
) -> Moved | None:
    """An ended clock of working days or working time on another calendar; None when it ended as it would have by this one too.

    It is put right for its unit only: a due moment that comes to lie earlier leaves an ended clock as it ended. With a
    later one a window that closed runs again while the order may still be returned, a breach is taken back (A38), and what
    happened by then was in time. What happened only after it is a breach of the new moment.
    """
    if clock.span is Span.WORKDAYS:
        left = warn_left(clock.kind, clock.scheme, rules)
        due, rungs = workday_moments(
            clock.started_at, clock.amount, calendar, warn_left=left, extended=clock.extended_workdays
        )
    else:
        due, rungs = contact_moments(clock.started_at, rules, calendar)
    if clock.stopped_at is None or due.at <= clock.due_at:
        return None
    if clock.lapse is Lapse.CLOSE:
        if clock.state is State.VOID and clock.stopped_at == clock.due_at and clock.stands and due.at > now:
            told = [rung["name"] for rung in clock.rungs[: clock.fired]]
            armed, fired = rearmed(_rungs(clock, rungs, due, rules, calendar, observed or {}), told, now)
            following = min([*(rung.at for rung in armed[fired:]), due.at])
            return Moved(clock, due, armed, fired, following, False, State.RUNNING, None, breached_at=None)
        if clock.state is not State.LATE or clock.stopped_at > due.at:
            return None
    state = clock.state if clock.state is State.VOID else ended(due.at, clock.stopped_at)
    breached_at = clock.breached_at
    excused = is_excused(clock, due.at)
    if excused:
        breached_at = None if clock.stopped_at <= due.at else now
    kept = tuple(Rung.of(rung) for rung in clock.rungs)
    return Moved(clock, due, kept, clock.fired, None, excused, state, clock.stopped_at, breached_at=breached_at)


def _rungs(
    clock: Counted,
    counted: Sequence[Rung],
    due: Due,
    rules: RuleSet,
    calendar: WorkCalendar,
    observed: Mapping[str, Sequence[float]],
) -> tuple[Rung, ...]:
    """The warnings that the clock has, each at its moment by this calendar."""
    at = {rung.name: rung for rung in counted}
    names = [rung["name"] for rung in clock.rungs]
    if CHAIN in names:
        order = Received(
            clock.order_id, clock.scheme, False, clock.received_at, clock.upstream_due_at, safety=clock.safety
        )
        at[CHAIN] = chain_rung(
            order,
            clock.occasion,
            clock.started_at,
            due.at,
            observed,
            rules,
            calendar,
            extended=clock.extended_workdays,
        )
    kept = {}
    for rung in map(Rung.of, clock.rungs):
        kept[rung.name] = rung._replace(at=rung.wanted or rung.at, wanted=None)
    rungs = tuple(at.get(name, kept[name]) for name in names)
    quiet = quiet_of(clock.span, rules, urgent=clock.urgent, safety=clock.safety)
    return quietened_rungs(rungs, clock.started_at, due.at, rules, calendar, quiet)


def _moments(rungs: Sequence[Rung] | Sequence[Mapping[str, Any]]) -> list[tuple[str, datetime]]:
    return [
        (rung.name, rung.at) if isinstance(rung, Rung) else (rung["name"], datetime.fromisoformat(rung["at"]))
        for rung in rungs
    ]

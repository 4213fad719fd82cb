"""What another calendar does to a running clock: the same count by the code that started it (A01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.sla.chain_plans.rules import chain_rung
from services.sla.clocks.rules import is_excused, warn_left
from services.sla.counting.model import Rung, Span
from services.sla.counting.rules import (
    CHAIN,
    contact_moments,
    due_of,
    moment_clock,
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
    """The clock on another calendar; None when neither its due moment nor its certainty changes.

    With `warnings` also one whose warnings alone move: a named moment stays, the working day before it may not. A
    breach that came no later than the new due moment is taken back, and the clock starts to count anew: at the new moment it
    fires like any other clock. `observed` are the hours that steps of signature chains took.
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
    else:
        return None
    moves = due.at != clock.due_at or due.provisional != clock.provisional
    if not moves and not warnings:
        return None
    rungs = _rungs(clock, rungs, due, rules, calendar, observed or {})
    excused = moves and is_excused(clock.breached_at, due.at, now)
    if clock.breached_at is not None and not excused:
        return Moved(clock, due, rungs, clock.fired, clock.next_at, excused=False) if moves else None
    told = () if excused else [rung["name"] for rung in clock.rungs[: clock.fired]]
    rungs, fired = rearmed(rungs, told, now)
    if not moves and _moments(rungs[fired:]) == _moments(clock.rungs[clock.fired :]):
        return None
    return Moved(clock, due, rungs, fired, min([*(rung.at for rung in rungs[fired:]), due.at]), excused)


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
    kept = {rung["name"]: Rung(rung["name"], datetime.fromisoformat(rung["at"])) for rung in clock.rungs}
    rungs = tuple(at.get(name, kept[name]) for name in names)
    return quietened_rungs(rungs, clock.started_at, due.at, rules, safety=clock.safety)


def _moments(rungs: Sequence[Rung] | Sequence[Mapping[str, Any]]) -> list[tuple[str, datetime]]:
    return [
        (rung.name, rung.at) if isinstance(rung, Rung) else (rung["name"], datetime.fromisoformat(rung["at"]))
        for rung in rungs
    ]

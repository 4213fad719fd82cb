"""The warning that a signature chain can no longer be met, on the unit's final clock (S2.2.3i)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.sla.chain_plans import rules
from services.sla.clocks.handlers import rearm
from services.sla.clocks.store import running_clocks, step_spans
from services.sla.clocks.tables import ClockRecord
from services.sla.counting.model import ClockPlan, Rung
from services.sla.counting.rules import CHAIN, rearmed
from services.sla.orders.store import rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar
from shared.work import Work


async def observed_hours(work: Work, rule_set: RuleSet) -> Mapping[str, Sequence[float]]:
    """How many working hours the latest steps of chains took, by their names; read once in a unit of work."""
    return rules.observed_hours(await work.once(step_spans), rule_set, work.calendar)


async def with_chain(
    work: Work, order: OrderRecord, plans: Iterable[ClockPlan], rule_set: RuleSet
) -> tuple[ClockPlan, ...]:
    """The plans, the final clock among them with its chain's warning where the order's scheme has a chain."""
    if not rules.needs_chain(order.scheme):
        return tuple(plans)
    observed = await observed_hours(work, rule_set)
    return tuple([rules.with_chain(plan, order.facts, observed, rule_set, work.calendar) for plan in plans])


async def replan_chain(work: Work, order: OrderRecord) -> None:
    """The upstream's deadline moved, and with it the latest start of the chain that is still to begin."""
    await _plan(work, order, [clock for clock in await _finals(work, order) if _has(clock.rungs)])


async def resume_chain(work: Work, order: OrderRecord) -> None:
    """The reply came back to the unit: the chain is to begin anew."""
    await _plan(work, order, await _finals(work, order))


async def begin_chain(work: Work, order: OrderRecord) -> None:
    """The unit has submitted: its warning is not needed any more."""
    for clock in await _finals(work, order):
        if _has(clock.rungs[clock.fired :]):
            rungs = [Rung.of(row) for row in clock.rungs if row["name"] != CHAIN]
            rearm(clock, rungs, clock.fired)


def _has(rungs: Iterable[Mapping[str, str]]) -> bool:
    return any(rung["name"] == CHAIN for rung in rungs)


async def _finals(work: Work, order: OrderRecord) -> list[ClockRecord]:
    if not rules.needs_chain(order.scheme):
        return []
    clocks = await running_clocks(work, order.order_id)
    return [clock for clock in clocks if clock.kind == "final" and clock.breached_at is None]


async def _plan(work: Work, order: OrderRecord, clocks: Sequence[ClockRecord]) -> None:
    if not clocks:
        return
    rule_set = await rules_for(work, order)
    observed = await observed_hours(work, rule_set)
    for clock in clocks:
        told = [row["name"] for row in clock.rungs[: clock.fired]]
        rung = chain_rung_of(clock, order, observed, rule_set, work.calendar)
        others = [Rung.of(row) for row in clock.rungs if row["name"] != CHAIN]
        rearm(clock, *rearmed([*others, rung], told, work.now))


def chain_rung_of(
    clock: ClockRecord,
    order: OrderRecord,
    observed: Mapping[str, Sequence[float]],
    rule_set: RuleSet,
    calendar: WorkCalendar,
    *,
    due_at: datetime | None = None,
) -> Rung:
    """The chain's warning of a running final clock, with `due_at` of another due moment than it has."""
    return rules.chain_rung(
        order.facts,
        clock.occasion,
        clock.started_at,
        due_at or clock.due_at,
        observed,
        rule_set,
        calendar,
        extended=clock.extended_workdays,
    )

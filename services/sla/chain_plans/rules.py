"""倒排工期: the latest start of each step of a signature chain, counted backwards from the deadline (S2.2.3i)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from services.sla.chain_plans.model import ChainStep, PlannedStep
from services.sla.chain_plans.policy import CHAINS, ENOUGH, STEP_TITLES
from services.sla.counting.model import ClockPlan, Rung
from services.sla.counting.rules import CHAIN, final_of, work_time_before, work_time_between
from services.sla.orders.model import Received
from services.sla.rulesets.policy import Hours, RuleSet
from shared.calendar import WorkCalendar


def observed_hours(
    spans: Mapping[str, Sequence[tuple[datetime, datetime]]], rules: RuleSet, calendar: WorkCalendar
) -> Mapping[str, Sequence[float]]:
    """How many working hours steps of chains took, by their names."""
    return {
        name: [work_time_between(*span, rules, calendar).total_seconds() / 3600 for span in found]
        for name, found in spans.items()
    }


def chain_of(scheme: str, observed: Mapping[str, Sequence[float]], rules: RuleSet) -> tuple[ChainStep, ...]:
    """The steps of a scheme with the working hours each needs: the observed median, or the rule set's default."""
    return tuple(_step(name, observed.get(name, ()), rules) for name in CHAINS[scheme])


def _step(name: str, observed: Sequence[float], rules: RuleSet) -> ChainStep:
    if len(observed) >= ENOUGH:
        return ChainStep(name, STEP_TITLES[name], round(median(observed), 2), len(observed))
    default: Hours = getattr(rules, f"chain_{name}")
    return ChainStep(name, STEP_TITLES[name], default.count, 0)


def backward_plan(
    steps: Sequence[ChainStep], due_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> tuple[PlannedStep, ...]:
    """Each step with the latest moments at which it may start and end, in the order of the chain."""
    planned: list[PlannedStep] = []
    end = due_at
    for step in reversed(steps):
        start = work_time_before(end, timedelta(hours=step.hours), rules, calendar)
        planned.append(PlannedStep(step, start, end))
        end = start
    return tuple(reversed(planned))


def needs_chain(scheme: str) -> bool:
    """Whether others sign after the centre (S2.2.3e, S2.2.3h): then the unit's own time is over before its deadline."""
    return len(CHAINS[scheme]) > 1


def chain_rung(
    order: Received,
    occasion: str,
    start: datetime,
    due_at: datetime,
    observed: Mapping[str, Sequence[float]],
    rules: RuleSet,
    calendar: WorkCalendar,
    *,
    extended: int = 0,
) -> Rung:
    """The warning of a unit's final clock at the latest start of the chain's first step (S2.2.3i).

    The chain has to be through by the order's earliest deadline: the unit's, the district's, the upstream's. A redo has
    only the unit's: the others ended with the first feedback. When it is too late from the start, the warning is due then.
    """
    deadlines = [due_at]
    if not occasion.startswith("redo:"):
        district = calendar.due_at(order.received_at, final_of(order.scheme, rules).count + extended).at
        deadlines += [at for at in (district, order.upstream_due_at) if at is not None and at > start]
    steps = backward_plan(chain_of(order.scheme, observed, rules), min(deadlines), rules, calendar)
    return Rung(CHAIN, max(steps[0].latest_start, start))


def with_chain(
    plan: ClockPlan,
    order: Received,
    observed: Mapping[str, Sequence[float]],
    rules: RuleSet,
    calendar: WorkCalendar,
) -> ClockPlan:
    """A final clock with the chain's warning, where the order's scheme has a chain; another as it is."""
    if plan.kind != "final" or not needs_chain(order.scheme):
        return plan
    rung = chain_rung(order, plan.occasion, plan.started_at, plan.due.at, observed, rules, calendar)
    return replace(plan, rungs=tuple(sorted([*plan.rungs, rung], key=lambda each: each.at)))

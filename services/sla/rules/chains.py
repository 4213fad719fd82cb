"""倒排工期: the latest start of each step of a signature chain, counted backwards from the deadline (S2.2.3i)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType
from typing import Final

from services.sla.model import ChainStep, PlannedStep
from services.sla.policy import Hours, RuleSet
from services.sla.rules.counting import work_time_before
from shared.calendar import WorkCalendar

ENOUGH: Final = 5  # so many observations make a median worth more than the default
STEP_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "centre": "区89000中心审核",
        "office": "区政府办公室审核",
        "deputy_leader": "区分管领导签批",
        "head_leader": "区主要领导签批",
        "seal": "加盖公章",
    }
)
# Which steps a reply goes through (S2.2.3e, S2.2.3h); an ordinary one only the centre's review.
CHAINS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "national_report": ("centre", "office", "deputy_leader", "head_leader", "seal"),
        "enterprise_fast": ("centre", "office", "deputy_leader", "seal"),
        "ordinary": ("centre",),
    }
)


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

"""The day of a plan as a clock. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from services.sla.counting.model import ClockPlan, Rung
from services.sla.counting.rules import WAKE, moment_clock, moment_on
from services.sla.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar


def clock_on_plan(
    unit: str, reply_id: str, plan_on: date, planned_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> ClockPlan:
    """列入计划 sleeps until its day, wakes when that begins and is broken when it ends (S2.2.2e, S2.2.2f).

    One whose day was over when the centre approved it wakes and is broken at once: its clock has that day and no warning.
    """
    wakes, ends = moment_on(plan_on, time(0)).astimezone(UTC), moment_on(plan_on + timedelta(days=1), time(0))
    over = ends <= planned_at
    start = wakes if over else planned_at
    plan = moment_clock("plan", plan_occasion(reply_id), unit, start, ends, calendar, rules.plan.clause)
    if over:
        return replace(plan, rungs=(Rung(WAKE, wakes),))
    rungs = [*plan.rungs, Rung(WAKE, wakes_at(plan_on, planned_at))]
    return replace(plan, rungs=tuple(sorted(rungs, key=lambda rung: rung.at)))


def plan_occasion(reply_id: str) -> str:
    """What starts the clock of a plan: the approved reply that announces it."""
    return f"plan:{reply_id}"


def wakes_at(plan_on: date, planned_at: datetime) -> datetime:
    """When the unit has a planned order again (S2.2.2f)."""
    return max(moment_on(plan_on, time(0)).astimezone(UTC), planned_at)

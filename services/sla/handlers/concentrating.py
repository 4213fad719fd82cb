"""The weekly look at units whose demands concentrate (S3.4a, A25)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.sla.handlers.pieces import raise_candidate
from services.sla.rules.concentrating import concentrated
from services.sla.store.candidates import assigned_per_unit
from services.sla.store.rulesets import rules_at
from shared.clock import local_day, start_of
from shared.work import Work

WEEK = timedelta(days=7)


def week_of(moment: datetime) -> datetime:
    """The Monday 00:00 that the moment's week began with (A29)."""
    day = local_day(moment)
    return start_of(day - timedelta(days=day.weekday()))


async def propose_concentrated(work: Work) -> None:
    """Name the units that the last finished weeks point at, once per week."""
    monday = week_of(work.now)
    rule_set = await rules_at(work.session, work.now)
    needed = rule_set.concentration_weeks.count
    weeks = [
        await assigned_per_unit(work.session, monday - WEEK * back, monday - WEEK * (back - 1))
        for back in range(needed + 1, 0, -1)
    ]
    for unit in concentrated(weeks, rule_set):
        counts = "、".join(str(week.get(unit, 0)) for week in weeks)
        facts = f"连续 {needed} 周交办量居前且上升（逐周 {counts} 件）"
        await raise_candidate(work, unit, "concentrated", f"week:{local_day(monday - WEEK)}", facts)

"""The rule sets that sla published: kept by events, read by the commands that decide by one of their numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.rulesets.policy import CIRCULAR_2022, RuleSet
from services.dispatch.rulesets.rules import rule_set_of
from services.dispatch.rulesets.tables import RuleSetRecord


async def add_rules(session: AsyncSession, rules: RuleSet, *, effective_from: datetime, published_at: datetime) -> None:
    """Keep a published rule set; one that is known never changes."""
    new = insert(RuleSetRecord).values(
        version=rules.version,
        effective_from=effective_from,
        published_at=published_at,
        return_window=rules.return_window.value,
        plan=rules.plan.value,
        returns_to_panel=rules.returns_to_panel.value,
    )
    await session.execute(new.on_conflict_do_nothing())


async def rules_at(session: AsyncSession, received_at: datetime) -> RuleSet:
    """What holds for an order received then: the latest rule set that was effective by then, else the circular (X3).

    Chosen by the moment of receipt alone, as sla does: both services choose the same rule set, whenever and in whatever
    sequence the events arrive.
    """
    query = (
        select(RuleSetRecord)
        .where(RuleSetRecord.effective_from <= received_at)
        .order_by(RuleSetRecord.effective_from.desc())
        .limit(1)
    )
    found = await session.scalar(query)
    if found is None:
        return CIRCULAR_2022
    numbers = {"return_window": found.return_window, "plan": found.plan, "returns_to_panel": found.returns_to_panel}
    return rule_set_of(found.version, numbers)

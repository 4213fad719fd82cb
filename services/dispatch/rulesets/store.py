"""The rule set by which an order is decided, from those that dispatch follows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.rulesets.policy import CIRCULAR_2022, RuleSet
from services.dispatch.rulesets.rules import rule_set_of
from shared.following.rulesets import rule_set_at


async def rules_at(session: AsyncSession, received_at: datetime) -> RuleSet:
    """What holds for an order received then: the latest rule set that was effective by then, else the circular (X3)."""
    found = await rule_set_at(session, received_at)
    return CIRCULAR_2022 if found is None else rule_set_of(found.version, found.numbers)

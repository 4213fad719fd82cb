"""How a service follows the rule sets that sla publishes (X3).

A service mounts the follower in its service.py and chooses by the moment at which an order was received, as sla does:
both choose the same rule set, whenever and in whatever sequence the events arrive.

    topics=(..., DIRECTORY), subscriptions={RuleSetPublished: follow_rule_set, ...}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.sla import RuleNumber, RuleSetPublished
from shared.work import Work

_STORE: Final = text(
    """
insert into followed_rule_set (version, document, effective_from, published_at, numbers)
values (:version, :document, :effective_from, :published_at, cast(:numbers as jsonb))
on conflict (version) do nothing
"""
)
_AT: Final = text(
    """
select version, document, effective_from, published_at, numbers from followed_rule_set
where effective_from <= :at order by effective_from desc limit 1
"""
)


@dataclass(frozen=True, slots=True)
class FollowedRuleSet:
    """A rule set as sla published it."""

    version: str
    document: str
    effective_from: datetime
    published_at: datetime
    numbers: Mapping[str, RuleNumber]


async def follow_rule_set(work: Work, event: RuleSetPublished) -> None:
    """Store a rule set, which holds also for orders that are here already; one that is stored never changes."""
    await work.session.execute(
        _STORE,
        {
            "version": event.version,
            "document": event.document,
            "effective_from": event.effective_from,
            "published_at": event.published_at,
            "numbers": orjson.dumps(event.numbers).decode(),
        },
    )


async def rule_set_at(session: AsyncSession, received_at: datetime) -> FollowedRuleSet | None:
    """The latest rule set that was effective by then; None before the first one."""
    found = (await session.execute(_AT, {"at": received_at})).first()
    return None if found is None else FollowedRuleSet(*found)

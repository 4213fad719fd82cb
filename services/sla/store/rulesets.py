"""Rule sets: the one in force at a moment, the one an order started under, drafts for those who edit them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import RulesUnknown
from services.sla.policy import CIRCULAR_2022, RULE_SETS, RuleSet
from services.sla.rules.rulesets import rule_set_of
from services.sla.store.held import held_by
from services.sla.tables import RuleSetRecord

_KEY: Final = 0x72756C6573  # "rules": one publication at a time


def read(record: RuleSetRecord) -> RuleSet:
    """The rule set that the row holds; a number that is newer than the row has the circular's value."""
    return rule_set_of(record.version, record.document, record.numbers, CIRCULAR_2022)


async def rules_at(session: AsyncSession, moment: datetime) -> RuleSet:
    """The rule set in force at a moment: the latest published one that is effective by then, else the circular (X3)."""
    held = held_by(session)
    if held.published is None:
        published = select(RuleSetRecord).where(RuleSetRecord.state == "published")
        held.published = list(await session.scalars(published.order_by(RuleSetRecord.effective_from.desc())))
    for record in held.published:
        if record.effective_from is not None and record.effective_from <= moment:
            return await rules_of(session, record.version)
    return CIRCULAR_2022


async def rules_of(session: AsyncSession, version: str) -> RuleSet:
    """The published rule set of this version, for what started under it; RulesUnknown when there is none.

    It never changes, and is read once for however many clocks of a transaction.
    """
    known = held_by(session).rule_sets
    found = RULE_SETS.get(version) or known.get(version)
    if found is None:
        record = await session.get(RuleSetRecord, version)
        if record is None or record.state != "published":
            raise RulesUnknown(version)
        found = known[version] = read(record)
    return found


async def any_rules(session: AsyncSession, version: str) -> RuleSet:
    """The rule set of this version, a draft too; RulesUnknown when there is none."""
    built_in = RULE_SETS.get(version)
    return read(await record_of(session, version)) if built_in is None else built_in


async def is_known(session: AsyncSession, version: str) -> bool:
    """Whether a rule set of this version is kept."""
    return await session.get(RuleSetRecord, version) is not None


async def lock_rules(session: AsyncSession) -> None:
    """Let one transaction at a time publish."""
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _KEY})


async def record_of(session: AsyncSession, version: str, *, lock: bool = False) -> RuleSetRecord:
    """A draft or a published rule set beside the built-in one; RulesUnknown when there is none."""
    record = await session.get(RuleSetRecord, version, with_for_update=lock)
    if record is None:
        raise RulesUnknown(version)
    return record


async def latest_effective(session: AsyncSession) -> datetime | None:
    """From when the last published rule set holds."""
    moment: datetime | None = await session.scalar(
        select(func.max(RuleSetRecord.effective_from)).where(RuleSetRecord.state == "published")
    )
    return moment


async def all_records(session: AsyncSession) -> Sequence[RuleSetRecord]:
    """Every rule set beside the built-in one: drafts first, then published ones, the latest first."""
    query = select(RuleSetRecord).order_by(
        RuleSetRecord.state, RuleSetRecord.effective_from.desc().nulls_first(), RuleSetRecord.created_at.desc()
    )
    return (await session.scalars(query)).all()

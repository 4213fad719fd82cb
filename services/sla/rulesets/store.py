"""Rule sets: the one in force at a moment, the one an order started under, drafts for those who edit them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.rulesets.errors import RulesUnknown
from services.sla.rulesets.model import RuleSetState
from services.sla.rulesets.policy import CIRCULAR_2022, RULE_SETS, RuleSet
from services.sla.rulesets.rules import rule_set_of
from services.sla.rulesets.tables import RuleSetRecord
from shared.work import Work

_KEY: Final = 0x72756C6573  # "rules": one publication at a time


def read(record: RuleSetRecord) -> RuleSet:
    """The rule set that the row holds; a number that is newer than the row has the circular's value."""
    return rule_set_of(record.version, record.document, record.numbers, CIRCULAR_2022)


class PublishedRules:
    """The rule sets that were published; each is read from its row when it is asked for first."""

    def __init__(self, records: Sequence[RuleSetRecord]) -> None:
        self._latest_first = records
        self._by_version = {record.version: record for record in records}
        self._known: dict[str, RuleSet] = dict(RULE_SETS)

    def at(self, moment: datetime) -> RuleSet:
        """The rule set in force then: the latest that is effective by that moment, else the circular (X3)."""
        for record in self._latest_first:
            if record.effective_from is not None and record.effective_from <= moment:
                return self.of(record.version)
        return CIRCULAR_2022

    def of(self, version: str) -> RuleSet:
        """The rule set of this version, for what started under it; RulesUnknown when none was published."""
        if version not in self._known:
            if version not in self._by_version:
                raise RulesUnknown(version)
            self._known[version] = read(self._by_version[version])
        return self._known[version]


async def published(session: AsyncSession) -> PublishedRules:
    """Every published rule set."""
    query = select(RuleSetRecord).where(RuleSetRecord.state == RuleSetState.PUBLISHED)
    found = await session.scalars(query.order_by(RuleSetRecord.effective_from.desc()))
    return PublishedRules(found.all())


async def rules_at(work: Work, moment: datetime) -> RuleSet:
    """The rule set in force at a moment; the published ones are read once in a unit of work (X3)."""
    return (await work.once(published)).at(moment)


async def rules_of(work: Work, version: str) -> RuleSet:
    """The published rule set of this version; RulesUnknown when there is none. The built-in one costs no query."""
    built_in = RULE_SETS.get(version)
    return (await work.once(published)).of(version) if built_in is None else built_in


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
        select(func.max(RuleSetRecord.effective_from)).where(RuleSetRecord.state == RuleSetState.PUBLISHED)
    )
    return moment


async def all_records(session: AsyncSession) -> Sequence[RuleSetRecord]:
    """Every rule set beside the built-in one: drafts first, then published ones, the latest first."""
    query = select(RuleSetRecord).order_by(
        RuleSetRecord.state, RuleSetRecord.effective_from.desc().nulls_first(), RuleSetRecord.created_at.desc()
    )
    return (await session.scalars(query)).all()

"""Rule sets as data: drafted, changed, published from a day on; never applied before, never changed after (X3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.sla.rulesets import store
from services.sla.rulesets.errors import EffectiveTooEarly, RulesExist, RulesPublished
from services.sla.rulesets.model import RuleSetState
from services.sla.rulesets.policy import CIRCULAR_2022, RULE_SETS, RuleSet
from services.sla.rulesets.rules import check_sensible, numbers_of, rule_set_of
from services.sla.rulesets.tables import RuleSetRecord
from shared.contracts.sla import RuleSetPublished
from shared.deps import check_version
from shared.work import Work


async def draft_rules(
    work: Work, version: str, *, document: str, based_on: str, numbers: Mapping[str, Any], reason: str
) -> RuleSetRecord:
    """A draft: the numbers of the version it is based on, with these in their place. It applies to nobody."""
    base = await store.rules_of(work, based_on)
    if version in RULE_SETS or await store.is_known(work.session, version):
        raise RulesExist(version)
    drafted = rule_set_of(version, document, numbers, base)
    check_sensible(drafted)
    record = RuleSetRecord(
        version=version,
        document=document,
        based_on=based_on,
        numbers=_numbers(drafted),
        reason=reason,
        state=RuleSetState.DRAFT,
        effective_from=None,
        created_at=work.now,
        created_by=work.person.account,
        published_at=None,
        published_by=None,
    )
    work.session.add(record)
    await work.session.flush()
    work.audit("ruleset.drafted", version, after={"document": document, "numbers": dict(numbers)}, reason=reason)
    return record


async def change_draft(
    work: Work, version: str, *, document: str, numbers: Mapping[str, Any], reason: str, expected: int | None
) -> RuleSetRecord:
    """Other numbers for a draft, counted from the version it is based on; RulesPublished when it is none any more."""
    record = await _draft(work, version)
    check_version(record.revision, expected)
    base = await store.rules_of(work, record.based_on)
    before = {"document": record.document, "numbers": record.numbers}
    drafted = rule_set_of(version, document, numbers, base)
    check_sensible(drafted)
    record.document, record.reason, record.numbers = document, reason, _numbers(drafted)
    await work.session.flush()
    after = {"document": document, "numbers": record.numbers}
    work.audit("ruleset.changed", version, before=before, after=after, reason=reason)
    return record


async def publish_rules(
    work: Work, version: str, *, effective_from: datetime, document: str, reason: str, expected: int | None
) -> RuleSetRecord:
    """Let the draft hold for the orders received from then on; an order keeps the version of its start (X3)."""
    await store.lock_rules(work.session)
    record = await _draft(work, version)
    check_version(record.revision, expected)
    latest = await store.latest_effective(work.session)
    earliest = max(work.now, latest) if latest is not None else work.now
    if effective_from <= earliest:
        raise EffectiveTooEarly(earliest)
    # Checked once more: what was valid as a draft is what will be read for years.
    published = rule_set_of(version, document, record.numbers, CIRCULAR_2022)
    check_sensible(published)
    record.document, record.numbers, record.state = document, _numbers(published), RuleSetState.PUBLISHED
    record.effective_from, record.published_at = effective_from, work.now
    record.published_by = work.person.account
    await work.session.flush()
    work.forget(store.published)
    work.emit(
        RuleSetPublished(
            version=version,
            document=document,
            effective_from=effective_from,
            published_at=work.now,
            numbers=record.numbers,
        )
    )
    work.audit(
        "ruleset.published",
        version,
        after={"document": document, "effective_from": effective_from.isoformat(), "numbers": record.numbers},
        reason=reason,
    )
    return record


async def _draft(work: Work, version: str) -> RuleSetRecord:
    if version in RULE_SETS:
        raise RulesPublished(version)
    record = await store.record_of(work.session, version, lock=True)
    if record.state is not RuleSetState.DRAFT:
        raise RulesPublished(version)
    return record


def _numbers(rules: RuleSet) -> dict[str, Any]:
    return {number.name: number.value for number in numbers_of(rules)}

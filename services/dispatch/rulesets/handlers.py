"""The rule sets that an order may be decided by: dispatch's own copy of what sla publishes."""

from __future__ import annotations

from services.dispatch.rulesets import store
from services.dispatch.rulesets.rules import rule_set_of
from shared.contracts.sla import RuleSetPublished
from shared.work import Work


async def keep_rules(work: Work, event: RuleSetPublished) -> None:
    """A rule set was published: it holds for all orders received from its day on, also for those that are here already (X3)."""
    rules = rule_set_of(event.version, event.numbers)
    await store.add_rules(work.session, rules, effective_from=event.effective_from, published_at=event.published_at)

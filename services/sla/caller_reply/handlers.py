"""The day in which the caller of an urgent order is answered: started, taken back and ended by all that was heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.sla.caller_reply import rules
from services.sla.clocks.handlers import annul, start, stop, void
from services.sla.clocks.store import running_clocks
from services.sla.orders.store import rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.policy import RuleSet
from shared.work import Work


async def judge_caller_reply(work: Work, order: OrderRecord, rule_set: RuleSet) -> None:
    """The 24 hours of an order that turned urgent with its unit, by all that is known of its steps by now (S1.3.1c).

    Nobody can keep them who has answered the caller already, or who has not got the order: then none run.  A clock that was
    started before this was heard is taken back.
    """
    if order.cancelled or order.unit is None or order.assigned_at is None or order.urgent_since is None:
        return
    days = rules.answering(order.steps, urgent_since=order.urgent_since, assigned_at=order.assigned_at)
    counted, wanted = order.answering_since, frozenset(day.starts_at for day in days)
    for since in counted - wanted:
        reason = "此前已联系到来电人，或工单当时不在承办单位手中，平台随后才得知"
        await annul(work, order, "caller_reply", since, "in_time", reason, started_at=since)
    order.answering_since = wanted
    for since in sorted(wanted - counted):
        _start(work, order, order.unit, since, rule_set)
    running = await running_clocks(work, order.order_id)
    for day in days:
        if day.ends_at is not None:
            mine = [clock for clock in running if clock.started_at == day.starts_at]
            (stop if day.answered else void)(work, mine, {"caller_reply"}, day.ends_at)


def _start(work: Work, order: OrderRecord, unit: str, since: datetime, rule_set: RuleSet) -> None:
    """Start it, under a name of its own when one that was taken back had it."""
    plan = rules.clock_on_urgency(unit, order.flags_version, since, rule_set)
    number, occasion = 1, plan.occasion
    while f"{plan.kind} {plan.occasion}" in order.occasions:
        number += 1
        plan = replace(plan, occasion=f"{occasion}:{number}")
    start(work, order, (plan,), rule_set)


async def remember(work: Work, order: OrderRecord, step: rules.Step, at: datetime, reply_id: str = "") -> None:
    """Keep a step of the order for the caller's 24 hours, and judge these anew."""
    order.steps = [*order.steps, [at.isoformat(), step, reply_id]]
    if order.urgent:
        await judge_caller_reply(work, order, await rules_for(work, order))

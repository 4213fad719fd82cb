"""A plan begins with the approval that announces it, and ends with its completion, or when that approval does not hold."""

from __future__ import annotations

from datetime import datetime

from services.sla.caller_reply.handlers import remember
from services.sla.clocks.handlers import run_again, start, void
from services.sla.clocks.store import running_clocks
from services.sla.clocks.tables import ClockRecord
from services.sla.orders.store import order_for_update, rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.plans import rules, store
from shared.contracts.dispatch import OrderPlanned
from shared.work import Work


async def sleep_until_planned(work: Work, event: OrderPlanned) -> None:
    """列入计划: a clock of its own, until the day that the unit named (S2.2.2e, S2.2.2f).

    Whether it may be that day was checked when the unit named it, and the centre has approved it since. Refused here, the
    event would be parked, and all later events of the order behind it.
    """
    order = await order_for_update(work, event.order_id)
    rule_set = await rules_for(work, order)
    if order.ended_at is not None:
        return
    taken_back = any((step, reply) == ("rejected", event.reply_id) for _, step, reply in order.steps)
    if not taken_back:  # intake, which did not send it, may be heard before dispatch
        plan = rules.clock_on_plan(event.unit, event.reply_id, event.plan_on, event.planned_at, rule_set, work.calendar)
        clocks = await running_clocks(work, event.order_id)
        void(work, clocks, {"plan"}, event.planned_at)
        start(work, order, (plan,), rule_set)
    await remember(work, order, "planned", event.planned_at, event.reply_id)
    await remember(work, order, "woken", rules.wakes_at(event.plan_on, event.planned_at), event.reply_id)


async def take_plan_back(work: Work, order: OrderRecord, reply_id: str, at: datetime) -> None:
    """A plan whose approval does not hold has no day; the one that the upstream knows runs on (S2.2.2e, S1.1.4c)."""
    mine = [c for c in await running_clocks(work, order.order_id) if c.occasion == rules.plan_occasion(reply_id)]
    if not mine:
        return
    void(work, mine, {"plan"}, at)
    ended_before = next(planned_at for planned_at, step, reply in order.steps if (step, reply) == ("planned", reply_id))
    others = await store.ended_plans(work.session, order.order_id, datetime.fromisoformat(ended_before))
    dead = {rules.plan_occasion(reply) for _, step, reply in order.steps if step == "rejected"}
    before = next((clock for clock in others if clock not in mine and clock.occasion not in dead), None)
    if before is not None:
        run_again(work, order, before, "此后的计划未反馈上级，恢复计时", await rules_for(work, order))
        if before not in await work.rows(ClockRecord, order.order_id):
            work.add(before)  # the later events of this transaction find it running

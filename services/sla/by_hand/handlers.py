"""Clocks that an operator starts and stops by name, because no event starts them yet; each with a reason, on the record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.sla.by_hand import rules
from services.sla.by_hand.errors import (
    BeyondLead,
    JointUnitLeads,
    JointUnitMissing,
    NotByHand,
    OrderEnded,
    StepMissing,
)
from services.sla.by_hand.model import ManualClock
from services.sla.by_hand.policy import STARTED_BY_HAND
from services.sla.chain_plans.policy import STEP_TITLES
from services.sla.clocks.errors import NotRunning
from services.sla.clocks.handlers import start, stop
from services.sla.clocks.model import State
from services.sla.clocks.store import clock_for_update, order_of_clock, running_clocks
from services.sla.clocks.tables import ClockRecord, StopRecord
from services.sla.orders.store import order_for_update, rules_for
from services.sla.orders.tables import OrderRecord
from services.sla.units.handlers import check_unit
from shared.calendar import local_text
from shared.contracts.places import CLOCK
from shared.work import Work


async def start_clock(work: Work, wanted: ManualClock) -> ClockRecord:
    """Start a clock by its kind (S3.1f, S3.3h, S2.2.3i, S3.4b, S3.2g)."""
    order = await order_for_update(work, wanted.order_id)
    if order.ended_at is not None or order.cancelled:
        raise OrderEnded
    joint = wanted.kind == "co_task"
    if wanted.unit is not None:
        await check_unit(work, wanted.unit)
        if joint and wanted.unit == order.unit:
            raise JointUnitLeads(wanted.unit)
    elif joint:
        raise JointUnitMissing
    rule_set = await rules_for(work, order)
    rules.check_span(wanted, work.now)
    if wanted.kind == "chain_step" and wanted.step not in STEP_TITLES:
        raise StepMissing(tuple(STEP_TITLES))
    occasion = f"{wanted.step or 'hand'}:{work.ids()}"
    plan = rules.clock_by_hand(
        wanted.kind,
        occasion,
        wanted.unit,
        work.now,
        due_at=wanted.due_at,
        workdays=wanted.workdays,
        rules=rule_set,
        calendar=work.calendar,
    )
    rules.check_reach(plan, work.now, rule_set)
    if joint:
        await _check_lead(work, order, plan.due.at)
    [clock] = start(work, order, (plan,), rule_set, note=wanted.reason)
    work.audit(
        "clock.started_by_hand",
        wanted.order_id,
        after={
            "clock": str(clock.id),
            "kind": wanted.kind,
            "unit": wanted.unit,
            "due_at": local_text(plan.due.at),
        },
        reason=f"clock:{clock.id}",
    )
    return clock


async def stop_clock(work: Work, clock_id: UUID, reason: str) -> ClockRecord:
    """What such a clock asked for has happened; a clock that follows events cannot be stopped by hand (A04)."""
    order_id = await order_of_clock(work.session, clock_id)
    await order_for_update(work, order_id)
    clock = await clock_for_update(work.session, clock_id)
    if clock.kind not in STARTED_BY_HAND or clock.note is None:
        raise NotByHand(clock.kind)
    if clock.state is not State.RUNNING:
        raise NotRunning(clock.state)
    stop(work, (clock,), STARTED_BY_HAND, work.now)
    sealed = work.sealer.seal(reason, CLOCK.at(order_id=order_id, clock_id=clock_id, part="stop"))
    work.session.add(StopRecord(clock_id=clock_id, reason=sealed))
    work.audit(
        "clock.stopped_by_hand",
        order_id,
        after={"clock": str(clock_id), "state": clock.state},
        reason=f"clock:{clock_id}",
    )
    return clock


async def _check_lead(work: Work, order: OrderRecord, due_at: datetime) -> None:
    clocks = await running_clocks(work, order.order_id)
    leads = [clock.due_at for clock in clocks if clock.kind == "final"]
    if leads and due_at > max(leads):
        raise BeyondLead(max(leads))

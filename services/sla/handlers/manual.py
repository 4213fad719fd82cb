"""Clocks that an operator starts and stops by name, for what no service tells yet; each with a reason, on the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.sla import rules
from services.sla.errors import (
    BeyondLead,
    DueNotAhead,
    DueTooFar,
    JointUnitLeads,
    JointUnitMissing,
    NotByHand,
    NotRunning,
    OrderEnded,
    SpanMissing,
    StepMissing,
)
from services.sla.handlers.pieces import facts_of, rules_for, start, stop
from services.sla.handlers.sealed import clock_context
from services.sla.handlers.units import check_unit
from services.sla.model import ClockPlan, State
from services.sla.policy import STARTED_BY_HAND, RuleSet
from services.sla.store import clocks as store
from services.sla.tables import ClockRecord, OrderRecord, StopRecord
from shared.calendar import SHANGHAI
from shared.contracts.sla import ClockKind
from shared.work import Work


@dataclass(frozen=True, slots=True)
class ManualClock:
    """What the operator asked for."""

    order_id: str
    kind: ClockKind
    unit: str | None
    step: str | None
    due_at: datetime | None
    workdays: int | None
    reason: str


async def start_clock(work: Work, wanted: ManualClock) -> ClockRecord:
    """Start a clock by its kind (S3.1f, S3.3h, S2.2.3i, S3.4b, S3.2g)."""
    order = await store.order_for_update(work.session, wanted.order_id)
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
    _check_span(wanted, work.now)
    if wanted.kind == "chain_step" and wanted.step not in rules.STEP_TITLES:
        raise StepMissing(tuple(rules.STEP_TITLES))
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
    _check_reach(plan, work.now, rule_set)
    if joint:
        await _check_lead(work, order, plan.due.at)
    [clock_id] = await start(work, facts_of(order), (plan,), rule_set, note=wanted.reason)
    work.audit(
        "clock.started_by_hand",
        wanted.order_id,
        after={
            "clock": str(clock_id),
            "kind": wanted.kind,
            "unit": wanted.unit,
            "due_at": rules.local_text(plan.due.at),
        },
        reason=f"clock:{clock_id}",
    )
    return await store.clock_for_update(work.session, clock_id)


async def stop_clock(work: Work, clock_id: UUID, reason: str) -> ClockRecord:
    """What such a clock asked for has happened; a clock that follows the facts is nobody's to stop (A04)."""
    order_id = await store.order_of_clock(work.session, clock_id)
    await store.order_for_update(work.session, order_id)
    clock = await store.clock_for_update(work.session, clock_id)
    if clock.kind not in STARTED_BY_HAND or clock.note is None:
        raise NotByHand(clock.kind)
    if clock.state != State.RUNNING:
        raise NotRunning(clock.state)
    stop(work, (clock,), STARTED_BY_HAND, work.now)
    sealed = work.sealer.seal(reason, clock_context(order_id, clock_id, "stop"))
    work.session.add(StopRecord(clock_id=clock_id, reason=sealed))
    work.audit(
        "clock.stopped_by_hand",
        order_id,
        after={"clock": str(clock_id), "state": clock.state},
        reason=f"clock:{clock_id}",
    )
    return clock


def _check_span(wanted: ManualClock, now: datetime) -> None:
    if wanted.due_at is not None and wanted.workdays is not None:
        raise SpanMissing
    if wanted.due_at is None and wanted.workdays is None and wanted.kind != "consult":
        raise SpanMissing
    if wanted.due_at is not None and wanted.due_at <= now:
        raise DueNotAhead


def _check_reach(plan: ClockPlan, now: datetime, rule_set: RuleSet) -> None:
    """The circular has no longer time than a plan's days (S2.2.2e): neither has what a person starts."""
    latest = now.astimezone(SHANGHAI).date() + timedelta(days=rule_set.plan.count)
    if plan.due.on > latest:
        raise DueTooFar(plan.clause, latest, rule_set.plan.count)


async def _check_lead(work: Work, order: OrderRecord, due_at: datetime) -> None:
    clocks = await store.running_clocks(work.session, order.order_id)
    leads = [clock.due_at for clock in clocks if clock.kind == "final"]
    if leads and due_at > max(leads):
        raise BeyondLead(max(leads))

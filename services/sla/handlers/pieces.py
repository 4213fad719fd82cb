"""What every handler does to clocks: start, stop, void, move, each with its event.

Handlers lock the order's row first. A clock starts once per occasion, so a second run does no harm. Moments are those
at which the platform recorded the fact: a contact entered on day three does not stop a clock on day one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import cast

from services.sla import rules
from services.sla.model import ClockPlan, Received, State
from services.sla.policy import RuleSet
from services.sla.store import clocks as store
from services.sla.store.firing import Claimed
from services.sla.store.rulesets import rules_of
from services.sla.tables import ClockChange, ClockRecord, OrderRecord
from shared.contracts.sla import ClockBreached, ClockChanged, ClockKind, ClockStarted, ClockStopped
from shared.work import Work


async def rules_for(work: Work, order: OrderRecord) -> RuleSet:
    """The rule set that was in force when the order was received: it keeps it to its end (X3)."""
    return await rules_of(work.session, order.rules)


def facts_of(order: OrderRecord) -> Received:
    """What the rules need to know of an order."""
    return Received(order.order_id, order.scheme, order.urgent, order.received_at, order.upstream_due_at)


def kinds_of(clocks: Iterable[ClockRecord]) -> frozenset[ClockKind]:
    """The kinds among these clocks."""
    return frozenset(cast("ClockKind", clock.kind) for clock in clocks)


async def start(work: Work, order_id: str, plans: Sequence[ClockPlan], version: str) -> None:
    """Write the plans as running clocks of this rule set and tell those that are new."""
    planned = {work.ids(): plan for plan in plans}
    added = await store.add_clocks(work.session, order_id, planned, rules=version, calendar=work.calendar.version)
    for clock_id, plan in planned.items():
        if clock_id in added:
            work.emit(
                ClockStarted(
                    order_id=order_id,
                    clock_id=str(clock_id),
                    kind=plan.kind,
                    unit=plan.unit,
                    started_at=plan.started_at,
                    due_at=plan.due.at,
                    provisional=plan.due.provisional,
                    rules=version,
                )
            )


async def stop_for(
    work: Work, order_id: str, kinds: Collection[ClockKind], at: datetime, *, unit: str | None = None
) -> OrderRecord:
    """Stop an order's clocks of these kinds, with `unit` only those that it answers for; the locked order."""
    order = await store.order_for_update(work.session, order_id)
    clocks = await store.running_clocks(work.session, order_id)
    stop(work, [c for c in clocks if unit is None or c.unit == unit], kinds, at)
    return order


def stop(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    """What the clocks of these kinds asked for has happened."""
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            clock.state, clock.next_at, clock.stopped_at = rules.ended(clock.due_at, at), None, at
            work.emit(stopped(clock, at, met=clock.state == State.MET))


def void(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    """What the clocks of these kinds asked for no longer applies."""
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            clock.state, clock.next_at, clock.stopped_at = State.VOID, None, at
            work.emit(stopped(clock, at, met=False, void=True))


def stopped(clock: ClockRecord | Claimed, at: datetime, *, met: bool, void: bool = False) -> ClockStopped:
    """The fact that a clock ended."""
    return ClockStopped(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=cast("ClockKind", clock.kind),
        unit=clock.unit,
        due_at=clock.due_at,
        stopped_at=at,
        met=met,
        void=void,
    )


def breached(clock: ClockRecord | Claimed, now: datetime) -> ClockBreached:
    """The fact that a clock passed its due moment."""
    return ClockBreached(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=cast("ClockKind", clock.kind),
        unit=clock.unit,
        due_at=clock.due_at,
        breached_at=now,
        late_by_seconds=(now - clock.due_at).total_seconds(),
        provisional=clock.provisional,
    )


def move(work: Work, clock: ClockRecord, plan: ClockPlan, reason: str) -> None:
    """Give a running clock another due moment and keep the old one with the reason; a breach that was, stays."""
    if plan.due.at <= clock.started_at or plan.due.at == clock.due_at:
        return
    was = clock.due_at
    change = ClockChange(
        id=work.ids(),
        clock_id=clock.id,
        changed_at=work.now,
        was_due_at=was,
        due_at=plan.due.at,
        reason=reason,
        calendar=work.calendar.version,
    )
    work.session.add(change)
    work.audit(
        "clock.changed",
        clock.order_id,
        before={"clock": str(clock.id), "due_at": was.isoformat()},
        after={"clock": str(clock.id), "due_at": plan.due.at.isoformat()},
        reason=reason,
    )
    clock.due_at, clock.due_on, clock.provisional = plan.due.at, plan.due.on, plan.due.provisional
    clock.calendar = work.calendar.version
    clock.rungs, clock.fired = list(store.rungs_of(plan)), 0
    clock.next_at = None if clock.breached_at else store.first_moment(plan)
    work.emit(
        ClockChanged(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=cast("ClockKind", clock.kind),
            was_due_at=was,
            due_at=plan.due.at,
            provisional=plan.due.provisional,
            reason=reason,
        )
    )

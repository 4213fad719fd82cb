"""What sla does when something happens to an order: load, decide, change, emit.

Every handler locks the order's row first. A clock starts once per occasion, so a second run does no harm.
Moments are those at which the platform recorded the fact: a contact entered on day three does not stop a clock on
day one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, cast

from services.sla import rules, store
from services.sla.model import Assigned, ClockPlan, Lapse, Received, State
from services.sla.policy import CIRCULAR_2022
from services.sla.store import Claimed, Fired
from services.sla.tables import ClockChange, ClockRecord, OrderRecord
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAssigned,
    OrderClosed,
    OrderReopened,
    ProgressNoted,
    ReturnAccepted,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderUpdated
from shared.contracts.sla import (
    ClockBreached,
    ClockChanged,
    ClockKind,
    ClockStarted,
    ClockStopped,
    ClockWarned,
)
from shared.work import Work

RULES: Final = CIRCULAR_2022


# -- the order's way ----------------------------------------------------------------------------------------------------


async def start_district_clocks(work: Work, event: OrderReceived) -> None:
    """The district's deadlines run from our receipt (S1.1.4a, S1.2.1, S2.1b)."""
    received = Received(
        order_id=event.order_id,
        scheme=event.scheme,
        urgent=bool(event.urgent),
        received_at=event.received_at,
        upstream_due_at=event.upstream_due_at,
    )
    if await store.add_order(work.session, received, is_test=event.is_test):
        await _start(work, event.order_id, rules.clocks_on_receipt(received, RULES, work.calendar))


async def follow_the_upstream(work: Work, event: OrderUpdated) -> None:
    """A changed repeat may make the order urgent or bring another deadline (S1.1.4c, S1.3.1c)."""
    order = await store.order_for_update(work.session, event.order_id)
    if event.urgent and not order.urgent:
        order.urgent = True
        if order.unit is not None and order.ended_at is None:
            await _start(
                work, event.order_id, (rules.clock_on_urgency(order.unit, event.version, event.updated_at, RULES),)
            )
    if event.upstream_due_at in {None, order.upstream_due_at} or order.ended_at is not None:
        return
    order.upstream_due_at = event.upstream_due_at
    plan = rules.upstream_clock(_facts(order), f"version:{event.version}", event.updated_at, RULES, work.calendar)
    if plan is None:
        return
    running = [c for c in await store.running_clocks(work.session, event.order_id) if c.kind == "upstream_due"]
    if not running:
        await _start(work, event.order_id, (plan,))
    for clock in running:
        _move(work, clock, plan, f"上级平台变更时限（第{event.version}版）")


async def start_unit_clocks(work: Work, event: OrderAssigned) -> None:
    """The unit's deadlines run from 交办; those of the unit before it end (A04, A15, S2.1b)."""
    order = await store.order_for_update(work.session, event.order_id)
    if order.cancelled:
        # Dispatch assigned before the upstream's cancellation reached it: no clock may outlive that.
        return
    assigned = Assigned(event.assignment, event.unit, event.no_return, event.determined_at, event.assigned_at)
    clocks = await store.running_clocks(work.session, event.order_id)
    _stop(work, clocks, rules.STOPS["assigned"], event.assigned_at)
    _void(work, clocks, rules.void_on_leaving_unit(_kinds(clocks)), event.assigned_at)
    order.unit, order.ended_at = event.unit, None
    plans = rules.clocks_on_assignment(_facts(order), assigned, RULES, work.calendar)
    await _start(work, event.order_id, plans)
    await _judge_determination(work, event.order_id, assigned)


async def stop_on_contact(work: Work, event: CallerContacted) -> None:
    """A contact that counts stops the contact clocks; only a reached caller was answered (S2.2.1a, S1.3.1d)."""
    kinds: set[ClockKind] = set(rules.STOPS["contacted"]) if event.counts else set()
    if event.outcome == "reached":
        kinds |= rules.STOPS["reached"]
    order = await _stop_for(work, event.order_id, kinds, event.recorded_at, unit=event.unit)
    await _promise(work, order, event.unit, event.promised_at, event.recorded_at)


async def keep_the_promise(work: Work, event: ProgressNoted) -> None:
    """A progress note promises the next contact, which is a clock of its own (S2.2.1d, S2.2.1e)."""
    order = await store.order_for_update(work.session, event.order_id)
    await _promise(work, order, event.unit, event.promised_at, event.noted_at)


async def stop_on_return_request(work: Work, event: ReturnRequested) -> None:
    """Asking inside the window stops the window; every other clock runs on (S2.2.1f, S2.2.1i)."""
    await _stop_for(work, event.order_id, rules.STOPS["return_requested"], event.requested_at, unit=event.unit)


async def release_the_unit(work: Work, event: ReturnAccepted) -> None:
    """The unit's clocks end; the district has to assign anew the same day (A15, S2.1b)."""
    order = await store.order_for_update(work.session, event.order_id)
    clocks = await store.running_clocks(work.session, event.order_id)
    _void(work, clocks, rules.void_on_leaving_unit(_kinds(clocks)), event.decided_at)
    order.unit, order.returns = None, event.returns
    if order.cancelled:
        return
    plan = rules.clock_on_return(event.returns, event.decided_at, RULES, work.calendar)
    await _start(work, event.order_id, (plan,))


async def stop_on_feedback(work: Work, event: OrderFedBack) -> None:
    """The upstream acknowledged the reply: final, district and upstream clocks end (S1.1.4a, S1.2.2b, S2.3b)."""
    await _stop_for(work, event.order_id, rules.STOPS["fed_back"], event.fed_back_at)


async def end_clocks(work: Work, event: OrderClosed | OrderCancelled) -> None:
    """The order's way is at its end: what still runs becomes void."""
    order = await store.order_for_update(work.session, event.order_id)
    ended_at = event.closed_at if isinstance(event, OrderClosed) else event.cancelled_at
    clocks = await store.running_clocks(work.session, event.order_id)
    _void(work, clocks, _kinds(clocks), ended_at)
    order.ended_at, order.cancelled = ended_at, order.cancelled or isinstance(event, OrderCancelled)


async def start_redo(work: Work, event: OrderReopened) -> None:
    """重办: a new final clock for the unit; rework of a rejected reply starts none (lifecycle 2, A19)."""
    order = await store.order_for_update(work.session, event.order_id)
    if order.cancelled:
        return
    order.unit, order.ended_at = event.unit, None
    plan = rules.clock_on_redo(_facts(order), event.unit, event.redos, event.reopened_at, RULES, work.calendar)
    await _start(work, event.order_id, (plan,))


# -- the loop -----------------------------------------------------------------------------------------------------------


async def fire_due_clocks(work: Work, limit: int) -> int:
    """Warn and breach what is due by now, oldest first, each once; how many clocks were looked at.

    After a standstill every rung that was missed fires, in order, with the moment it really fired.
    """
    now = work.now
    claimed = await store.claim_due(work.session, now, limit)
    if claimed:
        await store.move_on(work.session, [_fire(work, clock, now) for clock in claimed])
    return len(claimed)


def _fire(work: Work, clock: Claimed, now: datetime) -> Fired:
    fired = clock.fired
    while fired < len(clock.rungs) and datetime.fromisoformat(clock.rungs[fired]["at"]) <= now:
        work.emit(
            ClockWarned(
                order_id=clock.order_id,
                clock_id=str(clock.id),
                kind=clock.kind,
                unit=clock.unit,
                rung=clock.rungs[fired]["name"],
                due_at=clock.due_at,
                warned_at=now,
                provisional=clock.provisional,
            )
        )
        fired += 1
    if clock.due_at > now:
        rest = [datetime.fromisoformat(rung["at"]) for rung in clock.rungs[fired:]]
        return Fired(clock.id, fired, min([*rest, clock.due_at]), None, closed=False)
    return _lapse(work, clock, fired, now)


def _lapse(work: Work, clock: Claimed, fired: int, now: datetime) -> Fired:
    if clock.lapse == Lapse.CLOSE:
        # Not used, not missed: nobody had to return the order.
        work.emit(_stopped(clock, clock.due_at, met=False, void=True))
        return Fired(clock.id, fired, None, None, closed=True)
    work.emit(_breached(clock, now))
    return Fired(clock.id, fired, None, now, closed=False)


# -- pieces -------------------------------------------------------------------------------------------------------------


def _facts(order: OrderRecord) -> Received:
    return Received(order.order_id, order.scheme, order.urgent, order.received_at, order.upstream_due_at)


def _kinds(clocks: Iterable[ClockRecord]) -> frozenset[ClockKind]:
    return frozenset(cast("ClockKind", clock.kind) for clock in clocks)


async def _start(work: Work, order_id: str, plans: Sequence[ClockPlan]) -> None:
    planned = {work.ids(): plan for plan in plans}
    added = await store.add_clocks(work.session, order_id, planned, rules=RULES.version, calendar=work.calendar.version)
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
                    rules=RULES.version,
                )
            )


async def _promise(
    work: Work, order: OrderRecord, unit: str, promised_at: datetime | None, recorded_at: datetime
) -> None:
    """A new promise takes the place of the one before it, which was kept by this contact or is void."""
    if promised_at is None or order.ended_at is not None or order.unit != unit:
        return
    plan = rules.clock_on_promise(unit, promised_at, recorded_at, RULES, work.calendar)
    if plan is None:
        return
    clocks = await store.running_clocks(work.session, order.order_id)
    _void(work, clocks, {"next_contact"}, recorded_at)
    await _start(work, order.order_id, (plan,))


async def _judge_determination(work: Work, order_id: str, assigned: Assigned) -> None:
    """The legal same-day clock begins and ends with the assignment; late, it is a breach like any other (S2.1b)."""
    plan = rules.determined_dispatch(assigned, RULES, work.calendar)
    if plan is None:
        return
    await _start(work, order_id, (plan,))
    clocks = [c for c in await store.running_clocks(work.session, order_id) if c.occasion == plan.occasion]
    for clock in clocks:
        if assigned.assigned_at > clock.due_at:
            clock.breached_at = work.now
            work.emit(_breached(clock, work.now))
    _stop(work, clocks, {plan.kind}, assigned.assigned_at)


async def _stop_for(
    work: Work, order_id: str, kinds: Collection[ClockKind], at: datetime, *, unit: str | None = None
) -> OrderRecord:
    """Stop an order's clocks of these kinds, with `unit` only those that it answers for; the locked order."""
    order = await store.order_for_update(work.session, order_id)
    clocks = await store.running_clocks(work.session, order_id)
    _stop(work, [c for c in clocks if unit is None or c.unit == unit], kinds, at)
    return order


def _stop(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            clock.state, clock.next_at, clock.stopped_at = rules.ended(clock.due_at, at), None, at
            work.emit(_stopped(clock, at, met=clock.state == State.MET))


def _void(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            clock.state, clock.next_at, clock.stopped_at = State.VOID, None, at
            work.emit(_stopped(clock, at, met=False, void=True))


def _stopped(clock: ClockRecord | Claimed, at: datetime, *, met: bool, void: bool = False) -> ClockStopped:
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


def _breached(clock: ClockRecord | Claimed, now: datetime) -> ClockBreached:
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


def _move(work: Work, clock: ClockRecord, plan: ClockPlan, reason: str) -> None:
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

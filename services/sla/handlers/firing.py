"""What the loop does with the clocks whose moment has come: warn, breach, close."""

from __future__ import annotations

from datetime import datetime

from services.sla.handlers.pieces import breached, stopped
from services.sla.model import Lapse
from services.sla.store import firing as store
from services.sla.store.firing import Claimed, Fired
from shared.contracts.sla import ClockWarned
from shared.work import Work


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
        work.emit(stopped(clock, clock.due_at, met=False, void=True))
        return Fired(clock.id, fired, None, None, closed=True)
    work.emit(breached(clock, now))
    return Fired(clock.id, fired, None, now, closed=False)

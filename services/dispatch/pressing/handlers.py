"""Following the clocks of sla: which deadline of an order comes first (S1.3.1b)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from services.dispatch.pressing import rules
from services.dispatch.pressing.model import KnownClock
from services.dispatch.pressing.store import write_pressing
from services.dispatch.pressing.tables import ClocksRecord
from shared.contracts.intake import OrderReceived
from shared.contracts.sla import ClockChanged, ClockStarted, ClockStopped
from shared.work import Work

Fact = TypeVar("Fact", ClockStarted, ClockChanged, ClockStopped)


async def follow_started(work: Work, event: ClockStarted) -> None:
    """A clock of the order began to run."""
    await _follow(work, event, rules.started)


async def follow_changed(work: Work, event: ClockChanged) -> None:
    """A clock of the order is due at another moment."""
    await _follow(work, event, rules.changed)


async def follow_stopped(work: Work, event: ClockStopped) -> None:
    """A clock of the order ended."""
    await _follow(work, event, rules.stopped)


async def catch_up(work: Work, event: OrderReceived) -> None:
    """An order whose clocks were heard of before itself."""
    if await work.locked(ClocksRecord, event.order_id) is not None:
        work.collect(write_pressing, event.order_id)


async def _follow(work: Work, event: Fact, apply: Callable[[KnownClock | None, Fact, datetime], KnownClock]) -> None:
    told_at = work.now if work.cause is None else work.cause.time
    record = await work.locked(ClocksRecord, event.order_id)
    if record is None:
        record = ClocksRecord(order_id=event.order_id, clocks={})
        work.add(record)
    known = record.clocks.get(event.clock_id)
    clock = apply(None if known is None else KnownClock.of(known), event, told_at).stored()
    if clock != known:
        record.clocks = {**record.clocks, event.clock_id: clock}
        work.collect(write_pressing, event.order_id)

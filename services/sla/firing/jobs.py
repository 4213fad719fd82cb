"""The loop that lets clocks fire: it sleeps until the next moment, and drains what is due before it sleeps again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from services.sla.firing import handlers, store
from shared.service import Runtime
from shared.telemetry import logger
from shared.wakes import EVENTS_WRITTEN

log = logger("sla")

BATCH = 1_000  # clocks of one transaction: large enough for a storm, small enough that another replica shares it
PLAIN_BATCH = 500  # those that one statement breaches: when there are so many, it is a storm
STORM_BATCH = 2_500  # those of one statement in a storm, which has two lanes
SETTLE_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 60.0  # how long a moment may stay unseen whose notification got lost
PAUSE_SECONDS: Final = 0.01  # between two looks, so that a stream of commits costs a hundred of them a second at most
RETRY_SECONDS: Final = 0.05  # what is due and locked is being fired by another replica


@dataclass(slots=True)
class FiringLoop:
    """What the loop waits for and shows."""

    alarm: asyncio.Event
    """Set when a clock may have a nearer moment than the one that the loop sleeps until."""
    oldest: Gauge
    settle_seconds: float = SETTLE_SECONDS
    """How long the loop waits for the consumer before the first breach."""


def prepare(runtime: Runtime) -> None:
    """The loop's alarm and gauge, before any task starts."""
    oldest = Gauge(
        "gongdan_sla_oldest_unfired_seconds",
        "how long the oldest moment that is due has waited for the loop",
        registry=runtime.metrics.registry,
    )
    runtime.parts.put(FiringLoop(runtime.works.wakes.waiting_for(EVENTS_WRITTEN), oldest))


async def next_due(runtime: Runtime) -> datetime | None:
    """When the next clock fires; in the past or now while one should have fired."""
    async with runtime.works.read() as session:
        return await store.next_moment(session)


async def fire_clocks(runtime: Runtime) -> None:
    """Until cancelled: fire what is due, oldest first and without a limit, then sleep until the next moment.

    A commit of this process wakes it, and so does the notification of another replica; should that get lost, a look
    each minute finds the same.
    """
    firing = runtime.parts.of(FiringLoop)
    alarm = firing.alarm
    loop = asyncio.get_running_loop()
    await _let_consumer_catch_up(runtime, firing.settle_seconds)
    while True:
        alarm.clear()
        async with runtime.works.read() as session:
            moment = await store.next_moment(session)
        now = runtime.clock.now()
        firing.oldest.set(max(0.0, (now - moment).total_seconds()) if moment else 0.0)
        if moment is not None and moment <= now:
            if not await drain(runtime):
                await asyncio.sleep(RETRY_SECONDS)
            continue
        look_again = loop.call_later(LOOK_SECONDS, alarm.set)
        try:
            if moment is None:
                await alarm.wait()
            else:
                await runtime.clock.sleep_until(moment, wake=alarm)
        finally:
            look_again.cancel()
        if alarm.is_set():
            await asyncio.sleep(PAUSE_SECONDS)


async def _let_consumer_catch_up(runtime: Runtime, at_most: float) -> None:
    """Wait before the first breach until no event has come for a moment, but not longer than `at_most` seconds.

    After a standstill events wait on the bus: an order that was answered in time while sla was down must not be told
    as a breach only because the loop was quicker than the consumer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + at_most
    applied, quiet_since = -1.0, loop.time()
    while loop.time() < deadline:
        applied_now = _applied(runtime)
        if applied_now != applied or not runtime.consumer.joined:
            applied, quiet_since = applied_now, loop.time()
        elif loop.time() - quiet_since >= QUIET_SECONDS:
            return
        await asyncio.sleep(0.1)
    log.warning("clocks fire without the consumer being quiet")


def _applied(runtime: Runtime) -> float:
    """How many events have taken effect in this process."""
    families = runtime.metrics.consumed.collect()
    return sum(sample.value for family in families for sample in family.samples if sample.name.endswith("_total"))


async def drain(runtime: Runtime) -> int:
    """Fire everything that is due now, batch by batch, each batch one transaction; how many clocks fired."""
    fired = 0
    while batch := await fire_batch(runtime):
        fired += batch
    if fired:
        log.info("clocks fired", clocks=fired)
    return fired


async def fire_batch(runtime: Runtime) -> int:
    """Fire the oldest of what is due, in one transaction; how many clocks, 0 when nothing is.

    When a batch of plain ones was full, the storm behind it is fired as well.
    """
    plain = await breach_batch(runtime, PLAIN_BATCH)
    if plain == PLAIN_BATCH:
        return plain + await _storm(runtime)
    if plain:
        return plain
    async with runtime.works.begin() as work:
        return await handlers.fire_due_clocks(work, BATCH)


async def breach_batch(runtime: Runtime, limit: int, *, lane: int | None = None) -> int:
    """Breach the oldest plain clocks that are due, in one transaction; how many there were."""
    async with runtime.works.begin() as work:
        return await handlers.breach_plain_clocks(work, limit, lane=lane)


async def _storm(runtime: Runtime) -> int:
    """Breach the plain clocks of either half of the units until none is due, both at a time; how many there were.

    The server works on each half for itself: nearly all of the time goes into the indexes of the clocks.
    """
    async with asyncio.TaskGroup() as group:
        lanes = [group.create_task(_lane(runtime, lane)) for lane in (0, 1)]
    return sum(lane.result() for lane in lanes)


async def _lane(runtime: Runtime, lane: int) -> int:
    fired = batch = await breach_batch(runtime, STORM_BATCH, lane=lane)
    while batch == STORM_BATCH:
        batch = await breach_batch(runtime, STORM_BATCH, lane=lane)
        fired += batch
    return fired

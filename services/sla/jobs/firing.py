"""The loop that lets clocks fire: it sleeps until the next moment, and drains what is due before it sleeps again."""

from __future__ import annotations

import asyncio
from typing import Final

from prometheus_client import Gauge

from services.sla.handlers import firing as handlers
from services.sla.handlers.notices import TAIL, Tail
from services.sla.store import firing as store
from shared.service import Runtime
from shared.telemetry import logger
from shared.wakes import EVENTS_WRITTEN

log = logger("sla")

BATCH = 1_000  # clocks of one transaction: large enough for a storm, small enough that another replica shares it
PLAIN_BATCH = 500  # those that one statement breaches: when there are so many, it is a storm
STORM_BATCH = 2_500  # those of one statement in a storm, which has two lanes
ALARM: Final = "alarm"
NEWS: Final = "news"
OLDEST: Final = "oldest_unfired"
SETTLE: Final = "settle_seconds"
SETTLE_SECONDS: Final = 30.0
QUIET_SECONDS: Final = 1.0
NET_SECONDS: Final = 60.0  # the look that finds what no replica told, should its word get lost
BREATH_SECONDS: Final = 0.01  # between two looks, so that a stream of commits costs a hundred of them a second at most
TURN_SECONDS: Final = 0.05  # what is due and not to be had is in another replica's hands


async def prepare(runtime: Runtime) -> None:
    """The alarm and the gauge, before any task starts."""
    wakes, tail = runtime.works.wakes, Tail()
    runtime.parts[ALARM], runtime.parts[NEWS] = wakes.waiting_for(EVENTS_WRITTEN), wakes.waiting_for(EVENTS_WRITTEN)
    tail.wake = wakes.waiting_for(EVENTS_WRITTEN)
    runtime.parts[TAIL] = tail
    runtime.parts[SETTLE] = SETTLE_SECONDS
    runtime.parts[OLDEST] = Gauge(
        "hotline_sla_oldest_unfired_seconds",
        "how long the oldest moment that is due has waited for the loop",
        registry=runtime.metrics.registry,
    )


async def fire_clocks(runtime: Runtime) -> None:
    """Until cancelled: fire what is due, oldest first and without a limit, then sleep until the next moment.

    A commit of this process wakes it, and so does another replica's word; a look each minute is the net below.
    """
    alarm: asyncio.Event = runtime.parts[ALARM]
    gauge: Gauge = runtime.parts[OLDEST]
    loop = asyncio.get_running_loop()
    await _hear_the_news(runtime)
    while True:
        alarm.clear()
        async with runtime.works.read() as session:
            moment = await store.next_moment(session)
        now = runtime.clock.now()
        gauge.set(max(0.0, (now - moment).total_seconds()) if moment else 0.0)
        if moment is not None and moment <= now:
            if not await drain(runtime):
                await asyncio.sleep(TURN_SECONDS)
            continue
        look_again = loop.call_later(NET_SECONDS, alarm.set)
        try:
            if moment is None:
                await alarm.wait()
            else:
                await runtime.clock.sleep_until(moment, wake=alarm)
        finally:
            look_again.cancel()
        if alarm.is_set():
            await asyncio.sleep(BREATH_SECONDS)


async def _hear_the_news(runtime: Runtime) -> None:
    """Let the consumer catch up before the first breach, for half a minute at most.

    After a standstill the news waits on the bus: an order that was answered in time while sla was down must not be
    told as a breach only because the loop was quicker than the consumer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + runtime.parts[SETTLE]
    heard, quiet_since = -1.0, loop.time()
    while loop.time() < deadline:
        heard_now = _heard(runtime)
        if heard_now != heard or not runtime.consumer.joined:
            heard, quiet_since = heard_now, loop.time()
        elif loop.time() - quiet_since >= QUIET_SECONDS:
            return
        await asyncio.sleep(0.1)
    log.warning("clocks fire without the consumer being quiet")


def _heard(runtime: Runtime) -> float:
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
        breached = await handlers.breach_plain_clocks(work, limit, lane=lane)
    if breached:
        runtime.works.wakes.wake(
            [EVENTS_WRITTEN]
        )  # the statement wrote its events past the unit of work, which knows of none
    return breached


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

"""The loop that lets clocks fire: it sleeps until the next moment, and drains what is due before it sleeps again."""

from __future__ import annotations

import asyncio
from typing import Final

from prometheus_client import Gauge

from services.sla.handlers import firing as handlers
from services.sla.store import firing as store
from shared.service import Runtime
from shared.telemetry import logger

log = logger("sla")


BATCH: Final = 1_000  # clocks of one transaction: large enough for a storm, small enough that another replica shares it


ALARM: Final = "alarm"


OLDEST: Final = "oldest_unfired"


SETTLE: Final = "settle_seconds"


SETTLE_SECONDS: Final = 30.0


QUIET_SECONDS: Final = 1.0


class Committed(asyncio.Event):
    """The kernel sets this after every commit that told events; arming a clock tells one, so it wakes the loop too."""

    def __init__(self, alarm: asyncio.Event) -> None:
        super().__init__()
        self._alarm = alarm

    def set(self) -> None:
        """Wake whoever waits for commits, and the loop."""
        super().set()
        self._alarm.set()


async def prepare(runtime: Runtime) -> None:
    """The alarm and the gauge, before any task starts."""
    alarm = asyncio.Event()
    runtime.parts[ALARM] = alarm
    runtime.parts[SETTLE] = SETTLE_SECONDS
    runtime.works.committed = Committed(alarm)
    runtime.parts[OLDEST] = Gauge(
        "hotline_sla_oldest_unfired_seconds",
        "how long the oldest moment that is due has waited for the loop",
        registry=runtime.metrics.registry,
    )


async def fire_clocks(runtime: Runtime) -> None:
    """Until cancelled: fire what is due, oldest first and without a limit, then sleep until the next moment.

    A commit of this process wakes it. Another replica's clocks are its own to watch, and found here by a look every
    `workers_poll_seconds`, should that replica die.
    """
    alarm: asyncio.Event = runtime.parts[ALARM]
    gauge: Gauge = runtime.parts[OLDEST]
    loop = asyncio.get_running_loop()
    await _hear_the_news(runtime)
    while True:
        alarm.clear()
        await drain(runtime)
        async with runtime.works.read() as session:
            moment = await store.next_moment(session)
        now = runtime.clock.now()
        gauge.set(max(0.0, (now - moment).total_seconds()) if moment else 0.0)
        look_again = loop.call_later(runtime.settings.workers_poll_seconds, alarm.set)
        try:
            if moment is None:
                await alarm.wait()
            else:
                await runtime.clock.sleep_until(moment, wake=alarm)
        finally:
            look_again.cancel()


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
    while True:
        async with runtime.works.begin() as work:
            batch = await handlers.fire_due_clocks(work, BATCH)
        fired += batch
        if batch < BATCH:
            break
    if fired:
        log.info("clocks fired", clocks=fired)
    return fired

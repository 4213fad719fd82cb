"""What counts the clocks anew after a change of the calendar."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Final

from services.sla.calendar import store as calendar
from services.sla.calendar.jobs import LOOK_SECONDS, MissingYear, load_calendar
from services.sla.calendar.model import Version
from services.sla.calendar.store import KnownCalendars
from services.sla.recomputing import handlers, store
from services.sla.recomputing.store import Position
from shared.service import Runtime
from shared.telemetry import logger

log = logger("calendar")

BATCH: Final = 2_000  # clocks of one transaction

SWEEP_SECONDS: Final = 60.0


async def prepare(runtime: Runtime) -> None:
    """The calendar in force, entered first on an empty database, and the alarm of a missing year."""
    async with runtime.works.begin() as work:
        version = await handlers.seed(work)
    runtime.works.calendar = version.calendar
    alarm = MissingYear(runtime.metrics)
    alarm.look(version.calendar, runtime.clock.now())
    runtime.parts.put(alarm)
    runtime.parts.put(KnownCalendars())


async def recompute_clocks(runtime: Runtime) -> None:
    """Until cancelled: count clocks anew while a recomputation is open, and look for those that it missed."""
    loop = asyncio.get_running_loop()
    swept = loop.time()
    while True:
        async with runtime.works.read() as session:
            is_open = await store.is_open(session)
        if is_open:
            await recompute(runtime, await load_calendar(runtime))
        elif loop.time() - swept >= SWEEP_SECONDS:
            swept = loop.time()
            version = await load_calendar(runtime)
            async with runtime.works.begin() as work:
                if await handlers.sweep(work, version):
                    log.warning("clocks were armed by an older calendar", calendar=version.version)
        await asyncio.sleep(LOOK_SECONDS)


async def recompute(runtime: Runtime, target: Version, *, batch: int = BATCH) -> int:
    """Count every outdated clock anew, each batch one transaction; how many this process looked at.

    Ends at once when another replica is at it: that one finishes, or its row is free again at the next look.
    """
    async with runtime.works.read() as session:
        older = await calendar.older_versions(session, target.number)
    seen = 0
    while True:
        for outdated, ended in product(older, (False, True)):
            looked = await _pass(runtime, target, outdated, batch, ended=ended)
            if looked is None:
                return seen
            seen += looked
        async with runtime.works.begin() as work:
            if await handlers.finish_recomputation(work, target):
                break
        await asyncio.sleep(0.1)  # a handler holds the rest: it is done within its transaction
    if seen:
        log.info("clocks counted anew", calendar=target.version, clocks=seen)
    return seen


async def _pass(runtime: Runtime, target: Version, outdated: str, batch: int, *, ended: bool) -> int | None:
    """All clocks of one older version once, the running or the ended ones; None when another replica is at it."""
    position: Position | None = None
    seen = 0
    while True:
        async with runtime.works.begin() as work:
            done = await handlers.recompute_batch(work, target, outdated, after=position, limit=batch, ended=ended)
        if done is None:
            return None
        seen, position = seen + done.seen, done.position
        if done.seen < batch:
            return seen

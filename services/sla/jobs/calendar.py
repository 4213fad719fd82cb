"""What keeps the calendar: every replica counts by the version in force, clocks are counted anew, a missing year is told."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

from prometheus_client import Gauge

from services.sla.handlers import calendar as handlers
from services.sla.handlers import recomputing
from services.sla.store import calendar as store
from services.sla.store.calendar import Position, Version
from shared.calendar import SHANGHAI
from shared.service import Runtime
from shared.telemetry import logger

log = logger("calendar")

BATCH: Final = 2_000  # clocks of one transaction
LOOK_SECONDS: Final = 2.0  # one row is read: how long another replica may count by the version before
SWEEP_SECONDS: Final = 60.0
MISSING: Final = "missing_year"


async def prepare(runtime: Runtime) -> None:
    """The calendar in force, entered first on an empty database, and the gauge of the alarm."""
    async with runtime.works.begin() as work:
        version = await handlers.seed(work)
    runtime.works.calendar = version.calendar
    runtime.parts[MISSING] = Gauge(
        "hotline_sla_calendar_missing_year",
        "the year whose arrangement should be in by now and is not; 0 when none is missing",
        registry=runtime.metrics.registry,
    )
    _watch_years(runtime, None)


async def keep_calendar(runtime: Runtime) -> None:
    """Until cancelled: follow what another replica entered, count clocks anew while any is open, tell a missing year."""
    loop = asyncio.get_running_loop()
    version = await _loaded(runtime)
    told: date | None = None
    swept = loop.time()
    while True:
        told = _watch_years(runtime, told)
        async with runtime.works.read() as session:
            number, is_open = await store.current_number(session), await store.is_open(session)
        if number != version.number:
            version = await _loaded(runtime)
        if is_open:
            await recompute(runtime, version)
        elif loop.time() - swept >= SWEEP_SECONDS:
            swept = loop.time()
            async with runtime.works.begin() as work:
                if await recomputing.sweep(work, version):
                    log.warning("clocks were armed by an older calendar", calendar=version.version)
        await asyncio.sleep(LOOK_SECONDS)


async def recompute(runtime: Runtime, target: Version, *, batch: int = BATCH) -> int:
    """Count every outdated clock anew, each batch one transaction; how many this process looked at.

    Ends at once when another replica is at it: that one finishes, or its row is free again at the next look.
    """
    async with runtime.works.read() as session:
        older = await store.older_versions(session, target.number)
    seen = 0
    while True:
        for outdated in older:
            looked = await _pass(runtime, target, outdated, batch)
            if looked is None:
                return seen
            seen += looked
        async with runtime.works.begin() as work:
            if await recomputing.finish_recomputation(work, target):
                break
        await asyncio.sleep(0.1)  # a handler holds the rest: it is done within its transaction
    if seen:
        log.info("clocks counted anew", calendar=target.version, clocks=seen)
    return seen


async def _pass(runtime: Runtime, target: Version, outdated: str, batch: int) -> int | None:
    """All clocks of one older version once; None when another replica is at it."""
    position: Position | None = None
    seen = 0
    while True:
        async with runtime.works.begin() as work:
            done = await recomputing.recompute_batch(work, target, outdated, after=position, limit=batch)
        if done is None:
            return None
        seen, position = seen + done.seen, done.position
        if done.seen < batch:
            return seen


async def _loaded(runtime: Runtime) -> Version:
    async with runtime.works.read() as session:
        version = await store.current_version(session)
    if version is None:
        raise LookupError("the calendar was not seeded")
    runtime.works.calendar = version.calendar
    return version


def _watch_years(runtime: Runtime, told: date | None) -> date | None:
    """Show the missing year, and say it once a day; the day on which it was said last."""
    today = runtime.clock.now().astimezone(SHANGHAI).date()
    missing = runtime.works.calendar.missing_year(today)
    gauge: Gauge = runtime.parts[MISSING]
    gauge.set(missing or 0)
    if missing is None or told == today:
        return told
    log.warning("calendar year missing", year=missing, calendar=runtime.works.calendar.version)
    return today

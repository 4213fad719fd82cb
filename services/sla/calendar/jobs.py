"""What keeps the calendar: every replica counts by the version in force, and a missing year is reported."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Final

from prometheus_client import Gauge

from services.sla.calendar import store
from services.sla.calendar.model import Version
from shared.calendar import WorkCalendar, local_day
from shared.service import Runtime
from shared.telemetry import Metrics, logger

log = logger("calendar")

LOOK_SECONDS: Final = 2.0  # one row is read: how long another replica may count by the version before


class MissingYear:
    """The alarm for a year whose arrangement should be in by now: a gauge, and a line of the log once a day."""

    def __init__(self, metrics: Metrics) -> None:
        self._gauge = Gauge(
            "gongdan_sla_calendar_missing_year",
            "the year whose arrangement should be in by now and is not; 0 when none is missing",
            registry=metrics.registry,
        )
        self._told_on: date | None = None

    def look(self, calendar: WorkCalendar, now: datetime) -> None:
        """Show the missing year, and log it unless that was done today."""
        today = local_day(now)
        missing = calendar.missing_year(today)
        self._gauge.set(missing or 0)
        if missing is not None and self._told_on != today:
            self._told_on = today
            log.warning("calendar year missing", year=missing, calendar=calendar.version)


async def watch_calendar(runtime: Runtime) -> None:
    """Until cancelled: count by the version that another replica entered, and report a missing year."""
    alarm = runtime.parts.of(MissingYear)
    version = await load_calendar(runtime)
    while True:
        alarm.look(runtime.works.calendar, runtime.clock.now())
        async with runtime.works.read() as session:
            number = await store.current_number(session)
        if number != version.number:
            version = await load_calendar(runtime)
        await asyncio.sleep(LOOK_SECONDS)


async def load_calendar(runtime: Runtime) -> Version:
    """Count by the version in force from now on in this process."""
    async with runtime.works.read() as session:
        version = await store.version_in_force(session)
    runtime.works.calendar = version.calendar
    return version

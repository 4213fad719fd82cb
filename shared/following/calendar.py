"""How a service that counts working days follows the calendar that sla keeps (S1.1.4a).

The event carries the whole calendar. Whichever replica takes it stores it; the others find it in the table: at their
start, and by a look at one row every few seconds. A service mounts the three parts in its service.py:

    topics=(ORDERS, DIRECTORY), subscriptions={CalendarChanged: follow_calendar, ...},
    jobs=(watch_calendar, ...), prepare=load_calendar
"""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
from sqlalchemy import text

from shared.calendar import WorkCalendar, YearArrangement
from shared.contracts.sla import ArrangedYear, CalendarChanged
from shared.service import Runtime
from shared.telemetry import logger
from shared.work import Work

log = logger("calendar")

LOOK_SECONDS: Final = 5.0

_STORE = text(
    """
insert into followed_calendar as f (single, number, version, years, changed_at)
values (true, :number, :version, cast(:years as jsonb), :changed_at)
on conflict (single) do update set number = excluded.number, version = excluded.version, years = excluded.years,
  changed_at = excluded.changed_at
where f.number < excluded.number
returning number
"""
)
_VERSION = text("select version from followed_calendar")
_LOAD = text("select version, years from followed_calendar")


async def follow_calendar(work: Work, event: CalendarChanged) -> None:
    """Store the calendar and count by it from the commit on; an older one than the stored does nothing."""
    years = orjson.dumps([year.model_dump(mode="json") for year in event.years]).decode()
    stored = await work.session.execute(
        _STORE,
        {"number": event.number, "version": event.version, "years": years, "changed_at": event.changed_at},
    )
    if stored.first() is not None:
        work.adopt(calendar_of(event.version, event.years))


async def load_calendar(runtime: Runtime) -> None:
    """Count by the calendar that was stored last; the built-in one while none was."""
    async with runtime.works.read() as session:
        found = (await session.execute(_LOAD)).first()
    if found is not None and found.version != runtime.works.calendar.version:
        years = [ArrangedYear.model_validate(year) for year in found.years]
        runtime.works.calendar = calendar_of(found.version, years)
        log.info("calendar loaded", service=runtime.service.name, calendar=found.version)


async def watch_calendar(runtime: Runtime) -> None:
    """Until cancelled: load what another replica stored."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        async with runtime.works.read() as session:
            version = await session.scalar(_VERSION)
        if version is not None and version != runtime.works.calendar.version:
            await load_calendar(runtime)


def calendar_of(version: str, years: list[ArrangedYear]) -> WorkCalendar:
    """The calendar that an event carries."""
    arrangements = [YearArrangement(y.year, y.source_notice, y.off_days, y.make_up_days) for y in years]
    return WorkCalendar(version, {arrangement.year: arrangement for arrangement in arrangements})


def years_of(calendar: WorkCalendar) -> list[ArrangedYear]:
    """The years as the event carries them."""
    return [
        ArrangedYear(
            year=arrangement.year,
            source_notice=arrangement.source_notice,
            off_days=dict(arrangement.off_days),
            make_up_days=dict(arrangement.make_up_days),
        )
        for arrangement in calendar.years.values()
    ]

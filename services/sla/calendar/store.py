"""The versions of the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.calendar.errors import CalendarVersionUnknown
from services.sla.calendar.model import Reach, Source, Version
from services.sla.calendar.tables import CalendarVersionRecord, CalendarYearRecord
from shared.calendar import STATUTORY_VERSION, WorkCalendar, YearArrangement

_ONE_WRITER: Final = text("select pg_advisory_xact_lock(:key)")

_KEY: Final = 0x63616C656E  # "calen": one change of the calendar at a time


async def lock_calendar(session: AsyncSession) -> None:
    """Let one transaction at a time change the calendar."""
    await session.execute(_ONE_WRITER, {"key": _KEY})


async def current_version(session: AsyncSession) -> Version | None:
    """The version that holds; None on an empty database."""
    record = await session.scalar(select(CalendarVersionRecord).order_by(CalendarVersionRecord.number.desc()).limit(1))
    return None if record is None else await _loaded(session, record)


async def version_in_force(session: AsyncSession) -> Version:
    """The version that holds; LookupError before `prepare` entered the first."""
    current = await current_version(session)
    if current is None:
        raise LookupError("the calendar was not seeded")
    return current


async def current_number(session: AsyncSession) -> int:
    """The number of the version that holds; 0 on an empty database."""
    return await session.scalar(select(func.coalesce(func.max(CalendarVersionRecord.number), 0))) or 0


async def version_of(session: AsyncSession, version: str) -> Version:
    """The version of this name, as it was; CalendarVersionUnknown when there is none."""
    return await _loaded(session, await version_record(session, version))


async def version_record(session: AsyncSession, version: str) -> CalendarVersionRecord:
    """Who entered the version, when, why; CalendarVersionUnknown when there is none."""
    record = await session.scalar(select(CalendarVersionRecord).where(CalendarVersionRecord.version == version))
    if record is None:
        raise CalendarVersionUnknown(version)
    return record


class KnownCalendars:
    """The calendars of versions that were opened once in this process; they never change."""

    def __init__(self) -> None:
        self._by_version: dict[str, WorkCalendar] = {}

    async def of(self, session: AsyncSession, version: str) -> WorkCalendar:
        """The calendar of this version as it was: what was counted by it is explained by it."""
        if version not in self._by_version:
            self._by_version[version] = (await version_of(session, version)).calendar
        return self._by_version[version]


async def add_version(session: AsyncSession, record: CalendarVersionRecord, years: Iterable[YearArrangement]) -> None:
    """Write a version and the years that it brings."""
    session.add(record)
    await session.flush()
    rows = [
        {
            "number": record.number,
            "year": year.year,
            "source_notice": year.source_notice,
            "off_days": _named_days(year.off_days),
            "make_up_days": _named_days(year.make_up_days),
        }
        for year in years
    ]
    if rows:
        await session.execute(insert(CalendarYearRecord).values(rows))


async def _loaded(session: AsyncSession, record: CalendarVersionRecord) -> Version:
    newest = (
        select(CalendarYearRecord)
        .where(CalendarYearRecord.number <= record.number)
        .ext(distinct_on(CalendarYearRecord.year))
        .order_by(CalendarYearRecord.year, CalendarYearRecord.number.desc())
    )
    years = {
        row.year: YearArrangement(row.year, row.source_notice, _days(row.off_days), _days(row.make_up_days))
        for row in await session.scalars(newest)
    }
    return Version(record.number, record.version, WorkCalendar(record.version, years))


def _named_days(days: Mapping[date, str]) -> dict[str, str]:
    return {day.isoformat(): holiday for day, holiday in days.items()}


def _days(days: Mapping[str, str]) -> dict[date, str]:
    return {date.fromisoformat(day): holiday for day, holiday in days.items()}


async def older_versions(session: AsyncSession, number: int) -> Sequence[str]:
    """The versions that clocks may still be counted by, the latest first."""
    found = await session.scalars(
        select(CalendarVersionRecord.version)
        .where(CalendarVersionRecord.number < number)
        .order_by(CalendarVersionRecord.number.desc())
    )
    return found.all()


async def latest_reach(session: AsyncSession) -> Reach | None:
    """The days that the version in force changed; None when it changed none."""
    row = (
        await session.execute(
            select(CalendarVersionRecord.first_day, CalendarVersionRecord.last_day)
            .order_by(CalendarVersionRecord.number.desc())
            .limit(1)
        )
    ).one()
    return None if row[0] is None or row[1] is None else Reach(row[0], row[1])


def seed_record(now: datetime) -> CalendarVersionRecord:
    """The first version: what the platform brings along."""
    return CalendarVersionRecord(
        number=1,
        version=STATUTORY_VERSION,
        source=Source.STATUTORY,
        reason="平台内置的法定工作日历",
        document=None,
        created_at=now,
        created_by="system",
        first_day=None,
        last_day=None,
    )

"""A change of the calendar: what it would move, and the new version that moves it (S1.1.4a, A01)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import CalendarMovedOn, CalendarUnchanged
from services.sla.rules.recounting import Moved, recounted
from services.sla.store import calendar as store
from services.sla.store.calendar import Position, Reach, Version
from services.sla.store.rulesets import rules_of
from services.sla.tables import CalendarVersionRecord
from shared.calendar import (
    Day,
    DayChange,
    WorkCalendar,
    YearArrangement,
    arrangement_from_holiday_cn,
    arrangement_from_icalendar,
    arrangement_from_notice,
    revised,
    statutory_calendar,
)
from shared.calendar.errors import ArrangementOfOtherYear
from shared.contracts.sla import CalendarChanged
from shared.following import years_of
from shared.work import Work

Form = Literal["holiday-cn", "icalendar", "notice"]
Source = Literal["statutory", "import", "edit"]
_CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class YearFile:
    """One year's arrangement as somebody sends it."""

    year: int
    form: Form
    content: str
    document: str | None
    complete: bool
    balanced: bool = True


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day that counts differently, before and after."""

    before: Day
    after: Day


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move; the counts are made for the first page only, because they look at every clock."""

    base: Version
    days: tuple[ChangedDay, ...]
    moves: list[Moved]
    following: Position | None
    looked_at: int | None
    moving: int | None
    settled: int | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A new version, and how many clocks it may move."""

    version: str
    number: int
    days: int
    expected: int


def arrangement_of(file: YearFile) -> YearArrangement:
    """The year's arrangement; refuses what is twice, missing, contradictory or outside of the year."""
    checked = {"complete": file.complete, "balanced": file.balanced}
    if file.form == "notice":
        return arrangement_from_notice(file.year, file.content, source_notice=file.document, **checked)
    if file.form == "icalendar":
        return arrangement_from_icalendar(file.year, file.content, source_notice=file.document, **checked)
    arrangement = arrangement_from_holiday_cn(file.content, **checked)
    if arrangement.year != file.year:
        raise ArrangementOfOtherYear(file.year, arrangement.year)
    notice = file.document or arrangement.source_notice
    return YearArrangement(arrangement.year, notice, arrangement.off_days, arrangement.make_up_days)


# -- dry run ------------------------------------------------------------------------------------------------------------


async def preview_import(
    session: AsyncSession, file: YearFile, *, now: datetime, after: Position | None, limit: int
) -> Preview:
    """What importing the year would move; nothing is changed."""
    base = await _current(session)
    wanted = base.calendar.with_year(arrangement_of(file), version="preview")
    return await _preview(session, base, wanted, now=now, after=after, limit=limit)


async def preview_edit(
    session: AsyncSession, changes: Iterable[DayChange], *, now: datetime, after: Position | None, limit: int
) -> Preview:
    """What changing these days would move; nothing is changed."""
    base = await _current(session)
    wanted = revised(base.calendar, changes, version="preview")
    return await _preview(session, base, wanted, now=now, after=after, limit=limit)


async def _preview(
    session: AsyncSession, base: Version, wanted: WorkCalendar, *, now: datetime, after: Position | None, limit: int
) -> Preview:
    changed = base.calendar.changed_days(wanted)
    days = tuple(ChangedDay(base.calendar.day(day), wanted.day(day)) for day in changed)
    if not changed:
        return Preview(base, days, [], None, 0, 0, 0)
    reach = Reach(changed[0], changed[-1])
    page: list[Moved] = []
    counting, position = after is None, after
    looked_at = moving = settled = 0
    while counting or len(page) <= limit:
        clocks = await store.touched(session, reach, after=position, limit=_CHUNK)
        for clock in clocks:
            move = recounted(clock, await rules_of(session, clock.rules), wanted, now=now)
            if move is None:
                continue
            if len(page) <= limit:
                page.append(move)
            moving += move.due.at != clock.due_at
            settled += move.due.at == clock.due_at
        looked_at += len(clocks)
        if len(clocks) < _CHUNK:
            break
        position = clocks[-1].due_at, clocks[-1].id
    following = (page[limit - 1].clock.due_at, page[limit - 1].clock.id) if len(page) > limit else None
    counts = (looked_at, moving, settled) if counting else (None, None, None)
    return Preview(base, days, page[:limit], following, *counts)


# -- applying -----------------------------------------------------------------------------------------------------------


async def import_year(work: Work, file: YearFile, *, reason: str, base: str | None) -> Applied:
    """Take a year's arrangement in as a new version of the calendar.

    A file that says of no day anything new makes none, whatever it calls the days and its source.
    """
    current = await _to_change(work, base)
    arrangement = arrangement_of(file)
    wanted = current.calendar.with_year(arrangement, version=_name(current.number + 1))
    if not current.calendar.changed_days(wanted):
        raise CalendarUnchanged(current.version)
    document = file.document or arrangement.source_notice
    confirmed = [
        name for name, checked in (("incomplete", file.complete), ("unbalanced", file.balanced)) if not checked
    ]
    return await _apply(work, current, wanted, source="import", reason=reason, document=document, confirmed=confirmed)


async def edit_days(
    work: Work, changes: Sequence[DayChange], *, reason: str, document: str | None, base: str | None
) -> Applied:
    """Change single days as a new version of the calendar."""
    current = await _to_change(work, base)
    wanted = revised(current.calendar, changes, version=_name(current.number + 1))
    if wanted.years == current.calendar.years:
        raise CalendarUnchanged(current.version)
    return await _apply(work, current, wanted, source="edit", reason=reason, document=document)


async def seed(work: Work) -> Version:
    """The calendar in force; on an empty database the built-in one, and later what a newer release knows beyond it.

    A year that people entered is never overwritten by a release.
    """
    await store.lock_calendar(work.session)
    built_in = statutory_calendar()
    current = await store.current_version(work.session)
    if current is None:
        await store.add_version(work.session, store.seed_record(work.now), built_in.years.values())
        return Version(1, built_in.version, built_in)
    new = [year for number, year in built_in.years.items() if number not in current.calendar.years]
    if not new:
        return current
    wanted = current.calendar
    for year in new:
        wanted = wanted.with_year(year, version=_name(current.number + 1))
    document = "；".join(year.source_notice for year in new)
    reason = f"平台新版本内置了 {'、'.join(str(year.year) for year in new)} 年的放假安排"
    applied = await _apply(work, current, wanted, source="statutory", reason=reason, document=document)
    return Version(applied.number, applied.version, wanted)


async def _apply(
    work: Work,
    current: Version,
    wanted: WorkCalendar,
    *,
    source: Source,
    reason: str,
    document: str | None,
    confirmed: Sequence[str] = (),
) -> Applied:
    changed = current.calendar.changed_days(wanted)
    record = CalendarVersionRecord(
        number=current.number + 1,
        version=wanted.version,
        source=source,
        reason=reason,
        document=document,
        created_at=work.now,
        created_by=work.person.account,
        first_day=changed[0] if changed else None,
        last_day=changed[-1] if changed else None,
    )
    years = [year for number, year in wanted.years.items() if current.calendar.years.get(number) != year]
    await store.add_version(work.session, record, years)
    expected = 0
    if changed:
        reach = Reach(changed[0], changed[-1])
        expected = await store.open_recomputation(work.session, record.number, reach, work.now)
    work.emit(
        CalendarChanged(
            number=record.number,
            version=wanted.version,
            previous=current.version,
            changed_at=work.now,
            years=years_of(wanted),
        )
    )
    work.audit(
        "calendar.changed",
        wanted.version,
        before={"version": current.version, "days": _listed(current.calendar, changed)},
        after={
            "version": wanted.version,
            "days": _listed(wanted, changed),
            "document": document,
            **({"confirmed": list(confirmed)} if confirmed else {}),
        },
        reason=reason,
    )
    work.adopt(wanted)
    return Applied(wanted.version, record.number, len(changed), expected)


async def _to_change(work: Work, base: str | None) -> Version:
    await store.lock_calendar(work.session)
    current = await _current(work.session)
    if base is not None and base != current.version:
        raise CalendarMovedOn(base, current.version)
    return current


async def _current(session: AsyncSession) -> Version:
    current = await store.current_version(session)
    if current is None:
        raise LookupError("the calendar was not seeded")
    return current


def _name(number: int) -> str:
    return f"calendar-{number}"


def _listed(calendar: WorkCalendar, days: Iterable[date]) -> dict[str, str]:
    """The days that a notice names, for the audit trail; a year that becomes known names only these."""
    found = (calendar.day(day) for day in days)
    return {day.on.isoformat(): day.kind.value for day in found if day.holiday is not None}

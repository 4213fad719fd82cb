"""A change of the calendar: a year's arrangement or single days make a new version (S1.1.4a, A01)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.sla.calendar import store
from services.sla.calendar.errors import CalendarMovedOn, CalendarUnchanged, CalendarYearExists
from services.sla.calendar.model import Changed, Reach, Source, Version, YearFile
from services.sla.calendar.tables import CalendarVersionRecord
from shared.calendar import (
    DayChange,
    NoticeUnreadable,
    WorkCalendar,
    YearArrangement,
    amends,
    arrangement_from_holiday_cn,
    arrangement_from_icalendar,
    arrangement_from_notice,
    revised,
    statutory_calendar,
)
from shared.calendar.errors import ArrangementOfOtherYear
from shared.contracts.sla import CalendarChanged
from shared.following.calendar import years_of
from shared.work import Work


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


def arrangement_for(calendar: WorkCalendar, file: YearFile) -> YearArrangement:
    """The year's arrangement as it may come into this calendar.

    A year that is in the calendar is replaced as a whole, and only if the file says so: CalendarYearExists. A notice that
    amends a year names some of its days only, and is often worded as no other: so this is said before what the file
    lacks, and of an amendment that cannot be read.
    """
    present = calendar.years.get(file.year)
    if present is None or file.replaces:
        return arrangement_of(file)
    try:
        found = arrangement_of(replace(file, complete=False))
    except NoticeUnreadable:
        if amends(file.year, file.content):
            raise CalendarYearExists(file.year, present.source_notice) from None
        raise
    if calendar.changed_days(calendar.with_year(found, version=calendar.version)):
        raise CalendarYearExists(file.year, present.source_notice)
    return found


async def import_year(work: Work, file: YearFile, *, reason: str, base: str | None) -> Changed:
    """Take a year's arrangement in as a new version of the calendar.

    A file that changes no day makes none, even when it names its days or its source otherwise.
    """
    current = await _to_change(work, base)
    arrangement = arrangement_for(current.calendar, file)
    wanted = current.calendar.with_year(arrangement, version=_name(current.number + 1))
    if not current.calendar.changed_days(wanted):
        raise CalendarUnchanged(current.version)
    document = file.document or arrangement.source_notice
    exceptions = (
        ("incomplete", not file.complete),
        ("unbalanced", not file.balanced),
        ("replace", file.year in current.calendar.years),
    )
    confirmed = [name for name, applies in exceptions if applies]
    return await _apply(
        work, current, wanted, source=Source.IMPORT, reason=reason, document=document, confirmed=confirmed
    )


async def edit_days(
    work: Work, changes: Sequence[DayChange], *, reason: str, document: str | None, base: str | None
) -> Changed:
    """Change single days as a new version of the calendar."""
    current = await _to_change(work, base)
    wanted = revised(current.calendar, changes, version=_name(current.number + 1))
    if wanted.years == current.calendar.years:
        raise CalendarUnchanged(current.version)
    return await _apply(work, current, wanted, source=Source.EDIT, reason=reason, document=document)


async def seed(work: Work) -> Changed:
    """The calendar in force; on an empty database the built-in one, and later what a newer release knows beyond it.

    A year that people entered is never overwritten by a release.
    """
    await store.lock_calendar(work.session)
    built_in = statutory_calendar()
    current = await store.current_version(work.session)
    if current is None:
        await store.add_version(work.session, store.seed_record(work.now), built_in.years.values())
        return Changed(Version(1, built_in.version, built_in), 0, None)
    new = [year for number, year in built_in.years.items() if number not in current.calendar.years]
    if not new:
        return Changed(current, 0, None)
    wanted = current.calendar
    for year in new:
        wanted = wanted.with_year(year, version=_name(current.number + 1))
    document = "；".join(year.source_notice for year in new)
    reason = f"平台新版本内置了 {'、'.join(str(year.year) for year in new)} 年的放假安排"
    return await _apply(work, current, wanted, source=Source.STATUTORY, reason=reason, document=document)


async def _apply(
    work: Work,
    current: Version,
    wanted: WorkCalendar,
    *,
    source: Source,
    reason: str,
    document: str | None,
    confirmed: Sequence[str] = (),
) -> Changed:
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
    reach = Reach(changed[0], changed[-1]) if changed else None
    return Changed(Version(record.number, wanted.version, wanted), len(changed), reach)


async def _to_change(work: Work, base: str | None) -> Version:
    await store.lock_calendar(work.session)
    current = await store.version_in_force(work.session)
    if base is not None and base != current.version:
        raise CalendarMovedOn(base, current.version)
    return current


def _name(number: int) -> str:
    return f"calendar-{number}"


def _listed(calendar: WorkCalendar, days: Iterable[date]) -> dict[str, str]:
    """The days that a notice names, for the audit trail; a year that becomes known names only these."""
    found = (calendar.day(day) for day in days)
    return {day.on.isoformat(): day.kind.value for day in found if day.holiday is not None}

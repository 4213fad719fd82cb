"""Changing single days by hand: worked, off, or as the week has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.calendar.errors import DayTwice, YearUnknown
from shared.calendar.model import SATURDAY, YearArrangement
from shared.calendar.workdays import WorkCalendar


class Wanted(StrEnum):
    """What a day becomes."""

    OFF = "off"  # 放假
    WORKED = "worked"  # 上班
    PLAIN = "plain"  # as the week has it: worked Monday to Friday, off on Saturday and Sunday


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day of an edit; `holiday` is the name it is listed under, if it is listed."""

    on: date
    wanted: Wanted
    holiday: str


def revised(calendar: WorkCalendar, changes: Iterable[DayChange], *, version: str) -> WorkCalendar:
    """The calendar with these days changed, under a new version.

    A day is changed in its own year's arrangement, and removed from a neighbouring year's. Raises DayTwice for a day
    that is named twice, and YearUnknown for a year without an arrangement: that one is imported, not edited day by day.
    """
    off = {year: dict(arrangement.off_days) for year, arrangement in calendar.years.items()}
    worked = {year: dict(arrangement.make_up_days) for year, arrangement in calendar.years.items()}
    seen: set[date] = set()
    for change in changes:
        if change.on in seen:
            raise DayTwice(change.on)
        seen.add(change.on)
        if change.on.year not in calendar.years:
            raise YearUnknown(change.on.year)
        for year in calendar.years:
            off[year].pop(change.on, None)
            worked[year].pop(change.on, None)
        # A worked Wednesday and a Sunday off need no entry: the week has them so.
        weekend = change.on.weekday() >= SATURDAY
        if change.wanted is Wanted.OFF:
            off[change.on.year][change.on] = change.holiday
        elif change.wanted is Wanted.WORKED and weekend:
            worked[change.on.year][change.on] = change.holiday
    years = {
        year: YearArrangement(year, arrangement.source_notice, off[year], worked[year])
        for year, arrangement in calendar.years.items()
    }
    return WorkCalendar(version, years, calendar.end_of_day)

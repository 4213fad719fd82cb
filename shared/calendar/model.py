"""The data types of the calendar: days, a year's arrangement, a due moment, and one line of its explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from shared.calendar.errors import DayContradicted, DayOutsideYear

# Mainland China has had +08:00 without daylight saving since September 1991. A fixed offset is therefore exact for every
# day of this calendar (from 2006), needs no time zone database, and converts about five times faster than zoneinfo.
SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")

WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SATURDAY: Final = 5


def local_day(moment: datetime) -> date:
    """The calendar day of a moment as the district counts it."""
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """The first moment (00:00 local) of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


class DayKind(StrEnum):
    """How a calendar day counts (A01)."""

    WORKING = "working"  # Monday to Friday, no holiday
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # 放假: off by the notice, whatever the weekday
    MAKE_UP = "make_up"  # 调休上班: a Saturday or Sunday that is worked

    @property
    def worked(self) -> bool:
        """Whether the day counts as a working day."""
        return self in {DayKind.WORKING, DayKind.MAKE_UP}


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day: its kind, the holiday it belongs to, and whether that is certain (`WorkCalendar.is_known`)."""

    on: date
    kind: DayKind
    holiday: str | None
    known: bool


class Due(NamedTuple):
    """When a deadline ends: the moment in UTC, the local day, and whether both may still change."""

    at: datetime
    on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One line of a deadline's explanation: `ordinal` is the number of the day, or None when it was skipped.

    `reason` reads like "01-29 周六 调休上班 计第1日"; `known` is False while a notice that may move the day is not published.
    """

    on: date
    kind: DayKind
    known: bool
    ordinal: int | None
    reason: str


@dataclass(frozen=True)
class YearArrangement:
    """One year's holiday arrangement as the State Council published it.

    Each day maps to the name of its holiday. The arrangement may hold days of the December before and of the January
    after (2018-12-29 is in the notice for 2019); they count like the others.
    Raises DayOutsideYear and DayContradicted.
    """

    year: int
    source_notice: str
    off_days: Mapping[date, str]
    make_up_days: Mapping[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for day in (*self.off_days, *self.make_up_days):
            if not date(self.year - 1, 12, 1) <= day <= date(self.year + 1, 1, 31):
                raise DayOutsideYear(day, self.year)
        for day in self.off_days:
            if day in self.make_up_days:
                raise DayContradicted(day, (self.year,))
        # A private copy, so that the caller cannot change the arrangement afterwards.
        object.__setattr__(self, "off_days", MappingProxyType(dict(sorted(self.off_days.items()))))
        object.__setattr__(self, "make_up_days", MappingProxyType(dict(sorted(self.make_up_days.items()))))

    def __hash__(self) -> int:
        return hash((self.year, self.source_notice, tuple(self.off_days), tuple(self.make_up_days)))

"""The working-day calendar: every lookup is an index into arrays that are built once.

`rank[i]` is the number of working days up to and including day i; `workdays[r]` is the day on which the count reaches
r. So the nth working day after a start is `workdays[rank[start] + n]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from shared.calendar.errors import (
    ArrangementMalformed,
    DayContradicted,
    DayOutOfRange,
    NaiveMoment,
    WorkdaysOutOfRange,
    YearUnknown,
)
from shared.calendar.law import FIRST_YEAR, LAST_YEAR, law_days
from shared.calendar.model import (
    SATURDAY,
    SHANGHAI,
    WEEKDAYS,
    CountedDay,
    Day,
    DayKind,
    Due,
    YearArrangement,
    local_day,
)

MIDNIGHT: Final = time(0, 0)  # as an end of day: 24:00
MOST_WORKDAYS: Final = 5_000  # twenty years: more than any rule needs, and no overflow
NEXT_YEAR_EXPECTED_FROM: Final = (11, 1)  # the State Council has published in October to December every year
# The next year's notice may still move the days of December from this one on. The notices for 2007, 2008, 2012, 2019 and
# 2023 did so, from the 29th on; for a holiday from the 31st the weekend of the 26th would be worked.
MAY_MOVE_FROM: Final = (12, 26)
YEARS_AHEAD: Final = 2  # years after the last published one in the arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """The arrays: index 0 is the day whose ordinal is `first`."""

    first: int
    size: int
    rank: tuple[int, ...]
    unknown: tuple[int, ...]  # number of days that are not certain up to and including day i
    workdays: tuple[int, ...]  # index of the working day number r; workdays[0] is no working day
    worked_on: tuple[date, ...]  # by r: the working day as a date
    rank_on: Mapping[date, int]  # by date: the same as rank
    sure: tuple[Due, ...]  # by r: the end of working day r
    provisional: tuple[Due, ...]  # the same for a count that includes days that are not certain


@dataclass(frozen=True)
class WorkCalendar:
    """Statutory working days with 调休, immutable and versioned (S1.1.4a, A01).

    In a year without an arrangement, Monday to Friday count, except for the days that are off by law (`law_days`): these
    are certain before the notice, which only moves days around them. The December before such a year counts by its own
    year. A deadline whose count passes a day that the notice may still move is `provisional`, or refused with YearUnknown
    if the caller asked for `strict`.
    `end_of_day` is 24:00 by default (A03); a time such as 17:30 ends each deadline at the close of business instead.
    Raises DayContradicted when two years contradict each other about a day.
    """

    version: str
    years: Mapping[int, YearArrangement]
    end_of_day: time = MIDNIGHT
    _listed: Mapping[date, tuple[bool, str]] = field(init=False, repr=False, compare=False)
    _tables: _Tables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.years:
            raise ArrangementMalformed("日历中没有任何年份")
        for year, arrangement in self.years.items():
            if year != arrangement.year:
                raise ArrangementMalformed(f"{arrangement.year} 年的安排被登记为 {year} 年")
        object.__setattr__(self, "years", MappingProxyType(dict(sorted(self.years.items()))))
        object.__setattr__(self, "_listed", MappingProxyType(_listed_days(self.years)))
        object.__setattr__(self, "_tables", self._build())

    def __hash__(self) -> int:
        return hash((self.version, tuple(self.years), self.end_of_day))

    # -- days ---------------------------------------------------------------------------------------------------------

    def is_known(self, day: date) -> bool:
        """Whether the day is certain: off by law, or published by a year's notice, and no later notice can move it."""
        return self._unpublished(day) is None

    def is_workday(self, day: date) -> bool:
        """Whether the day counts; in an unpublished year Monday to Friday do, except for the days that are off by law."""
        _refuse_moment(day)
        listed = self._listed.get(day)
        return day.weekday() < SATURDAY if listed is None else listed[0]

    def day(self, day: date) -> Day:
        """What the calendar knows of one day."""
        _refuse_moment(day)
        worked, holiday = self._listed.get(day, (None, None))
        weekend = day.weekday() >= SATURDAY
        if worked is False:
            kind = DayKind.HOLIDAY
        elif worked and weekend:
            kind = DayKind.MAKE_UP
        else:
            kind = DayKind.WEEKEND if weekend else DayKind.WORKING
        return Day(on=day, kind=kind, holiday=holiday, known=self.is_known(day))

    def named_days(self, year: int) -> tuple[Day, ...]:
        """The days of this calendar year that a notice names, or the law where no notice is published, in order."""
        return tuple(self.day(day) for day in sorted(self._listed) if day.year == year)

    def missing_years(self, today: date) -> tuple[int, ...]:
        """The years whose arrangement is missing though expected by `today`: this year, and from 1 November the next."""
        expected = (today.month, today.day) >= NEXT_YEAR_EXPECTED_FROM
        due = (today.year, today.year + 1) if expected else (today.year,)
        return tuple(year for year in due if year not in self.years)

    def missing_year(self, today: date) -> int | None:
        """The first missing year; None when none is missing."""
        return next(iter(self.missing_years(today)), None)

    # -- counting forwards ---------------------------------------------------------------------------------------------

    def add_workdays(self, start: date, workdays: int) -> date:
        """The nth working day after `start`, which itself is never counted (A02); n = 0 gives `start` back."""
        tables = self._tables
        if workdays > 0:
            try:
                return tables.worked_on[tables.rank_on[start] + workdays]
            except LookupError:
                pass  # outside the arrays
        _refuse_moment(start)
        return self._walk(start, workdays)

    def due_at(self, started_at: datetime, workdays: int, *, strict: bool = False) -> Due:
        """The end of the nth working day after the local day of `started_at` (S1.1.4a, A02, A03).

        The moment is converted to Asia/Shanghai first: Friday 07:30 in Yantai is still Thursday in UTC.
        n = 0 is the end of the same day, worked or not, for what must happen today (A11). If business has closed by
        then it is 24:00, so that no deadline ends before its start.
        Raises NaiveMoment, WorkdaysOutOfRange, DayOutOfRange, and with `strict` YearUnknown.
        """
        if started_at.utcoffset() is None:
            raise NaiveMoment(started_at)
        tables = self._tables
        index = started_at.astimezone(SHANGHAI).toordinal() - tables.first
        if workdays > 0 and 0 <= index < tables.size:
            reached = tables.rank[index] + workdays
            if reached < len(tables.workdays):
                if tables.unknown[tables.workdays[reached]] == tables.unknown[index]:
                    return tables.sure[reached]
                if not strict:
                    return tables.provisional[reached]
        return self._due_slowly(started_at, workdays, strict=strict)

    def workdays_between(self, after: date, until: date) -> int:
        """How many working days lie after `after`, up to and including `until`; negative when `until` is earlier."""
        _refuse_moment(after)
        _refuse_moment(until)
        if until < after:
            return -self.workdays_between(until, after)
        tables = self._tables
        low, high = after.toordinal() - tables.first, until.toordinal() - tables.first
        if low >= 0 and high < tables.size:
            return tables.rank[high] - tables.rank[low]
        if until.toordinal() - after.toordinal() > MOST_WORKDAYS * 2:
            raise DayOutOfRange(until)
        span = range(after.toordinal() + 1, until.toordinal() + 1)
        return sum(self.is_workday(date.fromordinal(ordinal)) for ordinal in span)

    # -- counting backwards --------------------------------------------------------------------------------------------

    def latest_start(self, due: datetime, workdays: int) -> date:
        """The last working day on which a task of n working days may start and still end by `due` (S2.2.3i).

        It holds for any moment of that day: `due_at(moment, n).at <= due`. The next working day is too late.
        """
        if due.utcoffset() is None:
            raise NaiveMoment(due)
        if not 0 <= workdays <= MOST_WORKDAYS:
            raise WorkdaysOutOfRange(workdays, MOST_WORKDAYS)
        local = due.astimezone(SHANGHAI)
        # The day of `due` counts only if it ends by `due`: a due moment of 24:00 is 00:00 of the next day.
        last = local.date() if self._end_of(local.date()) <= due else local.date() - timedelta(days=1)
        left = workdays
        for _ in range(MOST_WORKDAYS * 2):
            if self.is_workday(last):
                if left == 0:
                    return last
                left -= 1
            last -= timedelta(days=1)
        raise DayOutOfRange(last)

    # -- explaining ----------------------------------------------------------------------------------------------------

    def explain(self, started_at: datetime, workdays: int, *, strict: bool = False) -> tuple[CountedDay, ...]:
        """Every calendar day from the start to the due day, counted or skipped and why (S1.1.4a).

        It lists the days between the start and the result of `due_at`, so it cannot differ from the deadline: the last
        line is the due day, and its number is n.
        """
        due = self.due_at(started_at, workdays, strict=strict)
        first = local_day(started_at)
        proof = [self._start_line(first)]
        for ordinal in range(first.toordinal() + 1, due.on.toordinal() + 1):
            day = self.day(date.fromordinal(ordinal))
            number = self.workdays_between(first, day.on) if day.kind.worked else None
            proof.append(CountedDay(day.on, day.kind, day.known, number, self._reason(day, number)))
        return tuple(proof)

    def _start_line(self, on: date) -> CountedDay:
        day = self.day(on)
        # The start day is not counted, so the deadline is certain even if that day's year is not published.
        return CountedDay(on, day.kind, day.known, None, f"{_named(on)} 开始当日 不计入")

    def _reason(self, day: Day, number: int | None) -> str:
        what = {
            DayKind.WORKING: "工作日",
            DayKind.WEEKEND: "周末",
            DayKind.HOLIDAY: f"{day.holiday}放假",
            DayKind.MAKE_UP: "调休上班",
        }[day.kind]
        year = self._unpublished(day.on)
        if year == day.on.year:
            what += f"（{year}年放假安排尚未公布，暂按法定节日和周一至周五计算）"
        elif year is not None:
            what += f"（{year}年放假安排尚未公布，该日可能调整）"
        return f"{_named(day.on)} {what} {'不计' if number is None else f'计第{number}日'}"

    def _unpublished(self, day: date) -> int | None:
        """The year whose notice may still change this day; None when the day is certain."""
        if day in self._listed:
            return None
        if day.year not in self.years:
            return day.year
        following = day.year + 1
        return following if (day.month, day.day) >= MAY_MOVE_FROM and following not in self.years else None

    # -- changes -------------------------------------------------------------------------------------------------------

    def with_year(self, arrangement: YearArrangement, *, version: str) -> WorkCalendar:
        """The same calendar with one year's arrangement added or replaced, under a new version."""
        return WorkCalendar(version, {**self.years, arrangement.year: arrangement}, self.end_of_day)

    def changed_days(self, after: WorkCalendar) -> tuple[date, ...]:
        """The days on which `after` counts differently or is certain where this calendar was not, in order.

        A deadline without any of these days does not move; an import previews and recomputes the others.
        """
        years = {*self.years, *after.years} | {year + 1 for year in self.years}
        first, last = date(min(years) - 1, 12, 1), date(max(years) + 1, 1, 31)
        span = (date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1))
        return tuple(
            day
            for day in span
            if self.is_workday(day) != after.is_workday(day) or self.is_known(day) != after.is_known(day)
        )

    # -- inside --------------------------------------------------------------------------------------------------------

    def _end_of(self, day: date) -> datetime:
        """The moment, in UTC, at which a day ends for a deadline (A03)."""
        if self.end_of_day == MIDNIGHT:
            day += timedelta(days=1)
        return datetime.combine(day, self.end_of_day, tzinfo=SHANGHAI).astimezone(UTC)

    def _due_slowly(self, started_at: datetime, workdays: int, *, strict: bool) -> Due:
        """The cases outside the arrays: zero working days, days beyond them, and refusals."""
        start = local_day(started_at)
        on = self._walk(start, workdays)
        days = (date.fromordinal(ordinal) for ordinal in range(start.toordinal() + 1, on.toordinal() + 1))
        unknown = next((year for day in days if (year := self._unpublished(day)) is not None), None)
        if unknown is not None and strict:
            raise YearUnknown(unknown)
        try:
            at = self._end_of(on)
            if at <= started_at:
                at = datetime.combine(on + timedelta(days=1), MIDNIGHT, tzinfo=SHANGHAI).astimezone(UTC)
        except OverflowError:
            raise DayOutOfRange(on) from None
        return Due(at, on, provisional=unknown is not None)

    def _walk(self, start: date, workdays: int) -> date:
        """Count day by day, for days outside the arrays."""
        if not 0 <= workdays <= MOST_WORKDAYS:
            raise WorkdaysOutOfRange(workdays, MOST_WORKDAYS)
        day = start
        try:
            while workdays:
                day += timedelta(days=1)
                workdays -= self.is_workday(day)
        except OverflowError:
            raise DayOutOfRange(start) from None
        return day

    def _build(self) -> _Tables:
        first = date(min(self.years) - 1, 1, 1).toordinal()
        size = date(max(self.years) + YEARS_AHEAD, 12, 31).toordinal() - first + 1
        rank, unknown, workdays, dues = [0], [0], [-1], [Due(datetime.min.replace(tzinfo=UTC), date.min, False)]
        for index in range(size):
            day = date.fromordinal(first + index)
            worked = self.is_workday(day)
            rank.append(rank[-1] + worked)
            unknown.append(unknown[-1] + (not self.is_known(day)))
            if worked:
                workdays.append(index)
                dues.append(Due(self._end_of(day), day, provisional=False))
        return _Tables(
            first=first,
            size=size,
            rank=tuple(rank[1:]),
            unknown=tuple(unknown[1:]),
            workdays=tuple(workdays),
            worked_on=tuple(due.on for due in dues),
            rank_on={date.fromordinal(first + index): rank[index + 1] for index in range(size)},
            sure=tuple(dues),
            provisional=tuple(due._replace(provisional=True) for due in dues),
        )


def _refuse_moment(day: date) -> None:
    """Refuse a datetime, which is also a date for Python: in UTC its day may be the day before."""
    if isinstance(day, datetime):
        raise TypeError("the calendar counts local days; give a date, or a moment to due_at")


def _named(day: date) -> str:
    return f"{day:%m-%d} {WEEKDAYS[day.weekday()]}"


def _listed_days(years: Mapping[int, YearArrangement]) -> dict[date, tuple[bool, str]]:
    """Every day that is listed: whether it is worked, and its holiday; by the notices, in a year without one by the law."""
    listed: dict[date, tuple[bool, str]] = {}
    said_by: dict[date, int] = {}
    for arrangement in years.values():
        for worked, days in ((False, arrangement.off_days), (True, arrangement.make_up_days)):
            for day, holiday in days.items():
                if day in listed and listed[day][0] != worked:
                    raise DayContradicted(day, (said_by[day], arrangement.year))
                listed[day], said_by[day] = (worked, holiday), arrangement.year
    # What a neighbouring year's notice says of a day goes before the law.
    unpublished = (year for year in range(FIRST_YEAR, LAST_YEAR + 1) if year not in years)
    return {day: (False, holiday) for day, holiday in law_days(unpublished).items()} | listed

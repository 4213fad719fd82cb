"""A year's arrangement from the rows of a table, or from the JSON format of holiday-cn.

Every source ends in `arrangement_from_rows`, so that a duplicate, a contradiction or a missing day gets the same
refusal from every kind of import.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from shared.calendar.errors import (
    ArrangementMalformed,
    DayContradicted,
    DayFarFromHoliday,
    DayMissing,
    DaysUnbalanced,
    DayTwice,
    FieldTwice,
    HolidayMissing,
    MakeUpOnWeekday,
    StatutoryDayWorked,
    YearNotPublished,
)
from shared.calendar.law import (
    FIRST_YEAR,
    LAST_YEAR,
    StatutoryDay,
    days_given,
    holidays_named,
    is_declared_worked,
    law_days,
    statutory_days,
)
from shared.calendar.model import SATURDAY, YearArrangement

UNNAMED: Final = "放假"  # a day off whose source does not name the holiday
LONGEST_NAME: Final = 50
LONGEST_SOURCE: Final = 1_000
# Control characters, line breaks and lone surrogates: such text cannot be stored or shown.
_NO_TEXT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
# From 2007 to 2026 the days of a holiday's notice were at most eleven days from it (the make-up Sundays of 2026).
FARTHEST_FROM_HOLIDAY: Final = 15
LONGEST_GAP: Final = 3  # days between two off days of one name that belong to one holiday


@dataclass(frozen=True, slots=True)
class ArrangementRow:
    """One line of a year's table: the day, the holiday's name, and whether the day is off or worked."""

    on: date
    holiday: str
    off: bool


def arrangement_from_rows(
    year: int,
    source_notice: str,
    rows: Iterable[ArrangementRow],
    *,
    complete: bool = True,
    balanced: bool = True,
) -> YearArrangement:
    """A checked arrangement from table rows.

    An administrator who has read the notice may confirm an exception. `balanced=False` leaves out the comparison with
    the number of days by law, for a year with an extra holiday; `complete=False` also leaves out the search for missing
    days. A day that is off by law and not listed stays off: nobody can confirm that it is worked.

    Raises ArrangementMalformed, DayTwice, DayContradicted, DayOutsideYear, StatutoryDayWorked, the errors of
    `check_complete` and `check_balanced`, and YearNotPublished when there is no row at all.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ArrangementMalformed(f"年份 {year} 不在 {FIRST_YEAR} 至 {LAST_YEAR} 之间")
    off: dict[date, str] = {}
    worked: dict[date, str] = {}
    for number, row in enumerate(rows, start=1):
        mine, other = (off, worked) if row.off else (worked, off)
        if row.on in other:
            raise DayContradicted(row.on, (year,))
        if row.on in mine:
            raise DayTwice(row.on)
        mine[row.on] = _named(number, row.holiday)
    if not off and not worked:
        raise YearNotPublished(year)
    arrangement = YearArrangement(year, _readable(source_notice), off, worked)
    _check_worked(arrangement)
    if complete:
        check_complete(arrangement)
    if complete and balanced:
        check_balanced(arrangement)
    return replace(arrangement, off_days=law_days((year,)) | off)


def arrangement_from_holiday_cn(
    document: str | bytes | Mapping[str, Any], *, complete: bool = True, balanced: bool = True
) -> YearArrangement:
    """A checked arrangement from one year's file of the holiday-cn project (year, papers, days of name/date/isOffDay).

    Raises the errors of `arrangement_from_rows`; an empty file is YearNotPublished, never a year without holidays.
    """
    content = _decoded(document)
    year, papers, days = content.get("year"), content.get("papers"), content.get("days")
    if not isinstance(year, int) or isinstance(year, bool):
        raise ArrangementMalformed("缺少年份")
    if not isinstance(papers, list) or not all(isinstance(paper, str) for paper in papers):
        raise ArrangementMalformed("通知来源应为文字列表")
    if not isinstance(days, list):
        raise ArrangementMalformed("放假与上班的日期应为列表")
    rows = [_row(number, entry) for number, entry in enumerate(days, start=1)]
    return arrangement_from_rows(year, "；".join(papers), rows, complete=complete, balanced=balanced)


def check_complete(arrangement: YearArrangement) -> None:
    """Refuse an arrangement that lacks a day it must have, or has one that belongs to no holiday (S1.1.4a).

    Every statutory day is off on its real date, no day is far from the holiday whose name it has, and no holiday is
    interrupted by a day that is neither off nor a weekend. All twenty published years satisfy this. Raises DayMissing,
    HolidayMissing and DayFarFromHoliday.
    """
    off = arrangement.off_days
    for day, holiday in statutory_days(arrangement.year):
        if day in off:
            continue
        near = any(abs((day - other).days) <= LONGEST_GAP for other in off)
        raise DayMissing(day, holiday) if near else HolidayMissing(arrangement.year, holiday)
    for days in (off, arrangement.make_up_days):
        for day, name in days.items():
            _check_near(arrangement.year, day, name)
    for holiday in sorted(set(off.values())):
        _check_unbroken(arrangement, holiday, sorted(day for day, name in off.items() if name == holiday))


def check_balanced(arrangement: YearArrangement) -> None:
    """Refuse an arrangement with more or fewer days off than by law, or with a make-up day on a weekday (S1.1.4a).

    A notice only moves days: the weekdays that are off, less the weekend days that are worked, are the statutory days.
    All twenty published years satisfy this; `days_given` knows the days that were added in 2015 and 2020. A person
    confirms the extra days of a coming year. Raises MakeUpOnWeekday and DaysUnbalanced.
    """
    worked = [day for day in arrangement.make_up_days if not is_declared_worked(day)]
    for day in worked:
        if day.weekday() < SATURDAY:
            raise MakeUpOnWeekday(day)
    off = sum(day.weekday() < SATURDAY for day in arrangement.off_days)
    given = days_given(arrangement.year, arrangement.off_days)
    if off - len(worked) != given:
        raise DaysUnbalanced(arrangement.year, off, len(worked), given)


def _check_worked(arrangement: YearArrangement) -> None:
    """Refuse a statutory day that is worked, also one of a neighbouring year."""
    for day, holiday in _days_of_law(arrangement.year):
        if day in arrangement.make_up_days:
            raise StatutoryDayWorked(day, holiday)


def _check_near(year: int, day: date, name: str) -> None:
    """Refuse a day far from its holiday; a holiday that is not in the law may be on any day, and its days are counted."""
    holidays = holidays_named(name)
    own = [on for on, holiday in _days_of_law(year) if holiday in holidays]
    if own and min(abs((day - on).days) for on in own) > FARTHEST_FROM_HOLIDAY:
        raise DayFarFromHoliday(day, name)


def _days_of_law(year: int) -> Iterator[StatutoryDay]:
    """The statutory days of the year and of its neighbours, because its arrangement may hold those."""
    for around in range(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR) + 1):
        yield from statutory_days(around)


def _named(number: int, holiday: str) -> str:
    name = holiday.strip()
    if not name:
        raise ArrangementMalformed("缺少节日名称", number)
    if len(name) > LONGEST_NAME or _NO_TEXT.search(name):
        raise ArrangementMalformed(f"节日名称超过 {LONGEST_NAME} 字或含有不可见字符", number)
    return name


def _readable(source_notice: str) -> str:
    if len(source_notice) > LONGEST_SOURCE or _NO_TEXT.search(source_notice):
        raise ArrangementMalformed(f"通知来源超过 {LONGEST_SOURCE} 字或含有不可见字符")
    return source_notice


def _check_unbroken(arrangement: YearArrangement, holiday: str, days: Sequence[date]) -> None:
    for earlier, later in pairwise(days):
        if (later - earlier).days > LONGEST_GAP:
            continue
        day = earlier + timedelta(days=1)
        while day < later:
            if day in arrangement.make_up_days or (day.weekday() < SATURDAY and day not in arrangement.off_days):
                raise DayMissing(day, holiday)
            day += timedelta(days=1)


def _decoded(document: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(document, str | bytes):
        try:
            document = json.loads(document, object_pairs_hook=_each_once)
        except FieldTwice:
            raise
        except (ValueError, RecursionError):
            raise ArrangementMalformed("文件不是有效的 JSON") from None
    if not isinstance(document, Mapping):
        raise ArrangementMalformed("文件应为一个 JSON 对象")
    return document


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, refused when a key comes twice: one of the two values would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise FieldTwice(twice)
    return found


def _row(number: int, entry: object) -> ArrangementRow:
    if not isinstance(entry, Mapping):
        raise ArrangementMalformed("每条应写明节日名称、日期和是否放假", number)
    name, day, off = entry.get("name"), entry.get("date"), entry.get("isOffDay")
    if not isinstance(name, str) or not isinstance(off, bool) or not isinstance(day, str):
        raise ArrangementMalformed("缺少节日名称、日期或是否放假，或类型不对", number)
    try:
        return ArrangementRow(on=date.fromisoformat(day), holiday=name, off=off)
    except ValueError:
        raise ArrangementMalformed(f"日期 {day[:20]} 无效", number) from None

"""Where a year's arrangement comes from: rows of a table, and the holiday-cn JSON form.

Every source ends in `arrangement_from_rows`, so that a duplicate, a contradiction or a missing day is refused in the
same words whatever was imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from shared.calendar.errors import (
    ArrangementMalformed,
    DayContradicted,
    DayMissing,
    DayTwice,
    HolidayMissing,
    YearNotPublished,
)
from shared.calendar.model import SATURDAY, YearArrangement

EARLIEST_YEAR: Final = 2000  # golden weeks began in 1999; nothing older can reach an order
LATEST_YEAR: Final = 2100

# 《全国年节及纪念日放假办法》: days that are off in every year whatever the notice arranges around them.
FIXED_DAYS: Final = (("元旦", 1, 1), ("劳动节", 5, 1), ("国庆节", 10, 1), ("国庆节", 10, 2), ("国庆节", 10, 3))

# Holidays of the lunar or solar-term calendar, with the days within which they fall. The last three are statutory only
# since the revision of December 2007. They are looked for by date, because a notice may join two names in one.
SINCE_2008: Final = 2008
MOVABLE_HOLIDAYS: Final = (
    ("春节", (1, 20), (2, 21), 0),
    ("清明节", (4, 4), (4, 6), SINCE_2008),
    ("端午节", (5, 26), (6, 26), SINCE_2008),
    ("中秋节", (9, 7), (10, 8), SINCE_2008),
)
LONGEST_GAP: Final = 3  # days between two off days of one name that belong to one holiday


@dataclass(frozen=True, slots=True)
class ArrangementRow:
    """One line of a year's table: the day, the holiday's name, and whether the day is off or worked."""

    on: date
    holiday: str
    off: bool


def arrangement_from_rows(
    year: int, source_notice: str, rows: Iterable[ArrangementRow], *, complete: bool = True
) -> YearArrangement:
    """A checked arrangement from table rows.

    `complete=False` leaves out the search for missing days: for an administrator who has read the notice and confirms.

    Raises ArrangementMalformed, DayTwice, DayContradicted, DayOutsideYear, DayMissing, HolidayMissing, and
    YearNotPublished when there is no row at all.
    """
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ArrangementMalformed(f"年份 {year} 不在 {EARLIEST_YEAR} 至 {LATEST_YEAR} 之间")
    off: dict[date, str] = {}
    worked: dict[date, str] = {}
    for row in rows:
        mine, other = (off, worked) if row.off else (worked, off)
        if row.on in other:
            raise DayContradicted(row.on, (year,))
        if row.on in mine:
            raise DayTwice(row.on)
        mine[row.on] = row.holiday.strip() or "放假"
    if not off and not worked:
        raise YearNotPublished(year)
    arrangement = YearArrangement(year, source_notice, off, worked)
    if complete:
        check_complete(arrangement)
    return arrangement


def arrangement_from_holiday_cn(document: str | bytes | Mapping[str, Any], *, complete: bool = True) -> YearArrangement:
    """A checked arrangement from one year's file of the holiday-cn project (year, papers, days of name/date/isOffDay).

    Raises what `arrangement_from_rows` raises; an empty year file is YearNotPublished, never a year without holidays.
    """
    content = _decoded(document)
    year, papers, days = content.get("year"), content.get("papers"), content.get("days")
    if not isinstance(year, int) or isinstance(year, bool):
        raise ArrangementMalformed("缺少年份 year")
    if not isinstance(papers, list) or not all(isinstance(paper, str) for paper in papers):
        raise ArrangementMalformed("通知来源 papers 应为文字列表")
    if not isinstance(days, list):
        raise ArrangementMalformed("日期 days 应为列表")
    rows = [_row(number, entry) for number, entry in enumerate(days, start=1)]
    return arrangement_from_rows(year, "；".join(papers), rows, complete=complete)


def check_complete(arrangement: YearArrangement) -> None:
    """Refuse an arrangement that lacks a day it must have (S1.1.4a).

    Three things are asked: the fixed days of the law are off; each movable holiday has a day off; and no holiday is
    broken in two by a day that is neither off nor a weekend. Raises DayMissing and HolidayMissing.
    """
    off = arrangement.off_days
    for holiday, month, day_number in FIXED_DAYS:
        day = date(arrangement.year, month, day_number)
        if day not in off:
            raise DayMissing(day, holiday)
    for holiday, first, last, since in MOVABLE_HOLIDAYS:
        low, high = date(arrangement.year, *first), date(arrangement.year, *last)
        named = any(holiday in name for name in off.values())
        if arrangement.year >= since and not (named or any(low <= day <= high for day in off)):
            raise HolidayMissing(arrangement.year, holiday)
    for holiday in sorted(set(off.values())):
        _check_unbroken(arrangement, holiday, sorted(day for day, name in off.items() if name == holiday))


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
            document = json.loads(document)
        except (ValueError, RecursionError):
            raise ArrangementMalformed("文件不是有效的 JSON") from None
    if not isinstance(document, Mapping):
        raise ArrangementMalformed("文件应为一个 JSON 对象")
    return document


def _row(number: int, entry: object) -> ArrangementRow:
    if not isinstance(entry, Mapping):
        raise ArrangementMalformed("应为包含 name、date、isOffDay 的对象", number)
    name, day, off = entry.get("name"), entry.get("date"), entry.get("isOffDay")
    if not isinstance(name, str) or not isinstance(off, bool) or not isinstance(day, str):
        raise ArrangementMalformed("缺少 name、date 或 isOffDay，或类型不对", number)
    try:
        return ArrangementRow(on=date.fromisoformat(day), holiday=name, off=off)
    except ValueError:
        raise ArrangementMalformed(f"日期 {day[:20]} 无效", number) from None

"""A year's arrangement from an iCalendar file (RFC 5545): all-day events that say 休 or 班.

Two forms are known: words in the title (「春节（休）」「春节 补班」) and Apple's X-APPLE-SPECIAL-DAY. In a file with the
second form, other events are ordinary festivals and are left out; in any other file an event with neither is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from icalendar import Calendar, vDDDTypes

from shared.calendar.errors import ArrangementMalformed, FieldTwice
from shared.calendar.model import YearArrangement
from shared.calendar.sources import UNNAMED, ArrangementRow, arrangement_from_rows

LONGEST_EVENT: Final = 31
_SPECIAL: Final = "X-APPLE-SPECIAL-DAY"
_SPECIAL_OFF: Final = {"WORK-HOLIDAY": True, "ALTERNATE-WORKDAY": False}
_OFF: Final = re.compile(r"[（(\[]休[）)\]]|放假|休假|假期|\s休$")
_WORKED: Final = re.compile(r"[（(\[]班[）)\]]|补班|上班|调班|\s班$")
_MARK: Final = re.compile(r"[（(\[][休班][）)\]]|放假|休假|假期|补班|上班|调班|调休|\s[休班]$|\s*第\d+天(?:/共\d+天)?")


def arrangement_from_icalendar(
    year: int,
    document: str | bytes,
    *,
    source_notice: str | None = None,
    complete: bool = True,
    balanced: bool = True,
) -> YearArrangement:
    """A checked arrangement from an iCalendar file; raises the errors of `arrangement_from_rows`."""
    try:
        calendar = Calendar.from_ical(document)
        events = list(calendar.walk("VEVENT"))
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        raise ArrangementMalformed("文件不是有效的 iCalendar") from None
    # A cancelled event stays in a file only to say that it is cancelled, so it is left out.
    for event in events:
        _check_each_once(event)
    standing = [(number, event) for number, event in enumerate(events, start=1) if not _is_cancelled(event)]
    special = any(_SPECIAL in event for _, event in standing)
    rows = [row for number, event in standing if not special or _SPECIAL in event for row in _rows(number, event)]
    name = str(calendar.get("X-WR-CALNAME", "")).strip()
    source = source_notice or name or "iCalendar 文件"
    return arrangement_from_rows(year, source, rows, complete=complete, balanced=balanced)


def _check_each_once(event: Any) -> None:
    """Refuse a property that comes twice: the library gives both, and one would be lost."""
    for name in ("STATUS", "SUMMARY", "DTSTART", "DTEND", _SPECIAL):
        if isinstance(event.get(name), list):
            raise FieldTwice(name)


def _is_cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).strip().upper() == "CANCELLED"


def _rows(number: int, event: Any) -> Iterator[ArrangementRow]:
    title = str(event.get("SUMMARY", "")).strip()
    if "RRULE" in event or "RDATE" in event:
        raise ArrangementMalformed("重复日程不能作为放假安排", number)
    if "DURATION" in event:
        raise ArrangementMalformed("请以 DTEND 写明结束日期，不要使用 DURATION", number)
    off = _is_off(number, title, str(event.get(_SPECIAL, "")))
    first, after = _day(number, event, "DTSTART"), _day(number, event, "DTEND")
    if first is None:
        raise ArrangementMalformed("缺少全天日期 DTSTART", number)
    days = 1 if after is None else (after - first).days
    if not 1 <= days <= LONGEST_EVENT:
        raise ArrangementMalformed(f"起止日期不合理（{days} 天）", number)
    # A title that is only the mark (休) says that the day is off, but not for which holiday.
    holiday = _MARK.sub("", title).strip(" -－—·") or (UNNAMED if title else "")
    for offset in range(days):
        yield ArrangementRow(first + timedelta(days=offset), holiday, off)


def _is_off(number: int, title: str, special: str) -> bool:
    if special:
        if special not in _SPECIAL_OFF:
            raise ArrangementMalformed(f"{_SPECIAL} 的值 {special[:20]} 无法识别", number)
        return _SPECIAL_OFF[special]
    off, worked = bool(_OFF.search(title)), bool(_WORKED.search(title))
    if off == worked:
        raise ArrangementMalformed(f"看不出“{title[:20]}”是放假还是上班", number)
    return off


def _day(number: int, event: Any, name: str) -> date | None:
    if name not in event:
        return None
    # The library keeps a property that it cannot read (20261301), and raises when its value is read.
    written = event[name]
    value = written.dt if isinstance(written, vDDDTypes) else None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ArrangementMalformed(f"{name} 应为有效的全天日期", number)
    return value

"""The State Council notice's own sentences, pasted as text: 「一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。…」

The text is split into one part per holiday, and each part into clauses of dates and what they are. What cannot be read
is refused, never guessed: a weekday or a number of days that does not fit the dates, a clause whose meaning is not
known, a day that is both off and worked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from shared.calendar.errors import DayContradicted, DayTwice, NoticeContradicted, NoticeUnreadable
from shared.calendar.model import WEEKDAYS, YearArrangement
from shared.calendar.sources import UNNAMED, ArrangementRow, arrangement_from_rows

LONGEST_HOLIDAY: Final = 15  # days; the longest so far had eight

# 「一、元旦：」「（二）春节：」「3. 国庆节、中秋节:」 at the start of a line or after a full stop.
_HEADER: Final = re.compile(
    r"(?:^|(?<=[\n。；]))\s*(?:[（(]?[一二三四五六七八九十]{1,3}[）)、.．]+|\d{1,2}[、.．](?!\d))\s*([^：:，。\n]{2,40}?)[：:]"
)
# The same without a number; then the name must be a known one.
_NAMED: Final = re.compile(
    r"(?:^|(?<=[\n。；]))\s*((?:元旦|春节|清明节|劳动节|端午节|中秋节|国庆节)(?:[、和与及](?:国庆节|中秋节|端午节))?)[：:]"
)
_DOCUMENT: Final = re.compile(r"国(?:办)?发明?电?[〔\[（(]\d{4}[〕\]）)]\d{1,3}号")
_SIGNED: Final = re.compile(r"^\s*(?:国务院办公厅)?\s*\d{4}年\d{1,2}月\d{1,2}日\s*$", re.MULTILINE)
_YEAR: Final = re.compile(r"(?:关于|安排|将)?(\d{4})年(?:部分)?(?:节假日|元旦)")
# A remark in brackets; the notices of 2006 and 2012 mix full-width and half-width brackets.
_REMARK: Final = re.compile(r"[（(]([^（()）]*)[）)]")
_WEEKDAY: Final = re.compile(r"(?:星期|周)([一二三四五六日天])")
_DATE: Final = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\x01(\d)\x02)?")
_RANGE: Final = re.compile(r"\s*(?:至|到|—+|–|－|-|~|～)\s*")
_CLAUSE_END: Final = re.compile(r"[，,。；;\n]")
_DAYS_SAID: Final = re.compile(r"(?:共|放假)(\d{1,2})天")
_MOVED: Final = re.compile(r"公休日(?:分别)?调[至到]")
# What a group of dates means, by the first of these words after it. None: it adds nothing (照常公休, 法定节假日).
_MEANINGS: Final = (
    (re.compile(r"起.{0,4}上班"), "unreadable"),
    (re.compile(r"(?:照常|正常)?上班"), "worked"),
    (re.compile(r"补休|放假"), "off"),
    (re.compile(r"公休|法定(?:节)?假日"), "nothing"),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """The content of a pasted notice: its days, and its document number if given."""

    rows: tuple[ArrangementRow, ...]
    document: str | None


def arrangement_from_notice(
    year: int, text: str, *, source_notice: str | None = None, complete: bool = True, balanced: bool = True
) -> YearArrangement:
    """A checked arrangement from the notice's text.

    Raises NoticeUnreadable, NoticeContradicted, and the errors of `arrangement_from_rows`.
    """
    notice = read_notice(year, text)
    source = source_notice or notice.document or "国务院办公厅通知"
    return arrangement_from_rows(year, source, notice.rows, complete=complete, balanced=balanced)


def read_notice(year: int, text: str) -> Notice:
    """The days of a whole notice, or of one holiday's sentences, for this year. Raises NoticeUnreadable and others."""
    text = text.replace("\u3000", " ").replace("\r\n", "\n")
    said = {int(found) for found in _YEAR.findall(text)}
    if said and year not in said:
        raise NoticeContradicted(f"通知写明 {min(said)} 年，与所选 {year} 年不符")
    found = _DOCUMENT.search(text)
    body = _SIGNED.sub("", text)
    rows: list[ArrangementRow] = []
    for holiday, part in _parts(body):
        rows += _rows_of(year, holiday, part)
    if not rows:
        raise NoticeUnreadable(text.strip()[:40])
    return Notice(tuple(rows), found.group() if found else None)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The name and the sentences of each holiday; a text without headings is one holiday without a name."""
    headings = sorted(
        {match.start(1): match for pattern in (_NAMED, _HEADER) for match in pattern.finditer(text)}.values(),
        key=lambda match: match.start(1),
    )
    if not headings:
        yield UNNAMED, text
        return
    ends = [match.start() for match in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        yield heading.group(1).strip(), text[heading.end() : end]


@dataclass(slots=True)
class _Reading:
    """What has been read so far of one holiday's sentences."""

    year: int
    holiday: str
    off: list[date] = field(default_factory=list)
    worked: list[date] = field(default_factory=list)
    moved: list[date] = field(default_factory=list)  # weekend days that are worked in exchange
    last: date | None = None

    def day(self, match: re.Match[str]) -> date:
        """The day of a date; year and month are added where the text leaves them out."""
        year, month, number, weekday = match.groups()
        months = int(month) if month else self.last.month if self.last else None
        if months is None:
            raise NoticeUnreadable(match.group())
        years = [int(year)] if year else self._years(has_month=month is not None)
        days = [day for y in years if (day := _day(y, months, int(number))) is not None]
        if not days:
            raise NoticeUnreadable(_plain(match.group()))
        # A December after a January belongs to the year before: the day nearest to the last one is meant.
        near = self.off[0] if self.off else self.last or date(self.year, 7, 1)
        day = min(days, key=lambda candidate: abs((candidate - near).days))
        if weekday is not None and day.weekday() != int(weekday):
            raise NoticeContradicted(f"{day.isoformat()} 是{WEEKDAYS[day.weekday()]}，通知写作{WEEKDAYS[int(weekday)]}")
        self.last = day
        return day

    def _years(self, *, has_month: bool) -> Sequence[int]:
        if not has_month and self.last:
            return [self.last.year]
        return [self.year - 1, self.year, self.year + 1] if self.off else [self.year]


def _rows_of(year: int, holiday: str, text: str) -> list[ArrangementRow]:
    reading = _Reading(year, holiday)
    for sentence in re.split(r"[。\n]", _REMARK.sub(_weekday_mark, text)):
        for clause in _CLAUSE_END.split(sentence):
            _read_clause(reading, clause)
    off = list(dict.fromkeys(reading.off))
    # A weekend day that is exchanged is worked, unless the holiday itself falls on it (端午节 2008 on a Sunday).
    given = [day for day in reading.moved if day not in off]
    worked = list(dict.fromkeys([*reading.worked, *given]))
    for day in worked:
        if day in off:
            raise DayContradicted(day, (year,))
    rows = [ArrangementRow(day, holiday, off=True) for day in off]
    return rows + [ArrangementRow(day, holiday, off=False) for day in worked]


def _weekday_mark(match: re.Match[str]) -> str:
    """Replace a remark in brackets by its weekday, or by nothing if it names none."""
    found = _WEEKDAY.search(match.group(1))
    return f"\x01{'一二三四五六日'.index(found.group(1).replace('天', '日'))}\x02" if found else ""


def _read_clause(reading: _Reading, clause: str) -> None:
    said = _DAYS_SAID.search(clause)
    dates = list(_DATE.finditer(clause))
    if not dates:
        if said and reading.off and int(said.group(1)) != len(set(reading.off)):
            raise NoticeContradicted(f"{reading.holiday}写明共{said.group(1)}天，日期却有 {len(set(reading.off))} 天")
        return
    moved = _MOVED.search(clause)
    if moved:
        # 「将A、B两个公休日调至C、D」: A and B are worked, C and D are off.
        reading.moved += _group(reading, clause, [m for m in dates if m.end() <= moved.start()])
        reading.off += _new(reading.off, _group(reading, clause, [m for m in dates if m.start() >= moved.end()]))
        return
    tail = clause[dates[-1].end() :]
    meaning = next((what for words, what in _MEANINGS if words.search(tail)), "unreadable")
    if meaning == "unreadable":
        raise NoticeUnreadable(_plain(clause))
    days = _group(reading, clause, dates)
    if meaning == "off":
        _check_once(reading.off, days)
        reading.off += days
    elif meaning == "worked":
        _check_once(reading.worked, days)
        reading.worked += days
    elif any(day not in reading.off for day in days):
        reading.off += [day for day in days if day not in reading.off]
    if said and meaning == "off" and int(said.group(1)) != len(days):
        raise NoticeContradicted(f"{reading.holiday}写明{said.group()}，日期却有 {len(days)} 天")


def _group(reading: _Reading, clause: str, dates: Sequence[re.Match[str]]) -> list[date]:
    """The days of a list with ranges: 「2月2日、3日」, 「10月1日至7日」."""
    days: list[date] = []
    previous: re.Match[str] | None = None
    for match in dates:
        joined = previous is not None and _RANGE.fullmatch(clause[previous.end() : match.start()])
        day = reading.day(match)
        if joined:
            first = days[-1]
            if not 0 < (day - first).days <= LONGEST_HOLIDAY:
                raise NoticeContradicted(f"{first.isoformat()} 至 {day.isoformat()} 不是一段假期")
            days += [first + timedelta(days=n) for n in range(1, (day - first).days + 1)]
        else:
            days.append(day)
        previous = match
    return days


def _check_once(known: Sequence[date], days: Sequence[date]) -> None:
    """Refuse a day that is named twice: another day was meant."""
    seen = set(known)
    for day in days:
        if day in seen:
            raise DayTwice(day)
        seen.add(day)


def _new(known: Sequence[date], days: Sequence[date]) -> list[date]:
    return [day for day in days if day not in known]


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return re.sub(r"\x01\d\x02", "", text).strip()[:40]

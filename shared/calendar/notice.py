"""The State Council notice's own sentences, pasted as text: 「一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。…」

The text is split into one part per holiday, each part into sentences, and a sentence that says anything about a day is
read word by word. Nothing is guessed and nothing is left out: a sentence with a date or a word such as 放假 or 上班 is
understood completely, or refused with its words. So is a weekday or a number of days that does not fit the dates, and a
day that is both off and worked. Only sentences that name no day and no such word (值班, 安全) say nothing here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import Final

from shared.calendar.errors import DayContradicted, DayTwice, NoticeContradicted, NoticeUnreadable
from shared.calendar.model import WEEKDAYS, YearArrangement
from shared.calendar.sources import UNNAMED, ArrangementRow, arrangement_from_rows

LONGEST_HOLIDAY: Final = 15  # days; the longest so far had eight

# -- the text ------------------------------------------------------------------------------------------------------------

_DIGITS: Final = str.maketrans("０１２３４５６７８９", "0123456789")
_RADICALS: Final = re.compile("[\u2f00-\u2fd5]")  # 「⽉」 and 「⽇」 as some PDF files have them, for 「月」 and 「日」
_UNSEEN: Final = re.compile("[\u200b-\u200d\u2060\ufeff]")
# A blank between two digits may be inside of one number or between two: it stays, and a date beside it is refused.
_BLANK: Final = re.compile(r"(?<!\d)[^\S\n]+|[^\S\n]+(?!\d)")
_BREAK: Final = re.compile(r"(?<!\d)\n+|\n+(?!\d)")

# 「10月1-7日」 for 「10月1日-7日」
_SHARED_DAY: Final = re.compile(r"(\d{1,2}月\d{1,2})(?=[至到—–－~～-]+(?:\d{1,2}月)?\d{1,2}日)")
# The last lines of a web page, each by itself; one with a word about days is read like any other.
_FOOTER: Final = re.compile(
    r"\n[（(【\[]?(?:责任编辑|责编|编辑|来源|审核|校对|作者|记者)[：:](?:(?!放假|上班|调休|补班|补休|休息|公休|\d{1,2}月)[^\n。；;]){0,60}(?=\n|\Z)"
)

_DAY_OF_YEAR: Final = r"(?:\d{4}年\d{1,2}月\d{1,2}日|[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}日)"
_DOCUMENT: Final = re.compile(r"国(?:办)?发明?电?[〔\[（(]\d{4}[〕\]）)]\d{1,3}号")
# What has a date, or one of the words, and says nothing about a day: each is taken out first.
_BESIDE: Final = (
    # a cited regulation with the day of its revision: 2024年11月10日修订的《全国年节及纪念日放假办法》
    re.compile(rf"(?:{_DAY_OF_YEAR}(?:(?:修订|修改|公布|发布|施行)的?|国务院)?)?《[^《》]*》"),
    _DOCUMENT,
    re.compile(
        rf"(?:成文日期|发布日期|发布时间|印发日期|公开日期)[：:]\n*(?:{_DAY_OF_YEAR}|\d{{4}}-\d{{1,2}}-\d{{1,2}})(?: ?\d{{1,2}}:\d{{2}})?"
    ),
    # the signature, also on the line of the last sentence
    re.compile(rf"国务院办公厅\n*{_DAY_OF_YEAR}(?=[\n。（(]|\Z)"),
    re.compile(rf"(?:(?<=[。）)\n])|\A)\n*{_DAY_OF_YEAR}(?:[（(]此件公开发布[）)])?\n*\Z"),
    # a recommendation, which changes no day: 鼓励…安排职工在除夕（2月9日）休息
    re.compile(r"(?<![^。；;\n])鼓励(?:(?!放假|上班|调休|补班|[。；;]).)*[。；;]", re.DOTALL),
)
_NAMED_YEAR: Final = re.compile(r"(\d{4})年")
_AMENDS: Final = re.compile(r"延长|顺延|推迟|提前|取消|(?<!公休日)调整|改为|改在|变更|修改")
_YEAR: Final = re.compile(r"(?:关于|安排|将)?(\d{4})年(?:部分)?(?:节假日|元旦)")

# -- headings ------------------------------------------------------------------------------------------------------------

_NUMBER: Final = (
    r"(?:[（(]?[一二三四五六七八九十]{1,3}[）)、.．]+|[（(]?\d{1,2}[）)、.．](?!\d)|[①-⑳㈠-㈩⑴-⒇]|[—–－-]+|[•·●◆■*])"
)
_HOLIDAY: Final = r"(?:元旦节?|春节|清明节|劳动节|端午节|中秋节|国庆节)"
_HOLIDAYS: Final = rf"{_HOLIDAY}(?:(?:以及|[、和与及]){_HOLIDAY})?"
# 「【元旦】」 for 「元旦：」, also with its number
_IN_BRACKETS: Final = re.compile(rf"\n*[【〖\[](?:{_NUMBER})?({_HOLIDAYS})(?:假期)?[】〗\]][：:]?")
_START: Final = r"(?:^|(?<=[\n。；;：:]))"
_HEADINGS: Final = (
    # 「一、元旦：」「（二）春节：」「——国庆节、中秋节:」, and 「一、元旦」 before its first date
    re.compile(rf"{_NUMBER}\n*({_HOLIDAYS})(?:假期)?(?:[：:]|[。，,\n—–-]*(?=\d))"),
    # 「元旦：」 without a number
    re.compile(rf"{_START}\n*({_HOLIDAYS})(?:假期)?[：:]"),
    # 「八、某纪念日：」: a holiday that is not known needs its number
    re.compile(rf"{_START}\n*{_NUMBER}\n*([^：:，,。；;、\n\d]{{2,40}}?)[：:]"),
)
# A line break inside of a sentence: no sentence ends before it, and no heading begins after it.
_INSIDE: Final = re.compile(rf"(?<=[^。；;：:\n])\n+(?!{_NUMBER}|{_HOLIDAY}|\n)")

# -- sentences -----------------------------------------------------------------------------------------------------------

_SENTENCE_END: Final = re.compile(r"[。；;]")
# What makes a sentence one about days, which is understood completely or refused.
_ABOUT_DAYS: Final = re.compile(
    r"\d日|\d{1,2}月\d|(?<!\d)\d{1,2}[./-]\d{1,2}(?!\d)|\d{4}[-/.]\d{1,2}[-/.]\d|[一二三四五六七八九十]月[一二三四五六七八九十]|\d天"
    r"|放假|调休|上班|补班|补休|公休|法定节?假日|取消|延长|顺延|推迟|改为|改在|除外"
)
_LUNAR: Final = re.compile(r"[正冬腊一二三四五六七八九十]{1,2}月[初十廿三二][一二三四五六七八九十]?")
# What a preamble may say: that days are arranged, not which.
_ANNOUNCED: Final = re.compile(r"放假(?:[和、及]?调休)?的?(?:具体)?(?:日期|安排|时间|办法)")
_NUMBERS: Final = "一二三四五六七八九十"
_WEEKDAY: Final = re.compile(r"(?:星期|周)([一二三四五六日天])")
_TOKEN: Final = re.compile(
    rf"""
    (?P<date>(?:(?P<year>\d{{4}})年)?(?:(?P<month>\d{{1,2}})月)?(?P<day>\d{{1,2}})日(?!期))
    |(?P<remark>[（(][^（）()]*[）)])
    |(?P<weekday>{_WEEKDAY.pattern})
    |(?P<moved>(?:(?P<given>[一二两三四五六七八九十]|\d)个)?公休日(?:分别)?调整?[至到])
    |(?P<worked>(?:照常|正常|调休|均)?(?:上班|补班))
    |(?P<off>均?(?:放假调休|调休放假|放假|补休))
    |(?P<nothing>(?:均为|为|照常)(?:法定节?假日|公休日?))
    |(?P<total>共(?:计|放假)?(?P<days>\d{{1,2}}|[{_NUMBERS}])天)
    |(?P<count>(?P<of>\d{{1,2}}|[{_NUMBERS}])天)
    |(?P<within>其中)
    |(?P<filler>将|不调休|与周末连休)
    |(?P<swapped>调休)
    |(?P<range>至|到|[—–－~～-]+)
    |(?P<list>[，,]?以及|[、和及与])
    |(?P<comma>[，,])
    """,
    re.VERBOSE,
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


def amends(year: int, text: str) -> bool:
    """Whether a text, perhaps one that cannot be read, changes a year that is arranged already: 「延长2020年春节假期至2月2日」."""
    body = _plain_text(text)
    years = {int(found) for found in _NAMED_YEAR.findall(body)}
    return _AMENDS.search(body) is not None and (not years or year in years)


def read_notice(year: int, text: str) -> Notice:
    """The days of a whole notice, or of one holiday's sentences, for this year.

    Blanks and line breaks mean nothing, except before a heading; full-width digits are digits. Raises NoticeUnreadable
    with the words that could not be read, NoticeContradicted, DayTwice and DayContradicted.
    """
    body = _plain_text(text)
    said = {int(found) for found in _YEAR.findall(body)}
    if said and year not in said:
        raise NoticeContradicted(f"通知写明 {min(said)} 年，与所选 {year} 年不符")
    found = _DOCUMENT.search(body)
    for beside in _BESIDE:
        body = beside.sub("。", body)
    before, parts = _parts(body)
    _check_preamble(before)
    rows: list[ArrangementRow] = []
    for holiday, part in parts:
        rows += _rows_of(year, holiday, part)
    if not rows:
        raise NoticeUnreadable(text.strip()[:40])
    return Notice(tuple(rows), found.group() if found else None)


def _plain_text(text: str) -> str:
    """The text without blanks, with one kind of digits and line breaks."""
    text = _UNSEEN.sub("", text).translate(_DIGITS).replace("\r\n", "\n").replace("\r", "\n")
    text = _RADICALS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = _SHARED_DAY.sub(r"\1日", _FOOTER.sub("。", _BLANK.sub("", text)))
    text = _IN_BRACKETS.sub(r"\n\1：", text)
    return _INSIDE.sub(lambda match: match.group() if _between_digits(match) else "", text).strip("\n")


def _between_digits(found: re.Match[str]) -> bool:
    text, start, end = found.string, found.start(), found.end()
    return text[start - 1].isdigit() and text[end : end + 1].isdigit()


def _parts(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first heading, and the name and the sentences of each holiday.

    A text without headings is one holiday without a name.
    """
    found: dict[int, re.Match[str]] = {}
    for match in chain.from_iterable(pattern.finditer(text) for pattern in _HEADINGS):
        if not _ABOUT_DAYS.search(match.group(1)):
            found.setdefault(match.start(1), match)
    headings = sorted(found.values(), key=lambda match: match.start(1))
    if not headings:
        return "", [(UNNAMED, text)]
    ends = [match.start() for match in headings[1:]] + [len(text)]
    parts = [(heading.group(1), text[heading.end() : end]) for heading, end in zip(headings, ends, strict=True)]
    return text[: headings[0].start()], parts


def _check_preamble(text: str) -> None:
    """Refuse a day before the first heading: it belongs to no holiday, or its heading was not recognised."""
    for sentence in re.split(r"[。；;\n]", _ANNOUNCED.sub("", text)):
        if _ABOUT_DAYS.search(sentence) and not re.fullmatch(_DAY_OF_YEAR, sentence):
            raise NoticeUnreadable(_quoted(sentence))


def _rows_of(year: int, holiday: str, text: str) -> list[ArrangementRow]:
    reading = _Reading(year, holiday)
    for sentence in _SENTENCE_END.split(_BREAK.sub("", text)):
        _read_sentence(reading, sentence)
    off = list(dict.fromkeys(reading.off))
    # A weekend day that is exchanged is worked, unless the holiday itself falls on it (端午节 2008 on a Sunday).
    given = [day for day in reading.moved if day not in off]
    worked = list(dict.fromkeys([*reading.worked, *given]))
    for day in worked:
        if day in off:
            raise DayContradicted(day, (year,))
    rows = [ArrangementRow(day, holiday, off=True) for day in off]
    return rows + [ArrangementRow(day, holiday, off=False) for day in worked]


def _read_sentence(reading: _Reading, sentence: str) -> None:
    if not _ABOUT_DAYS.search(sentence):
        return
    clause = _Clause(reading, sentence)
    for token in _tokens(sentence):
        clause.take(token)
    clause.end()


def _tokens(sentence: str) -> Iterator[re.Match[str]]:
    """The words of a sentence about days, all of them; NoticeUnreadable when one is not known."""
    position = 0
    while position < len(sentence):
        token = _TOKEN.match(sentence, position)
        if token is None or (token.lastgroup == "remark" and _ABOUT_DAYS.search(_LUNAR.sub("", token.group()))):
            raise NoticeUnreadable(_quoted(sentence, position))
        yield token
        position = token.end()


@dataclass(slots=True)
class _Reading:
    """What has been read so far of one holiday's sentences."""

    year: int
    holiday: str
    off: list[date] = field(default_factory=list)
    worked: list[date] = field(default_factory=list)
    moved: list[date] = field(default_factory=list)  # weekend days that are worked in exchange
    last: date | None = None
    written: set[int] = field(default_factory=set)  # the years that its dates name

    def day(self, token: re.Match[str]) -> date:
        """The day of a date; year and month are added where the text leaves them out."""
        year, month = token.group("year"), token.group("month")
        months = int(month) if month else self.last.month if self.last else None
        if months is None:
            raise NoticeUnreadable(token.group())
        if year:
            self.written.add(int(year))
        years = [int(year)] if year else self._years(int(month) if month else None)
        days = [day for y in years if (day := _day(y, months, int(token.group("day")))) is not None]
        if not days:
            raise NoticeUnreadable(token.group())
        # A December beside a January belongs to the year before, if that was written: the day nearest to the last one.
        near = self.off[0] if self.off else self.last or date(self.year, 7, 1)
        self.last = min(days, key=lambda candidate: abs((candidate - near).days))
        return self.last

    def _years(self, month: int | None) -> Sequence[int]:
        """The notice's own year; the December before and the January after only where the text has named their year."""
        if month is None and self.last:
            return [self.last.year]
        beside = {12: self.year - 1, 1: self.year + 1}.get(month or 0)
        return [self.year] if beside not in self.written else [self.year, beside]


class _Clause:
    """A sentence as it is read: dates are collected until a word says what they are."""

    def __init__(self, reading: _Reading, sentence: str) -> None:
        self.reading, self.sentence = reading, sentence
        self.dates: list[list[date]] = []  # each date by itself, or the days of a range
        self.given: list[date] | None = None  # the days off that are moved, while their new days are read
        self.before = ""  # the kind of the word before
        self.counted = 0  # how many days the word before made off
        self.within = False  # after 其中: about days that are named already

    def take(self, token: re.Match[str]) -> None:
        """The next word; NoticeUnreadable where it cannot stand."""
        kind = self._kind(token)
        if kind in {"remark", "weekday"}:
            self._weekdays(token)
            return
        if kind == "date":
            self._date(self.reading.day(token))
        elif kind in {"range", "list"}:
            self._expect(self.before == "date")
        elif kind in {"off", "worked", "nothing", "swapped"}:
            self._means(kind)
        elif kind == "moved":
            self._moves(token.group("given"))
        elif kind == "total":
            self._expect(not self.dates and self.given is None)
            self._count(len(set(self.reading.off)), _number(token.group("days")), f"共{token.group('days')}天")
        elif kind == "count":
            self._expect(self.before == "off")
            self._count(self.counted, _number(token.group("of")), f"放假{token.group('of')}天")
        elif kind == "comma":
            self._finish()
        elif kind == "within":
            self._expect(not self.dates)
            self.within = True
        else:
            self._expect(not self.dates)
        self.before = kind

    def _kind(self, token: re.Match[str]) -> str:
        """What the word is here: 以及 that follows no date joins two parts of the sentence."""
        joins = token.group().endswith("以及") and self.before != "date"
        return "comma" if joins else str(token.lastgroup)

    def end(self) -> None:
        """The sentence is over: nothing may be left that no word has explained."""
        self._finish()

    def _expect(self, stands: object) -> None:
        if not stands:
            raise NoticeUnreadable(_quoted(self.sentence))

    def _date(self, day: date) -> None:
        if self.before == "range":
            first = self.dates[-1][-1]
            self._expect(len(self.dates[-1]) == 1)
            if not 0 < (day - first).days <= LONGEST_HOLIDAY:
                raise NoticeContradicted(f"{first.isoformat()} 至 {day.isoformat()} 不是一段假期")
            self.dates[-1] += [first + timedelta(days=n) for n in range(1, (day - first).days + 1)]
            return
        # Two dates with nothing between them are one that was broken in two, or a word is missing.
        self._expect(self.before == "list" if self.dates else self.before not in {"date", "list"})
        self.dates.append([day])

    def _weekdays(self, token: re.Match[str]) -> None:
        """The weekday beside a date, or of both ends beside a range: it must be the day's own."""
        names = ["一二三四五六日".index(name.replace("天", "日")) for name in _WEEKDAY.findall(token.group())]
        if not names:
            return
        self._expect(self.before == "date" and bool(self.dates))
        days = self.dates[-1]
        beside = [days[-1]] if len(names) == 1 else [days[0], days[-1]]
        self._expect(len(names) == len(beside) and (len(names) == 1 or len(days) > 1))
        for day, name in zip(beside, names, strict=True):
            if day.weekday() != name:
                raise NoticeContradicted(f"{day.isoformat()} 是{WEEKDAYS[day.weekday()]}，通知写作{WEEKDAYS[name]}")

    def _means(self, kind: str) -> None:
        if self.given is not None:
            # 「14日公休日调至16日、14日上班」: as many days as are moved are the new ones, the others have this meaning.
            moved, self.dates = self.dates[: len(self.given)], self.dates[len(self.given) :]
            self._expect(bool(self.dates) and all(len(days) == 1 for days in moved))
            self._exchange([day for days in moved for day in days])
        self._expect(self.before == "date")
        days, reading = self._taken(), self.reading
        if kind == "off" and not self.within:
            _check_once(reading.off, days)
            reading.off += days
            self.counted = len(days)
        elif kind in {"off", "swapped"}:
            # 「9月3日至5日放假，其中9月4日调休」 explains days that are off; of another it would be a guess.
            self._expect(self.within and all(day in reading.off for day in days))
            self.counted = len(days)
        elif kind == "worked":
            _check_once(reading.worked, days)
            reading.worked += days
        else:
            reading.off += [day for day in days if day not in reading.off]

    def _moves(self, said: str | None) -> None:
        """「将A、B两个公休日调至C、D」: A and B are worked, C and D are off."""
        self._expect(self.given is None and self.before == "date")
        self.given = self._taken()
        if said is not None and _number(said) != len(self.given):
            raise NoticeContradicted(f"{self.reading.holiday}写明{said}个公休日，日期却有 {len(self.given)} 天")

    def _finish(self) -> None:
        if self.given is not None:
            self._expect(self.before == "date")
            self._exchange(self._taken())
        self._expect(not self.dates and self.before not in {"range", "list"})

    def _exchange(self, taken: Sequence[date]) -> None:
        given, self.given = self.given or [], None
        if len(given) != len(taken):
            raise NoticeContradicted(f"{self.reading.holiday}有 {len(given)} 个公休日调至 {len(taken)} 天")
        self.reading.moved += given
        self.reading.off += [day for day in taken if day not in self.reading.off]

    def _taken(self) -> list[date]:
        days, self.dates = [day for days in self.dates for day in days], []
        return days

    def _count(self, found: int, said: int, words: str) -> None:
        if found != said:
            raise NoticeContradicted(f"{self.reading.holiday}写明{words}，日期却有 {found} 天")


def _check_once(known: Sequence[date], days: Sequence[date]) -> None:
    """Refuse a day that is named twice: another day was meant."""
    seen = set(known)
    for day in days:
        if day in seen:
            raise DayTwice(day)
        seen.add(day)


def _number(words: str) -> int:
    return 2 if words == "两" else _NUMBERS.index(words) + 1 if words in _NUMBERS else int(words)


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _quoted(sentence: str, position: int = 0) -> str:
    """The words to show: some before the place that could not be read, and what follows."""
    return sentence[max(position - 20, 0) :].strip()[:40]

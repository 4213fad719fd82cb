"""A notice in every form in which it is pasted is read as it is meant; one with a fault is never read as another year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.calendar import CalendarRefused, arrangement_from_notice, read_notice
from shared.calendar.law import statutory_days

pytestmark = pytest.mark.clause("S1.1.4a")

WEEKDAYS = "一二三四五六日"
ORDER = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
YEARS = st.sampled_from([2026, 2027, 2028, 2029, 2030, 2032, 2033])


@dataclass
class Printed:
    """A holiday as a notice prints it: first and last day off, days of their own beside them, days worked."""

    name: str
    first: date
    last: date
    worked: list[date] = field(default_factory=list)

    @property
    def off(self) -> set[date]:
        return {self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)}


@st.composite
def arrangements(draw: st.DrawFn) -> tuple[int, list[Printed]]:
    """A year as the State Council could arrange it: every statutory day is off, and as many days as by law in all."""
    year = draw(YEARS)
    law: dict[str, list[date]] = {name: [] for name in ORDER}
    for statutory in statutory_days(year):
        law[statutory.holiday].append(statutory.on)
    found: list[Printed] = []
    taken: set[date] = set()
    for name in ORDER:
        first, last = min(law[name]), max(law[name])
        first -= timedelta(days=draw(st.integers(0, 2)))
        last += timedelta(days=draw(st.integers(0, 3)))
        holiday = Printed(name, first, last)
        while sum(day.weekday() < 5 for day in holiday.off) < len(law[name]):
            holiday.last += timedelta(days=1)
        found.append(holiday)
        assume(not holiday.off & taken)
        taken |= holiday.off
    for holiday in found:
        wanted = sum(day.weekday() < 5 for day in holiday.off) - len(law[holiday.name])
        near = [holiday.first - timedelta(days=n) for n in range(1, 12)]
        near += [holiday.last + timedelta(days=n) for n in range(1, 12)]
        weekends = [day for day in near if day.weekday() >= 5 and day not in taken and day.year == year]
        assume(len(weekends) >= wanted)
        holiday.worked = sorted(draw(st.permutations(weekends))[:wanted])
        taken |= set(holiday.worked)
    return year, found


@dataclass(frozen=True)
class Form:
    """How somebody's paste looks."""

    number: Callable[[int], str]
    heading: str
    weekday: str
    brackets: str
    to: str
    joint: str
    before: str
    after: str
    change: Callable[[str], str]


def chinese(number: int) -> str:
    return "一二三四五六七八九十"[number]


def as_pdf(text: str) -> str:
    """Blanks on both sides of 月 and 日, as some PDF files give them."""
    return text.replace("月", " 月 ").replace("日", " 日 ").replace("\n", " \n\n")


def in_full_width(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def in_short_lines(text: str) -> str:
    """A line break inside of sentences, never inside of a number."""
    broken, length = [], 0
    for letter, following in zip(text, text[1:] + "\n", strict=True):
        broken.append(letter)
        length = 0 if letter == "\n" else length + 1
        if length >= 13 and not letter.isdigit() and not following.isdigit() and letter not in "、一二三四五六七（":
            broken.append("\n")
            length = 0
    return "".join(broken)


TITLE = "国务院办公厅关于{year}年部分节假日安排的通知\n国办发明电〔{before}〕99号\n"
ADDRESS = "各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n"
ANNOUNCED = (
    "　　根据2024年11月10日《国务院关于修改〈全国年节及纪念日放假办法〉的决定》，经国务院批准，"
    "现将{year}年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下"
)
CLOSING = "　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。"
SIGNED = "国务院办公厅{gap}{before}年11月20日"

FORMS = st.builds(
    Form,
    number=st.sampled_from(
        [
            lambda n: f"{chinese(n)}、",
            lambda n: f"（{chinese(n)}）",
            lambda n: f"{n + 1}. ",
            lambda n: "①②③④⑤⑥⑦"[n],
            lambda n: "——",
            lambda n: "",
        ]
    ),
    heading=st.sampled_from(["：", ":"]),
    weekday=st.sampled_from(["周", "星期", ""]),
    brackets=st.sampled_from(["（）", "()", "（)"]),
    to=st.sampled_from(["至", "到", "—", "-", "～"]),
    joint=st.sampled_from(["\n", "\n　　", "\n\n", ""]),
    before=st.sampled_from(
        ["", TITLE, TITLE + ADDRESS + ANNOUNCED + "。\n", ANNOUNCED + "：", ADDRESS + ANNOUNCED + "：\n"]
    ),
    after=st.sampled_from(
        [
            "",
            "\n" + CLOSING,
            "\n" + CLOSING + SIGNED.replace("{gap}", " "),
            SIGNED.replace("{gap}", ""),
            "\n" + CLOSING + "\n" + SIGNED.replace("{gap}", "\n") + "\n",
            "\n" + CLOSING + "\n{before}年11月20日",
        ]
    ),
    change=st.sampled_from([str, as_pdf, in_full_width, in_short_lines, lambda text: text.replace("\n", "\r\n")]),
)


def day_of(form: Form, day: date, year: int, *, month: bool = True) -> str:
    text = f"{day.year}年" if day.year != year else ""
    text += f"{day.month}月" if month or text else ""
    text += f"{day.day}日"
    if form.weekday:
        text += f"{form.brackets[0]}{form.weekday}{WEEKDAYS[day.weekday()]}{form.brackets[1]}"
    return text


def sentences(form: Form, holiday: Printed, year: int) -> list[str]:
    """The sentences of one holiday."""
    days = len(holiday.off)
    if days == 1:
        said = [f"{day_of(form, holiday.first, year)}放假1天，不调休。"]
    else:
        last = day_of(form, holiday.last, year, month=holiday.last.month != holiday.first.month)
        said = [f"{day_of(form, holiday.first, year)}{form.to}{last}放假调休，共{days}天。"]
    if holiday.worked:
        said.append("、".join(day_of(form, day, year) for day in holiday.worked) + "上班。")
    return said


def printed(
    form: Form, year: int, holidays: list[Printed], extra: Callable[[list[list[str]]], None] | None = None
) -> str:
    parts = [sentences(form, holiday, year) for holiday in holidays]
    if extra is not None:
        extra(parts)
    body = form.joint.join(
        f"{form.number(n)}{holiday.name}{form.heading}{''.join(part)}"
        for n, (holiday, part) in enumerate(zip(holidays, parts, strict=True))
    )
    return form.change((form.before + body + form.after).format(year=year, before=year - 1))


def meant(holidays: list[Printed]) -> set[tuple[date, bool]]:
    off = {(day, True) for holiday in holidays for day in holiday.off}
    return off | {(day, False) for holiday in holidays for day in holiday.worked}


def read(year: int, text: str) -> set[tuple[date, bool]]:
    arrangement = arrangement_from_notice(year, text)
    return {(day, True) for day in arrangement.off_days} | {(day, False) for day in arrangement.make_up_days}


@settings(max_examples=60)
@given(arrangements(), FORMS)
def test_an_arrangement_is_read_back_from_every_form(arranged: tuple[int, list[Printed]], form: Form) -> None:
    year, holidays = arranged
    text = printed(form, year, holidays)

    assert read(year, text) == meant(holidays), text
    names = {row.holiday for row in read_notice(year, text).rows}
    assert names == set(ORDER)


@settings(max_examples=60)
@given(arrangements(), FORMS, st.data())
def test_a_notice_without_one_of_its_sentences_is_refused(
    arranged: tuple[int, list[Printed]], form: Form, data: st.DataObject
) -> None:
    year, holidays = arranged

    def without_one(parts: list[list[str]]) -> None:
        part = data.draw(st.sampled_from(parts))
        del part[data.draw(st.integers(0, len(part) - 1))]

    with pytest.raises(CalendarRefused):
        read(year, printed(form, year, holidays, without_one))


INSERTED = (
    ("{day}放假。", True),
    ("{day}放假1天。", True),
    ("{day}补休。", True),
    ("{day}上班。", False),
    ("{day}补班。", False),
    ("{day}照常上班。", False),
    ("{day}起正常上班。", None),
    ("{day}另行通知。", None),
    ("原定{day}放假的安排取消。", None),
    ("{day}", None),
    ("（{day}上班）", None),
    ("五月三日放假。", None),
    ("放假时间可适当延长。", None),
)


@settings(max_examples=100)
@given(arrangements(), FORMS, st.data())
def test_a_sentence_about_a_day_that_is_put_in_is_read_or_refused_and_never_left_out(
    arranged: tuple[int, list[Printed]], form: Form, data: st.DataObject
) -> None:
    year, holidays = arranged
    words, off = data.draw(st.sampled_from(INSERTED))
    day = date(year, 1, 1) + timedelta(days=data.draw(st.integers(0, 364)))

    def with_one(parts: list[list[str]]) -> None:
        part = data.draw(st.sampled_from(parts))
        part.insert(data.draw(st.integers(0, len(part))), words.format(day=day_of(form, day, year)))

    text = printed(form, year, holidays, with_one)
    try:
        found = {(row.on, row.off) for row in read_notice(year, text).rows}
    except CalendarRefused:
        return

    assert off is not None, text
    assert found == meant(holidays) | {(day, off)}, text


@settings(max_examples=40)
@given(arrangements(), FORMS, st.sampled_from(INSERTED))
def test_a_day_before_the_first_heading_is_refused(
    arranged: tuple[int, list[Printed]], form: Form, inserted: tuple[str, bool | None]
) -> None:
    year, holidays = arranged
    words = inserted[0].format(day=day_of(form, date(year, 1, 1), year))

    with pytest.raises(CalendarRefused):
        read_notice(year, words + "\n" + printed(form, year, holidays))

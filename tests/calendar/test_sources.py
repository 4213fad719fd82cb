"""What a year's file may hold, what is refused, and what a revision changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from shared.calendar import (
    SHANGHAI,
    STATUTORY_YEARS,
    ArrangementMalformed,
    ArrangementRow,
    CalendarRefused,
    DayContradicted,
    DayMissing,
    DayOutsideYear,
    DayTwice,
    HolidayMissing,
    WorkCalendar,
    YearArrangement,
    YearNotPublished,
    arrangement_from_holiday_cn,
    arrangement_from_rows,
    check_complete,
    statutory_calendar,
)
from tests.calendar.evaluation import evaluation_file

pytestmark = pytest.mark.clause("S1.1.4a")

YEAR_2026 = STATUTORY_YEARS[-1]


def year_file(arrangement: YearArrangement = YEAR_2026) -> dict[str, Any]:
    """The arrangement in the JSON form that is imported."""
    days = [(day, name, True) for day, name in arrangement.off_days.items()]
    days += [(day, name, False) for day, name in arrangement.make_up_days.items()]
    return {
        "year": arrangement.year,
        "papers": [arrangement.source_notice],
        "days": [{"name": name, "date": day.isoformat(), "isOffDay": off} for day, name, off in days],
    }


@pytest.mark.parametrize("arrangement", STATUTORY_YEARS, ids=lambda arrangement: str(arrangement.year))
def test_every_built_in_year_is_complete_and_comes_back_from_its_own_file(arrangement: YearArrangement) -> None:
    check_complete(arrangement)

    assert arrangement_from_holiday_cn(json.dumps(year_file(arrangement))) == arrangement
    assert arrangement_from_holiday_cn(json.dumps(year_file(arrangement)).encode()) == arrangement


def drop(day: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["days"] = [entry for entry in content["days"] if entry["date"] != day]

    return change


def add(day: str, *, off: bool, name: str = "国庆节") -> Callable[[dict[str, Any]], None]:
    return lambda content: content["days"].append({"name": name, "date": day, "isOffDay": off})


def put(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(values)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param(add("2026-10-01", off=True), DayTwice, id="a duplicate"),
        pytest.param(add("2026-10-10", off=False), DayTwice, id="a duplicate make-up day"),
        pytest.param(add("2026-10-02", off=False), DayContradicted, id="off and worked"),
        pytest.param(drop("2026-10-02"), DayMissing, id="a day of the law missing"),
        pytest.param(drop("2026-10-05"), DayMissing, id="a holiday broken in two"),
        pytest.param(drop("2026-02-18"), DayMissing, id="the Spring Festival broken in two"),
        pytest.param(drop("2026-01-01"), DayMissing, id="New Year's Day missing"),
        pytest.param(add("2027-10-01", off=True), DayOutsideYear, id="another year's day"),
        pytest.param(add("2025-11-30", off=True), DayOutsideYear, id="one day too early"),
        pytest.param(put(days=[]), YearNotPublished, id="not published"),
        pytest.param(put(days={}), ArrangementMalformed, id="days no list"),
        pytest.param(put(days=[7]), ArrangementMalformed, id="a day no object"),
        pytest.param(put(papers=None), ArrangementMalformed, id="no papers"),
        pytest.param(put(year="2026"), ArrangementMalformed, id="the year as text"),
        pytest.param(put(year=True), ArrangementMalformed, id="the year as truth"),
        pytest.param(put(year=20260), ArrangementMalformed, id="an absurd year"),
        pytest.param(add("2026-02-30", off=True), ArrangementMalformed, id="no such day"),
        pytest.param(add("春节", off=True), ArrangementMalformed, id="no day at all"),
    ],
)
def test_a_wrong_file_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], error: type[CalendarRefused]
) -> None:
    content = year_file()
    change(content)

    with pytest.raises(error) as refused:
        arrangement_from_holiday_cn(content)

    assert refused.value.status == 422
    assert refused.value.clause == "S1.1.4a"


def test_a_year_without_its_spring_festival_is_refused() -> None:
    rows = [ArrangementRow(day, name, off=True) for day, name in YEAR_2026.off_days.items() if name != "春节"]

    with pytest.raises(HolidayMissing) as refused:
        arrangement_from_rows(2026, "", rows)

    assert refused.value.facts == {"year": 2026, "holiday": "春节", "confirm": "confirm_incomplete"}


@pytest.mark.parametrize("document", ["", "[", "[]", "null", b"\xff\xfe", "{}", "[" * 100_000])
def test_what_is_no_year_file_is_refused(document: str | bytes) -> None:
    with pytest.raises(ArrangementMalformed):
        arrangement_from_holiday_cn(document)


def test_two_years_that_contradict_each_other_make_no_calendar() -> None:
    next_year = YearArrangement(2027, "", {date(2026, 12, 31): "元旦"})
    last_year = YearArrangement(2026, "", {}, {date(2026, 12, 31): "元旦"})

    with pytest.raises(DayContradicted) as refused:
        WorkCalendar("x", {2026: last_year, 2027: next_year})

    assert refused.value.years == (2026, 2027)


def test_a_calendar_needs_a_year_and_each_year_its_own_number() -> None:
    with pytest.raises(ArrangementMalformed):
        WorkCalendar("x", {})
    with pytest.raises(ArrangementMalformed):
        WorkCalendar("x", {2025: YEAR_2026})


def test_an_arrangement_cannot_be_changed_from_outside() -> None:
    off = {date(2026, 1, 1): "元旦"}
    arrangement = YearArrangement(2026, "", off)
    off[date(2026, 1, 2)] = "元旦"

    assert date(2026, 1, 2) not in arrangement.off_days
    with pytest.raises(TypeError):
        arrangement.off_days[date(2026, 1, 2)] = "元旦"  # type: ignore[index]


def test_importing_the_next_year_makes_its_deadlines_certain_and_moves_them() -> None:
    before = statutory_calendar()
    # Invented for this test: the real arrangement of 2027 is not published.
    invented = YearArrangement(2027, "示例", {date(2026, 12, 31): "元旦", date(2027, 1, 1): "元旦"})
    after = before.with_year(invented, version="with-2027")
    order = datetime(2026, 12, 30, 10, tzinfo=SHANGHAI)

    assert before.due_at(order, 1).on == date(2026, 12, 31)
    assert (after.due_at(order, 1).on, after.due_at(order, 1).provisional) == (date(2027, 1, 4), False)
    assert date(2026, 12, 31) in before.changed_days(after)
    assert date(2026, 12, 26) in before.changed_days(after)  # not moved, but certain from now on
    assert date(2026, 12, 25) not in before.changed_days(after)
    assert (before.version, after.version) == ("statutory-2026.1", "with-2027")
    assert 2027 not in before.years


def test_the_same_calendar_has_no_changed_days() -> None:
    assert statutory_calendar().changed_days(statutory_calendar()) == ()


def test_the_revision_of_march_2019_moves_what_was_due_after_labour_day() -> None:
    planned = arrangement_from_holiday_cn(evaluation_file("holiday-cn/revisions/2019_c1c33ae.json").read_bytes())
    revised = arrangement_from_holiday_cn(evaluation_file("holiday-cn/revisions/2019_96872fb.json").read_bytes())
    before, after = WorkCalendar("planned", {2019: planned}), WorkCalendar("revised", {2019: revised})
    order = datetime(2019, 4, 30, 9, tzinfo=SHANGHAI)

    assert before.changed_days(after) == tuple(
        date(2019, month, day) for month, day in [(4, 28), (5, 2), (5, 3), (5, 5)]
    )
    assert (before.due_at(order, 1).on, after.due_at(order, 1).on) == (date(2019, 5, 2), date(2019, 5, 5))


def test_a_published_file_with_a_hole_in_the_prolonged_holiday_of_2020_is_caught_and_named() -> None:
    hasty = evaluation_file("holiday-cn/revisions/2020_as_of_2020-02-08.json").read_bytes()
    with pytest.raises(DayMissing) as refused:
        arrangement_from_holiday_cn(hasty)
    confirmed = arrangement_from_holiday_cn(hasty, complete=False)

    assert refused.value.facts == {"day": "2020-01-31", "holiday": "春节", "confirm": "confirm_incomplete"}
    assert date(2020, 2, 2) in confirmed.off_days


@pytest.mark.parametrize("year", range(2007, 2027))
def test_the_public_file_of_each_year_is_accepted_and_says_the_same(year: int) -> None:
    arrangement = arrangement_from_holiday_cn(evaluation_file(f"holiday-cn/{year}.json").read_bytes())
    built_in = statutory_calendar().years[year]

    assert set(arrangement.off_days) == set(built_in.off_days)
    assert set(arrangement.make_up_days) == set(built_in.make_up_days)


def test_the_public_file_of_2027_is_not_published_rather_than_without_holidays() -> None:
    with pytest.raises(YearNotPublished):
        arrangement_from_holiday_cn(evaluation_file("holiday-cn/2027.json").read_bytes())

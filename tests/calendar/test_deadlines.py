"""The boundaries of a deadline: the hour of the start, the weekend, the holiday, the make-up day, the unknown year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from shared.calendar import (
    MOST_WORKDAYS,
    SHANGHAI,
    DayKind,
    DayOutOfRange,
    NaiveMoment,
    WorkCalendar,
    WorkdaysOutOfRange,
    YearArrangement,
    YearUnknown,
    arrangement_from_notice,
    statutory_calendar,
)
from tests.calendar.published import NOTICE_2027

pytestmark = pytest.mark.clause("S1.1.4a")

CALENDAR = statutory_calendar()
UNTIL_HALF_PAST_FIVE = WorkCalendar("half-past-five", CALENDAR.years, time(17, 30))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("started_at", "workdays", "ends_on"),
    [
        pytest.param("2026-11-20T07:30", 1, "2026-11-23", id="Friday 07:30 is still Thursday in UTC"),
        pytest.param("2026-11-20T00:30", 1, "2026-11-23", id="Friday 00:30"),
        pytest.param("2026-11-20T23:59", 1, "2026-11-23", id="Friday 23:59"),
        pytest.param("2026-11-21T00:01", 1, "2026-11-23", id="Saturday 00:01"),
        pytest.param("2026-11-22T23:59", 1, "2026-11-23", id="Sunday 23:59"),
        pytest.param("2026-11-23T00:00", 1, "2026-11-24", id="Monday 00:00"),
        pytest.param("2026-11-23T09:00", 3, "2026-11-26", id="three days inside one week"),
        pytest.param("2026-11-19T16:00", 3, "2026-11-24", id="three days over a weekend"),
        pytest.param("2025-09-30T10:00", 3, "2025-10-11", id="before the eight days of October 2025, make-up Saturday"),
        pytest.param("2026-09-30T10:00", 3, "2026-10-10", id="before October 2026, make-up Saturday counted"),
        pytest.param("2022-01-28T10:00", 1, "2022-01-29", id="Friday to the make-up Saturday"),
        pytest.param("2022-01-28T10:00", 2, "2022-01-30", id="and to the make-up Sunday"),
        pytest.param("2022-01-28T10:00", 3, "2022-02-07", id="and over the Spring Festival"),
        pytest.param("2026-02-14T10:00", 1, "2026-02-24", id="started on a make-up Saturday"),
        pytest.param("2018-12-28T10:00", 1, "2018-12-29", id="a make-up day that stands in the next year's notice"),
        pytest.param("2018-12-29T10:00", 1, "2019-01-02", id="31 December off by the next year's notice"),
        pytest.param("2006-12-29T10:00", 2, "2006-12-31", id="December 2006 by the notice for 2007"),
        pytest.param("2026-11-02T10:00", 13, "2026-11-19", id="thirteen days of the enterprise platform"),
    ],
)
def test_a_deadline_ends_at_midnight_of_the_nth_working_day(started_at: str, workdays: int, ends_on: str) -> None:
    due = CALENDAR.due_at(local(started_at), workdays)

    assert (due.on.isoformat(), due.provisional) == (ends_on, False)
    assert due.at == local(ends_on) + timedelta(days=1)
    assert due.at.tzinfo is UTC


def test_the_same_moment_gives_the_same_deadline_in_whatever_zone_it_is_written() -> None:
    friday = local("2026-11-20T07:30")

    assert CALENDAR.due_at(friday.astimezone(UTC), 1) == CALENDAR.due_at(friday, 1)


def test_one_minute_around_midnight_moves_the_deadline_by_a_day() -> None:
    assert CALENDAR.due_at(local("2026-11-23T23:59"), 1).on == date(2026, 11, 24)
    assert CALENDAR.due_at(local("2026-11-24T00:01"), 1).on == date(2026, 11, 25)


def test_a_deadline_of_no_working_days_ends_with_its_own_day_worked_or_not() -> None:
    assert CALENDAR.due_at(local("2026-11-23T23:50"), 0).at == local("2026-11-24T00:00")
    assert CALENDAR.due_at(local("2026-11-22T00:10"), 0).at == local("2026-11-23T00:00")
    assert not CALENDAR.due_at(local("2027-03-01T00:10"), 0).provisional


def test_the_close_of_business_can_end_the_day_instead_of_midnight() -> None:
    assert UNTIL_HALF_PAST_FIVE.due_at(local("2026-11-23T09:00"), 1).at == local("2026-11-24T17:30")
    assert UNTIL_HALF_PAST_FIVE.due_at(local("2026-11-23T17:29"), 0).at == local("2026-11-23T17:30")


def test_after_the_close_of_business_today_still_ends_at_midnight_never_in_the_past() -> None:
    assert UNTIL_HALF_PAST_FIVE.due_at(local("2026-11-23T17:30"), 0).at == local("2026-11-24T00:00")


@pytest.mark.parametrize(
    ("started_at", "workdays", "ends_on", "provisional"),
    [
        ("2026-12-24T10:00", 1, "2026-12-25", False),  # the last day that no notice of a coming year has reached
        ("2026-12-22T10:00", 3, "2026-12-25", False),
        ("2026-12-25T10:00", 0, "2026-12-25", False),
        ("2026-12-25T10:00", 1, "2026-12-28", True),  # over the weekend of the 26th, which may be made up on
        ("2026-12-26T10:00", 1, "2026-12-28", True),
        ("2026-12-27T10:00", 1, "2026-12-28", True),
        ("2026-12-28T10:00", 1, "2026-12-29", True),
        ("2026-12-28T10:00", 2, "2026-12-30", True),
        ("2026-12-28T10:00", 3, "2026-12-31", True),
        ("2026-12-29T10:00", 2, "2026-12-31", True),
        ("2026-12-30T10:00", 1, "2026-12-31", True),
        ("2026-12-31T10:00", 0, "2026-12-31", False),  # today is today, whatever a notice says of it
        ("2026-12-30T10:00", 2, "2027-01-04", True),
        ("2026-12-31T23:59", 1, "2027-01-04", True),
        ("2026-12-31T10:00", 3, "2027-01-06", True),
        ("2026-12-15T10:00", 13, "2027-01-04", True),
        ("2027-01-04T10:00", 1, "2027-01-05", True),
        ("2040-01-04T10:00", 1, "2040-01-05", True),
        ("1999-01-04T10:00", 1, "1999-01-05", True),
        ("2005-12-30T10:00", 1, "2006-01-02", True),
    ],
)
def test_a_deadline_that_counts_an_unpublished_year_is_provisional(
    started_at: str, workdays: int, ends_on: str, provisional: bool
) -> None:
    due = CALENDAR.due_at(local(started_at), workdays)

    assert (due.on.isoformat(), due.provisional) == (ends_on, provisional)


@pytest.mark.parametrize(
    ("started_at", "workdays", "ends_on", "provisional"),
    [
        ("2026-12-31T10:00", 1, "2027-01-04", True),  # a Friday, and its weekend
        ("2027-02-04T10:00", 1, "2027-02-09", True),  # the eve, and three days of the first month
        ("2027-04-02T10:00", 1, "2027-04-06", True),  # 清明 on a Monday
        ("2027-04-30T10:00", 1, "2027-05-03", True),  # the 1st and the 2nd of May are a weekend
        ("2028-05-01T10:00", 1, "2028-05-03", True),
        ("2027-06-08T10:00", 1, "2027-06-10", True),
        ("2027-09-14T10:00", 1, "2027-09-16", True),
        ("2027-09-30T10:00", 1, "2027-10-04", True),
        (
            "2027-12-31T10:00",
            1,
            "2028-01-03",
            True,
        ),  # New Year's Day on a Saturday: in exchange for it, no day is certain
    ],
)
def test_before_the_notice_the_days_of_the_law_are_not_counted(
    started_at: str, workdays: int, ends_on: str, provisional: bool
) -> None:
    due = CALENDAR.due_at(local(started_at), workdays)

    assert (due.on.isoformat(), due.provisional) == (ends_on, provisional)


@pytest.mark.parametrize("year", range(2008, 2027))
def test_before_its_notice_a_year_has_the_days_of_the_law_where_the_notice_had_them(year: int) -> None:
    before = WorkCalendar("x", {known: CALENDAR.years[known] for known in range(2007, year)})

    named = before.named_days(year)
    others = [day for day in named if day.known and day.on not in CALENDAR.years[year].off_days]
    assert others == []
    assert len(named) >= 10
    assert {day.kind for day in named} == {DayKind.HOLIDAY}


@pytest.mark.parametrize(
    ("started_at", "workdays", "missing"), [("2026-12-25T10:00", 1, 2027), ("2026-12-30T10:00", 2, 2027)]
)
def test_a_strict_count_refuses_what_is_not_published_and_names_the_year(
    started_at: str, workdays: int, missing: int
) -> None:
    assert CALENDAR.due_at(local("2026-12-24T10:00"), 1, strict=True).on == date(2026, 12, 25)
    with pytest.raises(YearUnknown) as refused:
        CALENDAR.due_at(local(started_at), workdays, strict=True)

    assert refused.value.year == missing
    assert refused.value.facts == {"year": missing}


@pytest.mark.parametrize("number", range(20, 32))
def test_the_flag_the_proof_and_the_list_of_days_say_the_same_of_the_last_days_of_december(number: int) -> None:
    day = date(2026, 12, number)
    certain = number < 26
    # The day before, so that the day itself is the only one that is counted or skipped.
    proof = CALENDAR.explain(local(f"2026-12-{number - 1}T10:00"), 1)
    line = next(line for line in proof if line.on == day)

    assert CALENDAR.day(day).known == CALENDAR.is_known(day) == line.known == certain
    assert ("2027年放假安排尚未公布，该日可能调整" in line.reason) == (not certain)


@pytest.mark.parametrize("number", range(26, 32))
def test_the_next_years_notice_settles_the_last_days_of_december(number: int) -> None:
    day = date(2026, 12, number)
    after = CALENDAR.with_year(arrangement_from_notice(2027, NOTICE_2027), version="x")

    assert day in CALENDAR.changed_days(after)
    assert after.is_known(day)
    assert "尚未公布" not in after.explain(local("2026-12-25T10:00"), 6)[-1].reason
    assert date(2026, 12, 25) not in CALENDAR.changed_days(after)


@pytest.mark.parametrize("year", range(2007, 2026))
def test_the_last_days_of_a_december_are_certain_when_both_years_are_in(year: int) -> None:
    assert all(CALENDAR.is_known(date(year, 12, number)) for number in range(20, 32))


def test_a_day_of_december_that_its_own_notice_names_is_certain() -> None:
    named = YearArrangement(2026, "x", {**CALENDAR.years[2026].off_days, date(2026, 12, 30): "某节"})
    calendar = CALENDAR.with_year(named, version="x")

    assert calendar.is_known(date(2026, 12, 30))
    assert not calendar.is_known(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("today", "missing"),
    [("2026-10-31", None), ("2026-11-01", 2027), ("2026-12-31", 2027), ("2027-01-01", 2027), ("2025-12-31", None)],
)
def test_the_alarm_for_the_next_year_stands_from_the_first_of_november(today: str, missing: int | None) -> None:
    assert CALENDAR.missing_year(date.fromisoformat(today)) == missing


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        ("2026-10-31", ()),
        ("2026-11-01", (2027,)),
        ("2027-10-31", (2027,)),
        ("2027-11-01", (2027, 2028)),
        ("2028-11-01", (2028, 2029)),
    ],
)
def test_every_missing_year_is_named(today: str, missing: tuple[int, ...]) -> None:
    assert CALENDAR.missing_years(date.fromisoformat(today)) == missing


def test_a_moment_without_its_offset_is_refused() -> None:
    naive = local("2026-11-23T10:00").replace(tzinfo=None)
    with pytest.raises(NaiveMoment):
        CALENDAR.due_at(naive, 1)
    with pytest.raises(NaiveMoment):
        CALENDAR.latest_start(naive, 1)


def test_a_moment_is_not_taken_for_a_day() -> None:
    with pytest.raises(TypeError):
        CALENDAR.add_workdays(local("2026-11-20T07:30"), 1)
    with pytest.raises(TypeError):
        CALENDAR.is_workday(local("2026-11-20T07:30"))


@pytest.mark.parametrize("workdays", [-1, MOST_WORKDAYS + 1])
def test_an_absurd_number_of_working_days_is_refused(workdays: int) -> None:
    with pytest.raises(WorkdaysOutOfRange):
        CALENDAR.due_at(local("2026-11-23T10:00"), workdays)
    with pytest.raises(WorkdaysOutOfRange):
        CALENDAR.add_workdays(date(2026, 11, 23), workdays)
    with pytest.raises(WorkdaysOutOfRange):
        CALENDAR.latest_start(local("2026-11-23T10:00"), workdays)


def test_the_end_of_all_dates_is_refused_and_does_not_crash() -> None:
    with pytest.raises(DayOutOfRange):
        CALENDAR.add_workdays(date(9999, 12, 30), 5)
    with pytest.raises(DayOutOfRange):
        CALENDAR.due_at(local("9999-12-31T10:00"), 0)
    with pytest.raises(DayOutOfRange):
        CALENDAR.workdays_between(date(2026, 1, 1), date(9999, 1, 1))


@pytest.mark.parametrize(
    ("day", "kind", "holiday", "known"),
    [
        ("2026-11-23", DayKind.WORKING, None, True),
        ("2026-11-21", DayKind.WEEKEND, None, True),
        ("2026-10-01", DayKind.HOLIDAY, "国庆节", True),
        ("2026-10-03", DayKind.HOLIDAY, "国庆节", True),
        ("2026-10-10", DayKind.MAKE_UP, "国庆节", True),
        ("2020-02-03", DayKind.WORKING, "春节", True),
        ("2006-12-30", DayKind.MAKE_UP, "元旦", True),
        ("2006-12-28", DayKind.WORKING, None, False),
        ("2027-01-01", DayKind.HOLIDAY, "元旦", True),
        ("2027-01-02", DayKind.WEEKEND, None, False),
        ("2027-02-05", DayKind.HOLIDAY, "春节", True),
        ("2027-02-08", DayKind.HOLIDAY, "春节", True),
        ("2027-02-09", DayKind.WORKING, None, False),
        ("2031-10-01", DayKind.HOLIDAY, "中秋节、国庆节", True),
        ("2051-01-02", DayKind.WORKING, None, False),
    ],
)
def test_each_day_says_what_it_is_and_whether_it_is_certain(
    day: str, kind: DayKind, holiday: str | None, known: bool
) -> None:
    found = CALENDAR.day(date.fromisoformat(day))

    assert (found.kind, found.holiday, found.known) == (kind, holiday, known)


@pytest.mark.parametrize(
    ("due", "workdays", "starts_on"),
    [
        ("2026-11-27T00:00", 1, "2026-11-25"),
        ("2026-11-27T00:00", 0, "2026-11-26"),
        ("2026-11-26T17:30", 1, "2026-11-24"),
        ("2026-10-12T00:00", 2, "2026-10-08"),
        ("2022-02-01T00:00", 2, "2022-01-28"),
    ],
)
@pytest.mark.clause("S2.2.3i")
def test_the_latest_start_is_counted_backwards_from_the_due_moment(due: str, workdays: int, starts_on: str) -> None:
    assert CALENDAR.latest_start(local(due), workdays).isoformat() == starts_on


def test_the_proof_names_each_day_its_number_and_the_reason_it_was_skipped() -> None:
    proof = CALENDAR.explain(local("2022-01-28T07:30"), 3)

    assert [line.reason for line in proof][:4] == [
        "01-28 周五 开始当日 不计入",
        "01-29 周六 调休上班 计第1日",
        "01-30 周日 调休上班 计第2日",
        "01-31 周一 春节放假 不计",
    ]
    assert proof[-1].reason == "02-07 周一 工作日 计第3日"
    assert [line.ordinal for line in proof if line.ordinal] == [1, 2, 3]


def test_the_proof_says_which_days_rest_on_an_unpublished_year() -> None:
    proof = CALENDAR.explain(local("2026-12-28T10:00"), 5)

    assert [line.on.isoformat() for line in proof if not line.known] == [
        "2026-12-28",
        "2026-12-29",
        "2026-12-30",
        "2026-12-31",
        "2027-01-02",
        "2027-01-03",
        "2027-01-04",
        "2027-01-05",
    ]
    assert "2027年放假安排尚未公布" in proof[-1].reason
    assert "可能调整" in proof[1].reason
    assert [line.reason for line in proof if line.on == date(2027, 1, 1)] == ["01-01 周五 元旦放假 不计"]

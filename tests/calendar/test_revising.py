"""Single days changed by hand, and the golden cases of years that were revised while they ran."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import (
    SHANGHAI,
    DayChange,
    DayKind,
    DayTwice,
    Wanted,
    WorkCalendar,
    YearUnknown,
    arrangement_from_holiday_cn,
    revised,
    statutory_calendar,
)
from tests.calendar.evaluation import evaluation_file

pytestmark = pytest.mark.clause("S1.1.4a")

CALENDAR = statutory_calendar()


def change(day: str, wanted: Wanted) -> DayChange:
    return DayChange(date.fromisoformat(day), wanted, "临时安排")


@pytest.mark.parametrize(
    ("day", "wanted", "kind"),
    [
        ("2026-12-01", Wanted.OFF, DayKind.HOLIDAY),  # a Tuesday
        ("2026-12-05", Wanted.WORKED, DayKind.MAKE_UP),  # a Saturday
        ("2026-10-01", Wanted.PLAIN, DayKind.WORKING),
        ("2026-10-01", Wanted.WORKED, DayKind.WORKING),
        ("2026-10-03", Wanted.PLAIN, DayKind.WEEKEND),  # a Saturday of the National Day
        ("2026-12-05", Wanted.OFF, DayKind.HOLIDAY),
    ],
)
def test_a_day_becomes_what_was_wanted_and_no_other_day_changes(day: str, wanted: Wanted, kind: DayKind) -> None:
    after = revised(CALENDAR, [change(day, wanted)], version="x")

    assert after.day(date.fromisoformat(day)).kind is kind
    assert set(CALENDAR.changed_days(after)) <= {date.fromisoformat(day)}


def test_a_day_that_a_neighbouring_years_notice_names_is_changed_there() -> None:
    after = revised(
        CALENDAR, [change("2018-12-29", Wanted.PLAIN)], version="x"
    )  # a make-up Saturday of the 2019 notice

    assert after.day(date(2018, 12, 29)).kind is DayKind.WEEKEND


def test_a_day_twice_and_a_day_of_a_missing_year_are_refused() -> None:
    with pytest.raises(DayTwice):
        revised(CALENDAR, [change("2026-12-01", Wanted.OFF), change("2026-12-01", Wanted.PLAIN)], version="x")
    with pytest.raises(YearUnknown):
        revised(CALENDAR, [change("2027-01-04", Wanted.OFF)], version="x")


@settings(deadline=None, max_examples=60)  # each example builds a calendar
@given(
    st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    st.sampled_from(Wanted),
    st.datetimes(datetime(2024, 12, 1), datetime(2026, 11, 30)),  # noqa: DTZ001 - the zone is added below
    st.integers(1, 20),
)
def test_a_free_day_never_brings_a_deadline_forward_nor_a_worked_one_back(
    day: date, wanted: Wanted, start: datetime, workdays: int
) -> None:
    after = revised(CALENDAR, [DayChange(day, wanted, "x")], version="x")
    moment = start.replace(tzinfo=SHANGHAI)
    before_at, after_at = CALENDAR.due_at(moment, workdays).at, after.due_at(moment, workdays).at

    if CALENDAR.is_workday(day) == after.is_workday(day):
        assert after_at == before_at
    elif after.is_workday(day):
        assert after_at <= before_at
    else:
        assert after_at >= before_at


def as_of(name: str) -> WorkCalendar:
    """The statutory calendar with one year as a file of the evaluation has it."""
    arrangement = arrangement_from_holiday_cn(evaluation_file(f"holiday-cn/{name}").read_text(), complete=False)
    return CALENDAR.with_year(arrangement, version=name)


def due(calendar: WorkCalendar, start: str, workdays: int = 3) -> str:
    return calendar.due_at(datetime.fromisoformat(start).replace(tzinfo=SHANGHAI), workdays).on.isoformat()


def test_the_spring_festival_of_2020_moves_deadlines_as_it_was_extended() -> None:
    announced, extended, final = (
        as_of("revisions/2020_as_of_2019-11-21.json"),
        as_of("revisions/2020_as_of_2020-02-08.json"),
        as_of("2020.json"),
    )

    # Armed on 23 January under the notice of November: 31 January and the make-up Saturday 1 February counted.
    assert due(announced, "2020-01-23T10:00") == "2020-02-03"
    assert due(extended, "2020-01-23T10:00") == "2020-02-04"  # that file still lacks 31 January
    assert due(final, "2020-01-23T10:00") == due(CALENDAR, "2020-01-23T10:00") == "2020-02-05"
    assert date(2020, 2, 1) in announced.changed_days(final)


def test_the_labour_day_of_2019_moves_deadlines_as_it_was_lengthened() -> None:
    before, after = as_of("revisions/2019_c1c33ae.json"), as_of("revisions/2019_96872fb.json")

    # Armed on Friday 26 April: one day off became four, and the Sunday before a make-up day.
    assert due(before, "2019-04-26T10:00") == "2019-05-02"
    assert due(after, "2019-04-26T10:00") == due(CALENDAR, "2019-04-26T10:00") == "2019-04-30"
    assert due(before, "2019-04-29T10:00") == "2019-05-03"
    assert due(after, "2019-04-29T10:00") == "2019-05-06"
    changed = [day for day in before.changed_days(after) if day.month in (4, 5)]
    assert changed == [date(2019, 4, 28), date(2019, 5, 2), date(2019, 5, 3), date(2019, 5, 5)]

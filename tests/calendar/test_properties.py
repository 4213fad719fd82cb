"""What must hold for every start and every count, against a count so plain that it cannot be wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import SHANGHAI, WorkCalendar, statutory_calendar
from shared.calendar.law import statutory_days

pytestmark = pytest.mark.clause("S1.1.4a")

MIDNIGHT_CALENDAR = statutory_calendar()
CALENDARS = st.sampled_from([MIDNIGHT_CALENDAR, WorkCalendar("early", MIDNIGHT_CALENDAR.years, time(17, 30))])
DAYS = st.dates(date(2004, 1, 1), date(2031, 12, 31))
MOMENTS = st.datetimes(
    datetime(2006, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds and adds the zone itself
    datetime(2029, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, SHANGHAI]),
)
COUNTS = st.integers(0, 60)


def counted_by_hand(start: date, workdays: int) -> date:
    """One day after the other, asking the years' own tables, and the law where there is none."""
    day = start
    while workdays:
        day += timedelta(days=1)
        years = [
            MIDNIGHT_CALENDAR.years[y] for y in (day.year - 1, day.year, day.year + 1) if y in MIDNIGHT_CALENDAR.years
        ]
        if any(day in year.off_days for year in years):
            continue
        if day.year not in MIDNIGHT_CALENDAR.years and _is_off_by_law(day):
            continue
        if day.weekday() < 5 or any(day in year.make_up_days for year in years):
            workdays -= 1
    return day


def _is_off_by_law(day: date) -> bool:
    return any(statutory.on == day for statutory in statutory_days(day.year))


@given(DAYS, COUNTS)
def test_the_arrays_agree_with_counting_day_by_day(start: date, workdays: int) -> None:
    assert MIDNIGHT_CALENDAR.add_workdays(start, workdays) == counted_by_hand(start, workdays)


@given(CALENDARS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=30)), COUNTS)
def test_a_later_start_never_ends_earlier(
    calendar: WorkCalendar, start: datetime, later: timedelta, workdays: int
) -> None:
    assert calendar.due_at(start, workdays).at <= calendar.due_at(start + later, workdays).at


@given(CALENDARS, MOMENTS, COUNTS, COUNTS)
def test_more_days_never_end_earlier(calendar: WorkCalendar, start: datetime, some: int, more: int) -> None:
    assert calendar.due_at(start, some).at <= calendar.due_at(start, some + more).at


@given(CALENDARS, MOMENTS, COUNTS)
def test_no_deadline_lies_before_its_start(calendar: WorkCalendar, start: datetime, workdays: int) -> None:
    assert calendar.due_at(start, workdays).at > start


@given(DAYS, COUNTS, COUNTS)
def test_a_split_count_adds_up(start: date, some: int, more: int) -> None:
    add = MIDNIGHT_CALENDAR.add_workdays

    assert add(start, some + more) == add(add(start, some), more)


@given(DAYS, st.integers(0, 3_000))
def test_the_days_between_are_those_that_adding_counts(after: date, apart: int) -> None:
    until = after + timedelta(days=apart)
    between = MIDNIGHT_CALENDAR.workdays_between(after, until)

    assert MIDNIGHT_CALENDAR.add_workdays(after, between) <= until < MIDNIGHT_CALENDAR.add_workdays(after, between + 1)
    assert MIDNIGHT_CALENDAR.workdays_between(until, after) == -between


@given(CALENDARS, MOMENTS, st.integers(0, 40))
def test_the_proof_is_the_deadline(calendar: WorkCalendar, start: datetime, workdays: int) -> None:
    due, proof = calendar.due_at(start, workdays), calendar.explain(start, workdays)
    counted = [line for line in proof if line.ordinal is not None]

    assert [line.ordinal for line in counted] == list(range(1, workdays + 1))
    assert proof[-1].on == due.on
    assert all(line.kind.worked for line in counted)
    assert due.provisional == any(not line.known for line in proof[1:])


@given(CALENDARS, MOMENTS, st.integers(0, 40))
def test_the_latest_start_is_in_time_and_the_next_working_day_is_not(
    calendar: WorkCalendar, due: datetime, workdays: int
) -> None:
    day = calendar.latest_start(due, workdays)
    after = calendar.add_workdays(day, 1)

    # Noon, because a start after the close of business runs to midnight when nothing else is counted.
    assert calendar.due_at(datetime.combine(day, time(12), tzinfo=SHANGHAI), workdays).at <= due
    assert calendar.due_at(datetime.combine(after, time(12), tzinfo=SHANGHAI), workdays).at > due

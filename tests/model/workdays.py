"""Working days of the autumn of 2026, counted apart from the platform's calendar (A01, A02, A03)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from shared.calendar import SHANGHAI

OFF: Final = {date(2026, 9, 25), *(date(2026, 10, day) for day in range(1, 8)), date(2027, 1, 1)}
WORKED: Final = {date(2026, 9, 20), date(2026, 10, 10)}


def day_of(moment: datetime) -> date:
    """Its day in the district."""
    return moment.astimezone(SHANGHAI).date()


def moment(day: date, hour: time = time()) -> datetime:
    """A local hour of a day."""
    return datetime.combine(day, hour, tzinfo=SHANGHAI)


def is_workday(day: date) -> bool:
    """By the State Council's arrangement of 2026."""
    return day in WORKED or (day.weekday() < 5 and day not in OFF)


def end_of_day(start: datetime) -> datetime:
    """24:00."""
    return moment(day_of(start) + timedelta(days=1))


def end_of_workday(start: datetime, count: int) -> datetime:
    """24:00 of the working day that is that many after the day of `start`, which does not count."""
    day = day_of(start)
    while count:
        day += timedelta(days=1)
        count -= is_workday(day)
    return moment(day + timedelta(days=1))


def same_day(start: datetime) -> datetime:
    """24:00, and noon of the next day for what begins after 17:00 (A11, A13)."""
    if start.astimezone(SHANGHAI).time() > time(17):
        return moment(day_of(start) + timedelta(days=1), time(12))
    return end_of_day(start)


def first_call(start: datetime) -> datetime:
    """24:00, and never before two hours of working time (8:30 to 17:30 of working days) have passed (A12)."""
    left, at = timedelta(hours=2), start.astimezone(SHANGHAI)
    while True:
        opens, closes = moment(at.date(), time(8, 30)), moment(at.date(), time(17, 30))
        begin = max(opens, at)
        if is_workday(at.date()) and begin < closes:
            if closes - begin >= left:
                return max(end_of_day(start), begin + left)
            left -= closes - begin
        at = moment(at.date() + timedelta(days=1))

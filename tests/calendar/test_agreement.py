"""The calendar against others' work: two libraries on every day, and the published and computed deadlines."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, timedelta

import chinese_calendar
import holidays
import pytest

from shared.calendar import SHANGHAI, statutory_calendar
from tests.calendar.evaluation import evaluation_file

pytestmark = pytest.mark.clause("S1.1.4a")

CALENDAR = statutory_calendar()


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


EVERY_DAY = days(date(2007, 1, 1), date(2026, 12, 31))


def test_every_day_of_twenty_years_agrees_with_chinesecalendar() -> None:
    assert len(EVERY_DAY) == 7_305
    assert [day for day in EVERY_DAY if CALENDAR.is_workday(day) != chinese_calendar.is_workday(day)] == []


def test_every_day_since_2018_agrees_with_holidays() -> None:
    theirs = holidays.country_holidays("CN", years=range(2017, 2027))
    since = days(date(2018, 1, 1), date(2026, 12, 31))

    assert [day for day in since if CALENDAR.is_workday(day) != theirs.is_working_day(day)] == []


def test_every_day_agrees_with_the_public_year_files() -> None:
    listed: dict[str, bool] = {}
    for year in range(2007, 2027):
        content = json.loads(evaluation_file(f"holiday-cn/{year}.json").read_bytes())
        listed |= {entry["date"]: not entry["isOffDay"] for entry in content["days"]}
    wrong = [day for day in EVERY_DAY if CALENDAR.is_workday(day) != listed.get(day.isoformat(), day.weekday() < 5)]

    assert wrong == []


def test_every_due_date_of_the_oracle_is_exact() -> None:
    with evaluation_file("deadline-examples/working_day_oracle_dev.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = []
    for row in rows:
        start, workdays = date.fromisoformat(row["start"]), int(row["n"])
        morning = datetime(start.year, start.month, start.day, 7, 30, tzinfo=SHANGHAI)
        found = {CALENDAR.add_workdays(start, workdays).isoformat(), CALENDAR.due_at(morning, workdays).on.isoformat()}
        if found != {row["due_date_start_excluded"]}:
            wrong.append((row, found))
        assert CALENDAR.is_workday(start) == (row["start_is_workday"] == "1")

    assert len(rows) == 7_582
    assert wrong == []


def test_the_published_tax_deadlines_follow_from_the_calendar() -> None:
    content = json.loads(evaluation_file("deadline-examples/tax_deadlines_2022_2023_2025.json").read_bytes())
    checked = 0
    for case in content:
        if case["op"] != "add_working_days" or not case["rule_reproduces"]:
            continue
        checked += 1
        assert (
            CALENDAR.add_workdays(date.fromisoformat(case["base"]), case["n"]).isoformat() == case["published_deadline"]
        )

    assert checked > 0

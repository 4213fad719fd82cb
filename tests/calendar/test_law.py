"""What the law gives, against others' tables and against twenty published years; and what a year's file may not lack."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from holidays.calendars.chinese import CHINESE_CALENDAR, _ChineseLunisolar

from shared.calendar import (
    STATUTORY_YEARS,
    ArrangementMalformed,
    CalendarRefused,
    DayFarFromHoliday,
    DayMissing,
    DaysUnbalanced,
    FieldTwice,
    HolidayMissing,
    MakeUpOnWeekday,
    StatutoryDayWorked,
    YearArrangement,
    arrangement_from_holiday_cn,
    arrangement_from_notice,
    check_balanced,
    check_complete,
)
from shared.calendar.law import FIRST_YEAR, LAST_YEAR, days_given, law_days, statutory_days
from tests.calendar.evaluation import evaluation_file
from tests.calendar.published import NOTICE_2027

pytestmark = pytest.mark.clause("S1.1.4a")


@pytest.mark.parametrize("year", range(FIRST_YEAR, LAST_YEAR + 1))
def test_the_days_of_the_moon_and_the_sun_are_where_others_have_them(year: int) -> None:
    theirs = _ChineseLunisolar(calendar=CHINESE_CALENDAR)
    days = {holiday: on for on, holiday in reversed(statutory_days(year))}

    if year >= 2008:
        assert days["清明节"] == theirs.qingming_date(year)[0]
        assert days["端午节"] == theirs.dragon_boat_date(year)[0]
        assert days["中秋节"] == theirs.mid_autumn_date(year)[0]
    assert theirs.lunar_new_year_date(year)[0] in {on for on, holiday in statutory_days(year) if holiday == "春节"}


@pytest.mark.parametrize(
    ("year", "days"), [(2007, 10), (2008, 11), (2013, 11), (2014, 11), (2024, 11), (2025, 13), (2026, 13), (2027, 13)]
)
def test_the_law_has_had_ten_eleven_and_thirteen_days(year: int, days: int) -> None:
    assert len(statutory_days(year)) == days


@pytest.mark.parametrize(
    ("year", "eve", "third"),
    [
        (2007, False, True),
        (2008, True, False),
        (2013, True, False),
        (2014, False, True),
        (2024, False, True),
        (2025, True, True),
    ],
)
def test_the_eve_of_the_new_year_came_and_went_with_the_law(year: int, eve: bool, third: bool) -> None:
    spring = [on for on, holiday in statutory_days(year) if holiday == "春节"]
    new_year, _ = _ChineseLunisolar(calendar=CHINESE_CALENDAR).lunar_new_year_date(year)
    assert new_year is not None
    apart = {(on - new_year).days for on in spring}

    assert (-1 in apart, 2 in apart) == (eve, third)


@pytest.mark.parametrize("arrangement", STATUTORY_YEARS, ids=lambda arrangement: str(arrangement.year))
def test_every_published_year_is_complete_and_balanced(arrangement: YearArrangement) -> None:
    check_complete(arrangement)
    check_balanced(arrangement)


@pytest.mark.parametrize(
    "name", ["2019_2f04d95", "2019_96872fb", "2019_c1c33ae", "2019_ef17540", "2020_as_of_2019-11-21"]
)
def test_every_revision_that_had_no_hole_is_accepted(name: str) -> None:
    arrangement_from_holiday_cn(evaluation_file(f"holiday-cn/revisions/{name}.json").read_bytes())


@pytest.mark.parametrize(
    ("year", "off", "given"),
    [
        (2015, "2015-09-04", 12),
        (2015, "2015-09-05", 11),
        (2016, "2015-09-04", 11),
        (2020, "2020-01-31", 13),
        (2020, "2020-01-30", 11),
    ],
)
def test_two_years_were_given_days_of_their_own(year: int, off: str, given: int) -> None:
    assert days_given(year, {date.fromisoformat(off)}) == given


# -- a file with a hole -------------------------------------------------------------------------------------------------


def file_of(year: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(evaluation_file(f"holiday-cn/{year}.json").read_bytes())
    return content


@pytest.mark.parametrize("year", range(2007, 2027))
def test_without_any_one_weekday_off_or_make_up_day_a_published_year_is_refused(year: int) -> None:
    """Nothing that moves a deadline can be lost: what is left out of this are weekend days, free without a line."""
    content = file_of(year)
    days = content["days"]
    check_complete(arrangement_from_holiday_cn(content))
    for left_out in days:
        on = date.fromisoformat(left_out["date"])
        if left_out["isOffDay"] == (on.weekday() >= 5):
            continue
        with pytest.raises((DayMissing, DaysUnbalanced, HolidayMissing)):
            arrangement_from_holiday_cn({**content, "days": [day for day in days if day is not left_out]})


@pytest.mark.parametrize("holiday", ["元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"])
def test_without_one_holiday_the_year_2026_is_refused_by_its_name(holiday: str) -> None:
    content = file_of(2026)
    content["days"] = [day for day in content["days"] if holiday != day["name"]]

    with pytest.raises(HolidayMissing) as refused:
        arrangement_from_holiday_cn(content)

    assert refused.value.facts == {"year": 2026, "holiday": holiday, "confirm": "confirm_incomplete"}


def without(*gone: str, off: bool = True, worked: bool = True) -> dict[str, Any]:
    content = file_of(2026)
    content["days"] = [
        day for day in content["days"] if day["date"] not in gone and (off if day["isOffDay"] else worked)
    ]
    return content


def with_day(day: str, *, off: bool, name: str) -> dict[str, Any]:
    content = file_of(2026)
    content["days"].append({"date": day, "isOffDay": off, "name": name})
    return content


@pytest.mark.parametrize(
    ("content", "error", "facts"),
    [
        pytest.param(
            lambda: without("2026-10-07"),
            DaysUnbalanced,
            {"off_weekdays": 18, "make_up_days": 6},
            id="the last day of 国庆",
        ),
        pytest.param(
            lambda: without("2026-02-23"),
            DaysUnbalanced,
            {"off_weekdays": 18, "make_up_days": 6},
            id="the last day of 春节",
        ),
        pytest.param(
            lambda: without("2026-10-10"), DaysUnbalanced, {"off_weekdays": 19, "make_up_days": 5}, id="a make-up day"
        ),
        pytest.param(
            lambda: without(worked=False),
            DaysUnbalanced,
            {"off_weekdays": 19, "make_up_days": 0},
            id="all make-up days",
        ),
        pytest.param(
            lambda: without("2026-09-25"), DayMissing, {"day": "2026-09-25"}, id="the fifteenth of the eighth"
        ),
        pytest.param(lambda: without("2026-02-16"), DayMissing, {"day": "2026-02-16"}, id="the eve of the new year"),
        pytest.param(
            lambda: without("2026-05-02"), DayMissing, {"day": "2026-05-02"}, id="the second of May, a Saturday"
        ),
        pytest.param(
            lambda: with_day("2026-04-27", off=False, name="劳动节"),
            MakeUpOnWeekday,
            {"day": "2026-04-27"},
            id="a Monday",
        ),
        pytest.param(
            lambda: with_day("2026-12-12", off=False, name="某节"),
            DaysUnbalanced,
            {"make_up_days": 7},
            id="one too many",
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name="国庆节"),
            DayFarFromHoliday,
            {"day": "2026-08-10"},
            id="August",
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name="某纪念日"),
            DaysUnbalanced,
            {"statutory": 13},
            id="a day of its own",
        ),
        pytest.param(
            lambda: with_day("2027-01-01", off=False, name="元旦"),
            StatutoryDayWorked,
            {"day": "2027-01-01"},
            id="a New Year",
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name=" "), ArrangementMalformed, {"row": 40}, id="no name"
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name="a\x00"), ArrangementMalformed, {"row": 40}, id="NUL"
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name="\ud800"), ArrangementMalformed, {}, id="half a letter"
        ),
        pytest.param(
            lambda: with_day("2026-08-10", off=True, name="节" * 51), ArrangementMalformed, {}, id="an endless name"
        ),
        pytest.param(lambda: {**file_of(2026), "papers": ["\x00"]}, ArrangementMalformed, {}, id="NUL in the source"),
        pytest.param(
            lambda: {**file_of(2026), "year": LAST_YEAR + 1}, ArrangementMalformed, {}, id="beyond the tables"
        ),
    ],
)
def test_a_year_that_cannot_be_right_is_refused_by_name(
    content: Any, error: type[CalendarRefused], facts: dict[str, Any]
) -> None:
    with pytest.raises(error) as refused:
        arrangement_from_holiday_cn(content())

    assert (refused.value.status, refused.value.clause) == (422, "S1.1.4a")
    assert facts.items() <= refused.value.facts.items()


def test_a_day_of_its_own_comes_in_when_that_is_confirmed_and_a_hole_does_not() -> None:
    extra = with_day("2026-09-03", off=True, name="某纪念日")

    assert date(2026, 9, 3) in arrangement_from_holiday_cn(extra, balanced=False).off_days
    with pytest.raises(HolidayMissing):
        arrangement_from_holiday_cn(without("2026-09-25", "2026-09-26", "2026-09-27"), balanced=False)


def test_a_day_of_the_law_that_a_file_does_not_name_stays_off_whatever_is_confirmed() -> None:
    new_year_alone = {**file_of(2026), "year": 2027}
    new_year_alone["days"] = [{"date": "2027-01-01", "isOffDay": True, "name": "元旦"}]

    arrangement = arrangement_from_holiday_cn(new_year_alone, complete=False, balanced=False)

    assert dict(arrangement.off_days) == law_days((2027,))
    assert not arrangement.make_up_days


@pytest.mark.parametrize(
    ("key", "again"), [("isOffDay", '"isOffDay":true,"isOffDay":false'), ("year", '"year":2026,"isOffDay":true')]
)
def test_a_key_that_comes_twice_is_refused_by_name(key: str, again: str) -> None:
    document = json.dumps(file_of(2026)).replace('"isOffDay": true', again, 1)
    if key == "year":
        document = document.replace('"papers"', '"year": 2026, "papers"', 1)

    with pytest.raises(FieldTwice) as refused:
        arrangement_from_holiday_cn(document)
    assert (refused.value.code, refused.value.facts) == ("calendar_repeated_field", {"field": key})


def test_the_days_of_the_law_are_known_for_every_year_that_people_can_ask_for() -> None:
    assert (FIRST_YEAR, LAST_YEAR) == (2001, 2099)


def test_a_name_that_is_just_short_enough_is_taken() -> None:
    extra = with_day("2026-09-03", off=True, name="节" * 50)

    assert arrangement_from_holiday_cn(extra, balanced=False).off_days[date(2026, 9, 3)] == "节" * 50


@pytest.mark.parametrize(
    ("said", "instead", "error"),
    [
        ("　　六、中秋节：9月15日（周三）放假1天。\n", "", HolidayMissing),
        ("5月8日（周六）上班", "4月26日（周一）上班", MakeUpOnWeekday),
        ("5月8日（周六）上班", "5月8日（周六）、4月26日（周一）上班", MakeUpOnWeekday),
        ("。5月8日（周六）上班", "", DaysUnbalanced),
        ("至12日（周五）放假调休，共8天", "至11日（周四）放假调休，共7天", DaysUnbalanced),
    ],
)
def test_a_notice_with_the_same_faults_is_refused_in_the_same_words(
    said: str, instead: str, error: type[CalendarRefused]
) -> None:
    text = NOTICE_2027.replace(said, instead)
    assert text != NOTICE_2027

    with pytest.raises(error):
        arrangement_from_notice(2027, text)

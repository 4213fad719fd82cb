"""The State Council notice pasted as text: what it means, and what is refused instead of guessed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from shared.calendar import (
    CalendarRefused,
    DayContradicted,
    DayMissing,
    DayTwice,
    NoticeContradicted,
    NoticeUnreadable,
    arrangement_from_notice,
    read_notice,
)
from tests.calendar.evaluation import evaluation_file
from tests.calendar.published import NOTICE_2027, off_days, worked_days

pytestmark = pytest.mark.clause("S1.1.4a")


def meaning(year: int, text: str) -> set[tuple[str, bool]]:
    return {(row.on.isoformat(), row.off) for row in read_notice(year, text).rows}


def test_every_official_sentence_of_the_evaluation_means_the_days_it_means() -> None:
    path = evaluation_file("holiday-cn/scripts/description_parsing_cases.json")
    cases = json.loads(path.read_text())
    wrong = [
        case["description"]
        for case in cases
        if meaning(case["year"], case["description"]) != {(d["date"], d["isOffDay"]) for d in case["expected"]}
    ]

    assert len(cases) == 49
    assert wrong == []


def test_a_whole_notice_is_read_with_its_names_and_its_number() -> None:
    arrangement = arrangement_from_notice(2027, NOTICE_2027)

    assert arrangement.source_notice == "国办发明电〔2026〕99号"
    assert set(arrangement.off_days) == off_days()
    assert set(arrangement.make_up_days) == worked_days()
    assert arrangement.off_days[date(2027, 2, 5)] == "春节"
    assert arrangement.make_up_days[date(2027, 10, 9)] == "国庆节"
    assert arrangement.off_days[date(2026, 12, 31)] == "元旦"


@pytest.mark.parametrize(
    ("year", "text", "expected"),
    [
        (2027, "5月1日放假。", {("2027-05-01", True)}),
        (2027, "6月9日（周三）放假1天，不调休。", {("2027-06-09", True)}),
        (2027, "5月1日放假，5月3日（星期一）补休。", {("2027-05-01", True), ("2027-05-03", True)}),
        (
            2027,
            "1月30日(星期六)、31日(星期日)上班。2月8日放假。",
            {("2027-01-30", False), ("2027-01-31", False), ("2027-02-08", True)},
        ),
        (
            2028,
            "2027年12月31日至2028年1月1日放假调休，共2天。12月26日（星期日）上班。",
            {("2027-12-31", True), ("2028-01-01", True), ("2027-12-26", False)},
        ),
        (
            2027,
            "将5月2日（星期日）公休日调至5月3日（星期一），5月1日放假。",
            {("2027-05-02", False), ("2027-05-03", True), ("2027-05-01", True)},
        ),
    ],
)
def test_a_sentence_means_its_days(year: int, text: str, expected: set[tuple[str, bool]]) -> None:
    assert meaning(year, text) == expected


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("5月1日（周日）放假。", NoticeContradicted),  # a Saturday
        ("5月1日至5日放假调休，共4天。", NoticeContradicted),
        ("6月9日放假2天。", NoticeContradicted),
        ("5月5日至1日放假。", NoticeContradicted),
        ("一、元旦：2026年1月1日起放假。关于2026年部分节假日安排", NoticeContradicted),  # another year's notice
        ("延长春节假期至2月12日，2月13日起正常上班。", NoticeUnreadable),
        ("5月1日举行活动。", NoticeUnreadable),
        ("2月30日放假。", NoticeUnreadable),
        ("节假日期间要妥善安排值班。", NoticeUnreadable),
        ("", NoticeUnreadable),
        ("5月1日至3日放假。5月3日上班。", DayContradicted),
        ("5月1日至5日放假调休，共5天。4月25日（周日）、4月25日（周日）上班。", DayTwice),
        ("5月1日至5日放假调休，共5天。4月25日（周日）上班。4月25日（周日）上班。", DayTwice),
        ("5月1日放假，5月1日（周六）补休。", DayTwice),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(text: str, refusal: type[CalendarRefused]) -> None:
    with pytest.raises(refusal) as refused:
        read_notice(2027, text)

    assert (refused.value.status, refused.value.clause) == (422, "S1.1.4a")


def test_a_notice_without_a_holiday_is_incomplete_unless_that_is_confirmed() -> None:
    text = NOTICE_2027.replace("　　三、清明节：4月3日（周六）至5日（周一）放假，共3天。\n", "")
    assert text != NOTICE_2027

    with pytest.raises(CalendarRefused) as refused:
        arrangement_from_notice(2027, text)

    assert refused.value.code == "calendar_holiday_missing"
    assert date(2027, 4, 5) not in arrangement_from_notice(2027, text, complete=False).off_days


def test_a_notice_without_the_first_of_october_is_refused() -> None:
    with pytest.raises(DayMissing):
        arrangement_from_notice(
            2027, NOTICE_2027.replace("10月1日（周五）至7日（周四）放假调休，共7天", "10月2日至7日放假")
        )


def test_a_day_that_two_holidays_name_is_refused() -> None:
    with pytest.raises(DayTwice):
        arrangement_from_notice(2027, NOTICE_2027 + "\n八、元旦：1月1日放假。", complete=False)

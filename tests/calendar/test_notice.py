"""The State Council notice pasted as text: what it means, and what is refused instead of guessed."""

from __future__ import annotations

import json
import re
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
    "text",
    [
        "现将2027年放假安排通知如下：一、元旦：1月1日（周五）至3日（周日）放假调休，共3天。",
        "现将2027年放假安排通知如下：元旦：1月1日（周五）至3日（周日）放假调休，共3天。",
        "一、元旦\n1月1日（周五）至3日（周日）放假，共3天。",
        "一、元旦：1 月 1 日（周五）至 3 日（周日）放假，共 3 天。",
        "一、元旦：1月1日（周五）至\n3日（周日）放假，\n共3天。",
        "１．元旦：１月１日至３日放假，共三天。",
        "①元旦：1月1日至3日（周五至周日）放假。",
        "——元旦：1月1日星期五至3日星期日放假调休。",
        "一、元旦：1⽉1⽇至3⽇放假。",
        "一、元旦：1月1日至3日放假，共3天。国务院办公厅 2026年11月20日",
        "一、元旦：1月1日至3日放假，共3天。2026年11月20日",
        "成文日期：2026年11月20日 发布日期：2026-11-21 10:00\n元旦：1月1日至3日放假。\n扫一扫在手机打开当前页",
        "根据2024年11月10日修订的《全国年节及纪念日放假办法》，安排如下。\n元旦：1月1日至3日放假。",
    ],
)
def test_a_form_in_which_notices_are_pasted_is_read(text: str) -> None:
    rows = read_notice(2027, text).rows

    assert {(row.on.isoformat(), row.holiday, row.off) for row in rows} == {
        (f"2027-01-0{number}", "元旦", True) for number in (1, 2, 3)
    }


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("2月5日至8日放假。\n一、元旦：1月1日放假。", "2月5日至8日放假"),
        ("放假时间另行通知：1月4日。一、元旦：1月1日放假。", "1月4日"),
        ("元旦：1月1日放假。以下周末上班：2月20日。", "以下周末上班"),
        ("元旦：1月1日放假。二、以下日期上班：2月20日。", "以下日期上班"),
        ("元旦：1月1日放假，值班人员1月4日补休。", "值班人员1月4日补休"),
        ("元旦：1月1日放假（1月4日上班）。", "1月4日上班"),
        ("元旦：1月1日放假。原定1月4日上班的安排取消。", "原定1月4日"),
        ("元旦：1月1日2日放假。", "1月1日2日"),
        ("元旦：1月1 1日放假。", "1 1日"),
        ("元旦：1月1\n1日放假。", "1日放假"),
        ("元旦：1月1日，1月2日放假。", "1月1日，1月2日"),
        ("元旦：一月一日放假。", "一月一日"),
        ("元旦：2027.1.1放假。", "2027.1.1"),
        ("元旦：1月1日放假，共1天春节：2月5日放假。", "共1天春节"),
        ("9月14日公休日调至9月16日至17日上班。", "9月14日公休日"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_words(text: str, quoted: str) -> None:
    with pytest.raises(NoticeUnreadable) as refused:
        read_notice(2027, text)

    assert quoted in refused.value.piece


@pytest.mark.parametrize(
    "text",
    [
        "9月14日（星期六）公休日调至9月16日（星期一）、9月14日（星期六）上班。",
        "9月14日（星期六）公休日调至9月16日（星期一），9月14日（星期六）上班。",
        "将9月14日（星期六）一个公休日调至9月16日（星期一）。",
    ],
)
def test_a_day_that_was_moved_away_is_worked_however_it_is_joined(text: str) -> None:
    assert meaning(2024, text) == {("2024-09-16", True), ("2024-09-14", False)}


@pytest.mark.parametrize(
    "text",
    [
        "9月14日、15日公休日调至9月16日。",
        "9月14日两个公休日调至9月16日。",
        "1月1日（周五至周日）放假。",
        "9月14日公休日调至9月16日上班。",
    ],
)
def test_days_that_do_not_fit_each_other_are_refused(text: str) -> None:
    with pytest.raises((NoticeContradicted, NoticeUnreadable)):
        read_notice(2024, text)


def test_a_month_of_another_holiday_is_of_the_notices_own_year() -> None:
    assert meaning(2027, "中秋节：9月15日放假。1月1日放假。") == {("2027-09-15", True), ("2027-01-01", True)}
    assert meaning(2027, "元旦：2026年12月31日放假。7月2日放假。") == {("2026-12-31", True), ("2027-07-02", True)}


def test_a_recommendation_changes_no_day() -> None:
    text = "春节：2月5日放假。鼓励各单位结合带薪年休假等制度落实，安排职工在（2月4日）休息。"

    assert meaning(2027, text) == {("2027-02-05", True)}


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
    confirmed = arrangement_from_notice(2027, text, complete=False).off_days
    assert (date(2027, 4, 3) in confirmed, confirmed[date(2027, 4, 5)]) == (
        False,
        "清明节",
    )  # the day itself is off by law


def test_a_notice_without_the_first_of_october_is_refused() -> None:
    with pytest.raises(DayMissing):
        arrangement_from_notice(
            2027, NOTICE_2027.replace("10月1日（周五）至7日（周四）放假调休，共7天", "10月2日至7日放假")
        )


def test_a_day_that_two_holidays_name_is_refused() -> None:
    with pytest.raises(DayTwice):
        arrangement_from_notice(2027, NOTICE_2027 + "\n八、元旦：1月1日放假。", complete=False)


_NUMBERED = r"[一二三四五六七]、(\w{2,3})："


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(re.sub(r"(\d+月\d+)日（周.[^）]*）至(\d+)日（周.）", r"\1-\2日", NOTICE_2027), id="10月1-7日"),
        pytest.param(re.sub(_NUMBERED, r"【\1】", NOTICE_2027), id="【元旦】"),
        pytest.param(re.sub(_NUMBERED, r"【\1】\n", NOTICE_2027), id="【元旦】 on a line of its own"),
        pytest.param(NOTICE_2027.replace("、2月20日", "以及2月20日"), id="以及 between dates"),
        pytest.param(NOTICE_2027.replace("、2月20日", "，以及2月20日"), id="以及 after a comma"),
        pytest.param(NOTICE_2027.replace("共8天。1月31日", "共8天，以及1月31日"), id="以及 between clauses"),
        pytest.param(NOTICE_2027 + "责任编辑：张三", id="a footer"),
        pytest.param(
            NOTICE_2027 + "来源：新华社\n（责任编辑：张三 2026-11-20 10:20）\n", id="two footers, one with a date"
        ),
    ],
)
def test_what_web_pages_and_departments_write_otherwise_means_the_same(written: str) -> None:
    assert written != NOTICE_2027
    found, plain = arrangement_from_notice(2027, written), arrangement_from_notice(2027, NOTICE_2027)

    assert (found.off_days, found.make_up_days) == (plain.off_days, plain.make_up_days)


@pytest.mark.parametrize(
    "line", ["责任编辑：张三 10月8日上班", "责任编辑：张三\n10月10日（周日）上班", "责任编辑：张三，10月8日"]
)
def test_a_day_beside_a_footer_is_not_left_out(line: str) -> None:
    try:
        found = arrangement_from_notice(2027, NOTICE_2027 + line, balanced=False)
    except CalendarRefused:
        return
    assert date(2027, 10, 10) in found.make_up_days

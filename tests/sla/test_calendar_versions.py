"""The calendar as people keep it: imported, edited, previewed, listed, and missed when a year is not in."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.sla.recomputing.handlers import seed
from services.sla.service import SERVICE
from shared.calendar import STATUTORY_YEARS, YearArrangement
from shared.contracts.sla import CalendarChanged
from shared.identity import Role
from tests.calendar.published import NOTICE_2027, holiday_cn, icalendar
from tests.sla.story import ORDER, UNIT, assigned, local, received
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of

pytestmark = pytest.mark.clause("S1.1.4a")

READERS = (Role.CASEWORKER, Role.DISPATCHER, Role.CENTRE_HEAD, Role.OFFICE, Role.AUDITOR)


async def post(desk: Desk, path: str, body: dict[str, Any], *roles: Role, **more: Any) -> httpx.Response:
    unit = UNIT if Role.CASEWORKER in roles else None
    headers = desk.bearer(*(roles or (Role.ADMIN,)), unit=unit)
    return await desk.http.post(f"/api/sla/v1{path}", json=body, headers=headers, **more)


async def get(desk: Desk, path: str, *roles: Role) -> Any:
    headers = desk.bearer(*(roles or (Role.ADMIN,)), unit=UNIT if Role.CASEWORKER in roles else None)
    return await desk.http.get(f"/api/sla/v1{path}", headers=headers)


def year(form: str = "notice", content: str = NOTICE_2027, **more: Any) -> dict[str, Any]:
    return {"year": 2027, "form": form, "content": content, **more}


def days_of(arrangement: YearArrangement) -> list[tuple[str, bool, str]]:
    off = [(day.isoformat(), True, name) for day, name in arrangement.off_days.items()]
    return off + [(day.isoformat(), False, name) for day, name in arrangement.make_up_days.items()]


def weekdays_of(asked: int) -> int:
    first = date(asked, 1, 1)
    every = (first + timedelta(days=number) for number in range((date(asked + 1, 1, 1) - first).days))
    return sum(day.weekday() < 5 for day in every)


def days(*edits: tuple[str, str]) -> list[dict[str, str]]:
    return [{"on": on, "wanted": wanted, "holiday": "临时安排"} for on, wanted in edits]


@pytest.mark.parametrize(
    ("form", "content"), [("notice", NOTICE_2027), ("holiday-cn", holiday_cn()), ("icalendar", icalendar())]
)
async def test_a_year_comes_in_by_every_form_and_the_alarm_goes(desk: Desk, form: str, content: str) -> None:
    assert [alarm["year"] for alarm in (await get(desk, "/calendar/alarms")).json()] == [2027]

    answer = await post(desk, "/calendar/imports", year(form, content, reason="通知发布"))

    assert answer.status_code == 201, answer.text
    assert answer.json()["version"] == "calendar-2"
    assert (await get(desk, "/calendar/alarms")).json() == []
    state = (await get(desk, "/calendar")).json()
    assert (state["version"], state["years"][-1], state["missing_year"]) == ("calendar-2", 2027, None)
    listed = (await get(desk, "/calendar/2027")).json()
    assert (listed["published"], len(listed["days"])) == (True, 27 + 6)
    assert desk.runtime.works.calendar.version == "calendar-2"


async def test_an_import_publishes_the_whole_calendar_and_records_who_why_and_by_which_document(desk: Desk) -> None:
    await post(desk, "/calendar/imports", year(reason="通知发布"))

    [event] = await desk.told(CalendarChanged)
    assert (event.number, event.version, event.previous) == (2, "calendar-2", "statutory-2026.1")
    assert [arranged.year for arranged in event.years] == list(range(2007, 2028))
    page = (await get(desk, "/calendar/versions")).json()
    newest, oldest = page["items"]
    assert (newest["document"], newest["reason"], newest["created_by"], newest["source"]) == (
        "国办发明电〔2026〕99号",
        "通知发布",
        "admin-centre",
        "import",
    )
    assert (newest["first_day"], oldest["version"], oldest["recomputation"]) == (
        "2026-12-26",
        "statutory-2026.1",
        None,
    )
    [audit] = await desk.rows("select actor, reason, before, after from audit where action = 'calendar.changed'")
    assert (audit["actor"], audit["reason"]) == ("admin-centre", "通知发布")
    assert audit["after"]["days"]["2027-02-09"] == "holiday"
    assert "2027-02-05" not in audit["after"]["days"]  # the eve of the new year was off before, by law


async def test_versions_are_append_only(desk: Desk) -> None:
    for statement in ("update calendar_version set reason = 'x'", "delete from calendar_year"):
        with pytest.raises(Exception, match="append-only"):
            await desk.rows(statement)


async def test_the_first_of_november_raises_the_alarm_and_not_the_day_before(postgres_server: DatabaseServer) -> None:
    for now, years in (("2026-10-31T23:59", []), ("2026-11-01T00:01", [2027])):
        async with desk_of(SERVICE, postgres_server, now=local(now)) as desk:
            assert [alarm["year"] for alarm in (await get(desk, "/calendar/alarms")).json()] == years
            shown = desk.runtime.metrics.registry.get_sample_value("gongdan_sla_calendar_missing_year")
            assert shown == (years[0] if years else 0)


async def test_two_missing_years_are_two_alarms(postgres_server: DatabaseServer) -> None:
    async with desk_of(SERVICE, postgres_server, now=local("2027-11-01T00:01")) as desk:
        alarms = (await get(desk, "/calendar/alarms")).json()
        state = (await get(desk, "/calendar")).json()

    assert [(alarm["year"], alarm["since"]) for alarm in alarms] == [(2027, "2026-11-01"), (2028, "2027-11-01")]
    assert (state["missing_year"], state["missing_years"]) == (2027, [2027, 2028])


async def test_an_alarm_counts_the_clocks_that_are_provisional(desk: Desk) -> None:
    await desk.tell(received("2026-12-30T09:00"))

    [alarm] = (await get(desk, "/calendar/alarms", Role.DISPATCHER)).json()

    assert (alarm["code"], alarm["clause"], alarm["since"]) == ("calendar_missing_year", "S1.1.4a", "2026-11-01")
    assert alarm["provisional_clocks"] >= 1
    clocks = (await get(desk, f"/orders/{ORDER}/clocks", Role.DISPATCHER)).json()["clocks"]
    assert [clock["provisional"] for clock in clocks if clock["kind"] == "district_final"] == [True]


# -- preview ------------------------------------------------------------------------------------------------------------


async def test_a_preview_names_the_deadlines_that_would_move_and_changes_nothing(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    before = await desk.rows("select id, due_at, calendar from clock order by id")

    answer = (await post(desk, "/calendar/edits/preview", {"days": days(("2026-11-25", "off"))})).json()

    moving = {item["kind"]: (item["due_at"], item["new_due_at"]) for item in answer["items"]}
    assert moving["final"] == ("2026-11-26T16:00:00Z", "2026-11-27T16:00:00Z")
    assert set(moving) == {"final", "district_final"}
    assert (answer["clocks_moving"], answer["clocks_settled"], answer["base_version"]) == (2, 0, "statutory-2026.1")
    assert [(day["on"], day["was"], day["becomes"]) for day in answer["changed_days"]] == [
        ("2026-11-25", "working", "holiday")
    ]
    assert await desk.rows("select id, due_at, calendar from clock order by id") == before
    assert await desk.told(CalendarChanged) == []


async def test_a_preview_comes_in_pages_that_miss_and_repeat_nothing(desk: Desk) -> None:
    orders = [f"00000000-0000-7000-8000-0000000001{number:02}" for number in range(7)]
    await desk.tell(*(received(order_id=order) for order in orders))

    seen: list[str] = []
    cursor, pages = "", 0
    while True:
        path = f"/calendar/edits/preview?limit=3{cursor}"
        page = (await post(desk, path, {"days": days(("2026-11-25", "off"))})).json()
        seen += [item["order_id"] for item in page["items"]]
        assert (page["clocks_moving"] == 7) == (pages == 0)
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert (sorted(seen), pages) == (orders, 3)


async def test_a_preview_of_a_year_shows_provisional_deadlines_that_become_certain(desk: Desk) -> None:
    await desk.tell(received("2026-12-29T09:00"))  # 30, 31 and 4 January: New Year's Day is off by law

    answer = (await post(desk, "/calendar/imports/preview", year())).json()

    [item] = [item for item in answer["items"] if item["kind"] == "district_final"]
    assert (item["due_at"], item["new_due_at"], item["provisional"]) == (
        "2027-01-04T16:00:00Z",
        "2027-01-05T16:00:00Z",
        False,
    )
    # The last six days of December 2026 are certain now, those of 2027 are not; the 13 days of the law were before.
    assert len(answer["changed_days"]) == 365 - 13


# -- refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (year(content=NOTICE_2027 + "\n八、元旦：1月1日放假。"), 422, "calendar_day_twice"),
        (year(content=NOTICE_2027.replace("（周五）至3日", "（周六）至3日")), 422, "calendar_notice_contradicted"),
        (
            year(content=NOTICE_2027.replace("　　五、端午节：6月9日（周三）放假1天，不调休。\n", "")),
            422,
            "calendar_holiday_missing",
        ),
        (year(content=NOTICE_2027.replace("9月26日（周日）", "10月3日（周日）")), 422, "calendar_day_contradicted"),
        (
            year(content=NOTICE_2027.replace("　　六、中秋节：9月15日（周三）放假1天。\n", "")),
            422,
            "calendar_holiday_missing",
        ),
        (
            year(content=NOTICE_2027.replace("5月8日（周六）上班", "4月26日（周一）上班")),
            422,
            "calendar_make_up_on_weekday",
        ),
        (year(content=NOTICE_2027.replace("5月8日（周六）上班。", "")), 422, "calendar_unbalanced"),
        (
            year(content=NOTICE_2027.replace("9日（周六）上班", "9日（周六）、10月9日（周六）上班")),
            422,
            "calendar_day_twice",
        ),
        (year("holiday-cn", holiday_cn().replace("2027-05-05", "2027-08-05")), 422, "calendar_day_far_from_holiday"),
        (year("holiday-cn", holiday_cn().replace("2027-05-08", "2028-01-01")), 422, "calendar_statutory_day_worked"),
        (year("holiday-cn", holiday_cn().replace('"国庆节"', '""')), 422, "calendar_malformed"),
        (year("holiday-cn", holiday_cn().replace('"国庆节"', '"\\u0000"')), 422, "calendar_malformed"),
        (
            year("icalendar", icalendar().replace("VALUE=DATE:20270609", "VALUE=DATE:20271301")),
            422,
            "calendar_malformed",
        ),
        (year("holiday-cn", holiday_cn(2028)), 422, "calendar_day_outside_year"),
        (year("holiday-cn", holiday_cn(2027)) | {"year": 2026}, 422, "calendar_year_mismatch"),
        (year("holiday-cn", "{"), 422, "calendar_malformed"),
        (year("holiday-cn", '{"year": 2027, "papers": [], "days": []}'), 422, "calendar_year_not_published"),
        (year("icalendar", "x"), 422, "calendar_malformed"),
        (year("notice", "放假。"), 422, "calendar_notice_unreadable"),
    ],
)
async def test_a_year_that_leaves_a_doubt_is_refused_with_the_clause(
    desk: Desk, body: dict[str, Any], status: int, code: str
) -> None:
    for path, more in (("/calendar/imports/preview", {}), ("/calendar/imports", {"reason": "通知发布"})):
        answer = await post(desk, path, body | more)

        assert (answer.status_code, answer.json()["code"], answer.json()["clause"]) == (status, code, "S1.1.4a")
    assert len(await desk.rows("select 1 from calendar_version")) == 1


async def test_a_year_that_lacks_a_holiday_comes_in_when_that_is_confirmed(desk: Desk) -> None:
    content = NOTICE_2027.replace("　　五、端午节：6月9日（周三）放假1天，不调休。\n", "")

    answer = await post(desk, "/calendar/imports", year(content=content, reason="x", confirm_incomplete=True))

    assert answer.status_code == 201


async def test_a_year_with_a_day_of_its_own_comes_in_when_that_is_confirmed_and_the_confirmation_is_on_record(
    desk: Desk,
) -> None:
    content = NOTICE_2027 + "\n八、某纪念日：9月3日（周五）放假1天。"

    refused = await post(desk, "/calendar/imports", year(content=content, reason="x"))
    preview = await post(desk, "/calendar/imports/preview", year(content=content, confirm_unbalanced=True))
    applied = await post(desk, "/calendar/imports", year(content=content, reason="增加一天", confirm_unbalanced=True))

    assert (refused.status_code, refused.json()["code"]) == (422, "calendar_unbalanced")
    assert refused.json()["facts"] == {
        "year": 2027,
        "off_weekdays": 20,
        "make_up_days": 6,
        "statutory": 13,
        "confirm": "confirm_unbalanced",
    }
    assert (preview.status_code, applied.status_code) == (200, 201)
    [audit] = await desk.rows("select reason, after from audit where action = 'calendar.changed'")
    assert (audit["reason"], audit["after"]["confirmed"]) == ("增加一天", ["unbalanced"])


async def test_what_a_confirmed_file_does_not_name_stays_off_by_law(desk: Desk) -> None:
    new_year_alone = "国务院办公厅关于2027年部分节假日安排的通知\n一、元旦：1月1日（周五）放假1天。"
    body = year(content=new_year_alone, confirm_incomplete=True, confirm_unbalanced=True)

    answer = await post(desk, "/calendar/imports/preview", body)

    assert answer.status_code == 200, answer.text
    changed = {day["on"]: (day["was"], day["becomes"]) for day in answer.json()["changed_days"]}
    assert {"2027-02-05", "2027-02-08", "2027-04-05", "2027-06-09", "2027-09-15", "2027-10-01"}.isdisjoint(changed)


@pytest.mark.parametrize(("asked", "holidays"), [(2051, 13), (2099, 13), (2001, 10)])
async def test_a_year_far_from_the_published_ones_shows_the_days_of_the_law(
    desk: Desk, asked: int, holidays: int
) -> None:
    answer = (await get(desk, f"/calendar/{asked}")).json()

    assert (answer["published"], len(answer["days"])) == (False, holidays)
    assert {f"{asked}-01-01", f"{asked}-05-01", f"{asked}-10-01"} <= {day["on"] for day in answer["days"]}
    days_off = sum(date.fromisoformat(day["on"]).weekday() < 5 for day in answer["days"])
    assert answer["workdays"] == weekdays_of(asked) - days_off


async def test_a_json_file_with_a_key_twice_is_refused(desk: Desk) -> None:
    content = holiday_cn().replace('"isOffDay": true', '"isOffDay": true, "isOffDay": false', 1)

    for path, more in (("imports/preview", {}), ("imports", {"reason": "通知发布"})):
        answer = await post(desk, f"/calendar/{path}", year("holiday-cn", content, **more))
        assert (answer.status_code, answer.json()["code"]) == (422, "calendar_repeated_field")
        assert answer.json()["facts"] == {"field": "isOffDay"}


async def test_a_missing_holiday_is_not_confirmed_by_confirming_the_number_of_days(desk: Desk) -> None:
    content = NOTICE_2027.replace("　　五、端午节：6月9日（周三）放假1天，不调休。\n", "")

    answer = await post(desk, "/calendar/imports/preview", year(content=content, confirm_unbalanced=True))

    assert (answer.status_code, answer.json()["code"]) == (422, "calendar_holiday_missing")


async def test_a_year_that_says_nothing_new_makes_no_version_whatever_its_source_is_called(desk: Desk) -> None:
    days = [{"date": day, "isOffDay": off, "name": f"{name}（同）"} for day, off, name in days_of(STATUTORY_YEARS[-1])]
    content = json.dumps({"year": 2026, "papers": ["https://www.gov.cn/x.htm"], "days": days})

    answer = await post(desk, "/calendar/imports", year("holiday-cn", content, reason="x") | {"year": 2026})

    assert (answer.status_code, answer.json()["code"]) == (409, "calendar_unchanged")
    assert len(await desk.rows("select 1 from calendar_version")) == 1


async def test_the_same_year_again_is_refused(desk: Desk) -> None:
    await post(desk, "/calendar/imports", year(reason="通知发布"))

    answer = await post(desk, "/calendar/imports", year(reason="通知发布"))

    assert (answer.status_code, answer.json()["code"]) == (409, "calendar_unchanged")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("春节：2月5日（周五）至15日（周一）放假调休，共11天。2月20日（周六）上班。", id="some days only"),
        pytest.param(
            NOTICE_2027.replace("5月8日（周六）上班", "5月9日（周日）上班"), id="the whole year, one day changed"
        ),
    ],
)
async def test_a_file_over_a_year_that_is_in_would_replace_it_and_says_so(desk: Desk, content: str) -> None:
    await post(desk, "/calendar/imports", year(reason="通知发布"))

    for path, more in (("/calendar/imports/preview", {}), ("/calendar/imports", {"reason": "修改"})):
        for incomplete in (False, True):
            answer = await post(desk, path, year(content=content, confirm_incomplete=incomplete) | more)

            assert (answer.status_code, answer.json()["code"]) == (409, "calendar_year_exists")
            assert answer.json()["facts"]["year"] == 2027
            assert "单日调整" in answer.json()["detail"]
    assert len(await desk.rows("select 1 from calendar_version")) == 2


@pytest.mark.parametrize(
    ("asked", "content", "code"),
    [
        (2026, "延长2026年春节假期至2月25日（星期三），2月26日（星期四）起正常上班。", "calendar_year_exists"),
        (2026, "春节假期延长至2月25日，各地大专院校推迟开学。", "calendar_year_exists"),
        (2026, "延长2020年春节假期至2月2日。", "calendar_notice_unreadable"),  # of another year
        (2026, "春节：2月15日放假与否另行通知。", "calendar_notice_unreadable"),  # amends nothing
        (2027, "延长2027年春节假期至2月15日。", "calendar_notice_unreadable"),  # nothing is known that it could amend
    ],
)
async def test_an_amendment_in_free_words_over_a_known_year_points_to_single_days(
    desk: Desk, asked: int, content: str, code: str
) -> None:
    body = year(content=content) | {"year": asked}
    assert (await post(desk, "/calendar/imports/preview", body)).json()["code"] == code


async def test_a_year_is_replaced_when_that_is_confirmed_and_the_confirmation_is_on_record(desk: Desk) -> None:
    await post(desk, "/calendar/imports", year(reason="通知发布"))
    content = NOTICE_2027.replace("5月8日（周六）上班", "5月9日（周日）上班")

    answer = await post(desk, "/calendar/imports", year(content=content, reason="更正", confirm_replace=True))

    assert answer.status_code == 201
    audits = await desk.rows("select after from audit where action = 'calendar.changed' order by at, id")
    assert [audit["after"].get("confirmed") for audit in audits] == [None, ["replace"]]


async def test_an_edit_on_an_outdated_preview_is_refused(desk: Desk) -> None:
    edit = {"days": days(("2026-11-25", "off")), "reason": "台风", "base_version": "statutory-2026.1"}
    assert (await post(desk, "/calendar/edits", edit)).status_code == 201

    again = await post(desk, "/calendar/edits", edit | {"days": days(("2026-11-26", "off"))})

    assert (again.status_code, again.json()["code"]) == (409, "calendar_moved_on")


@pytest.mark.parametrize(
    ("edits", "status", "code"),
    [
        ([("2027-01-04", "off")], 409, "calendar_year_unknown"),
        ([("2026-11-25", "off"), ("2026-11-25", "plain")], 422, "calendar_day_twice"),
        ([("2026-11-25", "plain")], 409, "calendar_unchanged"),
        ([("2100-01-01", "off")], 422, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused(
    desk: Desk, edits: list[tuple[str, str]], status: int, code: str
) -> None:
    answer = await post(desk, "/calendar/edits", {"days": days(*edits), "reason": "台风"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.SYSTEM}])
async def test_only_the_administrator_changes_the_calendar_and_everybody_reads_it(desk: Desk, role: Role) -> None:
    edit: dict[str, Any] = {"days": days(("2026-11-25", "off"))}
    for path, body in (
        ("/calendar/imports/preview", year()),
        ("/calendar/imports", year(reason="x")),
        ("/calendar/edits/preview", edit),
        ("/calendar/edits", edit | {"reason": "x"}),
    ):
        assert (await post(desk, path, body, role)).status_code == 403
    for path in ("/calendar", "/calendar/2026", "/calendar/alarms", "/calendar/versions"):
        assert (await get(desk, path, role)).status_code == 200
    assert (await desk.http.get("/api/sla/v1/calendar/alarms")).status_code == 401


async def test_an_idempotency_key_makes_one_version(desk: Desk) -> None:
    body = {"days": days(("2026-11-25", "off")), "reason": "台风"}
    headers = desk.bearer(Role.ADMIN) | {"Idempotency-Key": "k1"}

    answers = [await desk.http.post("/api/sla/v1/calendar/edits", json=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(await desk.rows("select 1 from calendar_version")) == 2


async def test_a_version_can_be_opened_by_its_name(desk: Desk) -> None:
    answer = (await get(desk, "/calendar/versions/statutory-2026.1", Role.CASEWORKER)).json()

    assert (answer["number"], answer["source"], answer["created_by"]) == (1, "statutory", "system")


async def test_a_version_that_nobody_entered_is_not_found(desk: Desk) -> None:
    answer = await get(desk, "/calendar/versions/calendar-9")

    assert (answer.status_code, answer.json()["code"]) == (404, "calendar_version_not_found")
    assert "本单位" not in answer.json()["detail"], "a calendar is no unit's"


async def test_a_second_start_keeps_what_people_entered(desk: Desk) -> None:
    await post(desk, "/calendar/edits", {"days": days(("2026-11-25", "off")), "reason": "台风"})

    async with desk.runtime.works.begin() as work:
        version = await seed(work)

    assert (version.number, version.version) == (2, "calendar-2")

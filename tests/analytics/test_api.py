"""The figures over HTTP: what they show, who may see them, and what is refused."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contracts.dispatch import UnitChanged
from shared.identity import DISTRICT_READERS, UNIT, Role
from shared.outbox.writer import new_id
from tests.analytics.events import OrderEvents, local
from tests.support.service import Desk

ROLES = [role for role in Role if role is not Role.SYSTEM]
NO_RATE = {"numerator": 0, "denominator": 0, "rate": None}


async def get(desk: Desk, path: str, who: dict[str, str] | None = None, **asked: Any) -> httpx.Response:
    return await desk.http.get(f"/api/analytics/v1{path}", params=asked, headers=who or desk.bearer(Role.ANALYST))


@pytest.fixture
async def told(desk: Desk) -> Desk:
    """Two weeks of two units: one order solved, one unsolved, one overdue, one still waiting."""
    for code, name, group in (("zhujian", "区住建局", "department"), ("huanghailu", "黄海路街道", "street")):
        await desk.tell(
            UnitChanged(code=code, name=name, group=group, active=True, ready=True, changed_at=desk.clock.now())  # type: ignore[arg-type]
        )
    solved = OrderEvents().received(local("11-23 09:00")).assigned(local("11-23 10:00"), "zhujian")
    solved.submitted(local("11-24 09:00"), "zhujian").approved(local("11-24 10:00"), "zhujian")
    solved.fed_back(local("11-24 10:00")).revisited(local("11-29 23:59"), "mostly_solved", "satisfied")
    solved.closed(local("11-29 23:59"), "zhujian")
    unsolved = OrderEvents().received(local("11-23 09:00")).assigned(local("11-23 10:00"), "zhujian")
    unsolved.submitted(local("11-24 09:00"), "zhujian").rejected(local("11-24 10:00"), "zhujian")
    unsolved.submitted(local("11-24 11:00"), "zhujian").approved(local("11-24 12:00"), "zhujian")
    unsolved.fed_back(local("11-24 12:01")).revisited(local("11-29 23:00"), "unsolved", "unsatisfied")
    unsolved.reopened(local("11-30 00:00"), "zhujian")
    overdue = OrderEvents().received(local("11-23 09:00")).assigned(local("11-23 10:00"), "huanghailu")
    overdue.breached(local("11-27 00:00"), "huanghailu")
    for order in (solved, unsolved, overdue, OrderEvents().received(local("11-23 09:00"))):
        await desk.tell(*order.events)
    assert await desk.parked() == []
    return desk


@pytest.mark.clause("S3.2b")
async def test_a_week_shows_each_unit_with_numerator_and_denominator(told: Desk):
    seen = (await get(told, "/weekly", week="2026-W48")).json()

    assert (seen["week"], seen["first_on"], seen["last_on"]) == ("2026-W48", "2026-11-23", "2026-11-29")
    assert [row["unit"] for row in seen["units"]] == ["zhujian", "huanghailu"]
    district, (zhujian, huanghailu) = seen["district"], seen["units"]
    assert (district["unit"], district["name"]) == (None, "全区")
    assert [district[one] for one in ("received", "assigned", "closed", "overdue", "reopened")] == [4, 3, 1, 1, 0]
    assert [zhujian[one] for one in ("received", "assigned", "closed", "overdue")] == [2, 2, 1, 0]
    assert zhujian["solved"] == {"numerator": 1, "denominator": 2, "rate": 0.5}
    assert zhujian["satisfied"] == {"numerator": 1, "denominator": 2, "rate": 0.5}
    assert zhujian["first_pass"] == {"numerator": 1, "denominator": 2, "rate": 0.5}
    assert zhujian["answers"]["mostly_solved"] == 1
    assert [huanghailu[one] for one in ("received", "assigned", "overdue")] == [1, 1, 1]
    assert huanghailu["solved"] == huanghailu["satisfied"] == huanghailu["first_pass"] == NO_RATE


@pytest.mark.clause("S3.2b")
async def test_monday_begins_a_new_week_and_an_empty_one_shows_every_unit(told: Desk):
    following = (await get(told, "/weekly", week="2026-W49")).json()
    empty = (await get(told, "/weekly", week="2025-W01")).json()

    assert [row["reopened"] for row in following["units"]] == [1, 0]
    assert following["district"]["solved"] == NO_RATE
    assert [(row["name"], row["assigned"]) for row in empty["units"]] == [("区住建局", 0), ("黄海路街道", 0)]


async def test_the_week_and_the_day_are_the_clocks_unless_asked_otherwise(told: Desk):
    assert (await get(told, "/weekly")).json()["week"] == "2026-W48"
    told.clock.set(local("11-30 00:00"))
    assert (await get(told, "/weekly")).json()["week"] == "2026-W49"
    assert (await get(told, "/daily")).json()["first_on"] == "2026-11-30"


async def test_a_day_shows_what_happened_on_it(told: Desk):
    seen = (await get(told, "/daily", date="2026-11-26")).json()

    assert (seen["district"]["overdue"], seen["district"]["received"]) == (1, 0)
    assert (await get(told, "/daily", date="2026-11-23")).json()["district"]["received"] == 4


async def test_a_trend_runs_week_by_week(told: Desk):
    seen = (await get(told, "/units/zhujian/weekly", until="2026-W49", weeks=3)).json()

    assert (seen["unit"], seen["name"]) == ("zhujian", "区住建局")
    assert [(one["week"], one["figures"]["assigned"], one["figures"]["reopened"]) for one in seen["weeks"]] == [
        ("2026-W47", 0, 0),
        ("2026-W48", 2, 0),
        ("2026-W49", 0, 1),
    ]
    assert len((await get(told, "/units/zhujian/weekly")).json()["weeks"]) == 8
    assert (await get(told, "/units/nobody/weekly")).status_code == 404


@pytest.mark.clause("S4.2a")
async def test_a_unit_that_nobody_knows_and_another_units_look_alike(told: Desk):
    mine = told.bearer(Role.CASEWORKER, unit="zhujian")
    answers = [await get(told, f"/units/{code}/weekly", mine) for code in ("nobody", "huanghailu")]
    answers.append(await get(told, "/units/nobody/weekly"))

    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.json()["code"], answer.json()["detail"]) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        ("/weekly", {"week": "2025-W53"}, "bad_week"),
        ("/weekly", {"week": "1999-W52"}, "bad_week"),
        ("/weekly", {"week": "last"}, "invalid_request"),
        ("/daily", {"date": "2026-02-30"}, "invalid_request"),
        ("/daily", {"date": "1999-12-31"}, "bad_day"),
        ("/daily", {"date": "2100-01-01"}, "bad_day"),
        ("/units/zhujian/weekly", {"weeks": 54}, "invalid_request"),
        ("/units/zhujian/weekly", {"weeks": 0}, "invalid_request"),
        ("/units/zhujian/weekly", {"until": "2100-W01"}, "bad_week"),
        ("/rebuild", {"cursor": "W10"}, "bad_cursor"),
        ("/rebuild", {"cursor": "WzEsIngiXQ"}, "bad_cursor"),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: Desk, path: str, asked: dict[str, Any], code: str):
    answer = await get(desk, path, desk.bearer(Role.ADMIN, Role.ANALYST), **asked)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize("path", ["/weekly", "/daily"])
async def test_a_unit_sees_its_own_row_and_the_districts(told: Desk, path: str):
    asked = {"week": "2026-W48"} if path == "/weekly" else {"date": "2026-11-23"}
    for role in ROLES:
        answer = await get(told, path, told.bearer(role, unit="huanghailu" if role in UNIT else None), **asked)
        if role in DISTRICT_READERS:
            assert [row["unit"] for row in answer.json()["units"]] == ["zhujian", "huanghailu"]
        elif role in UNIT:
            assert [row["unit"] for row in answer.json()["units"]] == ["huanghailu"]
            assert answer.json()["district"]["received"] == 4
        else:
            assert answer.status_code == 403


@pytest.mark.clause("S4.2a")
async def test_a_unit_sees_its_own_trend(told: Desk):
    for role in ROLES:
        for unit in ("zhujian", "huanghailu"):
            answer = await get(told, "/units/zhujian/weekly", told.bearer(role, unit=unit if role in UNIT else None))
            if role in DISTRICT_READERS or (role in UNIT and unit == "zhujian"):
                expected = 200
            else:
                expected = 404 if role in UNIT else 403
            assert (role, unit, answer.status_code) == (role, unit, expected)


@pytest.mark.clause("S4.2a")
async def test_only_the_administrator_rebuilds_and_the_auditor_reads_it(told: Desk):
    where = "/api/analytics/v1/rebuild"
    body = {"source": "facts"}
    for role in ROLES:
        answer = await told.http.post(where, json=body, headers=told.bearer(role, unit="zhujian"))
        assert (role, answer.status_code) == (role, 201 if role is Role.ADMIN else 403)
    report = (await told.http.post(where, json=body, headers=told.bearer(Role.ADMIN))).json()
    assert (report["state"], report["differences"], report["asked_by"]) == ("equal", [], "admin-centre")
    for role in ROLES:
        one = await get(told, f"/rebuild/{report['id']}", told.bearer(role, unit="zhujian"))
        many = await get(told, "/rebuild", told.bearer(role, unit="zhujian"))
        expected = 200 if role in {Role.ADMIN, Role.AUDITOR} else 403
        assert (role, one.status_code, many.status_code) == (role, expected, expected)
    assert (await get(told, f"/rebuild/{report['id']}", told.bearer(Role.ADMIN))).json() == report
    assert (await get(told, f"/rebuild/{new_id()}", told.bearer(Role.ADMIN))).status_code == 404


@pytest.mark.parametrize("path", ["/weekly", "/daily", "/units/zhujian/weekly", "/rebuild", f"/rebuild/{UUID(int=0)}"])
async def test_nobody_sees_anything_without_a_token(desk: Desk, path: str):
    assert (await desk.http.get(f"/api/analytics/v1{path}")).status_code == 401


async def test_rebuilds_are_listed_page_by_page_the_latest_first(desk: Desk):
    admin = desk.bearer(Role.ADMIN)
    made = [
        (await desk.http.post("/api/analytics/v1/rebuild", json={"source": "facts"}, headers=admin)).json()["id"]
        for _ in range(3)
    ]

    first = (await get(desk, "/rebuild", admin, limit=2)).json()
    second = (await get(desk, "/rebuild", admin, limit=2, cursor=first["next"])).json()

    assert sorted(one["id"] for one in first["items"] + second["items"]) == sorted(made)
    assert second["next"] is None

"""What each role may read, and that a unit sees its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from services.sla.firing import jobs
from shared.identity import DISTRICT_READERS, UNIT, Role
from tests.sla.story import ORDER, OTHER, SECOND, assigned, local, numbered, received
from tests.sla.story import UNIT as HOUSING
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S4.2a")


async def prepared(desk: Desk) -> str:
    """Two orders, one with housing and one with nobody; the id of housing's final clock."""
    await desk.tell(received(), assigned(), received(order_id=OTHER))
    [row] = await desk.rows("select id from clock where kind = 'final'")
    return str(row["id"])


async def get(desk: Desk, path: str, *roles: Role, unit: str | None = None, **query: Any) -> Any:
    response = await desk.http.get(f"/api/sla/v1{path}", headers=desk.bearer(*roles, unit=unit), params=query or None)
    assert response.status_code < 500
    return response


OWN, FOREIGN = HOUSING, SECOND
PER_ORDER = ("/orders/{order}/clocks", "/clocks/{clock}/explain")
LISTS = ("/clocks", "/breaches")
OPEN = ("/calendar", "/calendar/2026", "/rules", "/deadlines?started_at=2026-11-20T07:30:00%2B08:00")


@pytest.mark.parametrize("path", PER_ORDER)
@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [(role, None, 200) for role in sorted(DISTRICT_READERS)]
    + [(role, OWN, 200) for role in sorted(UNIT)]
    + [(role, FOREIGN, 404) for role in sorted(UNIT)]
    + [(role, None, 403) for role in sorted(set(Role) - DISTRICT_READERS - {Role.SYSTEM})],
)
async def test_who_may_read_the_clocks_of_an_order(
    desk: Desk, path: str, role: Role, unit: str | None, status: int
) -> None:
    clock = await prepared(desk)

    assert (await get(desk, path.format(order=ORDER, clock=clock), role, unit=unit)).status_code == status


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("role", "unit", "sees"),
    [
        (Role.DISPATCHER, None, True),
        (Role.CASEWORKER, OWN, True),
        (Role.CASEWORKER, FOREIGN, False),
        (Role.ADMIN, None, None),
    ],
)
async def test_a_list_shows_a_unit_its_own_clocks_and_no_others(
    desk: Desk, path: str, role: Role, unit: str | None, *, sees: bool | None
) -> None:
    await prepared(desk)
    desk.clock.set(local("2026-12-07T09:00"))
    await jobs.drain(desk.runtime)
    response = await get(desk, path, role, unit=unit)

    if sees is None:
        assert response.status_code == 403
        return
    units = {clock["unit"] for clock in response.json()["items"]}
    assert units == ({HOUSING} if unit == OWN else {HOUSING, None} if sees else set())


@pytest.mark.parametrize("path", OPEN)
async def test_the_calendar_and_the_rules_are_for_everybody_who_is_logged_in(desk: Desk, path: str) -> None:
    for role in set(Role) - {Role.SYSTEM}:
        assert (await get(desk, path, role)).status_code == 200
    assert (await desk.http.get(f"/api/sla/v1{path}")).status_code == 401


@pytest.mark.parametrize("path", [*PER_ORDER, *LISTS])
async def test_nobody_reads_anything_without_a_token(desk: Desk, path: str) -> None:
    response = await desk.http.get(f"/api/sla/v1{path.format(order=ORDER, clock=ORDER)}")

    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


async def test_a_returned_order_is_no_longer_the_first_units_but_its_own_clocks_are(desk: Desk) -> None:
    await prepared(desk)
    await desk.tell(assigned("2026-11-24T10:00", 2, SECOND))
    mine = (await get(desk, f"/orders/{ORDER}/clocks", Role.CASEWORKER, unit=HOUSING)).json()["clocks"]
    theirs = (await get(desk, f"/orders/{ORDER}/clocks", Role.CASEWORKER, unit=SECOND)).json()["clocks"]

    assert {clock["unit"] for clock in mine} == {HOUSING}
    assert {clock["unit"] for clock in theirs} == {HOUSING, SECOND, None}


@pytest.mark.clause("S1.1.4a")
async def test_the_earliest_deadline_of_an_order_stands_beside_its_clocks(desk: Desk) -> None:
    await prepared(desk)
    answer = (await get(desk, f"/orders/{ORDER}/clocks", Role.DISPATCHER)).json()

    assert answer["earliest_due_at"] == "2026-11-23T16:00:00Z"
    assert [clock["title"] for clock in answer["clocks"] if clock["kind"] == "final"] == ["办结"]


@pytest.mark.clause("S1.1.4a")
async def test_a_clock_explains_itself_day_by_day_with_its_rule_and_calendar(desk: Desk) -> None:
    clock = await prepared(desk)
    answer = (await get(desk, f"/clocks/{clock}/explain", Role.CASEWORKER, unit=HOUSING)).json()

    assert [line["text"] for line in answer["lines"]] == [
        "11-23 周一 开始当日 不计入",
        "11-24 周二 工作日 计第1日",
        "11-25 周三 工作日 计第2日",
        "11-26 周四 工作日 计第3日",
    ]
    assert (answer["document"], answer["clock"]["rules"]) == ("烟莱政办字〔2022〕2号", "circular-2022")
    assert answer["clock"]["calendar"] == "statutory-2026.1"
    assert answer["changes"] == []


async def same_day_lines(desk: Desk, order: str = ORDER) -> dict[str, str]:
    """What the explanation of each same-day clock of an order says beside its start and its end."""
    rows = await desk.rows("select id, kind, occasion from clock where span = 'day' and order_id = :order", order=order)
    return {
        f"{row['kind']} {row['occasion']}": (await get(desk, f"/clocks/{row['id']}/explain", Role.DISPATCHER)).json()[
            "lines"
        ][1]["text"]
        for row in rows
    }


TO_MIDNIGHT, BY_FIVE = "当日事项，计至当日 24:00", "当日事项，当日 17:00 及以前起算的，计至当日 24:00"
TWO_HOURS = "当日事项，计至当日 24:00，当日工作时间不少于 2 小时"
SHORT_OF_TWO_HOURS = "当日事项，当日工作时间不足 2 小时，顺延至满 2 小时工作时间为止；工作时间为工作日 08:30 至 17:30"
AFTER_FIVE = "当日事项，当日 17:00 之后起算的，计至次日 12:00"


@pytest.mark.clause("S2.1b", "S2.2.1a", "S2.2.1d", "S3.1d")
@pytest.mark.parametrize(("at", "cut"), [("2026-11-23T17:00", BY_FIVE), ("2026-11-23T17:01", AFTER_FIVE)])
async def test_a_same_day_clock_is_explained_by_the_line_that_decided(desk: Desk, at: str, cut: str) -> None:
    await desk.tell(received(at), assigned(at, determined_at=local("2026-11-23T16:58")))

    assert await same_day_lines(desk) == {
        "same_day_dispatch receipt": cut,
        "same_day_dispatch determined:1": TO_MIDNIGHT,
        "first_contact assignment:1": SHORT_OF_TWO_HOURS,
        "accept assignment:1": cut,
        "progress_note assignment:1": cut,
    }


@pytest.mark.clause("X3")
async def test_a_same_day_clock_is_explained_by_the_rule_set_of_its_order(desk: Desk) -> None:
    admin = desk.bearer(Role.ADMIN)
    numbers = {
        "accept": {"cut_off": "16:30", "next_day_until": "10:15"},
        "progress_note": {"cut_off": None},
        # The first contact knows no cut-off, whatever the rule set has (A12).
        "first_contact": {"cut_off": "16:30"},
    }
    draft = {"version": "r2", "document": "某号", "based_on": "circular-2022", "numbers": numbers, "reason": "试行"}
    published = {"effective_from": "2026-11-24T00:00:00+08:00", "document": "某号", "reason": "试行"}
    for path, body in (("/rules", draft), ("/rules/r2/publish", published)):
        answer = await desk.http.post(f"/api/sla/v1{path}", json=body, headers=admin)
        assert answer.is_success, answer.text
    await desk.tell(received("2026-11-23T16:00"), assigned("2026-11-24T16:31"))
    await desk.tell(
        received("2026-11-24T16:00", order_id=OTHER),
        assigned("2026-11-24T16:31").model_copy(update={"order_id": OTHER}),
    )

    before, after = await same_day_lines(desk), await same_day_lines(desk, OTHER)
    names = ("accept", "progress_note", "first_contact")
    assert [before[f"{name} assignment:1"] for name in names] == [BY_FIVE, BY_FIVE, SHORT_OF_TWO_HOURS]
    late = "当日事项，当日 16:30 之后起算的，计至次日 10:15"
    assert [after[f"{name} assignment:1"] for name in names] == [late, TO_MIDNIGHT, SHORT_OF_TWO_HOURS]


@pytest.mark.clause("S2.2.1a")
async def test_the_proof_of_a_first_contact_counts_the_working_time_of_each_day(desk: Desk) -> None:
    await desk.tell(received("2026-11-20T15:00"), assigned("2026-11-20T17:00"))
    await desk.tell(received("2026-11-23T09:00", order_id=OTHER))
    await desk.tell(assigned("2026-11-23T09:00").model_copy(update={"order_id": OTHER}))

    assert await contact_lines(desk, ORDER) == [
        "2026-11-20 17:00 起算",
        SHORT_OF_TWO_HOURS,
        "11-20 工作日 工作时间 30 分钟",
        "11-21 周末 工作时间 0 分钟",
        "11-22 周末 工作时间 0 分钟",
        "11-23 工作日 工作时间 90 分钟",
        "2026-11-23 10:00 截止",
    ]
    assert await contact_lines(desk, OTHER) == ["2026-11-23 09:00 起算", TWO_HOURS, "2026-11-23 24:00 截止"]


async def contact_lines(desk: Desk, order_id: str) -> list[str]:
    [clock] = await desk.rows("select id from clock where kind = 'first_contact' and order_id = :id", id=order_id)
    proof = (await get(desk, f"/clocks/{clock['id']}/explain", Role.DISPATCHER)).json()
    return [line["text"] for line in proof["lines"]]


async def test_every_kind_of_clock_can_be_explained(desk: Desk) -> None:
    await desk.tell(
        received(scheme="enterprise_fast", urgent=("policy",), upstream_due_at=local("2026-11-30T18:00")), assigned()
    )
    for row in await desk.rows("select id from clock"):
        assert (await get(desk, f"/clocks/{row['id']}/explain", Role.DISPATCHER)).status_code == 200


async def test_lists_are_paged_without_a_gap_or_a_repeat(desk: Desk) -> None:
    await desk.tell(*(received(order_id=numbered(number)) for number in range(1, 8)))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await get(desk, "/clocks", Role.DISPATCHER, limit=3, **cursor)).json()
        seen += [clock["id"] for clock in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    assert len(seen) == len(set(seen)) == 14


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({"kind": "final"}, {"final"}),
        ({"state": "void"}, set()),
        ({"unit": HOUSING, "due_before": "2026-11-24T00:00:00+08:00"}, {"first_contact", "accept", "progress_note"}),
        ({"provisional": "true"}, set()),
        ({"breached": "true"}, set()),
    ],
)
async def test_a_list_can_be_narrowed(desk: Desk, query: dict[str, str], kinds: set[str]) -> None:
    await prepared(desk)
    answer = (await get(desk, f"/clocks?{urlencode(query)}", Role.DISPATCHER)).json()

    assert {clock["kind"] for clock in answer["items"]} == kinds


@pytest.mark.parametrize(
    "path",
    [
        "/clocks?cursor=WyJ4IiwieSJd",
        "/clocks?cursor=x",
        "/breaches?cursor=WyIyMDI2LTExLTIzIiwieCJd",
        "/clocks?kind=lunch",
        "/clocks?due_before=2026-11-24T00:00:00",
        "/clocks?due_before=0001-01-01T00:00:00Z",
        "/clocks?limit=0",
        "/clocks?unit=%00",
        "/deadlines?started_at=2026-11-20T07:30:00",
        "/deadlines?started_at=2026-11-20T07:30:00Z&workdays=-1",
        "/deadlines?started_at=2026-11-20T07:30:00Z&workdays=100000",
        "/calendar/20260",
        "/calendar/x",
        "/orders/not-an-id/clocks",
    ],
)
async def test_malformed_questions_are_refused(desk: Desk, path: str) -> None:
    response = await get(desk, path, Role.DISPATCHER)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unknown_clock_or_order_is_not_found(desk: Desk) -> None:
    assert (await get(desk, f"/orders/{ORDER}/clocks", Role.DISPATCHER)).json()["code"] == "order_clocks_not_found"
    assert (await get(desk, f"/clocks/{ORDER}/explain", Role.DISPATCHER)).json()["code"] == "clock_not_found"


@pytest.mark.clause("S1.1.4a")
async def test_the_calendar_says_which_year_is_missing(desk: Desk) -> None:
    state = (await get(desk, "/calendar", Role.ADMIN)).json()
    this_year = (await get(desk, "/calendar/2026", Role.ADMIN)).json()
    next_year = (await get(desk, "/calendar/2027", Role.ADMIN)).json()

    assert (state["missing_year"], state["years"][0], state["years"][-1]) == (2027, 2007, 2026)
    assert (this_year["published"], this_year["source_notice"]) == (True, "国办发明电〔2025〕7号")
    assert (next_year["published"], next_year["source_notice"]) == (False, None)
    # What is off by law is known before the notice, and nothing else.
    assert [day["on"] for day in next_year["days"]][:3] == ["2027-01-01", "2027-02-05", "2027-02-06"]
    assert (len(next_year["days"]), {day["kind"] for day in next_year["days"]}) == (13, {"holiday"})


@pytest.mark.clause("S1.1.4a")
async def test_a_deadline_can_be_counted_without_starting_anything(desk: Desk) -> None:
    answer = (await get(desk, "/deadlines", Role.CASEWORKER, started_at="2026-12-30T10:00:00+08:00", workdays=2)).json()

    assert (answer["due_on"], answer["provisional"], answer["lines"][-1]["known"]) == ("2027-01-04", True, False)
    assert await desk.rows("select 1 from clock") == []


async def test_every_number_of_the_rules_comes_with_its_clause(desk: Desk) -> None:
    answer = (await get(desk, "/rules", Role.AUDITOR)).json()
    found = {rule["name"]: (rule["count"], rule["clause"]) for rule in answer["rules"]}

    assert found["final"] == (3, "S1.1.4a")
    assert found["final_enterprise"] == (13, "S1.2.2b")
    assert found["first_reply"] == (2, "S1.2.2a")
    assert all(clause for _, clause in found.values())

"""Boards: what needs somebody today, by unit; the lists that supervision reads."""

from __future__ import annotations

from typing import Any

import pytest

from services.sla.firing import jobs
from shared.identity import Role
from tests.sla.story import (
    SECOND,
    UNIT,
    assigned,
    contacted,
    listed,
    local,
    noted,
    numbered,
    received,
    return_rejected,
    updated,
)
from tests.support.service import Desk


async def two_units(desk: Desk) -> None:
    """Three orders: two with housing, one with a street; housing has noted progress on its first."""
    for number, unit in ((1, UNIT), (2, UNIT), (3, SECOND)):
        order = numbered(number)
        await desk.tell(received(order_id=order), assigned(unit=unit).model_copy(update={"order_id": order}))
    first = numbered(1)
    promise = local("2026-11-23T20:00")
    await desk.tell(
        noted("2026-11-23T12:00", "2026-11-25T09:00").model_copy(update={"order_id": first}),
        contacted("2026-11-23T12:00", promised_at=promise).model_copy(update={"order_id": first}),
    )


async def board(desk: Desk, name: str, role: Role = Role.DISPATCHER, unit: str | None = None, **query: Any) -> Any:
    answer = await desk.http.get(f"/api/sla/v1/boards/{name}", headers=desk.bearer(role, unit=unit), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def at(desk: Desk, moment: str) -> None:
    desk.clock.set(local(moment))
    await jobs.drain(desk.runtime)


@pytest.mark.clause("S2.2.1d", "S2.2.1c")
async def test_the_overnight_board_shows_the_orders_without_reply_or_note(desk: Desk) -> None:
    await two_units(desk)
    await at(desk, "2026-11-23T20:30")

    found = await board(desk, "overnight")
    assert {clock["order_id"] for clock in found["items"]} == {numbered(2), numbered(3)}
    assert found["units"] == [{"unit": UNIT, "count": 1}, {"unit": SECOND, "count": 1}]


@pytest.mark.clause("S2.2.1e")
async def test_the_board_of_broken_promises_names_who_did_not_call(desk: Desk) -> None:
    await two_units(desk)
    await at(desk, "2026-11-23T20:00")

    assert [clock["unit"] for clock in (await board(desk, "broken-promises"))["items"]] == [UNIT]


@pytest.mark.clause("S3.2g")
async def test_the_board_of_broken_promises_names_who_did_not_rectify_either(desk: Desk) -> None:
    await two_units(desk)
    await desk.tell(listed(SECOND))
    body = {
        "order_id": numbered(3),
        "kind": "rectify_promise",
        "unit": SECOND,
        "due_at": "2026-11-24T12:00:00+08:00",
        "reason": "约谈后承诺整改",
    }
    started = await desk.http.post("/api/sla/v1/clocks", json=body, headers=desk.bearer(Role.OFFICE))
    assert started.status_code == 201, started.text
    await at(desk, "2026-11-24T12:00")

    broken = {clock["kind"]: clock["unit"] for clock in (await board(desk, "broken-promises"))["items"]}
    assert broken == {"next_contact": UNIT, "rectify_promise": SECOND}


@pytest.mark.clause("S1.1.4b")
async def test_what_is_due_today_moves_to_the_overdue_at_midnight(desk: Desk) -> None:
    await two_units(desk)
    await at(desk, "2026-11-26T23:59")
    due = await board(desk, "due-today")
    await at(desk, "2026-11-27T00:01")
    late = await board(desk, "overdue")

    assert {clock["kind"] for clock in due["items"]} == {"final", "district_final"}
    ids = {clock["id"] for clock in late["items"]}
    assert {clock["id"] for clock in due["items"]} <= ids
    assert sum(unit["count"] for unit in late["units"]) == len(ids)


async def test_deadlines_that_reach_into_the_unpublished_year_are_on_the_provisional_board(desk: Desk) -> None:
    await desk.tell(received("2026-12-30T09:00"), assigned("2026-12-30T10:00"))

    kinds = {clock["kind"] for clock in (await board(desk, "provisional"))["items"]}
    # The return window ends on 31 December, which the notice of the coming year may still move.
    assert kinds == {"final", "district_final", "return_window"}


@pytest.mark.clause("S4.2a")
async def test_a_unit_sees_its_own_part_of_a_board_page_by_page(desk: Desk) -> None:
    await two_units(desk)
    await at(desk, "2026-11-24T00:01")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await board(desk, "overdue", Role.CASEWORKER, UNIT, limit=1, **cursor)
        seen += [clock["id"] for clock in page["items"]]
        assert {clock["unit"] for clock in page["items"]} <= {UNIT}
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    counts = {found["unit"]: found["count"] for found in (await board(desk, "overdue"))["units"]}
    assert len(seen) == len(set(seen)) == counts[UNIT]


@pytest.mark.clause("S3.4a")
async def test_candidates_of_supervision_are_listed_the_latest_first_and_scoped(desk: Desk) -> None:
    await two_units(desk)
    await desk.tell(return_rejected("2026-11-23T12:00").model_copy(update={"order_id": numbered(2)}))
    await at(desk, "2026-11-24T00:00")
    await at(desk, "2026-11-27T00:00")
    await at(desk, "2026-11-27T09:00")
    path = "/api/sla/v1/supervision-candidates"
    everything = (await desk.http.get(path, headers=desk.bearer(Role.OFFICE))).json()["items"]
    own = (await desk.http.get(path, headers=desk.bearer(Role.CASEWORKER, unit=SECOND))).json()["items"]

    assert [c["cause"] for c in everything] == ["overdue", "overdue", "overdue", "refused"]
    assert {c["unit"] for c in own} == {SECOND}


@pytest.mark.clause("S1.3.1b", "S1.3.1a")
async def test_a_board_shows_the_most_urgent_class_first_then_the_earliest_deadline(desk: Desk) -> None:
    classes: dict[int, tuple[Any, ...]] = {
        1: (),
        2: ("policy",),
        3: ("livelihood", "policy"),
        4: ("safety",),
        5: ("safety",),
    }
    for number, urgent in classes.items():
        order = numbered(number)
        await desk.tell(
            received(order_id=order, urgent=urgent),
            # The fifth is assigned before the fourth, so that the 24 hours of its caller end before.
            assigned(f"2026-11-23T10:0{9 - number}").model_copy(update={"order_id": order}),
        )
    await at(desk, "2026-11-24T09:00")

    async def due_today() -> list[str]:
        """The orders as the board shows them, two clocks a page."""
        shown: list[str] = []
        page = await board(desk, "due-today", limit=2)
        while True:
            shown += [clock["order_id"] for clock in page["items"]]
            if page["next"] is None:
                return list(dict.fromkeys(shown))
            page = await board(desk, "due-today", limit=2, cursor=page["next"])

    first = await due_today()
    again = updated("2026-11-24T09:00", version=1, order_id=numbered(1), urgent=("safety",), flags_version=2)
    await desk.tell(again)
    flagged = await due_today()

    assert first == [numbered(number) for number in (5, 4, 3, 2, 1)]
    assert flagged == [numbered(number) for number in (5, 4, 1, 3, 2)]
    assert await desk.parked() == []

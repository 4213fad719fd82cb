"""Who may do what with whose reply: every route, every role, own and foreign unit (S4.2a)."""

from typing import Any

import pytest

from shared.identity import CENTRE, DISTRICT_READERS, UNIT, Role
from tests.review.orders import at_centre, at_leader
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S4.2a")

ROLES = [role for role in Role if role is not Role.SYSTEM]
COMMANDS: dict[str, tuple[Role, dict[str, Any]]] = {
    "leader-approval": (Role.UNIT_HEAD, {}),
    "leader-rejection": (Role.UNIT_HEAD, {"opinion": "请补充"}),
    "approval": (Role.REVIEWER, {}),
    "rejection": (Role.REVIEWER, {"opinion": "请补充"}),
}
READS = ("/v1/replies/{reply_id}", "/v1/orders/{order_id}/replies")


@pytest.mark.parametrize("what", COMMANDS)
async def test_only_the_right_role_decides(desk: Desk, what: str):
    _, reply_id = await (at_leader if what.startswith("leader") else at_centre)(desk)
    right, body = COMMANDS[what]
    # The right role comes last: its decision would make every later answer a 409.
    for role in sorted(ROLES, key=lambda one: one is right):
        who = desk.bearer(role, unit="zhujian" if role in UNIT else None, account="somebody")
        answer = await desk.http.post(f"/api/review/v1/replies/{reply_id}/{what}", json=body, headers=who)
        assert (role, answer.status_code) == (role, 204 if role is right else 403)


@pytest.mark.parametrize("what", ["leader-approval", "leader-rejection"])
@pytest.mark.parametrize(("unit", "status"), [("chengguan", 404), (None, 403)])
async def test_the_leader_of_another_unit_finds_nothing(desk: Desk, what: str, unit: str | None, status: int):
    _, reply_id = await at_leader(desk)

    answer = await desk.http.post(
        f"/api/review/v1/replies/{reply_id}/{what}",
        json=COMMANDS[what][1],
        headers=desk.bearer(Role.UNIT_HEAD, unit=unit),
    )

    assert answer.status_code == status
    assert await desk.told() == []


@pytest.mark.parametrize("path", READS)
async def test_a_unit_reads_its_own_and_the_district_all(desk: Desk, path: str):
    order_id, reply_id = await at_leader(desk)
    where = "/api/review" + path.format(order_id=order_id, reply_id=reply_id)
    for role in ROLES:
        for unit in ("zhujian", "chengguan"):
            answer = await desk.http.get(where, headers=desk.bearer(role, unit=unit if role in UNIT else None))
            if role in DISTRICT_READERS or (role in UNIT and unit == "zhujian"):
                expected = 200
            else:
                expected = 404 if role in UNIT else 403
            assert (role, unit, answer.status_code) == (role, unit, expected)


async def test_the_list_holds_what_the_caller_may_see(desk: Desk):
    _, own = await at_leader(desk)
    _, foreign = await at_leader(desk, unit="chengguan")
    for role in ROLES:
        who = desk.bearer(role, unit="zhujian" if role in UNIT else None)
        answer = await desk.http.get("/api/review/v1/replies", headers=who)
        found = {one["reply_id"] for one in answer.json().get("items", [])}
        expected = {own, foreign} if role in DISTRICT_READERS else {own} if role in UNIT else set()
        assert (role, found) == (role, expected)
        assert answer.status_code == (200 if expected else 403)


@pytest.mark.parametrize("path", ["/v1/replies", *READS])
async def test_nobody_reads_without_a_token(desk: Desk, path: str):
    order_id, reply_id = await at_leader(desk)
    answer = await desk.http.get("/api/review" + path.format(order_id=order_id, reply_id=reply_id))

    assert answer.status_code == 401


async def test_numbers_are_shown_only_to_those_who_may_have_to_call(desk: Desk):
    _, reply_id = await at_leader(desk)
    for role in DISTRICT_READERS:
        seen = (await desk.http.get(f"/api/review/v1/replies/{reply_id}", headers=desk.bearer(role))).json()

        if role in {Role.ASSESSOR, Role.AUDITOR}:
            assert (role, seen["reply"], seen["opinion"]) == (role, None, None)
            assert not any(finding["sentence"] for finding in seen["findings"])
            continue
        whole = role in CENTRE - {Role.ANALYST}
        assert (role, "13812345678" in seen["reply"]["findings"]) == (role, whole)
        assert (role, seen["reply"]["contact_phone"] == "0535-6891234") == (role, whole)


async def test_the_list_pages_without_gap_or_repeat_and_filters(desk: Desk):
    made = [(await at_leader(desk, unit=unit))[1] for unit in ("zhujian", "chengguan") for _ in range(3)]
    _, released = await at_centre(desk)
    who = desk.bearer(Role.REVIEWER)

    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await desk.http.get("/api/review/v1/replies", params={"limit": 2} | cursor, headers=who)).json()
        seen += [one["reply_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}

    async def found(**wanted: Any) -> set[str]:
        answer = await desk.http.get("/api/review/v1/replies", params=wanted, headers=who)
        return {one["reply_id"] for one in answer.json()["items"]}

    assert sorted(seen) == sorted([*made, released])
    assert len(set(seen)) == len(seen)
    assert await found(state="centre_review") == {released}
    assert await found(unit="chengguan") == set(made[3:])
    assert await found(waiting=True, state="approved") == set()
    assert await found(waiting=True) == {*made, released}


@pytest.mark.parametrize("cursor", ["x", "W10", "Wy0xLCJhIl0", "WzkwMDcxOTkyNTQ3NDA5OTMsImEiXQ"])
async def test_a_cursor_of_another_form_is_refused(desk: Desk, cursor: str):
    answer = await desk.http.get(
        "/api/review/v1/replies", params={"cursor": cursor}, headers=desk.bearer(Role.REVIEWER)
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")

"""What people write about an order is stored sealed, shown to those who handle or review it, and kept out of the audit."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.identity import DISTRICT_READERS, Role
from tests.sla.story import ORDER, UNIT, assigned, listed, local, received
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X2")

SECRET = "秘密内容"
PARTS = ("citation", "explanation", "override_reason", "decision_reason")
HANDLING = (Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD)
BY_HAND = (Role.CENTRE_HEAD, Role.OFFICE)
ONLOOKERS = tuple(sorted(DISTRICT_READERS - set(HANDLING)))


@pytest.fixture
async def assigned_desk(desk: Desk) -> Desk:
    """An order with housing since Monday 10:00; it is Monday 15:00."""
    await desk.tell(listed(), received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    return desk


async def call(desk: Desk, method: str, path: str, role: Role, body: Any = None, unit: str | None = None) -> Any:
    bearer = desk.bearer(role, unit=unit)
    answer: httpx.Response = await desk.http.request(method, f"/api/sla/v1{path}", json=body, headers=bearer)
    assert answer.is_success, answer.text
    return answer.json()


async def asked(desk: Desk) -> dict[str, Any]:
    """A request whose every free field names somebody."""
    consent = {
        "person": f"{SECRET}一",
        "agreed_at": "2026-11-23T14:00:00+08:00",
        "phone": "0535-6890001",
        "agreed": True,
        "evidence": f"{SECRET}二",
    }
    body = {
        "reason_code": "complex",
        "workdays": 5,
        "citation": f"条款{SECRET}",
        "explanation": f"说明{SECRET}",
        "override_reason": f"突破{SECRET}",
        "consent": consent,
    }
    answer: dict[str, Any] = await call(desk, "POST", f"/orders/{ORDER}/extensions", Role.CASEWORKER, body, UNIT)
    return answer


async def decided(desk: Desk, extension_id: str, decision: str) -> dict[str, Any]:
    body = {"decision": decision, "reason": f"审批{SECRET}"}
    path = f"/extensions/{extension_id}/decision"
    answer: dict[str, Any] = await call(desk, "POST", path, Role.DISPATCHER, body)
    return answer


async def started(desk: Desk) -> str:
    """A clock that the centre started by hand with a reason; its id."""
    body = {"order_id": ORDER, "kind": "supervise_case", "unit": UNIT, "workdays": 5, "reason": f"启动{SECRET}"}
    answer = await call(desk, "POST", "/clocks", Role.CENTRE_HEAD, body)
    clock_id: str = answer["id"]
    return clock_id


async def stopped(desk: Desk, clock_id: str) -> None:
    await call(desk, "POST", f"/clocks/{clock_id}/stop", Role.OFFICE, {"reason": f"停止{SECRET}"})


async def rows_in_clear(desk: Desk, secret: str = SECRET) -> list[str]:
    """Every row of every table that holds the words in clear; what is bytes, as text."""
    tables = await desk.rows("select tablename from pg_tables where schemaname = 'public'")
    found = []
    for table in tables:
        name = table["tablename"]
        found += [f"{name}: {row['t']}" for row in await desk.rows(f'select t::text as t from "{name}" t')]
    found += [str(row) for row in await desk.rows("select convert_from(payload, 'UTF8') as payload from outbox")]
    return [row for row in found if secret in row]


def words_of(extension: dict[str, Any]) -> list[str | None]:
    return [extension[part] for part in PARTS]


async def explained(desk: Desk, clock_id: str, role: Role, unit: str | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = await call(desk, "GET", f"/clocks/{clock_id}/explain", role, unit=unit)
    return answer


ALL_WORDS = [f"条款{SECRET}", f"说明{SECRET}", f"突破{SECRET}", f"审批{SECRET}"]


@pytest.mark.clause("S1.3.2a", "S1.3.2e")
@pytest.mark.parametrize("decision", ["grant", "refuse"])
async def test_the_texts_of_an_extension_are_stored_sealed_and_shown_by_role(
    assigned_desk: Desk, decision: str
) -> None:
    desk = assigned_desk
    first = await asked(desk)
    last = await decided(desk, first["id"], decision)

    of_order, whole = f"/orders/{ORDER}/extensions", "/extensions"
    shown = [
        *[await call(desk, "GET", path, role) for path in (of_order, whole) for role in HANDLING],
        *[await call(desk, "GET", path, Role.CASEWORKER, unit=UNIT) for path in (of_order, whole)],
    ]
    hidden = [await call(desk, "GET", path, role) for path in (of_order, whole) for role in ONLOOKERS]

    assert await rows_in_clear(desk) == []
    assert words_of(first) == [*ALL_WORDS[:3], None]
    assert words_of(last) == ALL_WORDS
    assert [words_of(page["items"][0]) for page in shown] == [ALL_WORDS] * 10
    assert [words_of(page["items"][0]) for page in hidden] == [[None] * 4] * 2 * len(ONLOOKERS)
    assert {page["items"][0]["id"] for page in hidden} == {first["id"]}
    [line] = await desk.rows("select reason from audit where action = :action", action=f"extension.{last['state']}")
    assert line["reason"] == f"extension:{first['id']}"


@pytest.mark.clause("S1.3.2e")
async def test_the_reason_of_a_grant_is_stored_sealed_beside_the_move_of_the_deadline(assigned_desk: Desk) -> None:
    desk = assigned_desk
    extension = await asked(desk)
    await decided(desk, extension["id"], "grant")
    why = "经派单员批准延期 5 个工作日"

    shown = [(await explained(desk, extension["clock_id"], role))["changes"][0]["reason"] for role in HANDLING]
    own = await explained(desk, extension["clock_id"], Role.CASEWORKER, UNIT)
    hidden = [(await explained(desk, extension["clock_id"], role))["changes"][0]["reason"] for role in ONLOOKERS]

    assert await rows_in_clear(desk) == []
    assert {*shown, own["changes"][0]["reason"]} == {f"{why}：审批{SECRET}"}
    assert set(hidden) == {why}


async def test_why_a_clock_was_started_and_stopped_by_hand_is_stored_sealed_and_shown_to_those_who_may(
    assigned_desk: Desk,
) -> None:
    desk = assigned_desk
    clock_id = await started(desk)
    running = await explained(desk, clock_id, Role.OFFICE)
    await stopped(desk, clock_id)
    shown = [await explained(desk, clock_id, role) for role in BY_HAND]
    hidden = [await explained(desk, clock_id, role) for role in sorted(DISTRICT_READERS - set(BY_HAND))]
    hidden.append(await explained(desk, clock_id, Role.CASEWORKER, UNIT))

    assert await rows_in_clear(desk) == []
    assert (running["started_reason"], running["stopped_reason"]) == (f"启动{SECRET}", None)
    assert {(one["started_reason"], one["stopped_reason"]) for one in shown} == {(f"启动{SECRET}", f"停止{SECRET}")}
    assert {(one["started_reason"], one["stopped_reason"]) for one in hidden} == {(None, None)}
    lines = await desk.rows("select action, reason from audit where action like 'clock.%by_hand' order by id")
    assert [tuple(line.values()) for line in lines] == [
        ("clock.started_by_hand", f"clock:{clock_id}"),
        ("clock.stopped_by_hand", f"clock:{clock_id}"),
    ]


async def test_a_clock_that_an_event_started_has_no_reason_of_a_person(assigned_desk: Desk) -> None:
    [final] = await assigned_desk.rows("select id from clock where kind = 'final'")
    answer = await explained(assigned_desk, str(final["id"]), Role.CENTRE_HEAD)

    assert await assigned_desk.rows("select 1 from clock where note is not null") == []
    assert (answer["started_reason"], answer["stopped_reason"]) == (None, None)

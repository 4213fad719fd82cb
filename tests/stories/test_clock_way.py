"""An extension, a plan and a promise through five services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from sample.staff import Refused
from shared.calendar import SHANGHAI
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on the embedded bus."""
    async with district(postgres_server, tmp_path_factory.mktemp("district")) as found:
        yield found


@pytest.fixture(autouse=True)
def monday_morning(place: District) -> None:
    """Every story begins on the same Monday, 2026-11-23 09:00 in Yantai."""
    place.at(MONDAY_0900)


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


async def clock(place: District, order_id: str, kind: str, **wanted: Any) -> dict[str, Any]:
    """The newest clock of a kind, when it is as wanted."""

    async def found() -> dict[str, Any]:
        try:
            newest = (await place.clocks(order_id)).get(kind)
        except Refused:
            return {}
        return newest if newest and all(newest[name] == value for name, value in wanted.items()) else {}

    answer: dict[str, Any] = await eventually(found, within=20)
    return answer


@pytest.mark.clause("S1.3.2b", "S1.3.2e")
async def test_an_extension_moves_the_deadline_that_the_unit_and_the_centre_see(place: District) -> None:
    order_id = await place.received_and_assigned()
    before = await clock(place, order_id, "final", state="running")
    place.at(MONDAY_0900 + timedelta(minutes=30))
    await place.contact(order_id)
    caseworker, dispatcher = await place.person("zhujian-jingban"), await place.person("paidan")
    consent = {
        "person": "经办人",
        "agreed_at": place.clock.now().isoformat(),
        "phone": "0535-6890000",
        "agreed": True,
        "evidence": "录音 1",
    }
    body = {"reason_code": "complex", "explanation": "需现场勘测", "workdays": 5, "consent": consent}
    asked = await caseworker.call("POST", f"/api/sla/v1/orders/{order_id}/extensions", body)
    decision = {"decision": "grant", "reason": "情况属实"}
    await dispatcher.call("POST", f"/api/sla/v1/extensions/{asked['id']}/decision", decision)

    after = await clock(place, order_id, "final")
    assert datetime.fromisoformat(after["due_at"]) == local(12, 4, 0)
    assert after["original_due_at"] == before["due_at"]
    explained = await dispatcher.call("GET", f"/api/sla/v1/clocks/{asked['clock_id']}/explain")
    assert [change["reason"] for change in explained["changes"]] == ["经派单员批准延期 5 个工作日：情况属实"]


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_planned_order_waits_until_its_day_and_is_answered_again(place: District) -> None:
    order_id = await place.received_and_assigned()
    await place.contact(order_id)
    reply_id = await place.reply(order_id, disposition="planned", legal_basis="《条例》第九条", plan_on="2026-12-10")
    await place.leader_approves(reply_id)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.centre_approves(reply_id)
    await place.case(order_id, status="planned")
    plan = await clock(place, order_id, "plan", state="running")
    assert datetime.fromisoformat(plan["due_at"]) == local(12, 11, 0)

    place.at(local(12, 10, 0, 1))
    await place.case(order_id, status="handling")
    await place.contact(order_id)
    done = await place.reply(order_id)
    await place.leader_approves(done)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.centre_approves(done)
    await place.case(order_id, status="revisit")
    await clock(place, order_id, "plan", state="met")


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_plan_that_the_centre_approves_after_its_day_is_handled_again_at_once(place: District) -> None:
    order_id = await place.received_and_assigned()
    await place.contact(order_id)
    reply_id = await place.reply(order_id, disposition="planned", legal_basis="《条例》第九条", plan_on="2026-11-24")
    await place.leader_approves(reply_id)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    place.at(local(11, 27, 9))
    await place.centre_approves(reply_id)

    await place.case(order_id, status="handling")
    plan = await clock(place, order_id, "plan", state="running")
    assert plan["breached_at"] is not None
    # Its own feedback, published after the plan, has ended the deadline of the order.
    await clock(place, order_id, "final", state="late")


@pytest.mark.clause("S3.1f", "S4.1a")
async def test_a_joint_task_is_given_to_a_unit_of_the_district_while_it_is_open_and_to_no_other(
    place: District,
) -> None:
    order_id = await place.received_and_assigned()
    await clock(place, order_id, "final", state="running")
    office, admin = await place.person("qufuban"), await place.person("admin")

    async def asked(unit: str) -> dict[str, Any]:
        body = {"order_id": order_id, "kind": "co_task", "unit": unit, "workdays": 2, "reason": "须两家会同办理"}
        try:
            started: dict[str, Any] = await office.call("POST", "/api/sla/v1/clocks", body)
        except Refused as refusal:
            return dict(refusal.problem)
        return started

    async def opened(code: str, *, active: bool) -> None:
        unit = await admin.call("GET", f"/api/dispatch/v1/units/{code}")
        names = ("name", "group", "duties", "first_responsible", "deputy", "office")
        body = {name: unit[name] for name in names} | {"active": active}
        await admin.call("PUT", f"/api/dispatch/v1/units/{code}", body)

    async def answered(**wanted: Any) -> bool:
        answer = await asked("jiaotong")
        return all(answer.get(name) == value for name, value in wanted.items())

    await eventually(lambda: answered(unit="jiaotong", state="running"), within=20)
    assert (await asked("jiaotong-ju"))["code"] == "unit_not_listed"
    await opened("jiaotong", active=False)
    await eventually(lambda: answered(code="unit_inactive"), within=20)
    await opened("jiaotong", active=True)
    await eventually(lambda: answered(unit="jiaotong"), within=20)


@pytest.mark.clause("S2.2.1e")
async def test_a_promised_call_that_is_not_made_is_on_the_board_of_broken_promises(place: District) -> None:
    order_id = await place.received_and_assigned()
    place.at(MONDAY_0900 + timedelta(minutes=5))
    promised = local(11, 23, 10)
    await place.contact(order_id, promised_at=promised.isoformat())
    await clock(place, order_id, "next_contact", state="running")
    place.at(promised)
    dispatcher = await place.person("paidan")

    async def on_the_board() -> bool:
        board = await dispatcher.call("GET", "/api/sla/v1/boards/broken-promises")
        return order_id in {item["order_id"] for item in board["items"]}

    await eventually(on_the_board, within=20)

"""The caller of a confidential order, kept from whoever may not know him (X2)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.intake import OrderCancelled, OrderReceived, OrderUpdated
from shared.contracts.places import KNOWN_BY
from shared.identity import Role
from tests.intake.test_orders import ORDERS, assigned
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X2")

NAME, PHONE, ID = "张示例", "13800138000", "37060219900101123X"
CALLER: dict[str, Any] = {
    "callerName": NAME,
    "callerPhone": PHONE,
    "idCardNo": ID,
    "title": f"{NAME}反映路灯不亮，电话{PHONE}",
    "eventDesc": f"来电人张先生（{ID}）称路灯不亮，请回电138 0013 8000，邻居电话13912345678。",
}
TOLD = (NAME, PHONE, ID, "张先生", "138 0013 8000", "13912345678")


def words_of(desk: Desk, event: OrderReceived | OrderUpdated) -> list[str]:
    assert event.known_by is not None
    opened: list[str] = desk.runtime.works.sealer.open_json(event.known_by, KNOWN_BY.at(order_id=event.order_id))
    return opened


async def texts(desk: Desk, order_id: str, who: dict[str, str]) -> str:
    """All that somebody reads of an order: in the list, alone, and in its versions."""
    pages = [ORDERS, f"{ORDERS}/{order_id}", f"{ORDERS}/{order_id}/versions"]
    answers = [await desk.http.get(page, headers=who) for page in pages]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("路灯不亮" in answer.text for answer in answers)
    return "".join(answer.text for answer in answers)


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.UNIT_HEAD, Role.ANALYST, Role.OFFICE, Role.LEADER])
async def test_no_text_of_a_confidential_order_tells_who_called(role: Role, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(isSecret="1", **CALLER)
        await desk.tell(assigned(desk, order_id, "u1"))
        reader = desk.bearer(role, unit="u1" if role in {Role.CASEWORKER, Role.UNIT_HEAD} else None)

        read = await texts(desk, order_id, reader)
        centre = await texts(desk, order_id, desk.bearer(Role.DISPATCHER))
        alone = (await desk.http.get(f"{ORDERS}/{order_id}", headers=reader)).json()

        assert [told for told in TOLD if told in read] == []
        assert [told for told in TOLD if told not in centre] == []
        assert alone["caller"] is None
        assert alone["title"] == "［已隐去］反映路灯不亮，电话［已隐去］"


async def test_where_the_caller_of_a_confidential_order_lives_is_read_by_no_unit_and_where_it_happened_is(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        home, place = "烟台市莱山区迎春大街88号3号楼301", "莱山区黄海路街道黄海小区南门"
        said = f"路灯不亮。来电人住迎春大街88号3号楼301，反映{place}，邻居叫其示例、小张。"
        order_id = await Platform(desk).accepted(
            isSecret="1", callerName=NAME, callerArea=home, address=place, title="路灯不亮", eventDesc=said
        )
        await desk.tell(assigned(desk, order_id, "u1"))

        read = await texts(desk, order_id, desk.bearer(Role.CASEWORKER, unit="u1"))

        assert [told for told in ("迎春大街", "88号", "示例、", "小张") if told in read] == []
        assert f"反映{place}" in read
        [received] = await desk.told(OrderReceived)
        assert f"住址：{home}" in words_of(desk, received)


async def test_a_unit_reads_neither_short_forms_of_the_callers_name_nor_other_notations_of_his_address(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        hidden = ("黄海小区", "7-2-401", "七号楼", "张哥", "小伟", "伟伟", "张工、", "張偉", "138****1234")
        said = (
            "路灯不亮。来电人家住黄海小区7号楼2单元401室，即7-2-401（七号楼二单元401），邻居叫其张哥、小伟、伟伟，同事称张工、張偉，"
            "电话138****1234。反映迎春大街南侧雄伟的大楼前第三张工单无人处理。"
        )
        order_id = await Platform(desk).accepted(
            isSecret="1",
            callerName="张伟",
            callerArea="莱山区黄海路街道黄海小区7号楼2单元401室",
            address="莱山区迎春大街南侧",
            title="路灯不亮",
            eventDesc=said,
        )
        await desk.tell(assigned(desk, order_id, "u1"))

        read = await texts(desk, order_id, desk.bearer(Role.CASEWORKER, unit="u1"))
        centre = await texts(desk, order_id, desk.bearer(Role.DISPATCHER))

        assert [told for told in hidden if told in read] == []
        assert [told for told in hidden if told not in centre] == []
        assert "反映迎春大街南侧雄伟的大楼前第三张工单无人处理" in read


async def test_an_order_that_becomes_confidential_later_tells_nothing_of_its_first_version(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(**CALLER)
        order_id = (await platform.push(order)).json()["order_id"]
        await desk.tell(assigned(desk, order_id, "u1"))
        unit = desk.bearer(Role.CASEWORKER, unit="u1")
        before = await texts(desk, order_id, unit)
        await platform.push(
            {**order, "isSecret": "1", "callerName": "匿名", "callerPhone": "66812", "title": "路灯不亮"}
        )
        after = await texts(desk, order_id, unit)
        await platform.push(
            {**order, "isSecret": "1", "callerName": "匿名", "callerPhone": "66812", "title": "路灯不亮了"}
        )
        third = await texts(desk, order_id, unit)
        refused = await desk.http.post(f"{ORDERS}/{order_id}/caller/reveal", headers=unit, json={"purpose": "联系"})

        assert NAME in before
        assert [told for told in TOLD if told in after + third] == []
        assert refused.json()["code"] == "reveal_refused"
        [received], updates = await desk.told(OrderReceived), await desk.told(OrderUpdated)
        assert (received.confidential, received.known_by) == (False, None)
        assert [update.confidential for update in updates] == [True, True]
        assert {NAME, PHONE, ID, "匿名"} <= set(words_of(desk, updates[-1]))


async def test_the_event_of_a_confidential_order_says_what_its_caller_is_known_by(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(isSecret="1", **CALLER)
        who = desk.bearer(Role.DISPATCHER)
        await desk.http.post(
            f"{ORDERS}/{order_id}/flags",
            headers=who,
            json={"urgent": ["safety"], "out_of_scope": None, "reason": "核实"},
        )

        [received], [flagged] = await desk.told(OrderReceived), await desk.told(OrderUpdated)
        assert {NAME, PHONE, ID} <= set(words_of(desk, received))
        assert (flagged.confidential, words_of(desk, flagged)) == (True, words_of(desk, received))
        for event in (received, flagged):
            assert [told for told in TOLD if told in event.model_dump_json()] == []


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM}))
@pytest.mark.parametrize("secret", ["0", "1"])
async def test_who_may_have_the_caller_of_an_order_revealed(
    role: Role, secret: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(isSecret=secret)
        await desk.tell(assigned(desk, order_id, "u1"))
        unit = role in {Role.CASEWORKER, Role.UNIT_DEPUTY, Role.UNIT_HEAD}
        # Whoever also works for the unit gains nothing by the second role.
        roles = (role, Role.CASEWORKER) if role is Role.ANALYST and secret == "1" else (role,)
        who = desk.bearer(*roles, unit="u1" if unit or len(roles) > 1 else None)

        answer = await desk.http.post(f"{ORDERS}/{order_id}/caller/reveal", headers=who, json={"purpose": "回访"})

        desk_role = role in {Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.CENTRE_HEAD}
        assert (answer.status_code == 200) == (desk_role or (unit and secret == "0")), answer.text
        traces = await desk.rows("select reason from audit where action = 'caller.revealed'")
        assert traces == ([{"reason": "回访"}] if answer.status_code == 200 else [])


async def test_the_reason_of_a_notice_tells_nothing_in_events_and_audit(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(isSecret="1", **CALLER)
        order_id = (await platform.push(order)).json()["order_id"]
        notice = {
            "orderNum": order["orderNum"],
            "reason": f"{NAME}（张先生，{PHONE}）要求撤单",
            "operateTime": "2026-11-23 09:00:00",
        }
        answer = await platform.push(notice, kind="cancellations")

        assert answer.status_code == 200, answer.text
        [cancelled] = await desk.told(OrderCancelled)
        trail = await desk.rows("select reason from audit where subject = :id and reason is not null", id=order_id)
        assert cancelled.reason == "［已隐去］（［已隐去］，［已隐去］）要求撤单"
        assert trail == [{"reason": cancelled.reason}]

"""Orders found by number, words of the title and telephone number, though titles and numbers are sealed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.identity import Role
from tests.intake.test_orders import ORDERS, assigned
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

pytestmark = pytest.mark.clause("X2", "S4.2a")


async def search(desk: Desk, who: dict[str, str], **wanted: Any) -> list[str]:
    """The ids of what is found, newest first, from all pages of two."""
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = await desk.http.post(f"{ORDERS}/search", json=wanted, headers=who, params=query)
        assert answer.status_code == 200, answer.text
        found += [line["order_id"] for line in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


async def several(desk: Desk) -> list[str]:
    """Five orders, the first three with unit u1."""
    titles = ("小区门口占道经营", "迎春大街占道经营严重", "路灯不亮", "占道施工", "ＡＢＣ大厦 电梯故障")
    ids = []
    for number, title in enumerate(titles):
        desk.clock.set(desk.clock.now() + timedelta(minutes=1))
        phone = "138-0013-8000" if number % 2 else "13900000001"
        ids.append(await Platform(desk).accepted(title=title, callerPhone=phone, linkPhone="0535-6881234"))
    for order_id in ids[:3]:
        await desk.tell(assigned(desk, order_id, "u1"))
    return ids


async def test_words_of_the_title_are_found_in_any_writing(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        ids, who = await several(desk), desk.bearer(Role.DISPATCHER)

        assert await search(desk, who, words="占道") == [ids[3], ids[1], ids[0]]
        assert await search(desk, who, words="经营 占道") == [ids[1], ids[0]]
        assert await search(desk, who, words="abc大厦") == [ids[4]]
        assert await search(desk, who, words="道经营严重") == [ids[1]]
        # Each pair is in the title, and the word is not.
        assert await search(desk, who, words="占道占道") == []
        assert await search(desk, who, words="停水") == []


async def test_a_changed_title_is_found_by_its_new_words_only(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order, who = Platform(desk), an_order(title="路灯不亮"), desk.bearer(Role.DISPATCHER)
        order_id = (await platform.push(order)).json()["order_id"]
        await platform.push({**order, "title": "路面塌陷"})

        assert await search(desk, who, words="塌陷") == [order_id]
        assert await search(desk, who, words="路灯") == []


async def test_an_order_is_found_by_the_platforms_number_and_by_ours(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order, who = an_order(), desk.bearer(Role.ANALYST)
        order_id = (await Platform(desk).push(order)).json()["order_id"]

        assert await search(desk, who, order_no=order["orderNum"]) == [order_id]
        assert await search(desk, who, order_no=order_id) == [order_id]
        assert await search(desk, who, order_no=order["orderNum"][:-1]) == []
        assert await search(desk, who, order_no=order["orderNum"], words="没有") == []


async def test_a_telephone_number_is_found_in_any_writing_and_each_look_up_is_audited(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        ids, who = await several(desk), desk.bearer(Role.REVISITOR)

        assert await search(desk, who, phone="13800138000") == [ids[3], ids[1]]
        assert await search(desk, who, phone="+86 138 0013 8000", words="经营") == [ids[1]]
        assert await search(desk, who, phone="05356881234") == ids[::-1]
        assert await search(desk, who, phone="1380013800") == []
        traces = await desk.rows("select subject, actor, after from audit where action = 'caller.looked_up'")
        assert [trace["actor"] for trace in traces] == ["revisitor-centre"] * 6
        assert traces[0]["after"] == {"orders": [ids[3], ids[1]]}
        assert "13800138000" not in str(traces)


async def test_a_unit_finds_what_it_has_now(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        ids, unit = await several(desk), desk.bearer(Role.CASEWORKER, unit="u1")
        await desk.tell(facts.return_accepted(ids[0], "u1", desk.clock.now()))

        assert await search(desk, unit, words="占道") == [ids[1]]
        assert await search(desk, unit, order_no=ids[3]) == []
        assert await search(desk, unit, phone="13800138000") == [ids[1]]
        assert await search(desk, desk.bearer(Role.CASEWORKER, unit="u2"), words="占道") == []


@pytest.mark.parametrize("role", [Role.ANALYST, Role.OFFICE, Role.LEADER])
async def test_who_may_not_see_callers_does_not_look_them_up(role: Role, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(title="张示例电话13800138000反映路灯不亮")
        who = desk.bearer(role)
        refused = await desk.http.post(f"{ORDERS}/search", json={"phone": "13800138000"}, headers=who)

        assert refused.status_code == 403
        # The title is shown to them without the number, and found without it.
        assert await search(desk, who, words="路灯") == [order_id]
        assert await search(desk, who, words="13800138000") == []


async def test_a_confidential_order_is_found_by_nothing_that_tells_who_called(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(
            isSecret="1", callerName="张示例", title="张示例反映路灯不亮", callerPhone="13800138000"
        )
        await desk.tell(assigned(desk, order_id, "u1"))
        unit, centre = desk.bearer(Role.CASEWORKER, unit="u1"), desk.bearer(Role.DISPATCHER)

        assert await search(desk, unit, words="路灯") == [order_id]
        assert await search(desk, unit, words="张示例") == []
        assert await search(desk, unit, phone="13800138000") == []
        assert await search(desk, unit, words="路灯", phone="13800138000") == []
        assert await search(desk, desk.bearer(Role.ANALYST), words="张示例") == []
        assert await search(desk, centre, phone="13800138000") == [order_id]


async def test_an_analyst_who_also_works_for_a_unit_looks_up_callers_of_its_orders_only(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        ids = await several(desk)
        both = desk.bearer(Role.ANALYST, Role.CASEWORKER, unit="u1")

        assert await search(desk, both, phone="13800138000") == [ids[1]]


@pytest.mark.parametrize("body", [{}, {"words": "灯"}, {"words": "路灯 亮"}, {"words": "，。"}])
async def test_a_search_for_nothing_is_refused(body: dict[str, Any], postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await desk.http.post(f"{ORDERS}/search", json=body, headers=desk.bearer(Role.DISPATCHER))

        assert (answer.status_code, answer.json()["code"]) == (422, "search_empty")

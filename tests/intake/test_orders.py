"""Who sees what of an order: scope, masks, identity, flags, versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.intake.orders import policy
from shared.contracts.dispatch import OrderAssigned
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

ORDERS = "/api/intake/v1/orders"


def assigned(desk: Desk, order_id: str, unit: str, assignment: int = 1) -> OrderAssigned:
    return facts.assigned(order_id, unit, desk.clock.now(), number=assignment)


@pytest.mark.clause("S4.2a")
async def test_a_unit_sees_an_order_exactly_while_it_holds_it(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted()
        holder, other = (desk.bearer(Role.CASEWORKER, unit=unit) for unit in ("u1", "u2"))

        async def statuses() -> list[int]:
            read = [await desk.http.get(f"{ORDERS}/{order_id}", headers=who) for who in (holder, other)]
            listed = [await desk.http.get(ORDERS, headers=who) for who in (holder, other)]
            versions = [await desk.http.get(f"{ORDERS}/{order_id}/versions", headers=who) for who in (holder, other)]
            seen = [200 if answer.json()["items"] else 404 for answer in listed]
            assert seen == [a.status_code for a in read] == [a.status_code for a in versions]
            return seen

        assert await statuses() == [404, 404]
        await desk.tell(assigned(desk, order_id, "u1"))
        assert await statuses() == [200, 404]
        now = desk.clock.now()
        await desk.tell(facts.return_accepted(order_id, "u1", now))
        assert await statuses() == [404, 404]
        await desk.tell(assigned(desk, order_id, "u2", 2))
        assert await statuses() == [404, 200]
        await desk.tell(facts.closed(order_id, "u2", now))
        assert await statuses() == [404, 200]
        await desk.tell(facts.reopened(order_id, "u2", now))
        assert await statuses() == [404, 200]
        assert await desk.parked() == []


async def test_personal_data_is_masked_for_everybody(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(callerName="张示例", callerPhone="13800138000")
        answer = await desk.http.get(f"{ORDERS}/{order_id}", headers=desk.bearer(Role.DISPATCHER))

        caller = answer.json()["caller"]
        assert (caller["name"], caller["phone"]) == ("张**", "138****8000")
        assert "13800138000" not in answer.text
        assert "张示例" not in answer.text


@pytest.mark.parametrize("flag", [{"isSecret": "1"}, {"isAnonymous": "是"}])
async def test_a_caller_who_asked_for_confidentiality_is_hidden_from_the_unit(
    flag: dict[str, Any], postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(**flag)
        await desk.tell(assigned(desk, order_id, "u1"))
        unit, centre = desk.bearer(Role.UNIT_HEAD, unit="u1"), desk.bearer(Role.DISPATCHER)

        hidden = await desk.http.get(f"{ORDERS}/{order_id}", headers=unit)
        shown = await desk.http.get(f"{ORDERS}/{order_id}", headers=centre)
        refused = await desk.http.post(f"{ORDERS}/{order_id}/caller/reveal", headers=unit, json={"purpose": "联系"})
        revealed = await desk.http.post(f"{ORDERS}/{order_id}/caller/reveal", headers=centre, json={"purpose": "联系"})

        assert hidden.json()["caller"] is None
        assert shown.json()["caller"]["phone"] == "138****8000"
        assert (refused.status_code, refused.json()["facts"]) == (409, {"reason": "confidential"})
        assert revealed.json()["phone"] == "13800138000"


async def test_only_the_holder_may_reveal_a_caller_and_the_audit_trail_has_the_purpose(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(beReflected="某物业")
        await desk.tell(assigned(desk, order_id, "u1"))
        address = f"{ORDERS}/{order_id}/caller/reveal"
        unit = desk.bearer(Role.CASEWORKER, unit="u1")

        revealed = await desk.http.post(address, headers=unit, json={"purpose": "电话核实"})
        stranger = await desk.http.post(address, headers=desk.bearer(Role.CASEWORKER, unit="u2"), json={"purpose": "x"})
        without = await desk.http.post(address, headers=unit, json={"purpose": " "})
        await desk.tell(facts.closed(order_id, "u1", desk.clock.now()))
        late = await desk.http.post(address, headers=unit, json={"purpose": "电话核实"})

        assert revealed.json()["phone"] == "13800138000"
        assert revealed.json()["more"]["against"] == "某物业"
        assert (stranger.status_code, without.status_code, late.status_code) == (404, 422, 409)
        [trace] = await desk.rows("select subject, reason from audit where action = 'caller.revealed'")
        assert trace == {"subject": order_id, "reason": "电话核实"}


async def test_the_sixty_first_reveal_of_an_hour_is_refused(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "REVEALS_PER_HOUR", 2)
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted()
        who = desk.bearer(Role.REVIEWER)
        answers = [
            await desk.http.post(f"{ORDERS}/{order_id}/caller/reveal", headers=who, json={"purpose": "核实"})
            for _ in range(3)
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.clause("S1.3.1a")
async def test_a_persons_flags_hold_also_for_later_versions(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(eventDesc="小区燃气泄漏，请马上处理")
        order_id = (await platform.push(order)).json()["order_id"]
        [received] = await desk.told(OrderReceived)
        who = desk.bearer(Role.DISPATCHER)
        read = await desk.http.get(f"{ORDERS}/{order_id}", headers=who)
        body = {"urgent": ["livelihood"], "out_of_scope": "petition", "reason": "核实为供气不足"}
        address = f"{ORDERS}/{order_id}/flags"
        set_ = await desk.http.post(address, json=body, headers={**who, "If-Match": read.headers["ETag"]})
        stale = await desk.http.post(address, json=body, headers={**who, "If-Match": read.headers["ETag"]})
        await platform.push({**order, "eventDesc": "小区燃气泄漏，仍未处理"})

        assert received.urgent == ("safety",)
        assert (set_.status_code, stale.status_code) == (204, 409)
        overruled, renewed = await desk.told(OrderUpdated)
        assert (overruled.urgent, overruled.out_of_scope, overruled.version) == (("livelihood",), "petition", 1)
        assert (renewed.urgent, renewed.out_of_scope, renewed.version) == (("livelihood",), "petition", 2)
        [audit] = await desk.rows("select reason, before, after from audit where action = 'order.flags_overruled'")
        assert audit["reason"] == "核实为供气不足"
        assert audit["before"]["urgent"] == ["safety"]
        # The later push does not undo the decision, and what its words suggest is shown beside it.
        assert [(event.flags_version, event.urgent_found) for event in (overruled, renewed)] == [(2, ("safety",))] * 2
        shown = (await desk.http.get(f"{ORDERS}/{order_id}", headers=who)).json()
        assert (shown["urgent"], shown["urgent_found"]) == (["livelihood"], ["safety"])
        [pushed] = await desk.rows("select after from audit where action = 'order.updated'")
        assert pushed["after"]["flags_kept"] == {"urgent": ["livelihood"], "out_of_scope": "petition"}
        assert pushed["after"]["flags_found"] == {"urgent": ["safety"], "out_of_scope": None}


@pytest.mark.clause("S1.3.1a")
async def test_the_flags_that_the_rules_find_have_a_version_that_grows_with_their_changes(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(eventDesc="小区燃气泄漏，请马上处理")
        await platform.push(order)
        for text in ("小区燃气泄漏，仍未处理", "已无异味", "小区停水"):
            await platform.push({**order, "eventDesc": text})

        told = [(event.urgent, event.flags_version) for event in await desk.told(OrderUpdated)]
        assert told == [(("safety",), 1), ((), 2), (("livelihood",), 3)]
        assert (
            "flags_kept" not in (await desk.rows("select after from audit where action = 'order.updated'"))[0]["after"]
        )


@pytest.mark.clause("S2.2.2a")
async def test_a_matter_out_of_scope_is_flagged_and_never_refused(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(eventDesc="市民对法院判决不服，要求重新处理"))

        assert answer.status_code == 201
        [event] = await desk.told(OrderReceived)
        assert event.out_of_scope == "litigation"


@pytest.mark.clause("S1.1.4c")
async def test_versions_show_what_the_platform_sent_each_time(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(title="第一版")
        order_id = (await platform.push(order)).json()["order_id"]
        await platform.push({**order, "title": "第二版", "timeLimit": 5})
        answer = await desk.http.get(f"{ORDERS}/{order_id}/versions", headers=desk.bearer(Role.REVIEWER))

        shown = [(v["version"], v["title"], v["changed"], v["details"]["time_limit"]) for v in answer.json()]
        assert shown == [(1, "第一版", [], 3), (2, "第二版", ["title", "time_limit"], 5)]


async def test_a_listing_is_filtered_and_paged_without_gaps(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        city = [await Platform(desk).accepted() for _ in range(5)]
        province = await Platform(desk, "province_12345").accepted()
        who = desk.bearer(Role.ANALYST)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            params = {"channel": "city_12345", "limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await desk.http.get(ORDERS, params=params, headers=who)).json()
            seen += [line["order_id"] for line in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        provincial = (await desk.http.get(ORDERS, params={"level": "provincial"}, headers=who)).json()["items"]
        none = (await desk.http.get(ORDERS, params={"state": "closed"}, headers=who)).json()["items"]
        later = {"received_from": "2026-11-24T00:00:00+08:00"}
        tomorrow = (await desk.http.get(ORDERS, params=later, headers=who)).json()["items"]

        assert sorted(seen) == sorted(city)
        assert [line["order_id"] for line in provincial] == [province]
        assert (none, tomorrow) == ([], [])


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "WyJhIiwiYiJd", "WyIyMDI2LTExLTIzVDAwOjAwOjAwKzAwOjAwIiwiYiJd"])
async def test_an_invalid_cursor_is_422(cursor: str, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        for path in ("orders", "quarantine", "deliveries"):
            answer = await desk.http.get(
                f"/api/intake/v1/{path}", params={"cursor": cursor}, headers=desk.bearer(Role.DISPATCHER)
            )
            assert answer.status_code == 422


async def test_an_unknown_order_is_404_everywhere(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        who, unknown = desk.bearer(Role.DISPATCHER), uuid4()
        flags: dict[str, Any] = {"urgent": [], "out_of_scope": None, "reason": "r"}
        answers = [
            await desk.http.get(f"{ORDERS}/{unknown}", headers=who),
            await desk.http.get(f"{ORDERS}/{unknown}/versions", headers=who),
            await desk.http.post(f"{ORDERS}/{unknown}/flags", json=flags, headers=who),
            await desk.http.post(f"{ORDERS}/{unknown}/caller/reveal", json={"purpose": "p"}, headers=who),
        ]

        assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("name", ["../../etc/passwd.png", "..\\etc\\passwd.png", "\u202epasswd.png"])
async def test_an_attachment_of_a_platform_is_listed_under_a_safe_name(
    name: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(attachments=[{"name": name, "url": "https://example.org/1"}])
        answer = await desk.http.post(
            f"{ORDERS}/{order_id}/caller/reveal", json={"purpose": "核实"}, headers=desk.bearer(Role.DISPATCHER)
        )

        [attachment] = answer.json()["more"]["attachments"]
        assert attachment["name"] == "passwd.png"


FILES: list[dict[str, Any]] = [
    {"name": "占道现场.jpg", "url": "https://example.org/files/a.jpg"},
    {"name": "13800138000.pdf", "url": "https://example.org/13800138000/b.pdf", "size": 20481},
]


async def listed(desk: Desk, order_id: str, who: dict[str, str]) -> list[tuple[str | None, str | None]]:
    answer = await desk.http.get(f"{ORDERS}/{order_id}", headers=who)
    assert answer.status_code == 200, answer.text
    return [(file["name"], file["url"]) for file in answer.json()["attachments"]]


async def test_the_attachments_that_a_platform_names_are_shown_with_the_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order(attachments=FILES)
        order_id = (await platform.push(order)).json()["order_id"]
        await desk.tell(assigned(desk, order_id, "u1"))
        unit, centre = desk.bearer(Role.CASEWORKER, unit="u1"), desk.bearer(Role.DISPATCHER)
        first = [await listed(desk, order_id, who) for who in (centre, unit)]
        await platform.push({**order, "attachments": FILES[:1]})
        second = await listed(desk, order_id, centre)
        await platform.push({**order, "attachments": None})
        third = await listed(desk, order_id, centre)

        assert first == [[(file["name"], file["url"]) for file in FILES]] * 2
        assert (second, third) == ([(FILES[0]["name"], FILES[0]["url"])], [])
        assert await desk.rows("select 1 from audit where action = 'caller.revealed'") == []


@pytest.mark.clause("X2")
async def test_who_reads_an_order_without_its_numbers_gets_no_address_of_its_attachments(
    postgres_server: DatabaseServer,
) -> None:
    """No masking could make a file harmless."""
    async with intake_desk(postgres_server) as desk:
        order_id = (await Platform(desk).push(an_order(attachments=FILES))).json()["order_id"]

        assert await listed(desk, order_id, desk.bearer(Role.LEADER)) == [
            ("占道现场.jpg", None),
            ("138******00.pdf", None),
        ]
        assert await listed(desk, order_id, desk.bearer(Role.AUDITOR)) == []


@pytest.mark.clause("X2")
@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.OFFICE, Role.LEADER])
async def test_the_attachments_of_a_confidential_order_are_for_those_who_may_know_its_caller(
    role: Role, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = (await Platform(desk).push(an_order(attachments=FILES, isSecret="1"))).json()["order_id"]
        await desk.tell(assigned(desk, order_id, "u1"))
        reader = desk.bearer(role, unit="u1" if role is Role.CASEWORKER else None)

        assert await listed(desk, order_id, reader) == []
        assert len(await listed(desk, order_id, desk.bearer(Role.DISPATCHER))) == len(FILES)


@pytest.mark.clause("S1.3.1b", "S1.3.1a")
async def test_orders_that_are_not_over_are_listed_by_their_urgent_class(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, who = Platform(desk), desk.bearer(Role.DISPATCHER)
        ids = []
        for words in ("路灯不亮", "小区燃气泄漏", "暖气不热，家中老人受冻", "小区又有燃气泄漏", "路灯还不亮"):
            desk.clock.set(desk.clock.now() + timedelta(minutes=1))
            ids.append(await platform.accepted(title="反映情况", eventDesc=words, category="其他"))
        address = f"{ORDERS}/{ids[2]}/flags"
        body = {"urgent": ["livelihood"], "out_of_scope": None, "reason": "民生紧急"}
        assert (await desk.http.post(address, json=body, headers=who)).status_code == 204
        body = {"urgent": ["policy"], "out_of_scope": None, "reason": "政策咨询"}
        address = f"{ORDERS}/{ids[4]}/flags"
        assert (await desk.http.post(address, json=body, headers=who)).status_code == 204
        await desk.tell(assigned(desk, ids[3], "u1"), facts.closed(ids[3], "u1", desk.clock.now()))

        async def listed(**query: Any) -> list[int]:
            shown, cursor = [], None
            while True:
                asked = {"limit": 2, **query, **({"cursor": cursor} if cursor else {})}
                page = (await desk.http.get(ORDERS, headers=who, params=asked)).json()
                shown += [ids.index(line["order_id"]) for line in page["items"]]
                cursor = page["next"]
                if cursor is None:
                    return shown

        assert await listed(sort="urgent") == [1, 2, 4, 0]
        assert await listed() == [4, 3, 2, 1, 0]
        wrong = (await desk.http.get(ORDERS, headers=who, params={"limit": 2})).json()["next"]
        mixed = await desk.http.get(ORDERS, headers=who, params={"limit": 2, "sort": "urgent", "cursor": wrong})
        assert mixed.status_code == 422

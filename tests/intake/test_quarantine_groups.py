"""Quarantined requests of one cause are listed as a group and released by one command, each with its own result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.intake.acceptance import policy as acceptance
from services.intake.quarantine import policy
from services.intake.quarantine.rules import cause_of
from shared.contracts.intake import OrderReceived, OrderUrged
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900, Desk

QUARANTINE = "/api/intake/v1/quarantine"
pytestmark = pytest.mark.clause("S1.1.1a")


async def groups(desk: Desk) -> list[dict[str, Any]]:
    answer = await desk.http.get(f"{QUARANTINE}/groups", headers=desk.bearer(Role.DISPATCHER))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def release(
    desk: Desk, cause: str, kind: str = "orders", channel: str = "city_12345", **more: Any
) -> httpx.Response:
    body = {"channel": channel, "kind": kind, "cause": cause, "reason": "核对", **more}
    return await desk.http.post(f"{QUARANTINE}/groups/release", json=body, headers=desk.bearer(Role.DISPATCHER))


async def urges(platform: Platform, *numbers: str) -> list[str]:
    """The quarantine's ids of urges that come before their orders."""
    found = []
    for number in numbers:
        answer = await platform.push({"orderNum": number, "operateTime": "2026-11-23 08:55:00"}, kind="urges")
        found.append(answer.json()["facts"]["quarantine_id"])
    return found


@pytest.mark.parametrize(
    ("reason", "faults", "cause"),
    [
        ("unknown_order", [], "unknown_order"),
        ("undecodable", [{"field": "", "code": "not_finite"}], "undecodable: not_finite"),
        (
            "invalid",
            [{"field": "title", "code": "missing"}, {"field": "lng", "code": "too_large"}],
            "invalid: missing title, too_large lng",
        ),
        (
            "invalid",
            [{"field": "attachments.0.url", "code": "missing"}, {"field": "attachments.12.url", "code": "missing"}],
            "invalid: missing attachments.*.url",
        ),
        ("invalid", [{"field": "x" * 500, "code": "unknown_field"}], f"invalid: unknown_field {'x' * 80}"),
    ],
)
def test_requests_that_failed_alike_have_one_cause(reason: str, faults: list[dict[str, str]], cause: str) -> None:
    assert cause_of(reason, faults) == cause == cause_of(reason, faults[::-1])


def test_a_cause_names_ten_faults_and_that_there_are_more() -> None:
    faults = [{"field": f"f{n:02}", "code": "missing"} for n in range(policy.CAUSE_FAULTS + 1)]

    assert cause_of("invalid", faults).count("missing") == policy.CAUSE_FAULTS
    assert cause_of("invalid", faults) != cause_of("invalid", faults[:-1])


async def test_waiting_requests_are_listed_by_channel_kind_and_cause(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(an_order(callerPhone=None))
        desk.clock.set(MONDAY_0900 + timedelta(minutes=5))
        await platform.push(an_order(callerPhone=None, title="另一件"))
        await platform.push(an_order(callerPhone=None, eventDesc=None))
        await Platform(desk, "city_enterprise").push(an_order("city_enterprise", callerPhone=None))
        [dropped] = await urges(platform, "GONE")
        who = desk.bearer(Role.DISPATCHER)
        await desk.http.post(f"{QUARANTINE}/{dropped}/drop", json={"reason": "重复"}, headers=who)

        first, *others = await groups(desk)
        listed = await desk.http.get(
            QUARANTINE, params={"cause": first["cause"], "channel": "city_12345", "state": "waiting"}, headers=who
        )
        assert (first["channel"], first["kind"], first["cause"], first["reason"], first["waiting"]) == (
            "city_12345",
            "orders",
            "invalid: missing callerPhone",
            "invalid",
            2,
        )
        assert first["first_received_at"] < first["last_received_at"]
        assert {(group["channel"], group["cause"], group["waiting"]) for group in others} == {
            ("city_12345", "invalid: missing callerPhone, missing eventDesc", 1),
            ("city_enterprise", "invalid: missing callerPhone", 1),
        }
        assert len(listed.json()["items"]) == 2


async def test_a_group_is_released_by_one_command_and_what_is_refused_again_stays_with_its_new_reason(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        here, late, never, over = await urges(platform, "HERE", "LATE", "NEVER", "OVER")
        ids = [
            await platform.accepted(orderNum="HERE"),
            await platform.accepted(orderNum="LATE", callTime="2026-11-23 08:58:00", sendTime="2026-11-23 08:59:00"),
            await platform.accepted(orderNum="OVER"),
        ]
        await platform.push(
            {"orderNum": "OVER", "operateTime": "2026-11-23 08:56:00", "reason": "市民撤诉"}, kind="cancellations"
        )
        desk.clock.set(MONDAY_0900 + timedelta(minutes=10))
        answer = await release(desk, "unknown_order", "urges")

        assert answer.status_code == 200, answer.text
        result = answer.json()
        assert (result["released"], result["refused"], result["remaining"]) == (1, 3, 1)
        by_id = {item["quarantine_id"]: item for item in result["items"]}
        assert (by_id[here]["order_id"], by_id[here]["code"]) == (ids[0], None)
        assert [by_id[one]["code"] for one in (late, never, over)] == ["invalid", "unknown_order", "order_cancelled"]
        assert by_id[late]["faults"][0]["code"] == "before_call"
        assert [event.urged_at for event in await desk.told(OrderUrged)] == [MONDAY_0900]
        rows = await desk.rows("select id::text, state, reason, cause from quarantine")
        states = {row["id"]: (row["state"], row["reason"], row["cause"]) for row in rows}
        assert states == {
            here: ("released", "unknown_order", "unknown_order"),
            late: ("waiting", "invalid", "invalid: before_call operateTime"),
            never: ("waiting", "unknown_order", "unknown_order"),
            over: ("waiting", "order_cancelled", "order_cancelled"),
        }
        audit = await desk.rows("select action, subject, reason, after from audit order by id")
        of_releases = [row for row in audit if row["action"].startswith("quarantine.")]
        assert [row["action"] for row in of_releases] == ["quarantine.released", "quarantine.group_released"]
        assert of_releases[0]["subject"] == here
        assert of_releases[1]["after"]["refused"] == {late: "invalid", never: "unknown_order", over: "order_cancelled"}
        assert {row["reason"] for row in of_releases} == {"核对"}


async def test_orders_of_a_misspelt_address_are_released_together_as_they_came(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        address = "/api/intake/v1/channels/city_1234/orders"
        order = an_order()
        for content in (order, {**order, "eventDesc": "市民补充：夜间也有。"}, an_order(lng=999), an_order()):
            body = orjson.dumps(content)
            await desk.http.post(address, content=body, headers=platform.headers(body))
        [group] = await groups(desk)
        unnamed = await release(desk, group["cause"], channel="city_1234")
        named = await release(desk, group["cause"], channel="city_1234", as_channel="city_12345")
        again = await release(desk, group["cause"], channel="city_1234", as_channel="city_12345")

        assert (unnamed.status_code, unnamed.json()["code"]) == (422, "channel_needed")
        items = named.json()["items"]
        assert [(item["version"], item["code"]) for item in items] == [
            (1, None),
            (2, None),
            (None, "invalid"),
            (1, None),
        ]
        assert items[0]["order_id"] == items[1]["order_id"]
        assert len(await desk.told(OrderReceived)) == 2
        assert (again.status_code, again.json()["code"]) == (404, "not_found")


async def test_more_than_one_command_releases_is_released_by_the_next_although_the_first_ones_fail(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "RELEASED_TOGETHER", 2)
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await urges(platform, "NEVER1", "NEVER2", "HERE")
        await platform.accepted(orderNum="HERE")
        first, second = [(await release(desk, "unknown_order", "urges")).json() for _ in range(2)]

        assert (first["released"], first["refused"], first["remaining"]) == (0, 2, 3)
        assert (second["released"], second["refused"], second["remaining"]) == (1, 1, 2)


async def test_while_no_order_can_be_written_a_request_keeps_its_reason(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with intake_desk(postgres_server) as desk:
        await desk.http.post("/api/intake/v1/channels/x/orders", json=an_order())
        monkeypatch.setattr(acceptance, "WAITING_ORDERS", 0)
        answer = await release(desk, "unknown_channel", channel="x", as_channel="city_12345")

        assert [item["code"] for item in answer.json()["items"]] == ["intake_busy"]
        [row] = await desk.rows("select state, reason, tries from quarantine")
        assert row == {"state": "waiting", "reason": "unknown_channel", "tries": 0}

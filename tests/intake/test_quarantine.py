"""Quarantined requests are listed, read, released and dropped by a person."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from shared.contracts.intake import OrderReceived, OrderUrged
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer

QUARANTINE = "/api/intake/v1/quarantine"


@pytest.mark.clause("S1.1.1a")
async def test_a_corrected_request_becomes_an_order_and_a_repeated_request_is_answered_with_it(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, who = Platform(desk), desk.bearer(Role.DISPATCHER)
        wrong = {**an_order(), "lng": 999}
        kept = (await platform.push(wrong, webhook_id="m")).json()["facts"]["quarantine_id"]
        right = {name: value for name, value in wrong.items() if name != "lng"}

        as_it_is = await desk.http.post(f"{QUARANTINE}/{kept}/release", json={"reason": "核对"}, headers=who)
        released = await desk.http.post(
            f"{QUARANTINE}/{kept}/release", json={"payload": right, "reason": "去掉有误的经度"}, headers=who
        )
        again = await desk.http.post(f"{QUARANTINE}/{kept}/release", json={"reason": "再来"}, headers=who)
        resent = await platform.push(wrong, webhook_id="m")

        assert as_it_is.status_code == 422
        assert "lng" in as_it_is.text
        assert released.status_code == 200
        [event] = await desk.told(OrderReceived)
        assert released.json() == {"order_id": event.order_id, "version": 1}
        assert (again.status_code, again.json()["code"]) == (409, "quarantine_decided")
        assert (resent.status_code, resent.json()["order_id"]) == (200, event.order_id)


@pytest.mark.parametrize("absurd", ["1e400", str(2**64), "NaN", '"\\ud83d"'])
async def test_a_correction_with_values_that_no_order_can_have_is_refused(
    postgres_server: DatabaseServer, absurd: str
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, who = Platform(desk), desk.bearer(Role.DISPATCHER)
        kept = (await platform.push({**an_order(), "lng": 999})).json()["facts"]["quarantine_id"]

        answer = await desk.http.post(
            f"{QUARANTINE}/{kept}/release",
            content=f'{{"payload": {{"lng": {absurd}}}, "reason": "r"}}',
            headers={**who, "content-type": "application/json"},
        )

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.clause("S1.1.1a")
async def test_a_request_of_an_unknown_channel_needs_a_person_to_name_the_channel(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        who = desk.bearer(Role.DISPATCHER)
        answer = await desk.http.post("/api/intake/v1/channels/city_old/orders", json=an_order())
        kept = answer.json()["facts"]["quarantine_id"]

        unnamed = await desk.http.post(f"{QUARANTINE}/{kept}/release", json={"reason": "r"}, headers=who)
        named = await desk.http.post(
            f"{QUARANTINE}/{kept}/release", json={"channel": "city_12345", "reason": "旧地址"}, headers=who
        )

        assert (unnamed.status_code, unnamed.json()["code"]) == (422, "channel_needed")
        assert named.status_code == 200
        [event] = await desk.told(OrderReceived)
        assert event.platform == "city_12345"


async def test_a_notice_that_came_before_its_order_is_released_after_it(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        urge = {"orderNum": "LATE", "operateTime": "2026-11-23 08:55:00"}
        kept = (await platform.push(urge, kind="urges")).json()["facts"]["quarantine_id"]
        order_id = await platform.accepted(orderNum="LATE")
        released = await desk.http.post(
            f"{QUARANTINE}/{kept}/release", json={"reason": "工单已到"}, headers=desk.bearer(Role.CENTRE_HEAD)
        )

        assert released.json() == {"order_id": order_id, "version": None}
        assert len(await desk.told(OrderUrged)) == 1


async def test_a_dropped_request_keeps_its_bytes_and_its_reason(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        who = desk.bearer(Role.CENTRE_HEAD)
        kept = (await Platform(desk).push(b"\xff{")).json()["facts"]["quarantine_id"]
        dropped = await desk.http.post(f"{QUARANTINE}/{kept}/drop", json={"reason": "乱码"}, headers=who)
        waiting = await desk.http.get(QUARANTINE, params={"state": "waiting"}, headers=who)
        read = await desk.http.get(f"{QUARANTINE}/{kept}", headers=who)

        assert dropped.status_code == 204
        assert waiting.json()["items"] == []
        shown = read.json()
        assert (shown["state"], shown["why"], shown["decided_by"]) == ("dropped", "乱码", "centre_head-centre")
        assert base64.b64decode(shown["body_base64"]) == b"\xff{"
        assert shown["body_text"] is None
        actions = [row["action"] for row in await desk.rows("select action from audit order by id")]
        assert actions == ["request.quarantined", "quarantine.dropped", "quarantine.read"]


async def test_a_listing_is_newest_first_and_paged(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        who = desk.bearer(Role.REVISITOR)
        kept = [(await Platform(desk).push(b"{")).json()["facts"]["quarantine_id"] for _ in range(3)]
        first = (await desk.http.get(QUARANTINE, params={"limit": 2}, headers=who)).json()
        second = (await desk.http.get(QUARANTINE, params={"limit": 2, "cursor": first["next"]}, headers=who)).json()

        listed: list[dict[str, Any]] = [*first["items"], *second["items"]]
        assert sorted(line["id"] for line in listed) == sorted(kept)
        assert second["next"] is None


async def test_a_release_that_was_made_twice_is_one_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        who = desk.bearer(Role.DISPATCHER)
        body = orjson.dumps(an_order())
        ids = [
            (await desk.http.post("/api/intake/v1/channels/x/orders", content=body)).json()["facts"]["quarantine_id"]
            for _ in range(2)
        ]
        answers = [
            await desk.http.post(
                f"{QUARANTINE}/{kept}/release", json={"channel": "city_12345", "reason": "r"}, headers=who
            )
            for kept in ids
        ]

        assert answers[0].json() == answers[1].json()
        assert len(await desk.told(OrderReceived)) == 1

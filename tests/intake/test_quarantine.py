"""Quarantined requests are listed, read, released and dropped by a person."""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderUpdated, OrderUrged
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900, Desk

QUARANTINE, ORDERS = "/api/intake/v1/quarantine", "/api/intake/v1/orders"


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
        assert as_it_is.headers["content-type"] == "application/problem+json"
        assert "lng" in as_it_is.text
        assert released.status_code == 200
        [event] = await desk.told(OrderReceived)
        [sent] = await desk.rows("select headers from outbox where type = 'order.received.v1'")
        # Every history of the order names who released it (X1).
        assert (sent["headers"]["actor"], sent["headers"]["actorrole"]) == ("dispatcher-centre", "dispatcher")
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


@pytest.mark.clause("S1.1.4c", "S2.3a")
async def test_an_order_says_that_newer_content_of_it_waits_in_quarantine(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await platform.accepted(orderNum="N2")
        await desk.tell(facts.assigned(order_id, "u1", desk.clock.now()))
        people = (desk.bearer(Role.REVIEWER), desk.bearer(Role.CASEWORKER, unit="u1"))

        async def told() -> dict[str, Any]:
            seen = [await desk.http.get(f"/api/intake/v1/orders/{order_id}", headers=who) for who in people]
            assert seen[0].json()["quarantined"] == seen[1].json()["quarantined"]
            return dict(seen[0].json()["quarantined"])

        before, first = await told(), desk.clock.now()
        for minutes, number in ((0, "N1"), (5, "N1"), (6, "N2")):
            desk.clock.set(first + timedelta(minutes=minutes))
            assert (await platform.push({**an_order(orderNum=number), "lng": 999})).status_code == 422
        waiting = await told()
        assert (await platform.push(an_order(orderNum="N1", title="改过的标题"))).status_code == 200

        assert before == {"count": 0, "since": None}
        assert (waiting["count"], datetime.fromisoformat(waiting["since"])) == (2, first)
        assert await told() == before, "what its platform sent anew overtakes them"


@pytest.mark.clause("S1.1.4c")
async def test_a_revision_that_is_not_higher_than_the_known_one_changes_nothing_and_is_not_counted(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, who, order = Platform(desk), desk.bearer(Role.REVIEWER), an_order()
        order_id = (await platform.push(in_revision(order, 2))).json()["order_id"]
        counted = []
        for revision in (1, 2, 3):
            await kept(platform, in_revision(order, revision) | WRONG)
            counted.append(
                (await desk.http.get(f"/api/intake/v1/orders/{order_id}", headers=who)).json()["quarantined"]
            )

        assert [one["count"] for one in counted] == [0, 0, 1]


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


async def test_a_release_that_is_refused_gives_the_request_its_new_reason(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, who = Platform(desk), desk.bearer(Role.DISPATCHER)
        urge = {"orderNum": "LATE", "operateTime": "2026-11-23 08:55:00"}
        kept = (await platform.push(urge, kind="urges")).json()["facts"]["quarantine_id"]
        await platform.accepted(orderNum="LATE", callTime="2026-11-23 08:58:00", sendTime="2026-11-23 08:59:00")
        address, key = f"{QUARANTINE}/{kept}/release", {**who, "Idempotency-Key": "k"}

        corrected = await desk.http.post(address, json={"payload": {"a": 1}, "reason": "更正"}, headers=who)
        [before] = await desk.rows("select reason, tries from quarantine")
        answers = [await desk.http.post(address, json={"reason": "工单已到"}, headers=key) for _ in range(2)]

        assert corrected.status_code == 422
        assert (before["reason"], before["tries"]) == ("unknown_order", 0)
        assert {(each.status_code, each.json()["code"], each.headers["content-type"]) for each in answers} == {
            (422, "not_understood", "application/problem+json")
        }
        [after] = await desk.rows("select state, reason, cause, tries from quarantine")
        assert after == {
            "state": "waiting",
            "reason": "invalid",
            "cause": "invalid: before_call operateTime",
            "tries": 1,
        }
        assert await desk.rows("select 1 from audit where action = 'quarantine.refused_again'")


async def test_a_misaddressed_request_keeps_its_signer_when_its_release_is_refused(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        who = desk.bearer(Role.DISPATCHER)
        body = orjson.dumps({"orderNum": "LATE", "operateTime": "2026-11-23 08:55:00"})
        wrong = "/api/intake/v1/channels/city_1234/urges"
        answer = await desk.http.post(wrong, content=body, headers=Platform(desk).headers(body))
        kept = answer.json()["facts"]["quarantine_id"]

        refused = await desk.http.post(
            f"{QUARANTINE}/{kept}/release", json={"channel": "city_12345", "reason": "地址写错"}, headers=who
        )
        shown = (await desk.http.get(f"{QUARANTINE}/{kept}", headers=who)).json()

        assert refused.status_code == 422
        assert (shown["reason"], shown["signed_by"]) == ("unknown_order", "city_12345")


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


WRONG: dict[str, Any] = {"lng": 999}


async def kept(platform: Platform, content: dict[str, Any], kind: str = "orders") -> str:
    """The quarantine's id of a request that lacks something."""
    answer = await platform.push(content, kind=kind)
    assert answer.status_code == 422, answer.text
    found: str = answer.json()["facts"]["quarantine_id"]
    return found


async def release(desk: Desk, quarantine_id: str, payload: dict[str, Any]) -> httpx.Response:
    return await desk.http.post(
        f"{QUARANTINE}/{quarantine_id}/release",
        json={"payload": payload, "reason": "核对"},
        headers=desk.bearer(Role.DISPATCHER),
    )


async def test_a_released_order_was_received_when_its_bytes_arrived(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order = an_order()
        at_once = await Platform(desk).accepted()
        quarantine_id = await kept(Platform(desk), order | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(days=2))
        answer, who = await release(desk, quarantine_id, order), desk.bearer(Role.DISPATCHER)
        shown = (await desk.http.get(f"{ORDERS}/{answer.json()['order_id']}", headers=who)).json()
        versions = (await desk.http.get(f"{ORDERS}/{answer.json()['order_id']}/versions", headers=who)).json()
        unreleased = (await desk.http.get(f"{ORDERS}/{at_once}", headers=who)).json()

        *_, event = await desk.told(OrderReceived)
        assert (event.received_at, event.released_at) == (MONDAY_0900, MONDAY_0900 + timedelta(days=2))
        for moment in (shown["received_at"], versions[0]["received_at"]):
            assert datetime.fromisoformat(moment) == MONDAY_0900
        assert datetime.fromisoformat(shown["released_at"]) == MONDAY_0900 + timedelta(days=2)
        assert unreleased["released_at"] is None


async def test_a_released_notice_counts_from_its_arrival(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.accepted(orderNum="N")
        urge = {"orderNum": "N", "operateTime": "2026-11-23 08:55:00"}
        cancellation = {**urge, "reason": "市民撤诉"}
        waiting = [
            (await kept(platform, {**content, "operateTime": "wrong"}, kind), content)
            for kind, content in (("urges", urge), ("cancellations", cancellation))
        ]
        desk.clock.set(MONDAY_0900 + timedelta(days=2))
        for quarantine_id, content in waiting:
            assert (await release(desk, quarantine_id, content)).status_code == 200

        assert [event.urged_at for event in await desk.told(OrderUrged)] == [MONDAY_0900]
        assert [event.cancelled_at for event in await desk.told(OrderCancelled)] == [MONDAY_0900]


async def test_a_released_revisit_proves_from_its_arrival_on_that_the_platform_has_the_reply(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="R")
        await desk.tell(approved(desk, order_id))
        revisit = {
            "orderNum": "R",
            "operateTime": "2026-11-23 09:00:00",
            "isConnect": "是",
            "isSolve": "解决",
            "satisfaction": "满意",
        }
        desk.clock.set(MONDAY_0900 + timedelta(hours=1))
        quarantine_id = await kept(platform, {**revisit, "isSolve": "差不多"}, "revisits")
        desk.clock.set(MONDAY_0900 + timedelta(days=2))
        answer = await release(desk, quarantine_id, revisit)

        assert answer.status_code == 200, answer.text
        [fed_back] = await desk.told(OrderFedBack)
        [row] = await desk.rows("select received_at, revisited_at from revisit")
        assert fed_back.fed_back_at == row["received_at"] == MONDAY_0900 + timedelta(hours=1)
        assert row["revisited_at"] == MONDAY_0900


@pytest.mark.clause("S1.1.4c")
async def test_a_request_that_was_overtaken_by_a_newer_one_brings_nothing_old_back(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        without_number = {name: value for name, value in order.items() if name != "orderNum"}
        quarantine_id = await kept(platform, without_number)
        desk.clock.set(MONDAY_0900 + timedelta(hours=1))
        newer = {**order, "eventDesc": "市民补充：夜间也有。"}
        await platform.push(newer)
        older = await release(desk, quarantine_id, order)
        [waiting] = await desk.rows("select state from quarantine")
        same = await release(desk, quarantine_id, newer)

        assert (older.status_code, older.json()["code"]) == (409, "overtaken")
        assert waiting["state"] == "waiting"
        assert (same.status_code, same.json()["version"]) == (200, 1)
        assert await desk.told(OrderUpdated) == []


@pytest.mark.clause("S1.1.4c")
async def test_a_released_change_that_nothing_has_overtaken_is_a_new_version(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        await platform.push(order)
        desk.clock.set(MONDAY_0900 + timedelta(hours=1))
        quarantine_id = await kept(platform, {**order, "eventDesc": "市民补充：夜间也有。"} | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(hours=2))
        answer = await release(desk, quarantine_id, {**order, "eventDesc": "市民补充：夜间也有。"})

        assert answer.json()["version"] == 2
        [event] = await desk.told(OrderUpdated)
        assert event.updated_at == MONDAY_0900 + timedelta(hours=2)


@pytest.mark.clause("S1.1.4a")
@pytest.mark.parametrize("later_first", [True, False])
async def test_of_two_waiting_copies_the_earlier_one_says_when_the_order_was_received(
    later_first: bool, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        copies = []
        for _ in range(2):
            copies.append(await kept(platform, order | WRONG))
            desk.clock.set(desk.clock.now() + timedelta(days=1))
        answers = [await release(desk, one, order) for one in (copies[::-1] if later_first else copies)]

        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
        [event] = await desk.told(OrderReceived)
        assert event.received_at == MONDAY_0900
        assert await desk.rows("select received_at from upstream_order") == [{"received_at": MONDAY_0900}]
        assert await desk.told(OrderUpdated) == []


@pytest.mark.clause("S1.1.4c")
async def test_the_earlier_copy_brings_nothing_old_back_after_the_later_one(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        earlier = await kept(platform, order | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(minutes=1))
        newer = {**order, "eventDesc": "市民补充：夜间也有。"}
        later = await kept(platform, newer | WRONG)
        assert (await release(desk, later, newer)).status_code == 200
        older = await release(desk, earlier, order)

        assert (older.status_code, older.json()["code"]) == (409, "overtaken")
        assert await desk.told(OrderUpdated) == []


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
@pytest.mark.parametrize("known_before", [False, True])
async def test_a_platform_that_corrects_its_request_overtakes_the_copies_that_wait(
    known_before: bool, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        if known_before:
            await platform.push(order)
        corrected = {**order, "eventDesc": "市民补充：夜间也有。"}
        desk.clock.set(MONDAY_0900 + timedelta(hours=1))
        copies = [await kept(platform, corrected | WRONG) for _ in range(2)]
        other = await kept(platform, an_order() | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(days=1))
        answer = await platform.push(corrected)
        late = await release(desk, copies[0], corrected)

        order_id = answer.json()["order_id"]
        found = await desk.rows(
            "select state, order_id::text, decided_by from quarantine where id <> cast(:other as uuid)", other=other
        )
        assert found == [{"state": "overtaken", "order_id": order_id, "decided_by": "channel:city_12345"}] * 2
        assert await desk.rows("select count(*) as waiting from quarantine where state = 'waiting'") == [{"waiting": 1}]
        assert (late.status_code, late.json()["code"]) == (409, "quarantine_decided")
        [event] = await desk.told(OrderReceived)
        first = MONDAY_0900 if known_before else MONDAY_0900 + timedelta(hours=1)
        assert event.received_at == first
        assert event.released_at == (None if known_before else MONDAY_0900 + timedelta(days=1))
        audited = await desk.rows("select actor from audit where action = 'quarantine.overtaken'")
        assert audited == [{"actor": "channel:city_12345"}] * 2


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
async def test_orders_with_waiting_copies_are_received_in_one_batch_with_others(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        copied, known, new = ([an_order() for _ in range(3)] for _ in range(3))
        for order in copied:
            await kept(platform, order | WRONG)
        for order in known:
            await platform.push(order)
        desk.clock.set(MONDAY_0900 + timedelta(hours=1))
        sent = [order for orders in zip(copied, known, new, strict=True) for order in orders]
        answers = await asyncio.gather(*(platform.push(order) for order in sent))
        again = await asyncio.gather(*(platform.push(order) for order in sent))

        assert [answer.status_code for answer in answers] == [201, 200, 201] * 3
        assert [answer.json() for answer in again] == [answer.json() for answer in answers]
        received = {event.order_id: (event.received_at, event.released_at) for event in await desk.told(OrderReceived)}
        expected = [(MONDAY_0900, later := desk.clock.now()), (MONDAY_0900, None), (later, None)]
        assert [received[answer.json()["order_id"]] for answer in answers] == expected * 3
        assert {row["state"] for row in await desk.rows("select state from quarantine")} == {"overtaken"}


# --- The copies of a platform that numbers its revisions -------------------------------------------------------------------


def in_revision(order: dict[str, Any], revision: Any) -> dict[str, Any]:
    """The order as the platform sends it in this revision; without a number for None."""
    said = {**order, "eventDesc": f"第{revision}次修订，请尽快处理并答复。"}
    return said if revision is None else {**said, "version": revision}


async def states(desk: Desk) -> list[str]:
    """Of the copies in quarantine, as they came."""
    return [row["state"] for row in await desk.rows("select state from quarantine order by received_at, id")]


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize("known", [None, 1], ids=["new", "known in revision 1"])
@pytest.mark.parametrize(
    ("waiting", "pushed", "left"),
    [
        (3, 2, "waiting"),
        ("3", 2, "waiting"),
        (3.0, 2, "waiting"),
        (2**53 - 1, 2**53 - 2, "waiting"),
        (2, 2, "overtaken"),
        (2, 3, "overtaken"),
        (None, 2, "waiting"),
        ("v3", 2, "waiting"),
        (-3, 2, "waiting"),
        (True, 2, "waiting"),
        (2**53, 2, "waiting"),
        ([3], 2, "waiting"),
    ],
)
async def test_a_push_overtakes_the_copies_whose_revision_is_not_higher_than_its_own(
    postgres_server: DatabaseServer, known: int | None, waiting: Any, pushed: int, left: str
) -> None:
    """A copy whose revision cannot be read may be newer: a person decides."""
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        if known is not None:
            await platform.push(in_revision(order, known))
        await kept(platform, in_revision(order, waiting) | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(minutes=1))
        answer = await platform.push(in_revision(order, pushed))

        assert answer.status_code == (201 if known is None else 200)
        assert await states(desk) == [left]


@pytest.mark.clause("S1.1.4c")
async def test_without_numbers_what_came_last_is_the_newest_and_overtakes_all_that_came_before(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        order = an_order()
        await kept(Platform(desk), in_revision(order, 3) | WRONG)
        national, letter = Platform(desk, "national_portal"), an_order("national_portal")
        # It numbers none: a field of this name is one that we do not know, whatever it says.
        await kept(national, {**letter, "revision": 9, "version": 9, "submitTime": "wrong"})
        desk.clock.set(MONDAY_0900 + timedelta(minutes=1))
        answers = [await Platform(desk).push(in_revision(order, None)), await national.push(letter)]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert await states(desk) == ["overtaken", "overtaken"]
        found = await desk.rows("select platform_revision from quarantine order by received_at, id")
        assert [row["platform_revision"] for row in found] == [3, None]


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
async def test_a_newer_revision_that_waits_becomes_the_next_version_after_the_older_one_was_pushed(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order, who = Platform(desk), an_order(), desk.bearer(Role.DISPATCHER)
        newer = await kept(platform, in_revision(order, 3) | WRONG)
        desk.clock.set(MONDAY_0900 + timedelta(minutes=1))
        order_id = (await platform.push(in_revision(order, 2))).json()["order_id"]
        [line] = (await desk.http.get(QUARANTINE, params={"state": "waiting"}, headers=who)).json()["items"]
        groups = (await desk.http.get(f"{QUARANTINE}/groups", headers=who)).json()["items"]
        desk.clock.set(MONDAY_0900 + timedelta(days=1))
        released = await release(desk, newer, in_revision(order, 3))

        assert (line["id"], line["platform_revision"], line["order_id"]) == (newer, 3, None)
        assert [group["waiting"] for group in groups] == [1]
        assert (released.status_code, released.json()) == (200, {"order_id": order_id, "version": 2})
        who = desk.bearer(Role.DISPATCHER)
        versions = (await desk.http.get(f"{ORDERS}/{order_id}/versions", headers=who)).json()
        assert [version["content"][:2] for version in versions] == ["第2", "第3"]
        [event] = await desk.told(OrderReceived)
        assert event.received_at == MONDAY_0900, "the earliest copy says since when the district has the order"
        assert [event.version for event in await desk.told(OrderUpdated)] == [2]


@pytest.mark.clause("S1.1.4c")
async def test_of_two_copies_a_push_overtakes_the_older_one_and_each_release_is_judged_by_its_revision(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        # The newest comes first, and the numbers decide.
        ids = {number: await kept(platform, in_revision(order, number) | WRONG) for number in (5, 3, 4, 2)}
        desk.clock.set(MONDAY_0900 + timedelta(minutes=1))
        await platform.push(in_revision(order, 3))
        left = await states(desk)
        first = await release(desk, ids[4], in_revision(order, 4))
        newest = await release(desk, ids[5], in_revision(order, 5))
        decided = await release(desk, ids[3], in_revision(order, 3))

        assert left == ["waiting", "overtaken", "waiting", "overtaken"]
        assert [(each.status_code, each.json().get("version")) for each in (first, newest)] == [(200, 2), (200, 3)]
        assert (decided.status_code, decided.json()["code"]) == (409, "quarantine_decided")


@pytest.mark.clause("S1.1.4c")
async def test_the_older_of_two_waiting_copies_is_not_released_over_the_newer_one(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        newer, older = [await kept(platform, in_revision(order, number) | WRONG) for number in (3, 2)]
        await platform.push(in_revision(order, 1))
        first = await release(desk, newer, in_revision(order, 3))
        late = await release(desk, older, in_revision(order, 2))

        assert (first.status_code, first.json()["version"]) == (200, 2)
        assert (late.status_code, late.json()["code"]) == (409, "overtaken")
        assert await states(desk) == ["released", "waiting"], "a person drops it"


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize(("same", "status"), [(True, 200), (False, 409)])
async def test_a_copy_that_comes_in_the_revision_that_is_stored_is_known_or_refused_as_a_push_is(
    postgres_server: DatabaseServer, same: bool, status: int
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        content = in_revision(order, 2)
        await platform.push(content)
        waiting = await kept(platform, content | WRONG)
        answer = await release(desk, waiting, content if same else {**content, "eventDesc": "另一件事，请处理。"})

        assert (answer.status_code, answer.json().get("version")) == (status, 1 if same else None)
        assert same or answer.json()["code"] == "revision_reused"
        assert await states(desk) == ["released" if same else "waiting"]


async def test_a_request_whose_number_cannot_be_read_counts_for_itself(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        for content in ({**order, "orderNum": None}, {**order, "orderNum": ["N1"]}, {**order, "orderNum": "编号"}):
            await kept(platform, content)
        assert (await platform.push(b"\xb9\xa4")).status_code == 422
        desk.clock.set(MONDAY_0900 + timedelta(days=1))
        await platform.push(order)

        [event] = await desk.told(OrderReceived)
        assert (event.received_at, event.released_at) == (MONDAY_0900 + timedelta(days=1), None)
        assert {row["state"] for row in await desk.rows("select state from quarantine")} == {"waiting"}

"""A platform adds fields without asking: what we have no field for is kept and shown, and stops nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from services.intake.channels.errors import NotUnderstood
from services.intake.channels.policy import CHANNELS, UNKNOWN_BYTES, UNKNOWN_FIELDS
from services.intake.channels.schemas import unknown_fields
from shared.contracts.intake import OrderUpdated, OrderUrged
from shared.identity import Role
from tests.intake.test_orders import assigned
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

ORDERS = "/api/intake/v1/orders"
CITY = CHANNELS["city_12345"].order


async def shown(desk: Desk, order_id: str, role: Role = Role.DISPATCHER, **more: Any) -> list[dict[str, Any]]:
    """What a reader sees of the fields that we do not know."""
    answer = await desk.http.get(f"{ORDERS}/{order_id}", headers=desk.bearer(role, **more))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["unknown_fields"]
    return found


@pytest.mark.parametrize("code", CHANNELS)
async def test_an_unknown_field_stops_no_order_and_is_shown_as_the_platform_wrote_it(
    code: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        unknown = {"satisfactionGoal": "高", "retries": 3, "nested": {"a": [1, None]}, "empty": "", "nothing": None}
        answer = await Platform(desk, code).push(an_order(code) | unknown)

        assert answer.status_code == 201, answer.text
        [one] = await shown(desk, answer.json()["order_id"])
        assert one["kind"] == "orders"
        assert one["fields"] == {"satisfactionGoal": "高", "retries": "3", "nested": '{"a":[1,null]}'}
        assert not await desk.rows("select 1 from quarantine")


@pytest.mark.parametrize("levels", [250, 260, 900])
async def test_an_unknown_field_that_is_nested_too_deeply_waits_for_a_person(
    levels: int, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        nested = b"[" * levels + b'"x"' + b"]" * levels
        answer = await Platform(desk).push(orjson.dumps(an_order())[:-1] + b', "nested": ' + nested + b"}")

        assert answer.status_code == (201 if levels == 250 else 422), answer.text
        assert await desk.rows("select reason from quarantine") == (
            [] if levels == 250 else [{"reason": "undecodable"}]
        )


async def test_an_unknown_field_of_an_attachment_stops_no_order_either(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        files = [
            {"name": "a.png", "url": "https://example.org/a"},
            {"name": "b.png", "url": "https://example.org/b", "size": 7},
        ]
        answer = await Platform(desk).push(an_order(attachments=files))

        assert answer.status_code == 201, answer.text
        assert answer.json()["unknown_fields"] == ["attachments.1.size"]
        [one] = await shown(desk, answer.json()["order_id"])
        assert one["fields"] == {"attachments.1.size": "7"}


async def test_the_answer_names_the_fields_that_are_unknown_so_that_a_misspelt_one_is_noticed(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), {**an_order(orderNum="U"), "adress": "海天小区", "empty": ""}
        urge = {"orderNum": "U", "operateTime": "2026-11-23 08:55:00", "reson": "再次来电"}
        answers = [
            await platform.push(order, webhook_id="m"),
            await platform.push(order, webhook_id="m"),
            await platform.push({**order, "adress": "迎春小区"}),
            await platform.push({**order, "title": "另一标题", "x": 1}),
            await platform.push(urge, kind="urges", webhook_id="u"),
            await platform.push(urge, kind="urges", webhook_id="u"),
        ]
        without = await platform.push(an_order())

        named = [(answer.status_code, answer.json()["unknown_fields"]) for answer in answers]
        assert named == [
            (201, ["adress"]),
            (201, ["adress"]),
            (200, ["adress"]),
            (200, ["adress", "x"]),
            (200, ["reson"]),
            (200, ["reson"]),
        ]
        assert [answer.headers.get("idempotent-replayed") for answer in answers[:2]] == [None, "true"]
        assert "unknown_fields" not in without.json()


async def test_what_is_missing_or_wrong_is_refused_beside_an_unknown_field(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push({**an_order(eventDesc=None, lng=999), "eventDescription": "诉求"})

        faults = {(fault["field"], fault["code"]) for fault in answer.json()["errors"]}
        assert answer.status_code == 422
        assert ("eventDesc", "missing") in faults
        assert not {field for field, _ in faults if field == "eventDescription"}


async def test_the_words_of_unknown_fields_are_masked_as_those_of_the_demand(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        unknown = {"linkman": "电话 13812345678", "mobile2": 13812345678}
        order_id = await Platform(desk).accepted(**unknown)
        await desk.tell(assigned(desk, order_id, "u1"))

        [open_] = await shown(desk, order_id)
        [unit] = await shown(desk, order_id, Role.CASEWORKER, unit="u1")
        [masked] = await shown(desk, order_id, Role.ANALYST)
        assert open_["fields"] == unit["fields"] == {"linkman": "电话 13812345678", "mobile2": "13812345678"}
        assert "13812345678" not in str(masked)
        assert await shown(desk, order_id, Role.AUDITOR) == []
        stored = str(
            await desk.rows("select u::text, v::text, o::text from unknown_fields u, order_version v, outbox o")
        )
        assert "13812345678" not in stored
        assert "linkman" not in stored


async def test_a_unit_is_not_shown_the_unknown_fields_of_a_confidential_order(
    postgres_server: DatabaseServer,
) -> None:
    """Nobody knows what stands in them: it may be the caller's name."""
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(isSecret="1", nickName="张示例")
        await desk.tell(assigned(desk, order_id, "u1"))

        assert await shown(desk, order_id, Role.CASEWORKER, unit="u1") == []
        assert len(await shown(desk, order_id)) == 1


@pytest.mark.clause("S1.1.4c")
async def test_only_an_unknown_field_that_differs_is_no_new_version_and_is_kept(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        answers = [await platform.push({**order, "traceId": trace}) for trace in ("t1", "t2")]
        changed = await platform.push({**order, "traceId": "t3", "title": "另一标题"})
        order_id = changed.json()["order_id"]

        assert [answer.json()["version"] for answer in [*answers, changed]] == [1, 1, 2]
        assert len(await desk.told(OrderUpdated)) == 1
        assert {one["fields"]["traceId"] for one in await shown(desk, order_id)} == {"t1", "t2", "t3"}


async def test_orders_with_and_without_unknown_fields_may_be_written_together(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        pushes = [an_order() | ({"n": n} if n % 2 else {}) for n in range(6)]
        answers = await asyncio.gather(*(platform.push(push) for push in pushes))

        found = [await shown(desk, answer.json()["order_id"]) for answer in answers]
        assert [[one["fields"] for one in each] for each in found] == [
            [{"n": str(n)}] if n % 2 else [] for n in range(6)
        ]


async def test_an_unknown_field_of_a_notice_stops_it_neither(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="U")
        urge = {"orderNum": "U", "operateTime": "2026-11-23 08:55:00", "urgedBy": "值班长"}
        answer = await platform.push(urge, kind="urges")

        assert answer.status_code == 200, answer.text
        assert len(await desk.told(OrderUrged)) == 1
        [one] = await shown(desk, order_id)
        assert (one["kind"], one["fields"]) == ("urges", {"urgedBy": "值班长"})


@pytest.mark.parametrize(
    ("unknown", "code"),
    [
        ({f"f{n}": 1 for n in range(UNKNOWN_FIELDS + 1)}, "too_many_unknown_fields"),
        ({"big": "长" * (UNKNOWN_BYTES // 3)}, "unknown_fields_too_large"),
        ({"x" * 65: 1}, "bad_field_name"),
        ({"a\u202eb": 1}, "bad_field_name"),
        ({"": 1}, "bad_field_name"),
    ],
    ids=["too many", "too large", "a long name", "an invisible name", "no name"],
)
async def test_beyond_the_bounds_a_person_looks_at_the_request(
    unknown: dict[str, Any], code: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push({**an_order(), **unknown})

        assert (answer.status_code, answer.json()["facts"]["reason"]) == (422, "invalid")
        assert [fault["code"] for fault in answer.json()["errors"]] == [code]
        [kept] = await desk.rows("select cause from quarantine")
        assert kept["cause"].startswith(f"invalid: {code}")


async def test_a_long_path_to_a_short_name_inside_of_an_attachment_is_no_long_name(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        name = "x" * 64
        files = [{"name": "a.png", "url": "https://example.org/a", name: 1}]
        order_id = await Platform(desk).accepted(attachments=files)

        [one] = await shown(desk, order_id)
        assert one["fields"] == {f"attachments.0.{name}": "1"}


def test_the_bounds_count_what_is_unknown_only() -> None:
    full = {f"f{n}": "1" for n in range(UNKNOWN_FIELDS)}
    assert unknown_fields(CITY, {**an_order(), **full}) == full
    room = UNKNOWN_BYTES - len("big")
    assert unknown_fields(CITY, {"big": "x" * room}) == {"big": "x" * room}
    with pytest.raises(NotUnderstood):
        unknown_fields(CITY, {"big": "x" * (room + 1)})


async def test_a_request_that_waited_for_an_unknown_field_is_released_as_it_came(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps({**an_order(), "surprise": 1})
        kept = (await desk.http.post("/api/intake/v1/channels/x/orders", content=body)).json()["facts"]["quarantine_id"]
        released = await desk.http.post(
            f"/api/intake/v1/quarantine/{kept}/release",
            json={"channel": "city_12345", "reason": "地址写错"},
            headers=desk.bearer(Role.DISPATCHER),
        )

        assert released.status_code == 200, released.text
        [one] = await shown(desk, released.json()["order_id"])
        assert one["fields"] == {"surprise": "1"}

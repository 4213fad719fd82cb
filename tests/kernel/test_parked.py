"""What an operator can do with parked events, and who may: see, edit, replay, drop."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.intake import OrderUrged
from shared.identity import Person, Role
from shared.work import Work
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny, at_work, record_effect, tiny_at, tiny_service
from tests.support.waiting import eventually

PARKED = "/v1/operations/parked"
REPLAY = "/v1/operations/replay"


class Picky:
    """A handler that refuses some orders until it is told otherwise."""

    def __init__(self) -> None:
        self.refused: set[tuple[str, int]] = set()
        self.hold: asyncio.Event | None = None

    async def __call__(self, work: Work, event: OrderUrged) -> None:
        assert work.cause is not None
        if self.hold is not None:
            await self.hold.wait()
        if (event.order_id, work.cause.sequence) in self.refused:
            raise LookupError(event.order_id)
        await record_effect(work, event)


@pytest.fixture
def picky() -> Picky:
    return Picky()


@pytest.fixture
async def tiny(database: str, bus: MemoryBus, tmp_path: Path, picky: Picky) -> AsyncIterator[Tiny]:
    async with tiny_at(database, bus=bus, folder=tmp_path, service=tiny_service(picky)) as service:
        yield service


async def drained(tiny: Tiny, bus: MemoryBus) -> None:
    async with at_work(tiny.runtime.consumer.run):
        await eventually(bus.drained)


async def waiting(tiny: Tiny) -> list[tuple[int, str]]:
    return [(row["id"], row["reason"]) for row in await tiny.runtime.parked.listing()]


async def post(tiny: Tiny, path: str, **body: Any) -> Any:
    return await tiny.http.post(f"{PARKED}{path}", json=body, headers=tiny.admin)


async def replay(tiny: Tiny, **body: Any) -> Any:
    return await tiny.http.post(REPLAY, json=body, headers=tiny.admin)


async def in_a_new_life(tiny: Tiny, bus: MemoryBus, *messages: tuple[bytes, bytes | None]) -> None:
    """The bus is made anew and counts from 0: undecodable events come, (bytes, id)."""
    bus.logs.clear()
    bus.committed.clear()
    for value, event_id in messages:
        headers = {} if event_id is None else {"ce_id": event_id}
        bus.append(tiny.message("a", value=value), raw_headers={"ce_type": b"order.urged.v1", **headers}, key=None)
    await drained(tiny, bus)


@pytest.mark.parametrize("long", [1, 5_000])
async def test_an_event_that_comes_to_lie_where_an_old_one_lay_is_parked_too(
    tiny: Tiny, bus: MemoryBus, long: int
) -> None:
    """A broker that was made anew begins its offsets again."""
    old, new = b"old" * long, b"new" * long
    await in_a_new_life(tiny, bus, (b"{", old), (b"{", None))
    await in_a_new_life(tiny, bus, (b"{", new), (b"[", None))
    again = [(b"{", new), (b"[", None)]
    await in_a_new_life(tiny, bus, *again)

    rows = await tiny.rows('select "offset", payload, event_id from parked order by id')
    assert [(row["offset"], bytes(row["payload"])) for row in rows] == [(0, b"{"), (1, b"{"), (0, b"{"), (1, b"[")]
    assert len({(row["offset"], row["event_id"]) for row in rows}) == 4
    assert rows[3]["event_id"] == f"?{hashlib.sha256(b'[').hexdigest()}"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", PARKED, None),
        ("GET", f"{PARKED}/1", None),
        ("PUT", f"{PARKED}/1", {"payload": "e30=", "why": "改"}),
        ("POST", f"{PARKED}/1/drop", {"why": "弃"}),
        ("POST", REPLAY, {"topic": "orders", "key": "a"}),
        ("GET", "/v1/operations/clock", None),
        ("PUT", "/v1/operations/clock", {"now": "2026-12-01T09:00:00+08:00"}),
    ],
)
async def test_only_an_administrator_operates(tiny: Tiny, role: Role, method: str, path: str, body: Any) -> None:
    answer = await tiny.http.request(method, path, json=body, headers=tiny.bearer(role))
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    nobody = await tiny.http.request(method, path, json=body)
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == "Bearer"


async def test_an_edited_event_is_replayed_with_those_behind_it_in_order(tiny: Tiny, bus: MemoryBus) -> None:
    good = tiny.message("a", sequence=1)
    tiny._told.clear()
    bus.append(tiny.message("a", value=b"\xff{"))
    for _ in range(3):
        bus.append(tiny.message("a"))
    await drained(tiny, bus)

    listing = (await tiny.http.get(PARKED, headers=tiny.admin)).json()
    assert [item["reason"] for item in listing["items"]] == ["invalid", "behind", "behind", "behind"]
    first = listing["items"][0]["id"]
    shown = (await tiny.http.get(f"{PARKED}/{first}", headers=tiny.admin)).json()
    assert base64.b64decode(shown["payload"]) == b"\xff{"
    refused = await replay(tiny, topic="orders", key="a")
    assert refused.status_code == 409
    assert refused.json()["code"] == "replay_refused"
    assert refused.json()["facts"]["parked_id"] == first
    edited = await tiny.http.put(
        f"{PARKED}/{first}",
        json={"payload": base64.b64encode(good.value).decode(), "why": "上游重发"},
        headers=tiny.admin,
    )
    assert edited.status_code == 204
    replayed = await replay(tiny, topic="orders", key="a")

    assert replayed.json() == {"replayed": 4}
    assert await tiny.effects() == {"a": [1, 2, 3, 4]}
    assert await waiting(tiny) == []
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    assert (await tiny.effects())["a"] == [1, 2, 3, 4, 5]
    audit = await tiny.rows("select actor, action, before, after, reason from audit order by id")
    assert [(row["actor"], row["action"]) for row in audit] == [("root", "parked.edited")] + [
        ("root", "parked.replayed")
    ] * 4
    assert audit[0]["before"] == {"sha256": hashlib.sha256(b"\xff{").hexdigest()}
    assert audit[0]["after"] == {"sha256": hashlib.sha256(good.value).hexdigest()}
    assert audit[0]["reason"] == "上游重发"


async def test_a_dropped_event_lets_those_behind_it_be_replayed(tiny: Tiny, bus: MemoryBus, picky: Picky) -> None:
    picky.refused = {("a", 2)}
    for _ in range(4):
        bus.append(tiny.message("a"))
    await drained(tiny, bus)
    (first, _), (second, _), _ = await waiting(tiny)

    out_of_turn = await post(tiny, f"/{second}/drop", why="弃")
    assert (out_of_turn.status_code, out_of_turn.json()["code"]) == (409, "earlier_waits")
    assert out_of_turn.json()["facts"] == {"parked_id": first}
    assert (await post(tiny, f"/{first}/drop", why="确认无效")).status_code == 204
    assert (await post(tiny, f"/{first}/drop", why="再弃")).json()["code"] == "nothing_waits"
    assert (await replay(tiny, topic="orders", key="a")).json() == {"replayed": 2}

    assert await tiny.effects() == {"a": [1, 3, 4]}
    dropped = await tiny.one("select row(state, decided_by, why)::text from parked where id = :id", id=first)
    assert dropped == "(dropped,root,确认无效)"
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    assert (await tiny.effects())["a"] == [1, 3, 4, 5]


async def test_a_replay_that_fails_midway_keeps_what_went_through_and_says_how_many(
    tiny: Tiny, bus: MemoryBus, picky: Picky
) -> None:
    picky.refused = {("a", 1), ("a", 3)}
    for _ in range(4):
        bus.append(tiny.message("a"))
    await drained(tiny, bus)
    picky.refused = {("a", 3)}

    answer = await replay(tiny, topic="orders", key="a")

    assert answer.json()["facts"]["replayed"] == 2
    assert answer.json()["facts"]["detail"] == "LookupError"
    assert await tiny.effects() == {"a": [1, 2]}
    assert len(await waiting(tiny)) == 2
    picky.refused = set()
    assert (await replay(tiny, topic="orders", key="a")).json() == {"replayed": 2}
    assert await tiny.effects() == {"a": [1, 2, 3, 4]}


async def test_an_event_delivered_again_after_its_replay_or_drop_changes_nothing(
    tiny: Tiny, bus: MemoryBus, picky: Picky
) -> None:
    picky.refused = {("a", 1), ("b", 1)}
    for key in ("a", "b", "a", "b"):
        bus.append(tiny.message(key))
    await drained(tiny, bus)
    picky.refused = set()
    first_of_b = next(row["id"] for row in await tiny.runtime.parked.listing() if row["key"] == "b")
    await post(tiny, f"/{first_of_b}/drop", why="弃")
    await replay(tiny, topic="orders", key="a")
    await replay(tiny, topic="orders", key="b")
    bus.committed.clear()
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1, 2], "b": [2]}
    assert await waiting(tiny) == []


async def test_a_true_gap_is_replayed_only_on_the_operators_word(tiny: Tiny, bus: MemoryBus) -> None:
    bus.append(tiny.message("a"))
    bus.append(tiny.message("a", sequence=5))
    bus.append(tiny.message("a", sequence=6))
    await drained(tiny, bus)

    refused = await replay(tiny, topic="orders", key="a")
    assert refused.json()["facts"]["reason"] == "gap"
    assert await tiny.effects() == {"a": [1]}
    accepted = await replay(tiny, topic="orders", key="a", despite_gap=True)

    assert accepted.json() == {"replayed": 2}
    assert await tiny.effects() == {"a": [1, 5, 6]}
    assert await tiny.one("select count(*) from audit where reason = 'despite a gap'") == 1


async def test_an_event_that_arrives_during_a_replay_is_never_left_behind_nobody(
    tiny: Tiny, bus: MemoryBus, picky: Picky
) -> None:
    """It is either replayed too or applied: a queue whose head is gone would wait for ever."""
    for round_ in range(15):
        key = f"order-{round_}"
        picky.refused = {(key, 1)}
        bus.append(tiny.message(key))
        await drained(tiny, bus)
        picky.refused = set()
        bus.append(tiny.message(key))
        bus.append(tiny.message(key))

        async with at_work(tiny.runtime.consumer.run):
            await tiny.runtime.parked.replay("orders", key, tiny_operator())
            await eventually(bus.drained)

        assert await waiting(tiny) == [], f"left behind in round {round_}"
        assert (await tiny.effects())[key] == [1, 2, 3]


def tiny_operator() -> Any:
    return Person(account="root", name="root", roles=frozenset({Role.ADMIN}))


async def test_parking_behind_waits_for_a_replay_in_progress_and_then_applies(
    tiny: Tiny, bus: MemoryBus, picky: Picky
) -> None:
    picky.refused = {("a", 1)}
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    picky.refused = set()
    picky.hold = asyncio.Event()
    later = bus.append(tiny.message("a"))
    # Other tests may use the same server.
    ours = "locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())"

    async with asyncio.TaskGroup() as group:
        replaying = group.create_task(tiny.runtime.parked.replay("orders", "a", tiny_operator()))

        async def holds_the_lock() -> bool:
            return bool(await tiny.one(f"select count(*) from pg_locks where {ours}"))

        await eventually(holds_the_lock)
        applying = group.create_task(tiny.runtime.consumer.apply_one(later))

        async def waits_for_it() -> bool:
            return bool(await tiny.one(f"select count(*) from pg_locks where {ours} and not granted"))

        await eventually(waits_for_it)
        picky.hold.set()
    assert replaying.result() == 1
    assert applying.done()
    assert await tiny.effects() == {"a": [1, 2]}
    assert await waiting(tiny) == []


@pytest.mark.parametrize("value", ["not base64!", "e30", "张"])
async def test_new_content_that_is_not_base64_is_refused(tiny: Tiny, bus: MemoryBus, value: str) -> None:
    bus.append(tiny.message("a", value=b"{"))
    await drained(tiny, bus)
    ((parked_id, _),) = await waiting(tiny)
    answer = await tiny.http.put(f"{PARKED}/{parked_id}", json={"payload": value, "why": "改"}, headers=tiny.admin)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_payload")
    assert await tiny.one("select payload from parked") == b"{"


@pytest.mark.parametrize("parked_id", [1, 2**63 - 1])
async def test_a_parked_event_that_is_not_there_is_not_found(tiny: Tiny, parked_id: int) -> None:
    assert (await tiny.http.get(f"{PARKED}/{parked_id}", headers=tiny.admin)).status_code == 404
    assert (await post(tiny, f"/{parked_id}/drop", why="弃")).status_code == 404


@pytest.mark.parametrize("parked_id", ["0", "-1", str(2**63), "x", "9" * 5000])
async def test_an_absurd_number_of_a_parked_event_is_refused(tiny: Tiny, parked_id: str) -> None:
    assert (await tiny.http.get(f"{PARKED}/{parked_id}", headers=tiny.admin)).status_code == 422


async def test_the_listing_turns_its_pages_without_missing_any(tiny: Tiny, bus: MemoryBus) -> None:
    for n in range(7):
        bus.append(tiny.message(f"order-{n}", value=b"{"))
    await drained(tiny, bus)
    keys: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await tiny.http.get(PARKED, params={"limit": 3, **cursor}, headers=tiny.admin)).json()
        keys += [item["key"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert keys == [f"order-{n}" for n in range(7)]
    bad = await tiny.http.get(PARKED, params={"cursor": "WyJ4Il0"}, headers=tiny.admin)
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_cursor")


async def test_setting_a_simulated_clock_is_audited_and_moves_it(tiny: Tiny) -> None:
    answer = await tiny.http.put(
        "/v1/operations/clock", json={"now": "2026-12-01T09:00:00+08:00", "rate": 0}, headers=tiny.admin
    )
    assert answer.json()["now"].startswith("2026-12-01T01:00:00")
    assert tiny.clock.now().isoformat() == "2026-12-01T01:00:00+00:00"
    assert await tiny.one("select actor || action from audit") == "rootclock.set"

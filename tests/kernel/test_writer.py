"""The outbox writer: numbers without gaps, positions in the order of the commits, nothing left by a rollback."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from sqlalchemy import text

from shared.outbox import Outbox
from shared.outbox.writer import new_id
from shared.wakes import EVENTS_WRITTEN
from tests.kernel.tiny import Tiny
from tests.support.facts import accepted, urged

WRITERS = 16
KEYS = ("a", "b", "c")


async def write_some(tiny: Tiny, seed: int, *, lock_first: bool) -> None:
    """One transaction: rows of its own, perhaps a lock that queues the writers, and events of several keys."""
    choice = random.Random(seed)
    keys = choice.choices(KEYS, k=choice.randint(1, 4))
    async with tiny.runtime.works.begin() as work:
        # The transaction id is assigned before the writer waits for the lock; it must not decide the order (R7).
        await work.session.execute(text("insert into thing (key) values (:key)"), {"key": f"{seed}"})
        if lock_first:
            key = choice.choice(KEYS)
            await work.session.execute(text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": key})
        for key in keys:
            work.emit(urged(key, work.now))
        if choice.random() < 0.2:
            raise ConnectionAbortedError


async def attempt(tiny: Tiny, seed: int, *, lock_first: bool) -> None:
    with contextlib.suppress(ConnectionAbortedError):
        await write_some(tiny, seed, lock_first=lock_first)


@pytest.mark.parametrize("lock_first", [False, True])
async def test_sixteen_writers_number_each_key_from_one_without_a_gap(tiny: Tiny, *, lock_first: bool) -> None:
    seeds = iter(range(WRITERS * 12))

    async def writer() -> None:
        for seed in seeds:
            await attempt(tiny, seed, lock_first=lock_first)

    await asyncio.gather(*(writer() for _ in range(WRITERS)))

    for key in KEYS:
        rows = await tiny.rows(
            "select sequence, position, xmin::text::bigint as xid from outbox where aggregateid = :key order by position",
            key=key,
        )
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        assert len(rows) > WRITERS


async def test_an_event_is_never_visible_before_an_earlier_one_of_its_key(tiny: Tiny) -> None:
    """A relay sees at any moment the events 1..n of a key, because the counter is locked until the commit."""
    seeds = iter(range(WRITERS * 8))
    seen_broken: list[list[int]] = []
    running = True

    async def writer() -> None:
        for seed in seeds:
            await attempt(tiny, seed, lock_first=seed % 2 == 0)

    async def reader() -> None:
        while running:
            for key in KEYS:
                rows = await tiny.rows(
                    "select sequence from outbox where aggregateid = :key order by position", key=key
                )
                numbers = [row["sequence"] for row in rows]
                if numbers != list(range(1, len(numbers) + 1)):
                    seen_broken.append(numbers)

    reading = asyncio.get_running_loop().create_task(reader())
    await asyncio.gather(*(writer() for _ in range(6)))
    running = False
    await reading

    assert seen_broken == []


async def test_transactions_that_use_the_same_keys_in_another_sequence_do_not_deadlock(tiny: Tiny) -> None:
    many = [f"order-{n}" for n in range(300)]

    async def tell(seed: int) -> None:
        for _ in range(8):
            random.Random(seed).shuffle(keys := list(many))
            await tiny.urge(*keys)

    await asyncio.gather(*(tell(seed) for seed in range(6)))

    assert await tiny.one("select count(*) from outbox") == 6 * 8 * len(many)
    assert await tiny.one("select min(last) from stream") == 6 * 8


async def test_events_of_one_transaction_keep_the_order_in_which_they_were_emitted(tiny: Tiny) -> None:
    async with tiny.runtime.works.begin() as work:
        ids = [work.emit(urged(key, work.now)) for key in ("b", "a", "b", "a", "b")]

    rows = await tiny.rows("select id, aggregateid, sequence from outbox order by position")
    assert [row["id"] for row in rows] == ids
    assert [(row["aggregateid"], row["sequence"]) for row in rows] == [("b", 1), ("a", 1), ("b", 2), ("a", 2), ("b", 3)]


async def test_an_event_of_another_service_is_refused_and_nothing_is_stored(tiny: Tiny) -> None:
    of_dispatch = accepted("a", "u", tiny.clock.now())
    with pytest.raises(TypeError):  # noqa: PT012 - the end of the block is what is looked at
        async with tiny.runtime.works.begin() as work:
            work.emit(urged("a", work.now))
            work.emit(of_dispatch)

    assert await tiny.one("select count(*) from outbox") == 0


@pytest.mark.parametrize("service", ["dispatch", "sla", "review", "analytics"])
def test_only_intake_may_publish_an_urging(tiny: Tiny, service: str) -> None:
    event = urged("a", tiny.clock.now())
    with pytest.raises(TypeError):
        Outbox(service, new_id).add(event, at=tiny.clock.now(), headers="{}")


async def test_a_rollback_leaves_no_event_no_audit_row_and_no_used_number(tiny: Tiny) -> None:
    told = tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the same
        async with tiny.runtime.works.begin() as work:
            work.emit(urged("a", work.now))
            work.audit("thing.done", "a")
            await work.finish()
            raise ZeroDivisionError

    assert not told.is_set()
    await tiny.urge("a")
    rows = await tiny.rows("select sequence from outbox")
    assert [row["sequence"] for row in rows] == [1]
    assert await tiny.one("select count(*) from audit") == 0


async def test_a_commit_with_events_wakes_the_relay_and_one_without_does_not(tiny: Tiny) -> None:
    told = tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN)
    async with tiny.runtime.works.begin() as work:
        await work.session.execute(text("insert into thing (key) values ('quiet')"))
    assert not told.is_set()

    await tiny.urge("a")
    assert told.is_set()


def test_ids_grow_with_time_and_are_version_seven() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}
    assert [i.int >> 80 for i in ids] == sorted(i.int >> 80 for i in ids)

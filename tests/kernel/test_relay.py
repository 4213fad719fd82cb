"""The relay publishes every event, in order, at least once, whatever fails between the outbox and the bus."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import work as work_module
from shared.bus import Delivery
from shared.bus.postgres import PostgresBus
from shared.bus.topics import PARTITIONS
from shared.outbox import Relay, writer
from shared.outbox import relay as relay_module
from shared.outbox.relay import Waker
from shared.wakes import EVENTS_WRITTEN
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny, at_work, tiny_at
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.waiting import eventually


def sequences(deliveries: list[Delivery]) -> dict[str, list[int]]:
    """The numbers that reached the bus, by key, in order."""
    found: dict[str, list[int]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.key or "", []).append(int(delivery.headers["ce_sequence"]))
    return found


def first_sights(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


async def waiting(tiny: Tiny) -> int:
    return int(await tiny.one("select count(*) from outbox where published_at is null"))


async def published(tiny: Tiny) -> None:
    """Wait until the outbox has nothing unpublished."""

    async def empty() -> bool:
        return await waiting(tiny) == 0

    await eventually(empty)


def second_relay(tiny: Tiny, bus: MemoryBus) -> Relay:
    runtime = tiny.runtime
    return Relay(
        service="intake",
        database_url=runtime.database_url,
        bus=bus,
        clock=tiny.clock,
        metrics=runtime.metrics,
        wake=asyncio.Event(),
        poll=0.05,
    )


@pytest.fixture
async def over_postgres(
    database: str, postgres_server: DatabaseServer, tmp_path: Path
) -> AsyncIterator[tuple[Tiny, PostgresBus]]:
    """The tiny service on a bus in PostgreSQL."""
    async with fresh_database(postgres_server, "bus") as url:
        bus = PostgresBus(url, lease=3.0)
        await bus.start()
        await bus.ensure_topics(PARTITIONS)
        try:
            async with tiny_at(database, bus=bus, folder=tmp_path) as tiny:
                yield tiny, bus
        finally:
            await bus.stop()


async def test_concurrent_writers_reach_the_bus_in_the_order_of_each_key(
    over_postgres: tuple[Tiny, PostgresBus],
) -> None:
    tiny, bus = over_postgres

    async def write() -> None:
        for n in range(25):
            await tiny.urge(*(f"order-{n % 3}", "shared"))

    async with at_work(tiny.runtime.relay.run):
        await asyncio.gather(*(write() for _ in range(8)))
        await published(tiny)

    read: list[Delivery] = []
    async with bus.subscribe("reader", ["orders"], member="m") as subscription:

        async def all_read() -> bool:
            batches = await subscription.fetch(max_records=1000, timeout=0.2)
            read.extend(delivery for deliveries in batches.values() for delivery in deliveries)
            return len(read) >= 400

        await eventually(all_read)
    found = sequences(read)
    assert found["shared"] == list(range(1, 201))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())


async def test_what_reaches_the_bus_is_a_cloud_event_in_binary_mode(tiny: Tiny, bus: MemoryBus) -> None:
    await tiny.urge("a")
    async with at_work(tiny.runtime.relay.run):
        await published(tiny)

    (delivery,) = bus.read("orders")
    headers = {name: value.decode() for name, value in delivery.headers.items()}
    assert delivery.key == headers["ce_subject"] == headers["ce_partitionkey"] == "a"
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_source"] == "/gongdan/intake"
    assert headers["ce_type"] == "order.urged.v1"
    assert headers["ce_time"].endswith("Z")
    assert headers["content-type"] == "application/json"


async def test_a_crash_between_publish_and_mark_publishes_again_and_the_reader_drops_the_repeat(
    tiny: Tiny, bus: MemoryBus
) -> None:
    await tiny.urge("a", "b", "a")
    bus.lost_answers = 2

    async with at_work(tiny.runtime.relay.run, tiny.runtime.consumer.run):
        await published(tiny)
        await eventually(bus.drained)

    assert sequences(bus.read("orders"))["a"] == [1, 2] * 3
    assert await tiny.effects() == {"a": [1, 2], "b": [1]}


async def test_a_row_is_not_marked_before_the_bus_has_acknowledged_it(tiny: Tiny, bus: MemoryBus) -> None:
    bus.down = True
    await tiny.urge("a")
    async with at_work(tiny.runtime.relay.run):
        await eventually(lambda: tiny.runtime.metrics.publish_errors._value.get() >= 2)
        assert await waiting(tiny) == 1
        bus.down = False
        await published(tiny)
    assert sequences(bus.read("orders")) == {"a": [1]}


async def test_the_backlog_is_shown_while_the_bus_is_away(tiny: Tiny, bus: MemoryBus) -> None:
    bus.down = True
    await tiny.urge("a", "b", "c")
    async with at_work(tiny.runtime.relay.run):
        await eventually(lambda: tiny.runtime.metrics.outbox_waiting._value.get() == 3)


async def test_the_backlog_is_shown_while_the_bus_answers_no_publish(tiny: Tiny, bus: MemoryBus) -> None:
    bus.takes.clear()
    figure = tiny.runtime.metrics.outbox_waiting._value
    await tiny.urge("a", "b")
    async with at_work(tiny.runtime.relay.run):
        await eventually(lambda: bus.asked == 1 and figure.get() == 2)
        await tiny.urge("c")
        await eventually(lambda: figure.get() == 3)
        assert bus.asked == 1
        bus.takes.set()
        await published(tiny)
        await eventually(lambda: figure.get() == 0)
    assert bus.batches == [2, 1]


async def test_a_relay_that_gets_nothing_acknowledged_for_a_while_is_stalled(
    tiny: Tiny, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STALLED_SECONDS", 0.3)
    relay = tiny.runtime.relay
    bus.down = True
    async with at_work(relay.run):
        await eventually(lambda: relay.leading)
        assert not relay.stalled
        await tiny.urge("a")
        await eventually(lambda: relay.stalled)
        bus.down = False
        await published(tiny)
        await eventually(lambda: not relay.stalled)


async def test_a_waiting_relay_reports_that_the_leading_one_is_stalled(
    tiny: Tiny, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STALLED_SECONDS", 0.3)
    leader, other = tiny.runtime.relay, second_relay(tiny, bus)
    async with at_work(leader.run):
        await eventually(lambda: leader.leading)
        async with at_work(other.run):
            bus.takes.clear()
            await tiny.urge("a")
            await eventually(lambda: leader.stalled and other.stalled)
            bus.takes.set()
            await eventually(lambda: not leader.stalled and not other.stalled)
            assert not other.leading


async def test_events_behind_a_refused_one_do_not_count_as_stalled(
    tiny: Tiny, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STALLED_SECONDS", 0.0)
    bus.refuse = lambda message: message.key == "bad"
    leader, other = tiny.runtime.relay, second_relay(tiny, bus)
    await tiny.urge("bad", "bad", "good")
    async with at_work(leader.run):
        await eventually(lambda: leader.leading and len(bus.read("orders")) == 1)
        async with at_work(other.run):
            await eventually(lambda: not leader.stalled and other.running)
            assert not other.stalled
            assert await waiting(tiny) == 2


async def test_a_refused_message_stops_only_its_own_key(tiny: Tiny, bus: MemoryBus) -> None:
    bus.refuse = lambda message: message.key == "bad" and message.headers["ce_sequence"] == "2"
    await tiny.urge("bad", "good", "bad", "good", "bad")
    async with at_work(tiny.runtime.relay.run):
        await eventually(lambda: len(sequences(bus.read("orders")).get("good", [])) >= 2)
        await tiny.urge("bad", "good")
        tiny.runtime.relay.wake.set()
        await eventually(lambda: len(sequences(bus.read("orders"))["good"]) >= 3)

    assert sequences(bus.read("orders")) == {"bad": [1], "good": [1, 2, 3]}
    rows = await tiny.rows("select sequence, refused from outbox where published_at is null order by position")
    assert [(row["sequence"], row["refused"]) for row in rows] == [(2, "too large"), (3, None), (4, None)]


async def test_one_relay_leads_and_another_takes_over_when_its_connection_is_ended(
    tiny: Tiny, bus: MemoryBus, postgres_server: DatabaseServer
) -> None:
    first, second = tiny.runtime.relay, second_relay(tiny, bus)
    async with at_work(first.run, second.run):
        await eventually(lambda: first.leading or second.leading)
        for _ in range(4):
            leader = first if first.leading else second
            await tiny.urge("a")
            await published(tiny)
            assert [first.leading, second.leading].count(True) == 1
            admin = await asyncpg.connect(postgres_server.url())
            ended = await admin.fetch(
                "select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_locks l on l.pid = a.pid "
                "where a.application_name = 'gongdan-relay-intake' and l.locktype = 'advisory' and l.granted "
                "and a.datname = $1",
                tiny.runtime.database_url.rsplit("/", 1)[1].partition("?")[0],
            )
            await admin.close()
            assert len(ended) == 1
            await tiny.urge("a")
            await eventually(lambda: first.leading or second.leading)
            await published(tiny)
            del leader
    assert first_sights(sequences(bus.read("orders"))["a"]) == list(range(1, 9))


async def test_a_waiting_relay_publishes_nothing(tiny: Tiny, bus: MemoryBus) -> None:
    holder = await asyncpg.connect(tiny.runtime.database_url)
    await holder.fetchval("select pg_advisory_lock($1, hashtext('intake'))", relay_module._LOCK_CLASS)
    try:
        async with at_work(tiny.runtime.relay.run):
            await tiny.urge("a")
            for _ in range(10):
                tiny.runtime.relay.wake.set()
                await eventually(lambda: tiny.runtime.relay.running)
            assert not tiny.runtime.relay.leading
            assert bus.read("orders") == []
            await holder.execute("select pg_advisory_unlock_all()")
            await published(tiny)
    finally:
        await holder.close()


async def test_a_backlog_larger_than_a_batch_is_published_completely(tiny: Tiny, bus: MemoryBus) -> None:
    for _ in range(5):
        await tiny.urge(*(f"order-{n % 7}" for n in range(500)))
    async with at_work(tiny.runtime.relay.run):
        await published(tiny)
    assert max(bus.batches) == relay_module._BATCH
    assert sum(bus.batches) == 2500
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in sequences(bus.read("orders")).values())


class CountingConnection:
    """A connection that counts how often the outbox was counted."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection, self.counted = connection, 0
        self.fetch, self.execute = connection.fetch, connection.execute

    async def fetchrow(self, query: str) -> object:
        self.counted += 1
        return await self._connection.fetchrow(query)


async def test_the_outbox_is_counted_at_most_once_in_an_interval(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    real = await asyncpg.connect(tiny.runtime.database_url)
    connection: Any = CountingConnection(real)
    monkeypatch.setattr(relay_module, "_MEASURE_SECONDS", 3600.0)
    tiny.runtime.relay._measured = -3600.0 * 1000
    try:
        for _ in range(10):
            await tiny.urge("a")
            await tiny.runtime.relay.publish_waiting(connection)
        assert connection.counted == 1
        monkeypatch.setattr(relay_module, "_MEASURE_SECONDS", 0.0)
        await tiny.runtime.relay.publish_waiting(connection)
        assert connection.counted == 2
    finally:
        await real.close()


async def test_a_commit_of_this_process_is_published_without_waiting_for_the_next_poll(
    database: str, bus: MemoryBus, tmp_path: Path
) -> None:
    async with tiny_at(database, bus=bus, folder=tmp_path) as tiny:
        relay = tiny.runtime.relay
        relay._poll = 60.0
        waker = Waker(database, relay.wake, tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN), relay)
        async with at_work(relay.run, waker.run):
            await eventually(lambda: relay.leading)
            for n in range(1, 20):
                await tiny.urge("a")
                await eventually(lambda n=n: len(bus.read("orders")) == n, within=2.0)


async def test_a_commit_of_a_replica_wakes_the_relay_that_leads(database: str, bus: MemoryBus, tmp_path: Path) -> None:
    async with tiny_at(database, bus=bus, folder=tmp_path) as tiny:
        leader = tiny.runtime.relay
        leader._poll = 60.0
        other = second_relay(tiny, bus)
        waker = Waker(database, other.wake, tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN), other)
        async with at_work(leader.run, waker.run):
            await eventually(lambda: leader.leading)
            await tiny.urge("a")
            await eventually(lambda: len(bus.read("orders")) == 1, within=3.0)


def test_no_business_transaction_sends_a_notification() -> None:
    """NOTIFY takes one lock for the whole server until the commit, so only the waker sends it, on its own connection (R53)."""
    assert "notify" not in inspect.getsource(work_module).lower().replace("notification", "")
    assert "notify" not in writer.WRITE.lower()
    speaking = [
        node.name
        for node in ast.walk(ast.parse(inspect.getsource(relay_module)))
        if isinstance(node, ast.ClassDef)
        and "notify {" in (ast.get_source_segment(inspect.getsource(relay_module), node) or "")
    ]
    assert speaking == ["Waker"]

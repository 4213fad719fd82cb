"""The outbox: commit to acknowledgement when idle, and how fast a backlog drains, compared with a tuned txoutbox.

    python -m bench.outbox

Both relays read the same PostgreSQL and write to the same Kafka with the same producer settings, in turns.  Both keep
the order of a key, retry, and set dead events aside.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import txoutbox
import uvloop
from aiokafka import AIOKafkaProducer
from txoutbox.adapters.postgres import PostgresStorage

from bench.report import Table, median, percentile, spread
from bench.stand import kafka, postgres, scratch
from sample.orders import demand
from shared.bus import Bus, Message, Subscription
from shared.bus.kafka import KafkaBus
from shared.bus.kafka.producer import _BATCH_BYTES, _COMPRESSION
from shared.bus.postgres import PostgresBus
from shared.bus.topics import PARTITIONS
from shared.calendar import statutory_calendar
from shared.clock import RealClock
from shared.contracts.intake import OrderReceived
from shared.db import new_engine, new_metadata
from shared.outbox import Relay
from shared.outbox.relay import Waker
from shared.outbox.writer import WRITE as _WRITE
from shared.outbox.writer import Pending, columns_of, new_id
from shared.personal.sealing import Sealer
from shared.telemetry import Metrics, configure_logs
from shared.wakes import EVENTS_WRITTEN
from shared.work import Works

WAITING: Final = 20_000
KEYS: Final = 5_000
ROUNDS: Final = 3
COMMITS: Final = 200
_SEALER: Final = Sealer({"bench": b"\x00" * 32})
_PLACES: Final = ("ids", "topics", "keys", "types", "headers", "payloads", "times")


class Timed:
    """A bus that notes when its last publish was acknowledged."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.acknowledged = asyncio.Event()
        self.at = 0.0

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._bus.publish(messages)
        self.at = time.perf_counter()
        self.acknowledged.set()

    async def start(self) -> None:
        await self._bus.start()

    async def stop(self) -> None:
        await self._bus.stop()

    async def ping(self) -> None:
        await self._bus.ping()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        await self._bus.ensure_topics(topics)

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        return self._bus.subscribe(group, topics, member=member)

    async def trim(self, older_than: timedelta) -> int:
        return await self._bus.trim(older_than)

    async def forget_group(self, group: str) -> None:
        await self._bus.forget_group(group)


def received(order_id: str, serial: int, rng: random.Random) -> OrderReceived:
    """An event as intake publishes it, with a sealed demand of usual length."""
    now = datetime.now(UTC)
    told = demand(serial, called_at=now, rng=rng)
    text = orjson.dumps({"title": told.title, "content": told.content}).decode()
    return OrderReceived(
        order_id=order_id, platform="city_12345", platform_no=told.number, level="municipal", subject="person",
        scheme="ordinary", category=told.category, street=told.street,
        demand=_SEALER.seal(text, f"order:{order_id}:demand"), received_at=now,
    )  # fmt: skip


def numbered(statement: str) -> str:
    """The writer's statement with asyncpg's placeholders."""
    for number, name in enumerate(_PLACES, start=1):
        statement = statement.replace(f":{name} as", f"${number} as")
    return statement


async def fill(connection: asyncpg.Connection[Any], peer: PostgresStorage) -> None:
    """The same 20,000 events into both tables, the keys in turn."""
    rng = random.Random(3)
    keys = [str(new_id()) for _ in range(KEYS)]
    pending = [
        Pending(new_id(), received(keys[serial % KEYS], serial, rng), datetime.now(UTC), '{"correlationid":"bench"}')
        for serial in range(WAITING)
    ]
    await connection.execute("truncate outbox, stream")
    await connection.execute(f"truncate {peer.qualified_table}")
    statement = numbered(_WRITE)
    for first in range(0, WAITING, KEYS):
        columns = columns_of(pending[first : first + KEYS])
        await connection.execute(statement, *(columns[name] for name in _PLACES))
    rows = await connection.fetch(
        "select aggregatetype, aggregateid, payload, headers::text from outbox order by position"
    )
    await connection.copy_records_to_table(
        peer.table, records=[(r[0], r[1], r[2], r[3]) for r in rows], columns=["topic", "key", "payload", "headers"]
    )
    await connection.execute("vacuum analyze outbox")
    await connection.execute(f"vacuum analyze {peer.qualified_table}")


async def drain_ours(url: str, bus: Bus) -> tuple[float, float]:
    """Events a second, and microseconds of this process's CPU for each."""
    relay = Relay(
        service="intake", database_url=url, bus=bus, clock=RealClock(), metrics=Metrics("intake"), wake=asyncio.Event()
    )
    connection = await asyncpg.connect(url)
    try:
        began, cpu = time.perf_counter(), time.process_time()
        # What `run` does while it holds the lock: publish and mark until nothing waits.
        taken = await relay.publish_waiting(connection)
        took, used = time.perf_counter() - began, time.process_time() - cpu
    finally:
        await connection.close()
    assert taken == WAITING, f"{taken} taken"
    return WAITING / took, used / WAITING * 1e6


class _Counting(txoutbox.Hooks):
    def __init__(self) -> None:
        self.published = 0

    async def on_round(self, result: Any, duration: float) -> None:  # noqa: ARG002 - the peer's signature
        self.published += result.published


async def drain_peer(storage: PostgresStorage, bootstrap: str) -> tuple[float, float]:
    """The same for txoutbox with batch 1000, concurrency 1000, linger 0 and our producer's settings."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, compression_type=_COMPRESSION, linger_ms=0,
        max_batch_size=_BATCH_BYTES,
    )  # fmt: skip
    await producer.start()

    async def publish(message: txoutbox.OutboxMessage) -> None:
        headers = [(name, value.encode()) for name, value in message.headers.items()]
        await producer.send_and_wait(message.topic, message.payload, key=(message.key or "").encode(), headers=headers)

    hooks = _Counting()
    config = txoutbox.RelayConfig(batch_size=1000, concurrency=1000)
    relay = txoutbox.Relay(storage, publish, config=config, hooks=hooks)
    try:
        began, cpu = time.perf_counter(), time.process_time()
        while hooks.published < WAITING:
            await relay.run_once()
        took, used = time.perf_counter() - began, time.process_time() - cpu
    finally:
        await producer.stop()
    return WAITING / took, used / WAITING * 1e6


async def idle(url: str, bus: Bus) -> list[float]:
    """Milliseconds from each of 200 single commits to the bus's acknowledgement."""
    timed = Timed(bus)
    works = Works(
        service="intake", engine=new_engine(url, pool_size=4, name="intake"),
        unit_engine=new_engine(url, pool_size=2, name="intake-unit", unit=True), clock=RealClock(), sealer=_SEALER,
        calendar=statutory_calendar(),
    )  # fmt: skip
    relay = Relay(
        service="intake",
        database_url=url,
        bus=timed,
        clock=RealClock(),
        metrics=Metrics("intake"),
        wake=asyncio.Event(),
    )
    waker = Waker(url, relay.wake, works.wakes.waiting_for(EVENTS_WRITTEN), relay)
    rng, figures = random.Random(4), []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(relay.run()), group.create_task(waker.run())]
        while not relay.leading:  # noqa: ASYNC110 - a flag is all there is
            await asyncio.sleep(0.01)
        for number in range(COMMITS + 20):
            timed.acknowledged.clear()
            async with works.begin() as work:
                work.emit(received(str(new_id()), number, rng))
            committed = time.perf_counter()
            await timed.acknowledged.wait()
            if number >= 20:  # the first ones prepare statements and connections
                figures.append(max(0.0, timed.at - committed) * 1000)
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
    await works.engine.dispose()
    return figures


async def measure(folder: Path) -> list[Table]:
    latency = Table(
        "Outbox: commit to acknowledgement, idle", ("bus", "p50 ms", "p99 ms", "worst ms", "limit p99", "held")
    )
    drain = Table(f"Outbox: drain of {WAITING:,} waiting events to Kafka",
                  ("relay", "events/s", "ratio", "goal", "CPU us/event"))  # fmt: skip
    with postgres(folder) as server, kafka(folder) as broker:
        await server.create_database("gongdan_intake")
        await server.create_database("gongdan_bus")
        url = server.url("gongdan_intake")
        engine = new_engine(url, pool_size=2, name="bench")
        async with engine.begin() as connection:
            await connection.run_sync(new_metadata().create_all)
        await engine.dispose()
        buses: list[tuple[str, Bus, float]] = [("PostgreSQL", PostgresBus(server.url("gongdan_bus")), 10.0)]
        if broker is not None:
            buses.append(("Kafka", KafkaBus(broker.bootstrap), 25.0))
        for _, bus, _ in buses:
            await bus.start()
            await bus.ensure_topics(PARTITIONS)
        for name, bus, limit in buses:
            rounds = [await idle(url, bus) for _ in range(ROUNDS)]
            ninety_nine = median(percentile(figures, 0.99) for figures in rounds)
            latency.add(
                name, median(percentile(figures, 0.5) for figures in rounds), ninety_nine,
                max(max(figures) for figures in rounds), limit, "yes" if ninety_nine <= limit else "NO",
            )  # fmt: skip
        if broker is not None:
            await compare(url, buses[-1][1], broker.bootstrap, drain)
        for _, bus, _ in buses:
            await bus.stop()
    latency.notes.append(
        f"{COMMITS} single commits per round, {ROUNDS} rounds, medians of the rounds; the worst of all commits."
    )
    return [latency, drain]


async def compare(url: str, bus: Bus, bootstrap: str, table: Table) -> None:
    """Both relays in turns on the same backlog."""
    storage = await PostgresStorage.connect(url, table="txoutbox", min_size=2, max_size=4)
    await storage.create_schema()
    ours, peers = [], []
    connection = await asyncpg.connect(url)
    try:
        for _ in range(ROUNDS):
            await fill(connection, storage)
            ours.append(await drain_ours(url, bus))
            left = await connection.fetchval("select count(*) from outbox where published_at is null")
            assert left == 0, f"{left} events were not published"
            peers.append(await drain_peer(storage, bootstrap))
    finally:
        await connection.close()
        await storage.close()
    peer = median(rate for rate, _ in peers)
    ratios = [mine[0] / theirs[0] for mine, theirs in zip(ours, peers, strict=True)]
    table.add("txoutbox 0.2.2, batch 1000, concurrency 1000, linger 0", spread([rate for rate, _ in peers]), 1.0, None,
              median(cpu for _, cpu in peers))  # fmt: skip
    table.add("ours", spread([rate for rate, _ in ours]), median(rate for rate, _ in ours) / peer, ">= 2",
              median(cpu for _, cpu in ours))  # fmt: skip
    table.notes.append(f"{KEYS:,} keys in turn, order of each key kept by both; ratio per round: {spread(ratios)}.")


def main() -> int:
    configure_logs("ERROR")
    # As a service's process does after its start (shared.run.process); the other relay has the same benefit.
    gc.collect()
    gc.freeze()
    with scratch("bench-outbox") as folder:
        tables = uvloop.run(measure(folder))
    for table in tables:
        table.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())

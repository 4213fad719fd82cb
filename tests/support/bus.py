"""The two buses under one roof, so that every test of the suite runs against both."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from shared.bus import Bus, Delivery, Message, PublishFailed, Subscription, TopicPartition
from shared.bus.kafka import KafkaBus
from shared.bus.postgres import PostgresBus
from shared.run.postgres import PostgresServer
from tests.support.kafka import KafkaServer
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.waiting import eventually

#: Seconds after which a silent member is struck off; short, so that a test of it is short.
LEASE = 6.0

_numbers = itertools.count(1)


def bus_at(address: str, *, lease: float = LEASE, **options: Any) -> Bus:
    """A bus, not yet started, at "kafka:host:port" or "postgres:url"."""
    kind, _, where = address.partition(":")
    if kind == "kafka":
        return KafkaBus(where, session=lease, **options)
    return PostgresBus(where, lease=lease, **options)


class Broker(Protocol):
    """What carries a bus, to be taken away and given back."""

    address: str

    async def kill(self) -> None:
        """End it with signal 9 or its like."""
        ...

    async def restart(self) -> None:
        """Start it again on its old data and return when it serves."""
        ...


class KafkaBroker:
    """The run's Kafka broker."""

    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.address = f"kafka:{server.bootstrap}"

    async def kill(self) -> None:
        self.server.kill()

    async def restart(self) -> None:
        self.server.spawn()
        await eventually(self.server.answers, within=60, every=0.1)


class PostgresBroker:
    """A PostgreSQL server of one test's own."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self.server = server
        self.address = f"postgres:{server.url(database)}"

    async def kill(self) -> None:
        self.server.stop("immediate")

    async def restart(self) -> None:
        self.server.restart()


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
async def bus_address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where a bus of either kind is; nothing of an earlier test is in the topics that `new_topic` names."""
    if request.param == "kafka":
        server: KafkaServer = request.getfixturevalue("kafka_server")
        yield f"kafka:{server.bootstrap}"
        return
    database: DatabaseServer = request.getfixturevalue("postgres_server")
    async with fresh_database(database, "bus") as url:
        yield f"postgres:{url}"


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    """A bus that the test may kill; it runs again afterwards."""
    if request.param == "kafka":
        carrier = KafkaBroker(request.getfixturevalue("kafka_server"))
        try:
            yield carrier
        finally:
            await carrier.restart()
        return
    server: PostgresServer = request.getfixturevalue("durable_postgres")
    await server.create_database("bus")
    yield PostgresBroker(server, "bus")


@asynccontextmanager
async def running(address: str, **options: Any) -> AsyncIterator[Bus]:
    """A started bus, stopped at the end."""
    bus = bus_at(address, **options)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


@pytest.fixture
async def bus(bus_address: str) -> AsyncIterator[Bus]:
    """A started bus of either kind."""
    async with running(bus_address) as started:
        yield started


async def new_topic(bus: Bus, partitions: int = 4) -> str:
    """The name of an empty topic that no other test knows."""
    name = f"topic-{os.getpid()}-{next(_numbers)}"
    await bus.ensure_topics({name: partitions})
    return name


def numbered(topic: str, count: int, *, keys: int = 10, start: int = 0) -> list[Message]:
    """`count` messages whose value is their number, spread over `keys` keys."""
    return [
        Message(topic, f"order-{n % keys}", str(n).encode(), {"ce_id": str(n)}) for n in range(start, start + count)
    ]


async def publish_until_done(bus: Bus, messages: list[Message], within: float) -> int:
    """Publish as the relay does: the same batch again while the outcome is unknown. Return the failed attempts."""
    failures = 0

    async def done() -> bool:
        nonlocal failures
        try:
            await bus.publish(messages)
        except PublishFailed:
            failures += 1
            return False
        return True

    await eventually(done, within=within, every=0.05)
    return failures


async def read_until(
    subscription: Subscription, count: int, *, commit: bool = True, within: float = 30.0, max_records: int = 100
) -> list[Delivery]:
    """The deliveries of fetches until there are at least `count` different ones, committed batch by batch."""
    read: list[Delivery] = []

    async def enough() -> bool:
        batch = await subscription.fetch(max_records=max_records, timeout=0.5)
        read.extend(delivery for deliveries in batch.values() for delivery in deliveries)
        if commit and batch:
            await subscription.commit(next_offsets(batch))
        return len({(d.topic, d.partition, d.offset) for d in read}) >= count

    await eventually(enough, within=within)
    return read


def next_offsets(batch: Mapping[TopicPartition, Sequence[Delivery]]) -> dict[TopicPartition, int]:
    """What to commit once the batch is done with."""
    return {partition: deliveries[-1].offset + 1 for partition, deliveries in batch.items()}


def values_by_key(deliveries: Iterable[Delivery]) -> dict[str, list[int]]:
    """The numbers that each key's messages carry, in the order of reading."""
    found: dict[str, list[int]] = {}
    for delivery in deliveries:
        assert delivery.key is not None
        assert delivery.value is not None
        found.setdefault(delivery.key, []).append(int(delivery.value))
    return found


def in_order(numbers: Sequence[int]) -> bool:
    """Whether the first sight of each number comes in ascending order; repeats are allowed, as the bus allows them."""
    first = list(dict.fromkeys(numbers))
    return first == sorted(first)


class ReaderProcess:
    """A member of a group in a process of its own (tests/bus/reader.py), to be killed, stopped and resumed."""

    def __init__(self, folder: Path, address: str, group: str, topic: str, *, hold: bool = False) -> None:
        self.name = f"reader-{next(_numbers)}"
        self._journal = folder / f"{self.name}.jsonl"
        self._journal.touch()
        self.go = folder / f"{self.name}.go"
        settings = {
            "address": address,
            "group": group,
            "topic": topic,
            "member": self.name,
            "journal": str(self._journal),
            "go": str(self.go) if hold else None,
        }
        with (folder / f"{self.name}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.bus.reader", json.dumps(settings)],
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """What it noted down of this kind: "joined", "assigned", "effect", "holding", "commit"."""
        text = self._journal.read_text()
        complete = text[: text.rfind("\n") + 1]
        return [line for line in map(json.loads, complete.splitlines()) if line["kind"] == kind]

    def effects(self) -> list[tuple[int, int, str, int]]:
        """Partition, offset, key and number of each message it handled, in order."""
        return [(line["partition"], line["offset"], line["key"], line["value"]) for line in self.lines("effect")]

    def assigned(self) -> int:
        """How many partitions it holds now."""
        noted = self.lines("assigned")
        return len(noted[-1]["partitions"]) if noted else 0

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this one process."""
        self.process.send_signal(number)

    def end(self) -> None:
        """Kill it, stopped or not."""
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def readers(tmp_path: Path) -> Iterator["Readers"]:
    """Starts reader processes and ends those that are left."""
    started = Readers(tmp_path)
    try:
        yield started
    finally:
        for reader in started.all:
            with contextlib.suppress(ProcessLookupError):
                reader.end()


class Readers:
    """The reader processes of one test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.all: list[ReaderProcess] = []

    def start(self, address: str, group: str, topic: str, *, hold: bool = False) -> ReaderProcess:
        """Start one more; with `hold` it waits for its `go` file between effect and commit."""
        reader = ReaderProcess(self._folder, address, group, topic, hold=hold)
        self.all.append(reader)
        return reader

    def effects(self) -> list[tuple[int, int, str, int]]:
        """Everything handled by anybody."""
        return [effect for reader in self.all for effect in reader.effects()]

"""A bus in memory whose faults a test defines beforehand; the real adapters have their own suite."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from shared.bus import Delivery, Message, MessageRefused, PublishFailed, Subscription, TopicPartition


class MemoryBus:
    """Logs by partition, one reader per topic; `lost_answers` publishes that fail after they were done."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions = partitions
        self.logs: dict[TopicPartition, list[Delivery]] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.down = False
        self.lost_answers = 0
        self.lost_commits = 0
        self.deliveries = 0
        self.refuse: Callable[[Message], bool] = lambda _: False
        self.repeat = 1
        self.batches: list[int] = []
        self.rewound: list[tuple[TopicPartition, int]] = []
        self.deaf = False
        self.takes = asyncio.Event()
        """While it is cleared a publish waits: the bus answers pings and acknowledges nothing."""
        self.takes.set()
        self.asked = 0
        self.trimmed: list[timedelta] = []

    async def start(self) -> None:
        """There is nothing to connect to; fails while the bus is down."""
        await self.ping()

    async def stop(self) -> None:
        """Nothing to stop."""

    async def ping(self) -> None:
        if self.down:
            raise PublishFailed("down")

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Nothing to do: all topics exist."""

    async def publish(self, messages: Sequence[Message]) -> None:
        self.asked += 1
        await self.takes.wait()
        if self.down:
            raise PublishFailed("down")
        for index, message in enumerate(messages):
            if self.refuse(message):
                raise MessageRefused(index, message.key, "too large")
        self.batches.append(len(messages))
        for message in messages:
            self.append(message)
        if self.lost_answers:
            self.lost_answers -= 1
            raise PublishFailed("the answer was lost")

    def append(
        self, message: Message, *, raw_headers: Mapping[str, bytes] | None = None, key: str | None = ""
    ) -> Delivery:
        place = TopicPartition(message.topic, zlib.crc32(message.key.encode()) % self.partitions)
        log = self.logs.setdefault(place, [])
        headers = {name: value.encode() for name, value in message.headers.items()}
        delivery = Delivery(
            place.topic,
            place.partition,
            len(log),
            message.key if key == "" else key,
            message.value,
            raw_headers or headers,
        )
        log.append(delivery)
        return delivery

    def read(self, topic: str) -> list[Delivery]:
        """Everything published to a topic."""
        return [delivery for place in sorted(self.logs) if place.topic == topic for delivery in self.logs[place]]

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        return self._subscribed(topics)

    @asynccontextmanager
    async def _subscribed(self, topics: Sequence[str]) -> AsyncIterator[Subscription]:
        yield MemorySubscription(self, frozenset(topics))

    async def trim(self, older_than: timedelta) -> int:
        """Only noted: for how long what is read is kept."""
        await self.ping()
        self.trimmed.append(older_than)
        return 0

    async def forget_group(self, group: str) -> None:
        """Only one group reads here."""

    def drained(self, topic: str = "orders") -> bool:
        """Whether everything of a topic is committed."""
        return all(self.committed.get(place, 0) == len(log) for place, log in self.logs.items() if place.topic == topic)


class MemorySubscription:
    """A member that owns every partition of its topics; each batch is delivered `bus.repeat` times."""

    def __init__(self, bus: MemoryBus, topics: frozenset[str]) -> None:
        self._bus, self._topics = bus, topics
        self._position = dict(bus.committed)
        self._repeats: dict[TopicPartition, int] = {}

    async def fetch(self, *, max_records: int, timeout: float) -> Mapping[TopicPartition, Sequence[Delivery]]:
        await asyncio.sleep(0)
        found: dict[TopicPartition, Sequence[Delivery]] = {}
        for place in self.assignment():
            start = self._position.get(place, 0)
            batch = self._bus.logs[place][start : start + max_records]
            if not batch or self._bus.deaf:
                continue
            found[place] = batch
            self._bus.deliveries += len(batch)
            left = self._repeats.get(place, self._bus.repeat) - 1
            if left:
                self._repeats[place] = left
            else:
                self._repeats.pop(place, None)
                self._position[place] = start + len(batch)
        if not found:
            await asyncio.sleep(min(timeout, 0.01))
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        if self._bus.lost_commits:
            self._bus.lost_commits -= 1
            return False
        self._bus.committed.update(offsets)
        return True

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        self._bus.rewound.append((partition, offset))
        self._position[partition] = offset

    async def lag(self) -> Mapping[TopicPartition, int]:
        return {place: len(self._bus.logs[place]) - self._bus.committed.get(place, 0) for place in self.assignment()}

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(place for place in self._bus.logs if place.topic in self._topics)

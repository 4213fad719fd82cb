"""A bus that keeps back what certain services would read, so that a story decides who hears of something first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from shared.bus import Bus, Delivery, Message, Subscription, TopicPartition


class HoldingBus:
    """Another bus; a service that is held hears of nothing that is published from then on, until it is released."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._gates: dict[str, asyncio.Event] = {}

    def _gate(self, service: str) -> asyncio.Event:
        if service not in self._gates:
            self._gates[service] = asyncio.Event()
            self._gates[service].set()
        return self._gates[service]

    def hold(self, service: str) -> None:
        """From now on the service hears of nothing."""
        self._gate(service).clear()

    def release(self, service: str) -> None:
        """It hears of everything, in its sequence."""
        self._gate(service).set()

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        """What the other bus gives, behind the gate of this service."""

        @asynccontextmanager
        async def behind_gate() -> AsyncIterator[Subscription]:
            async with self._bus.subscribe(group, topics, member=member) as subscription:
                yield _Gated(subscription, self._gate(group))

        return behind_gate()

    async def start(self) -> None:
        """As the other bus."""
        await self._bus.start()

    async def stop(self) -> None:
        """As the other bus."""
        await self._bus.stop()

    async def ping(self) -> None:
        """As the other bus."""
        await self._bus.ping()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """As the other bus."""
        await self._bus.ensure_topics(topics)

    async def publish(self, messages: Sequence[Message]) -> None:
        """As the other bus."""
        await self._bus.publish(messages)

    async def trim(self, older_than: timedelta) -> int:
        """As the other bus."""
        return await self._bus.trim(older_than)

    async def forget_group(self, group: str) -> None:
        """As the other bus."""
        await self._bus.forget_group(group)


class _Gated:
    """A subscription whose messages wait at the gate: also those that were read just before it was closed."""

    def __init__(self, subscription: Subscription, gate: asyncio.Event) -> None:
        self._subscription, self._gate = subscription, gate
        self.commit, self.rewind = subscription.commit, subscription.rewind
        self.lag, self.assignment = subscription.lag, subscription.assignment

    async def fetch(self, *, max_records: int, timeout: float) -> Mapping[TopicPartition, Sequence[Delivery]]:
        found = await self._subscription.fetch(max_records=max_records, timeout=timeout)
        await self._gate.wait()
        return found

"""A bus that may start later than the process, and stop: meanwhile the events of the services wait in the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

from shared.bus import Bus, BusUnavailable, Message, PublishFailed, Subscription
from shared.service import Runtime
from shared.telemetry import logger

log = logger("bus")

_LOOK_SECONDS: Final = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_NOT_YET: Final = "总线尚未就绪"


class ArrivingBus:
    """A bus that counts as away until it has answered and has its topics, so that nobody uses it half prepared."""

    def __init__(self, bus: Bus, topics: Mapping[str, int]) -> None:
        self._bus, self._topics = bus, topics
        self.arrived = asyncio.Event()

    async def start(self) -> None:
        """Connect and create the topics. Raises BusUnavailable, PartitionCountDiffers."""
        await self._bus.start()
        await self._bus.ensure_topics(self._topics)
        self.arrived.set()

    async def stop(self) -> None:
        """Close every connection."""
        await self._bus.stop()

    async def ping(self) -> None:
        """Return if the bus answers. Raises BusUnavailable."""
        if not self.arrived.is_set():
            raise BusUnavailable(_NOT_YET)
        await self._bus.ping()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create each topic. Raises PartitionCountDiffers, BusUnavailable."""
        await self._bus.ensure_topics(topics)

    async def publish(self, messages: Sequence[Message]) -> None:
        """As the bus does; PublishFailed before it has answered."""
        if not self.arrived.is_set():
            raise PublishFailed(_NOT_YET)
        await self._bus.publish(messages)

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        """As the bus does; BusUnavailable before it has answered."""
        if not self.arrived.is_set():
            raise BusUnavailable(_NOT_YET)
        return self._bus.subscribe(group, topics, member=member)

    async def trim(self, older_than: timedelta) -> int:
        """As the bus does; BusUnavailable before it has answered."""
        if not self.arrived.is_set():
            raise BusUnavailable(_NOT_YET)
        return await self._bus.trim(older_than)

    async def forget_group(self, group: str) -> None:
        """As the bus does; BusUnavailable before it has answered."""
        if not self.arrived.is_set():
            raise BusUnavailable(_NOT_YET)
        await self._bus.forget_group(group)


async def keep_in_touch(bus: ArrivingBus, runtimes: Sequence[Runtime]) -> None:
    """Run until cancelled: connect as soon as the bus answers, then ask regularly whether it still does.

    A health probe reads the result noted here, because it must not wait for a bus that does not answer.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            await (bus.ping() if bus.arrived.is_set() else bus.start())
        except (BusUnavailable, OSError) as fault:
            _note(runtimes, there=False)
            log.warning("bus away", error=getattr(fault, "reason", type(fault).__name__), pause=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            _note(runtimes, there=True)
            pause = _FIRST_PAUSE
            await asyncio.sleep(_LOOK_SECONDS)


def _note(runtimes: Sequence[Runtime], *, there: bool) -> None:
    for runtime in runtimes:
        runtime.bus_there = there
        runtime.metrics.bus_there.set(there)

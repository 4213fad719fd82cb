"""The end of the notices, kept in memory so that a hundred open streams cost one query."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from services.sla.streams import store
from services.sla.streams.model import Notice
from shared.work import Works

KEPT: Final = 5_000

BATCH: Final = 1_000


class Tail:
    """The newest notices, and whoever waits for more."""

    def __init__(self, wake: asyncio.Event) -> None:
        self.wake = wake
        self._kept: deque[Notice] = deque(maxlen=KEPT)
        self._known = False
        self._last = 0
        self._waiting: set[asyncio.Event] = set()

    @property
    def last(self) -> int:
        """The position of the newest notice that this process has read."""
        return self._last

    async def newest(self, works: Works) -> int:
        """The position of the newest notice, also while this process has not read any yet."""
        if self._known:
            return self._last
        async with works.read() as session:
            return await store.last_position(session)

    async def catch_up(self, works: Works) -> None:
        """Read what is new, and wake every stream."""
        async with works.read() as session:
            if not self._known:
                self._last, self._known = await store.last_position(session), True
            while fresh := await store.notices_after(session, self._last, limit=BATCH):
                self._kept.extend(fresh)
                self._last = fresh[-1].position
                for waiting in self._waiting:
                    waiting.set()

    async def after(self, works: Works, position: int) -> Sequence[Notice]:
        """The notices that follow a position, at most a batch of them; from memory where it reaches back so far."""
        if position >= self._last:
            return ()
        if self._kept and self._kept[0].position <= position + 1:
            first = position + 1 - self._kept[0].position
            return [self._kept[i] for i in range(first, min(first + BATCH, len(self._kept)))]
        async with works.read() as session:
            return await store.notices_after(session, position, limit=BATCH)

    def join(self) -> asyncio.Event:
        """An event that is set when there is more; `leave` gives it back."""
        waiting = asyncio.Event()
        self._waiting.add(waiting)
        return waiting

    def leave(self, waiting: asyncio.Event) -> None:
        """The stream has ended."""
        self._waiting.discard(waiting)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._waiting)

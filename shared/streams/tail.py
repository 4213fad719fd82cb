"""The end of a sequence, kept in memory so that a hundred open streams cost one query.

Positions must become visible in their order: whoever writes one waits for who wrote the one before.  Otherwise a reader
would pass a position that is not committed yet, and never see it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Final, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.work import Works

KEPT: Final = 5_000
BATCH: Final = 1_000


class Placed(Protocol):
    """What stands in the sequence."""

    @property
    def position(self) -> int:
        """Where."""


Item = TypeVar("Item", bound=Placed)


class Tail(Generic[Item]):
    """The newest of a sequence, and the streams that wait for more.

    `read_last` gives the newest position, `read_after` at most so many items that follow one, in their order.
    """

    def __init__(
        self,
        wake: asyncio.Event,
        *,
        read_last: Callable[[AsyncSession], Awaitable[int]],
        read_after: Callable[[AsyncSession, int, int], Awaitable[Sequence[Item]]],
    ) -> None:
        self.wake = wake
        self._read_last, self._read_after = read_last, read_after
        self._kept: deque[Item] = deque()
        self._from = 0
        """What follows this position is in memory, as far as it was read."""
        self._known = False
        self._last = 0
        self._waiting: set[asyncio.Event] = set()

    @property
    def last(self) -> int:
        """The position of the newest item that this process has read."""
        return self._last

    async def newest(self, works: Works) -> int:
        """The newest position, also while this process has not read any yet."""
        if self._known:
            return self._last
        async with works.read() as session:
            return await self._read_last(session)

    async def reached(self, works: Works, position: int) -> int:
        """This position; the newest of all replicas for one beyond it, which was never given out."""
        if position <= self._last:
            return position
        async with works.read() as session:
            return min(position, await self._read_last(session))

    async def catch_up(self, works: Works) -> None:
        """Read what is new, and wake every stream."""
        async with works.read() as session:
            if not self._known:
                self._last, self._known = await self._read_last(session), True
                self._from = self._last
            while fresh := await self._read_after(session, self._last, BATCH):
                self._kept.extend(fresh)
                while len(self._kept) > KEPT:
                    self._from = self._kept.popleft().position
                self._last = fresh[-1].position
                for waiting in self._waiting:
                    waiting.set()

    async def after(self, works: Works, position: int) -> Sequence[Item]:
        """What follows a position, at most a batch of it; from memory where it reaches back so far."""
        if position >= self._last:
            return ()
        if position >= self._from:
            newer = list(takewhile(lambda item: item.position > position, reversed(self._kept)))
            return newer[: -BATCH - 1 : -1]
        async with works.read() as session:
            return await self._read_after(session, position, BATCH)

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

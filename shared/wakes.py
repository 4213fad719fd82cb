"""Jobs that wait for commits: a handler names a job, and the tasks that wait for this name continue after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from weakref import WeakSet

EVENTS_WRITTEN: Final = "events written"
"""Set after each commit that wrote events: the relay waits for it, and other readers of the outbox."""


class Wakes:
    """The tasks of this process that wait, by the name for which they wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, WeakSet[asyncio.Event]] = {}

    def waiting_for(self, name: str) -> asyncio.Event:
        """A new event that is set after each commit that wakes this name; the waiting task clears it."""
        event = asyncio.Event()
        self._waiting.setdefault(name, WeakSet()).add(event)
        return event

    def wake(self, names: Iterable[str]) -> None:
        """Set the events of these names; called after a commit, never inside a transaction (R53)."""
        for name in names:
            for event in self._waiting.get(name, ()):
                event.set()

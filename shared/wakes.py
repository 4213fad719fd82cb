"""Jobs that wait for commits: a handler names the job, and after its commit everybody who waits for it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final
from weakref import WeakSet

EVENTS_WRITTEN: Final = "events written"
"""Set after each commit that wrote events: the relay waits for it, and whoever else follows what was told."""


class Wakes:
    """Who waits for which name, in this process."""

    def __init__(self) -> None:
        self._waiting: dict[str, WeakSet[asyncio.Event]] = {}

    def waiting_for(self, name: str) -> asyncio.Event:
        """An event of one's own that is set after each commit that wakes this name; whoever waits clears it."""
        event = asyncio.Event()
        self._waiting.setdefault(name, WeakSet()).add(event)
        return event

    def wake(self, names: Iterable[str]) -> None:
        """Set the events of these names; called after a commit, never inside a transaction (R53)."""
        for name in names:
            for event in self._waiting.get(name, ()):
                event.set()

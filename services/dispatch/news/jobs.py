"""The streams learn of new entries: at once of those that this process wrote, within a second of others."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from services.dispatch.news.handlers import NewsTail, OpenStreams
from services.dispatch.timeline.model import NEWS_WRITTEN
from shared.service import Runtime

_LOOK_SECONDS: Final = 1.0
_PAUSE: Final = 0.05  # so many commits share one query


def prepare(runtime: Runtime) -> None:
    """The end of the news, before any task starts."""
    runtime.parts.put(NewsTail(runtime.works.wakes.waiting_for(NEWS_WRITTEN)))
    runtime.parts.put(OpenStreams())


async def follow_news(runtime: Runtime) -> None:
    """Until cancelled: keep the newest news in memory for the streams."""
    tail = runtime.parts.of(NewsTail)
    while True:
        tail.wake.clear()
        await tail.catch_up(runtime.works)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await tail.wake.wait()
        await asyncio.sleep(_PAUSE)

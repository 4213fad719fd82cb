"""What replicas tell each other: that a clock was armed or fired, so that none of them has to ask."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import asyncpg

from services.sla.handlers.notices import TAIL, Tail
from services.sla.jobs.firing import ALARM, NET_SECONDS, NEWS
from shared.db.engine import asyncpg_url
from shared.service import Runtime

_CHANNEL: Final = "sla_news"
_PAUSE: Final = 0.05  # so many commits share one notification (R53)


async def share_news(runtime: Runtime) -> None:
    """Until cancelled: after a commit of ours tell the other replicas, on a connection of its own (R53)."""
    alarm: asyncio.Event = runtime.parts[ALARM]
    news: asyncio.Event = runtime.parts[NEWS]
    tail: Tail = runtime.parts[TAIL]
    connection: asyncpg.Connection[Any] = await asyncpg.connect(
        asyncpg_url(runtime.database_url),
        timeout=10,
        command_timeout=10,
        server_settings={"application_name": "gongdan-sla-news"},
    )
    try:
        own = connection.get_server_pid()

        def hear(_: Any, pid: int, __: str, ___: Any) -> None:
            if pid != own:
                alarm.set()
                tail.wake.set()

        await connection.add_listener(_CHANNEL, hear)
        # Whatever was said while nobody listened is looked up once.
        alarm.set()
        tail.wake.set()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NET_SECONDS):
                    await news.wait()
            news.clear()
            await connection.execute(f"notify {_CHANNEL}")
            await asyncio.sleep(_PAUSE)
    finally:
        connection.terminate()


async def follow_notices(runtime: Runtime) -> None:
    """Until cancelled: keep the newest notices at hand for the streams."""
    tail: Tail = runtime.parts[TAIL]
    while True:
        tail.wake.clear()
        await tail.catch_up(runtime.works)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NET_SECONDS):
                await tail.wake.wait()
        await asyncio.sleep(_PAUSE)

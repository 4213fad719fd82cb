"""What replicas notify each other of: that a clock was started or fired, so that none of them has to ask."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import asyncpg

from services.sla.firing.jobs import LOOK_SECONDS, FiringLoop
from services.sla.streams.handlers import Tail
from shared.db.engine import asyncpg_url
from shared.service import Runtime
from shared.wakes import EVENTS_WRITTEN

_CHANNEL: Final = "sla_news"

_PAUSE: Final = 0.05  # so many commits share one notification (R53)


def prepare(runtime: Runtime) -> None:
    """The tail of the notices, before any task starts."""
    runtime.parts.put(Tail(runtime.works.wakes.waiting_for(EVENTS_WRITTEN)))


async def tell_replicas(runtime: Runtime) -> None:
    """Until cancelled: after a commit of ours notify the other replicas, on a connection of its own (R53)."""
    alarm, tail = runtime.parts.of(FiringLoop).alarm, runtime.parts.of(Tail)
    written = runtime.works.wakes.waiting_for(EVENTS_WRITTEN)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(
        asyncpg_url(runtime.database_url),
        timeout=10,
        command_timeout=10,
        server_settings={"application_name": "gongdan-sla-news"},
    )
    try:
        own = connection.get_server_pid()

        def look_again(_: Any, pid: int, __: str, ___: Any) -> None:
            if pid != own:
                alarm.set()
                tail.wake.set()

        await connection.add_listener(_CHANNEL, look_again)
        # Whatever was notified before this connection listened is looked up once, here and by the others.
        alarm.set()
        tail.wake.set()
        written.set()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await written.wait()
            written.clear()
            await connection.execute(f"notify {_CHANNEL}")
            await asyncio.sleep(_PAUSE)
    finally:
        connection.terminate()


async def follow_notices(runtime: Runtime) -> None:
    """Until cancelled: keep the newest notices at hand for the streams."""
    tail = runtime.parts.of(Tail)
    while True:
        tail.wake.clear()
        await tail.catch_up(runtime.works)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await tail.wake.wait()
        await asyncio.sleep(_PAUSE)

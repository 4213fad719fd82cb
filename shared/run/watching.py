"""Restarting the database and the broker when they end by themselves, like a container with `restart: always`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.run.postgres import PostgresServer

_LOOK_EVERY: Final = 0.2
_LONG_LIFE: Final = 10.0
_LONGEST_PAUSE: Final = 30.0
_DATABASE_TRIES: Final = 5


class NotStartedAgain(RuntimeError):
    """意外结束后，连续多次未能重新启动。"""

    code = "not_started_again"

    def __init__(self, what: str, tries: int, fault: Exception) -> None:
        super().__init__(
            f"{what}意外结束，连续 {tries} 次未能重新启动；请排除以下原因后再启动平台：{str(fault).strip()}"
        )
        self.what, self.tries = what, tries


@dataclass(frozen=True, slots=True)
class Ground:
    """A server beside the platform."""

    name: str
    runs: Callable[[], bool]
    start: Callable[[], object]
    """Starts it again on its data and its port; blocks until it answers."""
    tries: int | None = None
    """After so many failed starts in a row the platform ends; None if it can run without this server."""


def database_ground(server: PostgresServer) -> Ground:
    """The embedded PostgreSQL, which every service needs."""
    return Ground("内置数据库", lambda: server.pid is not None, server.restart, _DATABASE_TRIES)


def tell(line: str) -> None:
    """Print a line on the terminal at once."""
    print(line, flush=True)


async def keep_running(ground: Ground, say: Callable[[str], None] = tell, *, pause: float = 0.5) -> None:
    """Start the server again whenever it has ended, and print that; NotStartedAgain after `tries` failed starts in a row.

    When cancelled it returns only after a running start is complete, so that stopping the server afterwards works.
    """
    loop = asyncio.get_running_loop()
    failed, wait, since = 0, pause, loop.time()
    while True:
        await asyncio.sleep(min(_LOOK_EVERY, pause))
        if ground.runs():
            continue
        if not failed and loop.time() - since < _LONG_LIFE:
            # It ended soon: a server that always ends at once must not be started in a tight loop.
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
        elif not failed:
            wait = pause
        try:
            await _to_its_end(ground.start)
        except (RuntimeError, OSError) as fault:
            failed += 1
            if failed == ground.tries:
                raise NotStartedAgain(ground.name, failed, fault) from fault
            reason = str(fault).partition("\n")[0].rstrip("：")
            say(f"{ground.name}意外结束，第 {failed} 次重新启动未成功，{wait:g} 秒后再试：{reason}")
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
        else:
            failed, since = 0, loop.time()
            say(f"{ground.name}意外结束，已重新启动。")


async def _to_its_end(start: Callable[[], object]) -> None:
    """Run `start` in a thread; wait for it even when cancelled, because a thread cannot be cancelled."""
    running = asyncio.get_running_loop().run_in_executor(None, start)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # retrieved, so that the event loop does not log it
        raise

"""Finish a transaction that has begun, even when its task is cancelled (R3)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def finished(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Await `work` to its end, even when the waiting task is cancelled; the cancellation is raised after it.

    Cancelling inside SQL can hang in the commit, or return a connection with its transaction open; the server's own
    limits end what takes too long.  The task that runs `work` ends within this call.
    """
    task = asyncio.get_running_loop().create_task(work)
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancelled:
            interrupted = cancelled
        except Exception:  # noqa: BLE001 - `result` below raises it, unless we were cancelled meanwhile
            break
    if interrupted is not None and not task.cancelled():
        task.exception()
        raise interrupted
    return task.result()

"""Removing the files that no record names, once a day."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from services.dispatch.materials import store
from shared.files.errors import StoreAway
from shared.service import Runtime
from shared.telemetry import logger

log = logger("materials")

EVERY: Final = timedelta(days=1)


async def sweep_files(runtime: Runtime) -> None:
    """Until cancelled: remove the files whose request was refused or rolled back after they were kept."""
    while True:
        # The file store writes why it does not answer into the log; the sweep is not urgent.
        with contextlib.suppress(StoreAway):
            await sweep(runtime)
        await asyncio.sleep(EVERY.total_seconds())


async def sweep(runtime: Runtime) -> int:
    """Remove the old files that no record names; how many they were."""

    async def known(digests: Collection[str]) -> Collection[str]:
        async with runtime.works.read() as session:
            return await store.attached(session, digests)

    removed = await runtime.files.remove_orphans(known)
    if removed:
        log.info("files without a record removed", files=removed)
    return removed

"""Removing drafts that nobody has changed for a month."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from services.dispatch.drafts import store
from services.dispatch.drafts.policy import KEPT_FOR
from shared.service import Runtime
from shared.telemetry import logger

log = logger("drafts")

EVERY: Final = timedelta(hours=1)


async def sweep_drafts(runtime: Runtime) -> None:
    """Until cancelled: remove the drafts that are too old."""
    while True:
        await sweep(runtime)
        await asyncio.sleep(EVERY.total_seconds())


async def sweep(runtime: Runtime) -> int:
    """Remove the drafts that are too old; how many they were."""
    async with runtime.works.begin() as work:
        removed = await store.remove_older(work.session, work.now - KEPT_FOR)
    if removed:
        log.info("old drafts removed", drafts=removed)
    return removed

"""What seals the words that an older release wrote in clear (X2)."""

from __future__ import annotations

from typing import Final

from services.sla.handlers import sealing
from shared.service import Runtime
from shared.telemetry import logger

log = logger("sealing")

BATCH: Final = 500


async def seal_old_words(runtime: Runtime) -> None:
    """Seal what a release before this one wrote in clear, then end; a start that finds nothing ends at once."""
    total = 0
    while True:
        async with runtime.works.begin() as work:
            done = await sealing.seal_old_words(work, limit=BATCH)
        if not done:
            break
        total += done
    if total:
        log.info("old words sealed", rows=total)

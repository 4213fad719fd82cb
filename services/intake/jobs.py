"""What intake does by itself: write the orders that arrive, and hand replies over."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Final, cast

from sqlalchemy.exc import SQLAlchemyError

from services.intake.clients import FeedbackClient
from services.intake.handlers import feedback
from services.intake.handlers.parts import NAME, Parts
from services.intake.policy import limits
from services.intake.store import deliveries
from services.intake.store.deliveries import Claimed
from shared.service import Runtime
from shared.telemetry import logger

log = logger("intake.jobs")

_PER_PLATFORM: Final = limits.FEEDBACK_AT_ONCE // 4
"""A platform that hangs holds these slots and no others, so that the next platform is served within seconds."""


async def write_orders(runtime: Runtime) -> None:
    """The writers of the group commit."""
    await cast("Parts", runtime.parts[NAME]).acceptance.run()


async def deliver_feedback(runtime: Runtime) -> None:
    """Send what is due, woken by each commit that adds some, and looking by itself each second."""
    client = FeedbackClient.new()
    try:
        async with asyncio.TaskGroup() as group:
            await Deliverer(runtime, client).run(group)
    finally:
        await client.close()


class Deliverer:
    """Sends deliveries side by side, a bounded number at once and per platform."""

    def __init__(self, runtime: Runtime, client: FeedbackClient) -> None:
        self._runtime, self._client = runtime, client
        self._parts = cast("Parts", runtime.parts[NAME])
        self._bell = feedback.bell_of(runtime.works)
        self._busy: Counter[str] = Counter()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Until cancelled."""
        while True:
            self._bell.clear()
            for claimed in await self.claimed():
                self._busy[claimed.platform] += 1
                group.create_task(self._send(claimed), name=f"feedback.{claimed.platform}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._runtime.settings.workers_poll_seconds):
                    await self._bell.wait()

    async def claimed(self) -> list[Claimed]:
        """What may be sent now, already claimed and committed."""
        now = self._runtime.clock.now()
        taken: list[Claimed] = []
        async with self._runtime.works.begin() as work:
            for platform in await deliveries.platforms_due(work.session, now):
                free = min(
                    _PER_PLATFORM - self._busy[platform], limits.FEEDBACK_AT_ONCE - self._busy.total() - len(taken)
                )
                if free > 0:
                    taken += await deliveries.claim(work.session, platform, now=now, many=free)
        return taken

    async def send_due(self) -> int:
        """One round, to its end: how many were sent."""
        claimed = await self.claimed()
        for one in claimed:
            await feedback.attempt(self._runtime.works, self._client, self._parts.secrets.get(one.platform), one)
        return len(claimed)

    async def _send(self, claimed: Claimed) -> None:
        try:
            await feedback.attempt(
                self._runtime.works, self._client, self._parts.secrets.get(claimed.platform), claimed
            )
        except (SQLAlchemyError, OSError) as fault:
            # How it ended could not be written down: the lease runs out, and the same id is sent again.
            log.warning("attempt not recorded", order_id=claimed.order_id, error=type(fault).__name__)
        finally:
            self._busy[claimed.platform] -= 1
            self._bell.set()

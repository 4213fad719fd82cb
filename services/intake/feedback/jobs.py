"""The job that sends replies to the platforms."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from services.intake.feedback import handlers, policy, store
from services.intake.feedback.clients import FeedbackClient
from services.intake.feedback.handlers import DUE
from services.intake.feedback.store import Claimed
from services.intake.settings import SecretsByChannel
from shared.service import Runtime
from shared.telemetry import logger

log = logger("intake.feedback")


async def deliver_feedback(runtime: Runtime) -> None:
    """Send what is due, woken by each commit that makes a delivery due, and once a second in any case."""
    client = FeedbackClient.new()
    try:
        async with asyncio.TaskGroup() as group:
            await Deliverer(runtime, client).run(group)
    finally:
        await client.close()


async def next_due(runtime: Runtime) -> datetime | None:
    """When the next reply is to be sent for the first time; in the past while one is on its way.

    Repetitions are not waited for: a platform may be away for days.
    """
    async with runtime.works.read() as session:
        return await store.next_first_attempt(session)


class Deliverer:
    """Sends deliveries side by side, a limited number in all and per platform."""

    def __init__(self, runtime: Runtime, client: FeedbackClient) -> None:
        self._runtime, self._client = runtime, client
        self._secrets = runtime.parts.of(SecretsByChannel)
        self._due = runtime.works.wakes.waiting_for(DUE)
        self._busy: Counter[str] = Counter()
        self._more = False  # whether more may be due than was taken

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Until cancelled."""
        while True:
            self._due.clear()
            for claimed in await self.claimed():
                self._busy[claimed.platform] += 1
                group.create_task(self._send(claimed), name=f"feedback.{claimed.platform}")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._runtime.settings.workers_poll_seconds):
                    await self._due.wait()

    async def claimed(self) -> list[Claimed]:
        """What may be sent now, already claimed and committed."""
        now = self._runtime.clock.now()
        taken: list[Claimed] = []
        self._more = False
        async with self._runtime.works.begin() as work:
            for platform in await store.platforms_due(work.session, now):
                free = min(
                    policy.FEEDBACK_PER_PLATFORM - self._busy[platform],
                    policy.FEEDBACK_AT_ONCE - self._busy.total() - len(taken),
                )
                found = await store.claim(work.session, platform, now=now, many=free) if free > 0 else []
                taken += found
                self._more = self._more or len(found) >= free
        return taken

    async def send_due(self) -> int:
        """Send everything that is due now, one after the other; how many were sent."""
        claimed = await self.claimed()
        for one in claimed:
            await handlers.attempt(self._runtime.works, self._client, self._secrets.of(one.platform), one)
        return len(claimed)

    async def _send(self, claimed: Claimed) -> None:
        try:
            await handlers.attempt(self._runtime.works, self._client, self._secrets.of(claimed.platform), claimed)
        except (SQLAlchemyError, OSError) as fault:
            # How it ended could not be stored: the lease runs out, and the same id is sent again.
            log.warning("attempt not recorded", order_id=claimed.order_id, error=type(fault).__name__)
        finally:
            self._busy[claimed.platform] -= 1
            if self._more:
                self._due.set()  # what had to wait for this one may go now

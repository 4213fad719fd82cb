"""Group commit: orders that arrive together become one durable statement (S1.1.4c).

A request seals its order, joins the queue and waits; its answer leaves after the commit (R1).  Nothing is answered
that could be lost, and nothing waits without a bound (R6).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

import asyncpg
import orjson

from services.intake.errors import IntakeBusy
from services.intake.handlers import sealing
from services.intake.handlers.submission import Accepted, Submission
from services.intake.handlers.writing import Writing
from services.intake.model import Channel, UpstreamOrder
from services.intake.policy import limits
from services.intake.rules import flags_of
from services.intake.store import acceptance as store
from shared.db import asyncpg_url
from shared.db.engine import SERVER_BOUNDS
from shared.telemetry import correlation_id, logger
from shared.work import Works

log = logger("intake.acceptance")


class Acceptance:
    """The queue and its writers; one per process and service."""

    def __init__(self, works: Works, database_url: str) -> None:
        self._works, self._url = works, asyncpg_url(database_url)
        self._batches = Writing(works)
        self._waiting: deque[Submission] = deque()
        self._wake = asyncio.Event()
        self._in_hand: set[tuple[str, str]] = set()
        self._looked = -limits.LOOK_SECONDS
        self._backlogged = False
        self._writing = asyncio.Event()

    @property
    def running(self) -> bool:
        """Whether there is a writer."""
        return self._writing.is_set()

    async def accept(self, channel: Channel, webhook_id: str, body_hash: bytes, order: UpstreamOrder) -> Accepted:
        """Store an order and tell it; returns after the commit.

        IntakeBusy when too many wait, RequestIdReused when the webhook-id came with another body.
        """
        if not self.running:
            await self._writer_to_come()
        if self._backlogged or len(self._waiting) >= limits.WAITING_ORDERS:
            raise IntakeBusy
        works = self._works
        order_id = str(works.ids())
        row = sealing.sealed_order(
            channel,
            order,
            flags_of(order),
            order_id=order_id,
            fingerprint=works.sealer.fingerprint(orjson.dumps(order._asdict()).decode()),
            at=works.clock.now(),
            sealer=works.sealer,
            webhook_id=webhook_id,
            body_hash=body_hash,
        )
        answer: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append(Submission(channel, order, row, correlation_id.get() or order_id, answer))
        self._wake.set()
        return await answer

    async def _writer_to_come(self) -> None:
        """The first requests of a starting process may be faster than its writer; a process without one is busy."""
        try:
            async with asyncio.timeout(limits.WRITER_SECONDS):
                await self._writing.wait()
        except TimeoutError as fault:
            raise IntakeBusy from fault

    # --- the writer -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled: write what waits.  While the database is away, requests are refused, not kept.

        While one writer waits for the disk, the next gathers what arrives.
        """
        self._writing.set()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(limits.WRITERS):
                    group.create_task(self._keep_writing())
        finally:
            self._writing.clear()
            self._refuse_waiting()

    async def _keep_writing(self) -> None:
        pause = 0.1
        while True:
            connection: store.Connection | None = None
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=10,
                    server_settings={**SERVER_BOUNDS, "application_name": "gongdan-intake-writer"},
                )
                pause = 0.1
                connection.add_termination_listener(lambda _: self._wake.set())
                await self._serve(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
                log.warning("writer interrupted", error=type(fault).__name__, pause=pause)
                self._refuse_waiting()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            finally:
                if connection is not None:
                    connection.terminate()

    async def _serve(self, connection: store.Connection) -> None:
        """Write what comes until the connection ends; one that ends while nothing waits costs no order its answer."""
        while not connection.is_closed():
            self._wake.clear()
            batch = self._take()
            if not batch:
                await self._wake.wait()
                # Whoever arrived in the same turn of the loop comes along.
                await asyncio.sleep(0)
                continue
            keys = {key for one in batch for key in one.keys}
            self._in_hand |= keys
            try:
                await self._look_at_backlog(connection)
                await self._batches.write(connection, batch)
            except BaseException:
                # The look comes before the write: where it finds the database gone, nobody else answers the batch.
                for one in batch:
                    one.settle(IntakeBusy())
                raise
            finally:
                self._in_hand -= keys
                self._wake.set()

    def _take(self) -> list[Submission]:
        """The next batch: no number and no request id twice in it, or in what another writer has in hand (trap c).

        Repeats stay in front of the queue: what a platform says about one order is written in the sequence it came.
        """
        batch: list[Submission] = []
        later: list[Submission] = []
        taken = set(self._in_hand)
        while self._waiting and len(batch) < limits.BATCH:
            one = self._waiting.popleft()
            if one.answer.done():
                continue
            if taken.isdisjoint(one.keys):
                batch.append(one)
            else:
                later.append(one)
            taken.update(one.keys)
        self._waiting.extendleft(reversed(later))
        return batch

    def _refuse_waiting(self) -> None:
        while self._waiting:
            self._waiting.popleft().settle(IntakeBusy())

    async def _look_at_backlog(self, connection: store.Connection) -> None:
        now = time.monotonic()
        if now - self._looked >= limits.LOOK_SECONDS:
            self._looked = now
            waiting = await store.backlog(connection, limits.OUTBOX_CEILING)
            self._backlogged = waiting >= limits.OUTBOX_CEILING

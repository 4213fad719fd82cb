"""The relay publishes a service's outbox on the bus, in order; an advisory lock lets one replica at a time do so."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from shared.bus import Bus, BusError, BusUnavailable, Message, MessageRefused
from shared.clock import Clock, until_told
from shared.outbox.envelope import SOURCE, headers_of
from shared.telemetry import Metrics, logger

log = logger("relay")

_LOCK_CLASS: Final = 0x72656C61  # "rela"
_BATCH: Final = 1000
_CHANNEL: Final = "outbox_written"
_STATEMENT_SECONDS: Final = 30.0  # so that a server that vanished without closing the connection is noticed
_MEASURE_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 5.0
"""How long the same event may be the next one before the relay counts as stalled: a busy bus needs far less."""
# The pause after a batch of several events: what is committed meanwhile goes with the next batch, which hardly costs
# more for it.  A single event is followed by no pause.  The longer a round took, the longer the pause.
_PACE_SECONDS: Final = 0.005
_PACE_FACTOR: Final = 3.0
_LONGEST_PACE_SECONDS: Final = 0.1
# Every query here has its index.  A plan made while the outbox was empty would sort all of it until the database has
# gathered statistics: in the first minutes of a new database, and of a busy one after a quiet night.  And with arrays as
# parameters the server would plan them anew each time, which takes longer than running them.
_PLANNING: Final = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}

# Not from the last position on: an event with a lower position may commit later (R7).  Events of a key behind a refused
# one wait.  The refused ones are few and are read first; otherwise a bad plan looks for them once per row.
_TAKE = """
with refusals as materialized (
  select aggregatetype, aggregateid, min(position) as first from outbox
  where refused is not null and published_at is null group by aggregatetype, aggregateid
)
select position, id, aggregatetype, aggregateid, type, sequence, headers, payload, created_at
from outbox o
where published_at is null and refused is null and position not in (select unnest($2::bigint[])) and not exists (
  select from refusals r where r.aggregatetype = o.aggregatetype and r.aggregateid = o.aggregateid and r.first < o.position)
order by position limit $1
"""
_MARK = "update outbox set published_at = $2 where position = any($1::bigint[])"
_REFUSE = "update outbox set refused = $2 where position = $1"
_TROUBLE: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    BusUnavailable,
)
_STATE = "select count(*), min(created_at) from outbox where published_at is null"


class Relay:
    """Publishes what its service's outbox holds.

    It is woken by the event `wake` after each commit of this process, by a notification of other replicas, and every
    `poll` seconds.  A row is marked only after the bus acknowledged it, so a crash between the two publishes it again:
    readers drop repeats.
    """

    def __init__(
        self,
        *,
        service: str,
        database_url: str,
        bus: Bus,
        clock: Clock,
        metrics: Metrics,
        wake: asyncio.Event,
        poll: float = 1.0,
    ) -> None:
        self._service, self._url, self._bus, self._clock = service, database_url, bus, clock
        self._metrics, self.wake, self._poll = metrics, wake, poll
        self._source = SOURCE + service
        self._measured = -_MEASURE_SECONDS
        self._published = 0
        self._next: int | None = None
        self._next_since = 0.0
        self.leading = False
        self.running = False
        self.resting = True
        """Whether it waits for work: only a hint, an event may just have been committed."""

    @property
    def stalled(self) -> bool:
        """Whether an event waits and nothing was acknowledged for some seconds, whichever replica should publish it."""
        return self._next is not None and time.monotonic() - self._next_since >= STALLED_SECONDS

    def _note_next(self, position: int | None) -> None:
        """Remember since when this event is the next one to be published; None when nothing waits."""
        if position != self._next:
            self._next, self._next_since = position, time.monotonic()

    async def run(self) -> None:
        """Run until cancelled: wait for the lock, publish, wait for work."""
        pause = 0.1
        self.running = True
        try:
            while True:
                published = self._published
                try:
                    await self._lead()
                except _TROUBLE as fault:
                    self._metrics.publish_errors.inc()
                    pause = 0.1 if self._published > published else min(pause * 2, 5.0)
                    log.warning("relay interrupted", service=self._service, error=type(fault).__name__, pause=pause)
                finally:
                    self.leading = False
                await asyncio.sleep(pause)
        finally:
            self.running = False

    async def _lead(self) -> None:
        # A process that was stopped (SIGSTOP) keeps its connection. The server ends the idle session and with it the
        # lock, so that another replica can go on.
        connection = await asyncpg.connect(
            self._url,
            timeout=10,
            command_timeout=_STATEMENT_SECONDS,
            server_settings={
                "application_name": f"gongdan-relay-{self._service}",
                "idle_session_timeout": "15000",
                **_PLANNING,
            },
        )
        try:
            await connection.add_listener(_CHANNEL, self._notified)
            await self._lock(connection)
            self.leading = True
            # Measured at once: the first publish may hang, and the replica that had the lock before measures no longer.
            self._measured = -_MEASURE_SECONDS
            await self._measure(connection)
            while True:
                self.wake.clear()
                await until_told(self._clock)
                began = time.monotonic()
                self.resting = False
                try:
                    published = await self.publish_waiting(connection)
                finally:
                    self.resting = True
                if published > 1:
                    took = time.monotonic() - began
                    await asyncio.sleep(min(max(_PACE_SECONDS, _PACE_FACTOR * took), _LONGEST_PACE_SECONDS))
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self.wake.wait()
        finally:
            connection.terminate()

    async def _lock(self, connection: asyncpg.Connection[Any]) -> None:
        """Return when this relay holds the lock of its service."""
        while not await connection.fetchval(
            "select pg_try_advisory_lock($1, hashtext($2))", _LOCK_CLASS, self._service
        ):
            # The replica with the lock sets these metrics; old values here would raise a false alarm.
            self._metrics.outbox_waiting.set(0)
            self._metrics.outbox_oldest.set(0)
            following = await connection.fetchrow(_TAKE, 1, [])
            self._note_next(following["position"] if following is not None else None)
            await asyncio.sleep(min(self._poll, 5.0))

    def _notified(self, *_: Any) -> None:
        self.wake.set()

    async def publish_waiting(self, connection: asyncpg.Connection[Any]) -> int:
        """Publish what waits, batch by batch; returns how many rows were taken.

        While the bus takes one batch, the one before is marked and the next is read.  A crash in between publishes
        both again, in their order: readers see the repeats by their sequence.
        """
        taken = 0
        published: list[int] = []
        rows = await connection.fetch(_TAKE, _BATCH, published)
        while rows:
            self._note_next(rows[0]["position"])
            taken += len(rows)
            refusal, following = await self._publish(connection, rows, published)
            if refusal is not None:
                published = []
                await self._mark_refused(connection, rows, refusal)
                # What was read ahead may have to wait behind the refused event: read it again.
                rows = await connection.fetch(_TAKE, _BATCH, published)
                continue
            self._metrics.published.inc(len(rows))
            self._published += len(rows)
            published = [row["position"] for row in rows]
            rows = following
        self._note_next(None)
        if published:
            await connection.execute(_MARK, published, self._clock.now())
        await self._measure(connection)
        return taken

    async def _publish(
        self, connection: asyncpg.Connection[Any], rows: list[Any], published: list[int]
    ) -> tuple[MessageRefused | None, list[Any]]:
        """Publish `rows`; meanwhile mark the rows `published` before, and read the next ones if this batch was full."""
        following: list[Any] = []
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send([self._message(row) for row in rows]))
                if published:
                    await connection.execute(_MARK, published, self._clock.now())
                if len(rows) == _BATCH:
                    following = await connection.fetch(_TAKE, _BATCH, [row["position"] for row in rows])
                    await self._measure(connection)
                await self._watch(connection, sending)
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from faults
        fault = sending.result()
        if fault is not None and not isinstance(fault, MessageRefused):
            await self._measure(connection)  # shows the backlog that grows while the bus is away
            raise fault
        return fault, following

    async def _watch(self, connection: asyncpg.Connection[Any], sending: asyncio.Task[Any]) -> None:
        """Measure while the bus does not answer; without a statement the server would also end this idle session."""
        while not sending.done():
            await asyncio.wait({sending}, timeout=_MEASURE_SECONDS)
            if not sending.done():
                await self._measure(connection)

    async def _send(self, messages: list[Message]) -> BusError | None:
        # The fault is returned: raised, it would cancel the statement that runs at the same time (R3).
        try:
            await self._bus.publish(messages)
        except BusError as fault:
            return fault
        return None

    async def _mark_refused(
        self, connection: asyncpg.Connection[Any], rows: list[Any], refusal: MessageRefused
    ) -> None:
        row = rows[refusal.index]
        await connection.execute(_REFUSE, row["position"], refusal.reason)
        log.error("event refused by the bus", service=self._service, event_id=str(row["id"]), event_type=row["type"])

    async def _measure(self, connection: asyncpg.Connection[Any]) -> None:
        """Count what waits, at most once a second: it reads the whole index of waiting rows."""
        if time.monotonic() - self._measured < _MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        waiting, oldest = await connection.fetchrow(_STATE) or (0, None)
        self._metrics.outbox_waiting.set(waiting)
        self._metrics.outbox_oldest.set(_age(oldest, self._clock.now()))

    def _message(self, row: Mapping[str, Any]) -> Message:
        return Message(
            topic=row["aggregatetype"],
            key=row["aggregateid"],
            value=bytes(row["payload"]),
            headers=headers_of(
                event_id=row["id"],
                source=self._source,
                event_type=row["type"],
                subject=row["aggregateid"],
                sequence=row["sequence"],
                time=row["created_at"],
                extra=orjson.loads(row["headers"]),
            ),
        )


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())


class Waker:
    """Notifies the relay of another replica, after the commit, on its own connection, at most every 5 ms (R53)."""

    def __init__(self, database_url: str, wake: asyncio.Event, committed: asyncio.Event, relay: Relay) -> None:
        self._url, self._wake, self._committed, self._relay = database_url, wake, committed, relay

    async def run(self) -> None:
        """Run until cancelled."""
        connection: asyncpg.Connection[Any] | None = None
        try:
            while True:
                await self._committed.wait()
                self._committed.clear()
                self._wake.set()
                if self._relay.leading:
                    continue
                try:
                    if connection is None or connection.is_closed():
                        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=_STATEMENT_SECONDS)
                    await connection.execute(f"notify {_CHANNEL}")
                except _TROUBLE:
                    if connection is not None:
                        connection.terminate()
                    connection = None  # the relay looks each second anyway
                await asyncio.sleep(0.005)
        finally:
            if connection is not None:
                connection.terminate()

"""Publishing to the log table, topics, retention, and joining a consumer group."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final, NamedTuple

import asyncpg
import orjson

from shared.bus.port import (
    BusUnavailable,
    Message,
    PartitionCountDiffers,
    PublishFailed,
    Subscription,
    UnknownTopic,
)
from shared.bus.postgres.connection import TROUBLE, connection_options
from shared.bus.postgres.schema import bring_up_to_date
from shared.bus.postgres.subscription import PostgresSubscription
from shared.bus.topics import KEPT
from shared.bus.wire import MAX_MESSAGE_BYTES, encoded

#: Rows that one retention transaction deletes, so that it stays short.
_TRIM_BATCH: Final = 5_000


async def _no_reset(_: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Return a connection to the pool without a reset, which would cost a round trip: nothing here changes its session.

    The pool has already rolled back a transaction that was left open.
    """


class Topic(NamedTuple):
    """A topic's number in the tables and its partition count."""

    topic_id: int
    partitions: int


class PostgresBus:
    """The event bus in a PostgreSQL database of its own (15 or later), which the caller has created.

    `timeout` seconds bound connecting and every statement; `lease` seconds is how long a member that vanished keeps its
    partitions; `max_poll_interval` seconds without a fetch end its membership.
    """

    def __init__(
        self,
        url: str,
        *,
        lease: float = 8.0,
        timeout: float = 15.0,
        max_poll_interval: float = 300.0,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        pool_size: int = 8,
    ) -> None:
        self._url = url
        self._lease = lease
        self._timeout = timeout
        self._max_poll_interval = max_poll_interval
        self._max_message_bytes = max_message_bytes
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._topics: dict[str, Topic] = {}

    async def start(self) -> None:
        """Connect and bring the schema up to date. Raises BusUnavailable."""
        if self._pool is not None:
            return
        pool = asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=self._pool_size,
            reset=_no_reset,
            **connection_options(timeout=self._timeout),
        )
        try:
            await pool
            async with pool.acquire(timeout=self._timeout) as connection:
                await bring_up_to_date(connection)
        except TROUBLE as error:
            pool.terminate()
            raise BusUnavailable(repr(error)) from error
        self._pool = pool

    async def stop(self) -> None:
        """Close the pool; the subscriptions are closed by then."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await pool.close()
        except TROUBLE:
            pool.terminate()

    async def ping(self) -> None:
        """Return if the database answers. Raises BusUnavailable."""
        try:
            await self._running().fetchval("SELECT 1")
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create what is missing. Raises PartitionCountDiffers, BusUnavailable."""
        try:
            async with self._running().acquire(timeout=self._timeout) as connection, connection.transaction():
                for name, partitions in sorted(topics.items()):
                    topic_id = await connection.fetchval(
                        "INSERT INTO bus.topic (name, partitions) VALUES ($1, $2)"
                        " ON CONFLICT (name) DO NOTHING RETURNING topic_id",
                        name,
                        partitions,
                    )
                    if topic_id is not None:
                        await connection.execute(
                            "INSERT INTO bus.partition (topic_id, partition) SELECT $1, generate_series(0, $2 - 1)",
                            topic_id,
                            partitions,
                        )
                        continue
                    found = await connection.fetchval("SELECT partitions FROM bus.topic WHERE name = $1", name)
                    if found != partitions:
                        raise PartitionCountDiffers(name, wanted=partitions, found=found)
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append all messages in one transaction: here a batch is in the log as a whole or not at all.

        Raises PublishFailed (the outcome is unknown), MessageRefused, UnknownTopic.
        """
        if not messages:
            return
        wires = encoded(messages, self._max_message_bytes)
        try:
            topics = await self._known({wire.topic for wire in wires})
            await self._running().execute(
                "SELECT bus.append($1, $2, $3, $4, $5)",
                [topics[wire.topic].topic_id for wire in wires],
                [zlib.crc32(wire.key) % topics[wire.topic].partitions for wire in wires],
                [wire.key for wire in wires],
                [wire.value for wire in wires],
                [orjson.dumps(message.headers) for message in messages],
            )
        except BusUnavailable as error:
            raise PublishFailed(error.reason) from error
        except TROUBLE as error:
            raise PublishFailed(repr(error)) from error

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        """Join `group`; a heartbeat runs while the context is open. Raises UnknownTopic, BusUnavailable on entry."""
        return self._subscribed(group, topics, member)

    @asynccontextmanager
    async def _subscribed(self, group: str, topics: Sequence[str], member: str) -> AsyncIterator[Subscription]:
        try:
            known = await self._known(set(topics))
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        subscription = PostgresSubscription(
            self._running(),
            self._url,
            group,
            member,
            {known[name].topic_id: name for name in topics},
            lease=self._lease,
            timeout=self._timeout,
            max_poll_interval=self._max_poll_interval,
        )
        failure: Exception | None = None
        try:
            await subscription.join()
            async with asyncio.TaskGroup() as tasks:
                heartbeat = tasks.create_task(subscription.keep_membership(), name=f"bus heartbeat {group} {member}")
                try:
                    yield subscription
                except Exception as error:  # noqa: BLE001 - raised again below, outside the group that would wrap it
                    failure = error
                finally:
                    heartbeat.cancel()
        finally:
            await subscription.leave()
        if failure is not None:
            raise failure

    async def trim(self, older_than: timedelta) -> int:
        """Delete messages older than `older_than` that every group has committed; return how many went.

        A topic that no group reads is trimmed by age alone, and one of KEPT never. Raises BusUnavailable.
        """
        deleted = 0
        try:
            while (gone := await self._trim_once(older_than)) > 0:
                deleted += gone
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        return deleted

    async def forget_group(self, group: str) -> None:
        """Delete the offsets of a group that will never read again; until then they keep its messages from being deleted."""
        try:
            async with self._running().acquire(timeout=self._timeout) as connection, connection.transaction():
                await connection.execute("DELETE FROM bus.member WHERE group_name = $1", group)
                await connection.execute("DELETE FROM bus.lease WHERE group_name = $1", group)
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error

    async def _trim_once(self, older_than: timedelta) -> int:
        status = await self._running().execute(
            """
            DELETE FROM bus.log g USING (
                SELECT old.topic_id, old.partition, old.log_offset
                  FROM bus.partition p
                  JOIN bus.topic t ON t.topic_id = p.topic_id AND t.name <> ALL ($3::text[])
                  CROSS JOIN LATERAL (
                    SELECT coalesce(min(l.committed), p.next_offset) AS done FROM bus.lease l
                     WHERE l.topic_id = p.topic_id AND l.partition = p.partition) AS slowest
                  CROSS JOIN LATERAL (
                    SELECT x.topic_id, x.partition, x.log_offset FROM bus.log x
                     WHERE x.topic_id = p.topic_id AND x.partition = p.partition AND x.log_offset < slowest.done
                       AND x.appended_at < clock_timestamp() - $1::interval
                     ORDER BY x.log_offset LIMIT $2) AS old
                 LIMIT $2) AS old
             WHERE (g.topic_id, g.partition, g.log_offset) = (old.topic_id, old.partition, old.log_offset)
            """,
            older_than,
            _TRIM_BATCH,
            sorted(KEPT),
        )
        return int(str(status).rpartition(" ")[2])

    async def _known(self, names: set[str]) -> dict[str, Topic]:
        """Return the topics by name, asking the database for those not seen yet. Raises UnknownTopic."""
        if not names <= self._topics.keys():
            rows = await self._running().fetch("SELECT name, topic_id, partitions FROM bus.topic")
            self._topics = {row["name"]: Topic(row["topic_id"], row["partitions"]) for row in rows}
        for name in sorted(names):
            if name not in self._topics:
                raise UnknownTopic(name)
        return self._topics

    def _running(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            raise BusUnavailable("总线尚未启动或已停止")
        return self._pool

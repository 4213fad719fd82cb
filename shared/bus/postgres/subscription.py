"""One membership of a consumer group: leases, reading position, and commits that a later owner's lease refuses."""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson
import structlog

from shared.bus.port import BusUnavailable, Delivery, TopicPartition
from shared.bus.postgres.connection import TROUBLE, connection_options
from shared.bus.postgres.schema import CHANNEL

#: A NOTIFY may be missed: a reader looks at least this often, in seconds.
_POLL: Final = 1.0

_log = structlog.get_logger(__name__)

_READ: Final = """
SELECT w.place, l.log_offset, l.key, l.value, l.headers
  FROM unnest($1::int[], $2::int[], $3::bigint[]) WITH ORDINALITY AS w(t, n, position, place)
  CROSS JOIN LATERAL (
    SELECT g.log_offset, g.key, g.value, g.headers FROM bus.log g
     WHERE g.topic_id = w.t AND g.partition = w.n AND g.log_offset >= w.position
     ORDER BY g.log_offset LIMIT $4) AS l
 LIMIT $4
"""


@dataclass(slots=True)
class Lease:
    """A partition that is ours in `epoch`; `position` is the next offset to hand out."""

    topic_id: int
    epoch: int
    position: int


class PostgresSubscription:
    """See `shared.bus.port.Subscription`; made by PostgresBus.subscribe, which joins, keeps the membership and leaves."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        url: str,
        group: str,
        member: str,
        topics: Mapping[int, str],
        *,
        lease: float,
        timeout: float,
        max_poll_interval: float,
    ) -> None:
        self._pool = pool
        self._url = url
        self._group = group
        self._member = member
        self._id = uuid.uuid4()
        self._topics = topics
        self._life = lease
        self._timeout = timeout
        self._max_poll_interval = max_poll_interval
        self._leases: dict[TopicPartition, Lease] = {}
        self._handed: dict[TopicPartition, int] = {}
        self._surplus = False
        self._renewed_at = self._fetched_at = time.monotonic()
        self._news = asyncio.Event()
        self._group_changed = asyncio.Event()
        self._renewing = asyncio.Lock()
        self._listener: asyncpg.Connection[asyncpg.Record] | None = None

    async def join(self) -> None:
        """Become a member of the group. Raises BusUnavailable."""
        try:
            await self._renew()
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error

    async def keep_membership(self) -> None:
        """Renew the leases each third of their life, and at once when the group changes; never returns."""
        while True:
            try:
                async with asyncio.timeout(self._life / 3):
                    await self._group_changed.wait()
            except TimeoutError:
                pass
            self._group_changed.clear()
            if time.monotonic() - self._fetched_at > self._max_poll_interval:
                # A reader that no longer fetches must not look alive; its next fetch joins the group again.
                continue
            try:
                await self._renew()
            except TROUBLE as error:
                _log.warning("bus_heartbeat_failed", group=self._group, member=self._member, error=repr(error))

    async def leave(self) -> None:
        """Release the partitions at once; if the database is away, the leases expire."""
        self._leases.clear()
        listener, self._listener = self._listener, None
        if listener is None or listener.is_closed():
            return
        try:
            # On the connection of the heartbeat: a heartbeat that was cancelled while it ran ends before this statement
            # begins. On another connection it could join the group again after this.
            await listener.execute("SELECT bus.leave($1, $2)", self._group, self._id)
            await listener.close(timeout=self._timeout)
        except TROUBLE as error:
            _log.warning("bus_leave_failed", group=self._group, member=self._member, error=repr(error))
        finally:
            listener.terminate()

    async def fetch(self, *, max_records: int, timeout: float) -> Mapping[TopicPartition, Sequence[Delivery]]:
        """Return up to `max_records` messages, or nothing after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            self._fetched_at = time.monotonic()
            self._news.clear()
            try:
                # The caller is done with the last batch, so surplus partitions can be released now. After a stop longer
                # than the lease (SIGSTOP, a suspended machine) the member must join again before it reads.
                if self._surplus or self._fetched_at - self._renewed_at > self._life:
                    await self._renew(may_release=True)
                batch = await self._read(max_records)
            except TROUBLE as error:
                _log.warning("bus_fetch_failed", group=self._group, member=self._member, error=repr(error))
                await asyncio.sleep(max(0.0, min(_POLL, deadline - time.monotonic())))
                batch = {}
            left = deadline - time.monotonic()
            if batch or left <= 0:
                return batch
            try:
                async with asyncio.timeout(min(left, _POLL)):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Store the offsets whose partition is still ours in the epoch in which it was read; True when all are."""
        mine = {tp: upto for tp, upto in offsets.items() if tp in self._leases and tp in self._handed}
        if not mine:
            return not offsets
        try:
            stored = await self._pool.fetchval(
                "SELECT bus.commit($1, $2, $3, $4, $5, $6)",
                self._group,
                self._id,
                [self._leases[tp].topic_id for tp in mine],
                [tp.partition for tp in mine],
                [self._handed[tp] for tp in mine],
                list(mine.values()),
            )
        except TROUBLE as error:
            _log.warning("bus_commit_failed", group=self._group, member=self._member, error=repr(error))
            return False
        return bool(stored == len(offsets))

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """Read `partition` again from `offset` on; nothing happens if it is no longer ours."""
        lease = self._leases.get(partition)
        if lease is not None:
            lease.position = offset

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Return the messages not yet committed of each partition assigned now. Raises BusUnavailable."""
        try:
            rows = await self._pool.fetch(
                """
                SELECT l.topic_id, l.partition, p.next_offset - l.committed AS behind
                  FROM bus.lease l JOIN bus.partition p USING (topic_id, partition)
                 WHERE l.group_name = $1 AND l.owner = $2
                """,
                self._group,
                self._id,
            )
        except TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        return {self._partition(row): row["behind"] for row in rows}

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions leased to us, as of the last heartbeat."""
        return frozenset(self._leases)

    async def _read(self, max_records: int) -> dict[TopicPartition, list[Delivery]]:
        if not self._leases:
            return {}
        # Each read starts with the partition after the last one served, so that a busy partition does not hold up others.
        wanted = list(self._leases.items())
        rows = await self._pool.fetch(
            _READ,
            [lease.topic_id for _, lease in wanted],
            [tp.partition for tp, _ in wanted],
            [lease.position for _, lease in wanted],
            max_records,
        )
        rows.sort(key=lambda row: (row["place"], row["log_offset"]))
        batch: dict[TopicPartition, list[Delivery]] = {}
        for row in rows:
            partition, lease = wanted[row["place"] - 1]
            if self._leases.get(partition) is not lease:
                continue  # released while we read
            deliveries = batch.setdefault(partition, [])
            if deliveries and row["log_offset"] != deliveries[-1].offset + 1:
                continue  # the limit left out rows of this partition; they come next time
            deliveries.append(_delivery(partition, row))
        for partition, deliveries in batch.items():
            lease = self._leases.pop(partition)
            lease.position = deliveries[-1].offset + 1
            self._leases[partition] = lease
            self._handed[partition] = lease.epoch
        return batch

    async def _renew(self, *, may_release: bool = False) -> None:
        """Send one heartbeat and take over the partitions that the database says are ours."""
        async with self._renewing:
            listener = await self._listening()
            began = time.monotonic()
            rows = await listener.fetch(
                "SELECT * FROM bus.renew($1, $2, $3, $4, $5, $6)",
                self._group,
                self._id,
                self._member,
                sorted(self._topics),
                timedelta(seconds=self._life),
                may_release,
            )
            self._renewed_at = began
            before = set(self._leases)
            held = {self._partition(row): row for row in rows}
            for partition in before - held.keys():
                del self._leases[partition]
            for partition, row in held.items():
                lease = self._leases.get(partition)
                if lease is None or lease.epoch != row["epoch"]:
                    self._leases[partition] = Lease(row["topic_id"], row["epoch"], row["committed"])
            self._surplus = any(row["surplus"] for row in rows)
            if before != self._leases.keys():
                _log.info("bus_partitions_assigned", group=self._group, member=self._member, partitions=len(held))
            if before != self._leases.keys() or self._surplus:
                self._news.set()

    async def _listening(self) -> "asyncpg.Connection[asyncpg.Record]":
        """Return the connection that receives notifications and carries the heartbeat, opened again when it broke.

        It is not one of the pool's: a pool exhausted by publishers must not end a membership.
        """
        if self._listener is None or self._listener.is_closed():
            listener = await asyncpg.connect(self._url, **connection_options(timeout=self._timeout))
            try:
                await listener.add_listener(CHANNEL, self._notified)
            except TROUBLE:
                listener.terminate()
                raise
            self._listener = listener
            self._news.set()
        return self._listener

    def _notified(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        if payload == f"group:{self._group}":
            self._group_changed.set()
        elif payload.isdigit() and int(payload) in self._topics:
            self._news.set()

    def _partition(self, row: asyncpg.Record) -> TopicPartition:
        return TopicPartition(self._topics[row["topic_id"]], row["partition"])


def _delivery(partition: TopicPartition, row: asyncpg.Record) -> Delivery:
    raw_key: bytes | None = row["key"]
    try:
        key = None if raw_key is None else raw_key.decode()
    except UnicodeDecodeError:
        key = None
    headers = {name: value.encode() for name, value in orjson.loads(row["headers"]).items()}
    return Delivery(partition.topic, partition.partition, row["log_offset"], key, row["value"], headers, raw_key)

"""One membership of a Kafka consumer group."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.errors import ConsumerStoppedError, IllegalOperation, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord

from shared.bus.port import BusUnavailable, Delivery, TopicPartition

#: The errors of a rebalance, an outage or a closed consumer.
_TROUBLE: Final = (KafkaError, ConsumerStoppedError, IllegalOperation, OSError, TimeoutError)

_log = structlog.get_logger(__name__)


class KafkaSubscription:
    """See `shared.bus.port.Subscription`; made by KafkaBus.subscribe, which starts and stops the consumer."""

    def __init__(self, consumer: AIOKafkaConsumer, *, timeout: float) -> None:
        self._consumer = consumer
        self._timeout = timeout
        self._served: frozenset[KafkaPartition] = frozenset()

    async def fetch(self, *, max_records: int, timeout: float) -> Mapping[TopicPartition, Sequence[Delivery]]:
        """Return up to `max_records` messages, or nothing after `timeout` seconds.

        Raises BusUnavailable when the membership cannot go on (access refused, a broken log): leave and subscribe
        again. During an outage of the brokers the answer is empty.
        """
        try:
            # aiokafka returns all that it has fetched of one partition before the next one. After a full answer the
            # other partitions come first, so that a busy one does not hold them up.
            others = self._consumer.assignment() - self._served if self._served else ()
            records = await self._consumer.getmany(*others, timeout_ms=0, max_records=max_records) if others else {}
            if not records:
                records = await self._consumer.getmany(timeout_ms=int(timeout * 1000), max_records=max_records)
            full = sum(map(len, records.values())) >= max_records
            self._served = frozenset(records) if full else frozenset()
        except _TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        return {
            TopicPartition(partition.topic, partition.partition): [_delivery(record) for record in batch]
            for partition, batch in records.items()
        }

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Store the offsets of the partitions that are still ours, within `timeout`; True when all are (R19)."""
        assigned = self._consumer.assignment()
        mine = {KafkaPartition(*tp): upto for tp, upto in offsets.items() if KafkaPartition(*tp) in assigned}
        try:
            if mine:
                async with asyncio.timeout(self._timeout):
                    await self._consumer.commit(mine)
        except _TROUBLE as error:
            _log.warning("bus_commit_failed", error=repr(error))
            return False
        return len(mine) == len(offsets)

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """Read `partition` again from `offset` on; nothing happens if it is no longer ours."""
        try:
            self._consumer.seek(KafkaPartition(*partition), offset)
        except IllegalStateError:
            return

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Return the messages not yet committed of each partition assigned now. Raises BusUnavailable."""
        assigned = sorted(self._consumer.assignment())
        if not assigned:
            return {}
        try:
            async with asyncio.timeout(self._timeout):
                ends = await self._consumer.end_offsets(assigned)
                committed = [await self._consumer.committed(partition) for partition in assigned]
                starts = await self._consumer.beginning_offsets(assigned) if None in committed else {}
        except _TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        return {
            TopicPartition(tp.topic, tp.partition): ends[tp] - (starts[tp] if upto is None else upto)
            for tp, upto in zip(assigned, committed, strict=True)
        }

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions of the last completed rebalance."""
        return frozenset(TopicPartition(tp.topic, tp.partition) for tp in self._consumer.assignment())


async def stopped(consumer: AIOKafkaConsumer) -> None:
    """Await stop() of `consumer` to its end, even when the waiting task is cancelled; raise the cancellation after it.

    A stop() that is interrupted leaves a member in the group that sends heartbeats and reads nothing (R52). The task
    that runs stop() ends within this call.
    """
    stopping = asyncio.get_running_loop().create_task(_stop(consumer))
    interrupted: asyncio.CancelledError | None = None
    while not stopping.done():
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError as error:
            interrupted = error
    stopping.result()
    if interrupted is not None:
        raise interrupted


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.stop()
    except (asyncio.CancelledError, *_TROUBLE) as error:
        # aiokafka 0.14 cancels its fetches and awaits each. One that waited for its retry raises, and the connections
        # stay open. By then the member has left the group: stop() does that first.
        _log.warning("bus_consumer_stop_interrupted", error=repr(error))
        fetches = set(consumer._fetcher._pending_tasks) if consumer._fetcher else set()  # noqa: SLF001
        for fetch in fetches:
            fetch.cancel()
        if fetches:
            await asyncio.wait(fetches)
        await consumer._client.close()  # noqa: SLF001


def _delivery(record: ConsumerRecord[bytes | None, bytes | None]) -> Delivery:
    try:
        key = None if record.key is None else record.key.decode()
    except UnicodeDecodeError:
        key = None
    headers = {name: value or b"" for name, value in record.headers}
    return Delivery(record.topic, record.partition, record.offset, key, record.value, headers, record.key)

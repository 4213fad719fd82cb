"""Topics, publishing, and joining a consumer group on Kafka."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)

from shared.bus.kafka.producer import discarded, new_producer
from shared.bus.kafka.subscription import KafkaSubscription, stopped
from shared.bus.port import (
    BusUnavailable,
    Message,
    MessageRefused,
    PartitionCountDiffers,
    PublishFailed,
    Subscription,
    UnknownTopic,
)
from shared.bus.topics import KEPT
from shared.bus.wire import MAX_MESSAGE_BYTES, Wire, encoded

_log = structlog.get_logger(__name__)

#: The errors of an outage of the brokers.
_TROUBLE: Final = (KafkaError, OSError, TimeoutError)

#: The errors by which a broker refuses the message itself; our own count of bytes leaves out the record's framing.
_REFUSALS: Final = (MessageSizeTooLargeError, RecordListTooLargeError)
_FRAMING_BYTES: Final = 65_536
#: Between two attempts to reach a broker that is away. At aiokafka's 100 ms ten processes use up a core while it starts.
_RETRY_MS: Final = 250


class KafkaBus:
    """The event bus on the Kafka cluster at `bootstrap` ("host:port,host:port").

    `timeout` seconds bound a publish, a commit and every question to the cluster; `session` seconds is how long a
    member that vanished keeps its partitions (at least 6 on default brokers); `max_poll_interval` seconds without a
    fetch end its membership. `replication` 3 in production; 2 of 3 replicas must then confirm (R15). `security` is
    handed to aiokafka as it is: `security_protocol`, `ssl_context`, `sasl_mechanism`, ...
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        replication: int = 1,
        timeout: float = 15.0,
        session: float = 8.0,
        max_poll_interval: float = 300.0,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        self._replication = replication
        self._timeout = timeout
        self._session = session
        self._max_poll_interval = max_poll_interval
        self._max_message_bytes = max_message_bytes
        self._options: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "request_timeout_ms": int(timeout * 1000 * 2 / 3),
            "retry_backoff_ms": _RETRY_MS,
            **(security or {}),
        }
        self._topics: dict[str, int] = {}
        self._producer: AIOKafkaProducer | None = None
        self._building = asyncio.Lock()
        self._started = False

    async def start(self) -> None:
        """See that the cluster answers. Raises BusUnavailable."""
        self._started = True
        await self.ping()

    async def stop(self) -> None:
        """Send what is still in the producer, within `timeout`, and close every connection."""
        self._started = False
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(self._timeout):
                    await producer.flush()
            except _TROUBLE:
                pass
            await discarded(producer, "总线已停止")

    async def ping(self) -> None:
        """Return if a broker answers. Raises BusUnavailable."""
        try:
            await self._metadata()
        except _TROUBLE as error:
            raise BusUnavailable(repr(error)) from error

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create what is missing. Raises PartitionCountDiffers, BusUnavailable."""
        try:
            async with asyncio.timeout(self._timeout * 2):
                cluster = await self._metadata()
                missing = {name: count for name, count in topics.items() if name not in cluster.topics()}
                if missing:
                    await self._create(missing)
                    cluster = await self._metadata_with(missing)
        except _TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        for name, wanted in topics.items():
            found = len(cluster.partitions_for_topic(name) or ())
            if found != wanted:
                raise PartitionCountDiffers(name, wanted=wanted, found=found)
        self._topics = _counts(cluster)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all messages are acknowledged by the replicas in sync; keys keep their order.

        Raises PublishFailed after at most `timeout` seconds and one request (the outcome is unknown: a message given up
        here may still arrive, R12), MessageRefused, UnknownTopic.
        """
        if not messages:
            return
        wires = encoded(messages, self._max_message_bytes)
        try:
            await self._check_known({wire.topic for wire in wires})
        except _TROUBLE as error:
            raise PublishFailed(repr(error)) from error
        try:
            await self._send(wires)
        except _REFUSALS:
            # A refusal concerns a whole record batch. Sent one by one, the refused message is known; those before it
            # are published twice, and readers drop the repeat.
            for index, wire in enumerate(wires):
                try:
                    await self._send([wire])
                except _REFUSALS as error:
                    raise MessageRefused(index, messages[index].key, f"Kafka 拒收：{error!r}") from error

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        """Join `group`; the partitions arrive while fetching. Raises UnknownTopic, BusUnavailable on entry."""
        return self._subscribed(group, topics, member)

    @asynccontextmanager
    async def _subscribed(self, group: str, topics: Sequence[str], member: str) -> AsyncIterator[Subscription]:
        try:
            await self._check_known(set(topics))
        except _TROUBLE as error:
            raise BusUnavailable(repr(error)) from error
        consumer = AIOKafkaConsumer(
            **self._options,
            group_id=group,
            client_id=member,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self._session * 1000),
            heartbeat_interval_ms=int(self._session * 1000 / 4),
            max_poll_interval_ms=int(self._max_poll_interval * 1000),
            max_partition_fetch_bytes=self._max_message_bytes + _FRAMING_BYTES,
        )
        # R52: start() stands inside the try whose finally awaits stop() to its end. Otherwise a member may stay in the
        # group that sends heartbeats and never reads. Subscribing after start() keeps it from waiting for an assignment.
        try:
            try:
                await consumer.start()
            except _TROUBLE as error:
                raise BusUnavailable(repr(error)) from error
            consumer.subscribe(list(topics))
            yield KafkaSubscription(consumer, timeout=self._timeout)
        finally:
            await stopped(consumer)

    async def _send(self, wires: Sequence[Wire]) -> None:
        """Send all and wait for all; on any failure the producer is thrown away (R13)."""
        producer: AIOKafkaProducer | None = None
        sent: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._current_producer()
                # aiokafka keeps the order of the calls within each partition; awaiting send_batch() only waits for
                # room in its buffer.  Our own batches cost half of what one future per message does (measured).
                sent = [
                    await producer.send_batch(batch, topic, partition=partition)
                    for (topic, partition), batch in self._batched(producer, wires)
                ]
                await asyncio.gather(*sent)
        except _TROUBLE as error:
            _look_at(sent)
            if producer is not None:
                if self._producer is producer:
                    self._producer = None
                    _log.warning("bus_producer_discarded", error=repr(error))
                await discarded(producer, repr(error))
            if isinstance(error, _REFUSALS):
                raise
            raise PublishFailed(repr(error)) from error

    def _batched(self, producer: AIOKafkaProducer, wires: Sequence[Wire]) -> list[tuple[tuple[str, int], Any]]:
        """The messages in the producer's own batches, those of each partition in order.

        The partition is chosen by the key's CRC-32, as in librdkafka and in the PostgreSQL adapter. It never changes,
        because the number of partitions does not.
        """
        ready: list[tuple[tuple[str, int], Any]] = []
        filling: dict[tuple[str, int], Any] = {}
        for topic, key, value, headers in wires:
            place = (topic, zlib.crc32(key) % self._topics[topic])
            batch = filling.get(place)
            if batch is not None and batch.append(timestamp=None, key=key, value=value, headers=list(headers)):
                continue
            batch = filling[place] = producer.create_batch()  # the first, or the one before is full
            ready.append((place, batch))
            batch.append(timestamp=None, key=key, value=value, headers=list(headers))
        return ready

    async def _current_producer(self) -> AIOKafkaProducer:
        async with self._building:
            if self._producer is None:
                if not self._started:
                    raise PublishFailed("总线尚未启动或已停止")
                self._producer = await new_producer(self._options, self._max_message_bytes + _FRAMING_BYTES)
            return self._producer

    async def _check_known(self, names: set[str]) -> None:
        """Raise UnknownTopic; aiokafka's own question would make a broker with default settings create the topic."""
        if not names <= self._topics.keys():
            self._topics = _counts(await self._metadata())
        for name in sorted(names - self._topics.keys()):
            raise UnknownTopic(name)

    async def _metadata(self) -> ClusterMetadata:
        client = AIOKafkaClient(**self._options)
        try:
            async with asyncio.timeout(self._timeout):
                await client.bootstrap()
                return await client.fetch_all_metadata()
        finally:
            await client.close()

    async def _metadata_with(self, names: Iterable[str]) -> ClusterMetadata:
        """Return the metadata once every topic in `names` is in it: the brokers learn of a topic after the controller."""
        while True:
            cluster = await self._metadata()
            if all(cluster.partitions_for_topic(name) for name in names):
                return cluster
            await asyncio.sleep(0.05)

    async def trim(self, older_than: timedelta) -> int:
        """Nothing: the broker deletes by the retention of each topic."""
        del older_than
        return 0

    async def forget_group(self, group: str) -> None:
        """Nothing: no message is kept for a group, and the broker forgets one that has no member (offsets.retention)."""

    async def _create(self, topics: Mapping[str, int]) -> None:
        configs = {"max.message.bytes": str(self._max_message_bytes + _FRAMING_BYTES)}
        if self._replication > 2:  # noqa: PLR2004 - with two replicas, two in sync would mean none may fail
            configs["min.insync.replicas"] = str(self._replication - 1)
        admin = AIOKafkaAdminClient(**self._options)
        try:
            await admin.start()
            answer = await admin.create_topics(
                [
                    NewTopic(
                        name,
                        count,
                        self._replication,
                        topic_configs=configs | ({"retention.ms": "-1"} if name in KEPT else {}),
                    )
                    for name, count in topics.items()
                ]
            )
        finally:
            await admin.close()
        for _, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error


def _counts(cluster: ClusterMetadata) -> dict[str, int]:
    return {name: len(cluster.partitions_for_topic(name) or ()) for name in cluster.topics()}


def _look_at(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Read each outcome, or the event loop would log an exception that publish has already reported."""
    for future in futures:
        if not future.cancel() and not future.cancelled():
            future.exception()

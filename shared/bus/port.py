"""The event bus as services see it: publish and subscribe, and nothing that names a broker.

Two adapters implement it and pass the same tests: `shared.bus.kafka` (production, any scale) and
`shared.bus.postgres` (the embedded default). Delivery is at least once; the messages of one key are read in the order
in which they were published. The bus may repeat a message; the reader's inbox makes the effect happen once.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What a publisher sends: one CloudEvent in binary mode.

    `key` decides the partition, so the order of one key is kept. `headers` are the CloudEvents attributes
    (`ce_id`, `ce_type`, ..., `content-type`); they travel as UTF-8.
    """

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a reader gets. Bytes that follow no rule are passed on unchanged, so that the reader can park them.

    `key` is None when there was none or when it is not UTF-8; `raw_key` keeps the bytes. `offset` counts the messages
    of its partition from 0, without gaps on PostgreSQL and ascending on Kafka. A header given twice keeps its last value.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    raw_key: bytes | None = None


class TopicPartition(NamedTuple):
    """One ordered log: partition number `partition` (from 0) of `topic`."""

    topic: str
    partition: int


class BusError(Exception):
    """The event bus could not do something; `code` is stable, the message is for people."""

    code: ClassVar[str] = "bus_error"


class BusUnavailable(BusError):
    """The broker or its database does not answer now; trying again later is right."""

    code = "bus_unavailable"

    def __init__(self, reason: str) -> None:
        """Keep the adapter's error text in `reason`, for the log."""
        super().__init__(f"事件总线暂不可用，请稍后重试：{reason}")
        self.reason = reason


class PublishFailed(BusUnavailable):
    """No acknowledgement came. The messages may be in the log or not: publish the whole batch again, in its order."""

    code = "publish_failed"


class MessageRefused(BusError):
    """This message can never be published as it is (too large, ...); `index` is its place in the batch.

    Messages before and after it in the same batch may be in the log already.
    """

    code = "message_refused"

    def __init__(self, index: int, key: str, reason: str) -> None:
        """Name the refused message by its place in the batch and by its key."""
        super().__init__(f"消息无法发布（第 {index + 1} 条，键 {key}）：{reason}")
        self.index = index
        self.key = key
        self.reason = reason


class UnknownTopic(BusError):
    """The topic was never created; topics are created explicitly, by `Bus.ensure_topics`."""

    code = "unknown_topic"

    def __init__(self, topic: str) -> None:
        """Name the topic that is missing."""
        super().__init__(f"主题 {topic} 不存在，请先创建主题")
        self.topic = topic


class PartitionCountDiffers(BusError):
    """The topic exists with another number of partitions; changing it would break the order of every key (R15)."""

    code = "partition_count_differs"

    def __init__(self, topic: str, wanted: int, found: int) -> None:
        """Say what the settings want and what the bus has."""
        super().__init__(f"主题 {topic} 的分区数为 {found}，与配置的 {wanted} 不符；分区数一经创建不得更改")
        self.topic = topic
        self.wanted = wanted
        self.found = found


class Subscription(Protocol):
    """One membership of a consumer group; it ends with the context manager that gave it."""

    async def fetch(self, *, max_records: int, timeout: float) -> Mapping[TopicPartition, Sequence[Delivery]]:
        """Return up to `max_records` messages by partition, in order, or nothing after `timeout` seconds.

        Call it in a loop, also while no partition is assigned: this is how a member stays in its group (R22). During an
        outage of the broker the answer is empty after the timeout, without an error. Raises BusUnavailable only when
        the membership cannot go on: leave, and subscribe again.
        """
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Store the next offset to read of each partition; True when all are stored.

        False: at least one was not stored, because the broker is down or another member has the partition now. Both
        are safe: the messages come again, and the inbox recognises them (R19). Bounded in time.
        """
        ...

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """Read `partition` again from `offset`, after a batch that failed. Nothing happens if it is no longer ours."""
        ...

    async def lag(self) -> Mapping[TopicPartition, int]:
        """The number of messages not yet committed, for each partition assigned now: its end minus the committed offset.

        Raises BusUnavailable.
        """
        ...

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions that this member reads now, as far as it knows."""
        ...


class Bus(Protocol):
    """A durable event log with partitions and consumer groups."""

    async def start(self) -> None:
        """Connect. Raises BusUnavailable."""
        ...

    async def stop(self) -> None:
        """Close every connection; the subscriptions are to be closed before."""
        ...

    async def ping(self) -> None:
        """Return if the bus answers, for readiness. Raises BusUnavailable."""
        ...

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create each topic with its number of partitions; existing ones are left alone.

        Raises PartitionCountDiffers for an existing topic of another size, BusUnavailable.
        """
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when all messages are durable, each key's in the order of the sequence.

        Raises PublishFailed (retriable, the outcome is unknown), MessageRefused (never retry) and UnknownTopic.
        """
        ...

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> AbstractAsyncContextManager[Subscription]:
        """Join `group` as `member` (a name for logs and operators, unique per process) and read `topics`.

        A new group reads from the beginning. Entering raises UnknownTopic or BusUnavailable; leaving releases the
        partitions at once.
        """
        ...

    async def trim(self, older_than: timedelta) -> int:
        """Delete messages of that age that every group has read; how many went. Raises BusUnavailable.

        0 where the broker deletes by a retention of its own.
        """
        ...

    async def forget_group(self, group: str) -> None:
        """Forget how far a group has read that will never read again, so that nothing is kept for it. Raises BusUnavailable."""
        ...

"""The event bus: the port and the names of the topics. The adapters are chosen by the entry points only."""

from shared.bus.port import (
    Bus,
    BusError,
    BusUnavailable,
    Delivery,
    Message,
    MessageRefused,
    PartitionCountDiffers,
    PublishFailed,
    Subscription,
    TopicPartition,
    UnknownTopic,
)
from shared.bus.topics import DEAD_LETTERS, DIRECTORY, ORDERS, PARTITIONS, SLA_BREACHES

__all__ = [
    "DEAD_LETTERS",
    "DIRECTORY",
    "ORDERS",
    "PARTITIONS",
    "SLA_BREACHES",
    "Bus",
    "BusError",
    "BusUnavailable",
    "Delivery",
    "Message",
    "MessageRefused",
    "PartitionCountDiffers",
    "PublishFailed",
    "Subscription",
    "TopicPartition",
    "UnknownTopic",
]

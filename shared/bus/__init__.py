"""The event bus: its interface and the names of the topics. Only the entry points choose an adapter."""

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

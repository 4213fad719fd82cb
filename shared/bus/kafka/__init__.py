"""The event bus on Apache Kafka (4.0.1 or later, R15): production, at any scale."""

from shared.bus.kafka.bus import KafkaBus

__all__ = ["KafkaBus"]

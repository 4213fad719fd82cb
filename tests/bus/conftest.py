"""The fixtures of the bus suite."""

from tests.support.bus import broker, bus, bus_address, readers
from tests.support.kafka import kafka_server

__all__ = ["broker", "bus", "bus_address", "kafka_server", "readers"]

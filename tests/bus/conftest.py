"""The fixtures of the bus suite; the brokers below them are of the whole run."""

from tests.support.bus import broker, bus, bus_address, readers

__all__ = ["broker", "bus", "bus_address", "readers"]

"""The fixtures of the bus suite; the brokers are those of the whole run."""

from tests.support.bus import broker, bus, bus_address, readers

__all__ = ["broker", "bus", "bus_address", "readers"]

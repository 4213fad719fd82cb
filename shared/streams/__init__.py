"""What a service tells as Server-Sent Events: the newest kept in memory for all readers, replay from a position, one loop."""

from __future__ import annotations

from shared.streams.sse import ABOUT, After, EventStream, LastEventId, event_of, told
from shared.streams.tail import BATCH, Placed, Tail

__all__ = ["ABOUT", "BATCH", "After", "EventStream", "LastEventId", "Placed", "Tail", "event_of", "told"]

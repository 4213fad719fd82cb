"""Which events of its topics a service reads.

Publishers of which it handles no event type are skipped whole, so their streams show no gaps.  Of the others every
event is counted, and the handled types are read.  A service that begins to read a skipped publisher takes a new
consumer group, which reads from the beginning (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts import EVENTS, PUBLISHERS, Event

_EVERY_SERVICE: Final = "kernel"  # every service publishes the kernel's own events


@dataclass(frozen=True, slots=True)
class Listening:
    """The topics that a service reads, and the types that it handles there."""

    topics: tuple[str, ...]
    types: Mapping[str, type[Event]]

    @classmethod
    def to(cls, topics: Collection[str], handled: Collection[type[Event]] | None) -> Listening:
        """Listen to these types of event; None stands for all."""
        types = EVENTS if handled is None else {event.type: event for event in handled}
        return cls(tuple(topics), types)

    def follows(self, publisher: str, topic: str) -> bool:
        """Whether this publisher's events on a topic are read."""
        return topic in self.topics and publisher not in self.skipped_on(topic)

    def handles(self, event_type: str) -> bool:
        """Whether an event of this type has an effect here."""
        return event_type in self.types and self.types[event_type].topic in self.topics

    def skipped_on(self, topic: str) -> frozenset[str]:
        """The publishers of which nothing is handled on a topic."""
        handled = {name for name, events in PUBLISHERS.items() if any(self._takes(event, topic) for event in events)}
        return frozenset() if _EVERY_SERVICE in handled else frozenset(PUBLISHERS) - handled

    def _takes(self, event: type[Event], topic: str) -> bool:
        return event.topic == topic and event.type in self.types

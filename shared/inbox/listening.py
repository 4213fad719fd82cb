"""What a service takes of what is told on its topics.

The stream of a publisher of whom it handles nothing is passed by whole, so no gap is ever seen in it; of the others
every event is counted, and those of a type that it handles are read.  A service that begins to listen to a publisher
starts with a group of another name, from the beginning (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts import EVENTS, PUBLISHERS, Event

_EVERYBODY: Final = "kernel"  # the kernel's own facts are told by every service


@dataclass(frozen=True, slots=True)
class Listening:
    """The topics that a service reads, and the types that it handles there."""

    topics: tuple[str, ...]
    types: Mapping[str, type[Event]]

    @classmethod
    def to(cls, topics: Collection[str], handled: Collection[type[Event]] | None) -> Listening:
        """Listening to these types of event; None stands for all of them."""
        types = EVENTS if handled is None else {event.type: event for event in handled}
        return cls(tuple(topics), types)

    def hears(self, publisher: str, topic: str) -> bool:
        """Whether this publisher's streams on a topic are followed."""
        return topic in self.topics and publisher not in self.passed_by(topic)

    def handles(self, event_type: str) -> bool:
        """Whether an event of this type has an effect here."""
        return event_type in self.types and self.types[event_type].topic in self.topics

    def passed_by(self, topic: str) -> frozenset[str]:
        """The publishers of whom nothing is handled on a topic."""
        handled = {publisher for publisher, told in PUBLISHERS.items() if any(self._takes(one, topic) for one in told)}
        return frozenset() if _EVERYBODY in handled else frozenset(PUBLISHERS) - handled

    def _takes(self, event: type[Event], topic: str) -> bool:
        return event.topic == topic and event.type in self.types

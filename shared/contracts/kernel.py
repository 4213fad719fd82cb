"""Events that the kernel publishes in every service."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import Event, Moment


class EventParked(Event):
    """A consumer could not apply an event; it and the later ones of its key wait for an operator (R26)."""

    type: ClassVar[str] = "event.parked.v1"
    topic: ClassVar[str] = "dead-letters"

    consumer: str
    parked_key: str
    event_id: str
    event_type: str
    reason: str
    parked_at: Moment

    @property
    def key(self) -> str:
        """The key whose events wait."""
        return self.parked_key


EVENTS: tuple[type[Event], ...] = (EventParked,)

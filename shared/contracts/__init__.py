"""The events between the services: one module per publisher, data only.

`EVENTS` maps each type string to its class; `PUBLISHERS` says which service may publish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.contracts import dispatch, intake, kernel, review, sla
from shared.contracts.base import Event

PUBLISHERS: Final[Mapping[str, tuple[type[Event], ...]]] = MappingProxyType(
    {
        "intake": intake.EVENTS,
        "dispatch": dispatch.EVENTS,
        "sla": sla.EVENTS,
        "review": review.EVENTS,
        "analytics": (),
        "kernel": kernel.EVENTS,
    }
)

EVENTS: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {event.type: event for events in PUBLISHERS.values() for event in events}
)

__all__ = ["EVENTS", "PUBLISHERS", "Event"]

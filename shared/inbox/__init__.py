"""Events enter a service here: once each, in order, or parked where an operator sees them."""

from __future__ import annotations

from shared.inbox.applying import Applier, BatchHandler, Handler, Prefetch, Subscriptions
from shared.inbox.consumer import Consumer, Stuck
from shared.inbox.listening import Listening
from shared.inbox.parked import ParkedEvents

__all__ = [
    "Applier",
    "BatchHandler",
    "Consumer",
    "Handler",
    "Listening",
    "ParkedEvents",
    "Prefetch",
    "Stuck",
    "Subscriptions",
]

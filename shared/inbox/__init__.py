"""Events enter a service here: once each, in order, or parked where an operator sees them."""

from __future__ import annotations

from shared.inbox.consumer import BatchHandler, Consumer, Handler, Prefetch, Stuck
from shared.inbox.listening import Listening
from shared.inbox.parked import ParkedEvents

__all__ = ["BatchHandler", "Consumer", "Handler", "Listening", "ParkedEvents", "Prefetch", "Stuck"]

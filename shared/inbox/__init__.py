"""Receiving events: each is applied once and in order, or parked for an operator."""

from __future__ import annotations

from shared.inbox.applying import Applier, BatchHandler, Handler, Subscriptions
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
    "Stuck",
    "Subscriptions",
]

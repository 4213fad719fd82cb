"""Sending events: written in the business transaction, published in order by one relay."""

from __future__ import annotations

from shared.outbox.envelope import Envelope, Undecodable, decode, encode
from shared.outbox.relay import Relay
from shared.outbox.writer import Outbox

__all__ = ["Envelope", "Outbox", "Relay", "Undecodable", "decode", "encode"]

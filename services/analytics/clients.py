"""Reading the event bus from its beginning, beside the running consumer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.analytics.errors import BusAway
from shared.bus import PARTITIONS, Bus, BusUnavailable, Delivery, Subscription
from shared.outbox import Envelope, Undecodable, decode

_PATIENCE: Final = 600.0
"""Seconds after which a bus that still gives nothing to its end is given up."""
_BATCH: Final = 1000


@asynccontextmanager
async def reading(bus: Bus, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
    """A seat of its own in a new group, so that it reads from the beginning; BusAway."""
    try:
        async with bus.subscribe(group, topics, member=group) as subscription:
            yield subscription
    except BusUnavailable as fault:
        raise BusAway from fault


async def read_to_end(subscription: Subscription, topics: Sequence[str]) -> AsyncGenerator[Sequence[Delivery], None]:
    """What is on the bus from the subscription's place to the end, partition by partition; BusAway.

    The end is where the group has nothing left in any partition, and all partitions are its own.
    """
    deadline = time.monotonic() + _PATIENCE
    partitions = sum(PARTITIONS[topic] for topic in topics)
    while time.monotonic() < deadline:
        batches = await subscription.fetch(max_records=_BATCH, timeout=0.1)
        for place, deliveries in batches.items():
            yield deliveries
            await subscription.commit({place: deliveries[-1].offset + 1})
        if batches or len(subscription.assignment()) < partitions:
            continue
        if not any(waiting > 0 for waiting in (await subscription.lag()).values()):
            return
    raise BusAway


def envelopes_of(deliveries: Sequence[Delivery], decided: Mapping[str, bytes | None]) -> list[Envelope]:
    """The events that the running consumer takes from these deliveries.

    What an operator edited counts as edited, what was dropped does not count, and what cannot be decoded is parked.
    """
    found = []
    for delivery in deliveries:
        event_id = delivery.headers.get("ce_id", b"").decode("utf-8", "replace")
        taken = delivery
        if event_id in decided:
            payload = decided[event_id]
            if payload is None:
                continue
            taken = Delivery(
                delivery.topic, delivery.partition, delivery.offset, delivery.key, payload, delivery.headers
            )
        try:
            found.append(decode(taken, now=None))
        except Undecodable:
            continue
    return found

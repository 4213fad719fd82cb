"""Reading the event bus from its beginning, beside the running consumer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.analytics.rebuilds.errors import BusAway
from shared.bus import PARTITIONS, Bus, BusUnavailable, Delivery, Subscription
from shared.outbox import Envelope, Undecodable, decode
from shared.telemetry import logger

log = logger("rebuilds")

_LONGEST: Final = 600.0
"""Seconds within which the bus must have been read to its end."""
_BATCH: Final = 1000


@asynccontextmanager
async def reading(bus: Bus, group: str, topics: Sequence[str]) -> AsyncIterator[Subscription]:
    """A subscription in a new consumer group, so that it reads from the beginning; the group is forgotten afterwards.

    BusAway.
    """
    try:
        async with bus.subscribe(group, topics, member=group) as subscription:
            yield subscription
    except BusUnavailable as fault:
        raise BusAway from fault
    finally:
        await forget(bus, group)


async def forget(bus: Bus, group: str) -> None:
    """Have the bus keep nothing for a group that has read what it wanted; the next rebuild tries those left over."""
    try:
        await bus.forget_group(group)
    except BusUnavailable as fault:
        log.warning("group of a rebuild not forgotten", group=group, error=fault.reason)


async def read_to_end(subscription: Subscription, topics: Sequence[str]) -> AsyncGenerator[Sequence[Delivery], None]:
    """What the subscription has not read yet, up to the end of the bus, partition by partition; BusAway.

    It is at the end when it has all partitions and lags behind in none.
    """
    deadline = time.monotonic() + _LONGEST
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

    An event that an operator edited counts as edited; one that was dropped, or that cannot be decoded, does not count.
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

"""What the events of a batch will ask for, read and locked in a few statements instead of some for each event."""

from __future__ import annotations

from collections.abc import Sequence

from services.sla.store.held import hold
from shared.contracts.base import OrderEvent
from shared.outbox import Envelope
from shared.work import Work


async def hold_orders(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Lock the orders that these events are about, with their clocks: the handlers find them at hand."""
    # In one order everywhere, so that two members who read the same events never wait for each other in a circle.
    order_ids = sorted({one.event.order_id for one in envelopes if isinstance(one.event, OrderEvent)})
    if order_ids:
        await hold(work.session, order_ids)

"""How intake follows an order through the events of the other services: who holds it, and how far it is.

A cancelled order stays cancelled: what the others told before they heard of it changes nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.handlers import feedback
from services.intake.store import orders
from services.intake.tables import UpstreamOrderRecord
from shared.contracts.base import OrderEvent
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReturnAccepted
from shared.contracts.review import ReplyApproved
from shared.outbox import Envelope
from shared.work import Work


def _move(work: Work, record: UpstreamOrderRecord, state: str, holder: str | None) -> None:
    if record.state == "cancelled" or (record.state, record.holder_unit) == (state, holder):
        return
    before = {"state": record.state, "holder_unit": record.holder_unit}
    record.state, record.holder_unit = state, holder
    work.audit("order.followed", record.order_id, before=before, after={"state": state, "holder_unit": holder})


async def hold_orders(work: Work, envelopes: Sequence[Envelope]) -> None:
    """Lock the orders that these events are about, in one statement: the handlers find them at hand."""
    # In one order everywhere, so that two members who read the same events never wait for each other in a circle.
    order_ids = sorted({one.event.order_id for one in envelopes if isinstance(one.event, OrderEvent)})
    if order_ids:
        await orders.hold_orders(work.session, order_ids)


async def give_to_unit(work: Work, event: OrderAssigned) -> None:
    """From now on this unit sees the order, and no other."""
    _move(work, await orders.order_for_update(work.session, event.order_id), "assigned", event.unit)


async def take_from_unit(work: Work, event: ReturnAccepted) -> None:
    """The unit gave it back: it no longer sees it (S2.2.1i)."""
    _move(work, await orders.order_for_update(work.session, event.order_id), "received", None)


async def give_again(work: Work, event: OrderReopened) -> None:
    """The unit handles it once more."""
    _move(work, await orders.order_for_update(work.session, event.order_id), "assigned", event.unit)


async def close_order(work: Work, event: OrderClosed) -> None:
    """The order is at its end; its unit still sees it, but the caller's identity no longer."""
    record = await orders.order_for_update(work.session, event.order_id)
    _move(work, record, "closed", record.holder_unit)


async def queue_feedback(work: Work, event: ReplyApproved) -> None:
    """The reply is to be handed to the platform at once (S2.3b)."""
    record = await orders.order_for_update(work.session, event.order_id)
    await feedback.enqueue(work, record, event)
    if record.state not in {"closed", "fed_back"}:
        _move(work, record, "approved", record.holder_unit)

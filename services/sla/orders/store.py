"""Orders: locked for the facts that change their clocks, read within the caller's scope."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.orders.errors import OrderNotReceived
from services.sla.orders.model import Received
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.policy import RuleSet
from services.sla.rulesets.store import rules_of
from shared.access import Scope
from shared.following.parts import part_of
from shared.work import Work


async def add_order(work: Work, received: Received, *, rules: str) -> OrderRecord | None:
    """Remember a received order; None when it is known already.

    Should another replica write it first, the transaction fails and the event is applied once more.
    """
    if await work.locked(OrderRecord, received.order_id) is not None:
        return None
    order = OrderRecord(
        order_id=received.order_id,
        scheme=received.scheme,
        urgent=received.urgent,
        received_at=received.received_at,
        upstream_due_at=received.upstream_due_at,
        rules=rules,
        safety=received.safety,
        queue=received.queue,
        urgent_since=received.received_at if received.urgent else None,
        flags_version=1,
        cancelled=False,
        no_return=False,
        released=[],
        occasions=[],
        steps=[],
        answering=[],
    )
    work.add(order)
    return order


async def order_for_update(work: Work, order_id: str) -> OrderRecord:
    """The order, locked; OrderNotReceived when its receipt never reached us."""
    order = await work.locked(OrderRecord, order_id)
    if order is None:
        raise OrderNotReceived(order_id)
    return order


async def rules_for(work: Work, order: OrderRecord) -> RuleSet:
    """The rule set that was in force when the order was received: it keeps it to its end (X3)."""
    return await rules_of(work, order.rules)


async def order_in_scope(session: AsyncSession, order_id: str, scope: Scope) -> OrderRecord | None:
    """The order, when the person reaches it (S4.2a)."""
    if not scope.everything and not scope.reaches(await part_of(session, order_id, scope.unit)):
        return None
    return await session.get(OrderRecord, order_id)

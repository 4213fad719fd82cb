"""A platform's own order with the replies that were sent to it, by the platform's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.feedback.tables import Delivery
from services.intake.orders.tables import UpstreamOrderRecord
from services.intake.states.errors import OrderNotSent
from shared.following.units import unit_of


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order as its platform may see it."""

    record: UpstreamOrderRecord
    unit_name: str | None
    """Of the unit that has the order now; its code while its name is not known here."""
    deliveries: Sequence[Delivery]


async def own_order(session: AsyncSession, channel: str, platform_no: str) -> FoundOrder:
    """The channel's order with this number; OrderNotSent when the channel sent none."""
    record = UpstreamOrderRecord
    found = await session.scalar(select(record).where(record.platform == channel, record.platform_no == platform_no))
    if found is None:
        raise OrderNotSent
    unit = None if found.holder_unit is None else await unit_of(session, found.holder_unit)
    query = select(Delivery).where(Delivery.order_id == found.order_id).order_by(Delivery.created_at, Delivery.id)
    deliveries = (await session.scalars(query)).all()
    return FoundOrder(found, found.holder_unit if unit is None else unit.name, deliveries)

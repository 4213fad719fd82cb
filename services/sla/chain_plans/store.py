"""By when a signature chain has to be through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord


async def chain_deadline(session: AsyncSession, order_id: str) -> datetime | None:
    """By when the whole chain has to be through: the earliest running deadline of the order itself."""
    moment: datetime | None = await session.scalar(
        select(func.min(ClockRecord.due_at)).where(
            ClockRecord.order_id == order_id,
            ClockRecord.state == State.RUNNING,
            ClockRecord.kind.in_(("upstream_due", "district_final", "final")),
        )
    )
    return moment

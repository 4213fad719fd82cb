"""The plans of an order that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord


async def ended_plans(session: AsyncSession, order_id: str, ended_at: datetime) -> Sequence[ClockRecord]:
    """The plans of an order that another plan ended at this moment, locked, the newest first; the order is locked already."""
    query = select(ClockRecord).where(
        ClockRecord.order_id == order_id,
        ClockRecord.kind == "plan",
        ClockRecord.state == State.VOID,
        ClockRecord.stopped_at == ended_at,
    )
    return (await session.scalars(query.order_by(ClockRecord.id.desc()).with_for_update())).all()

"""The returns of an order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.returns.tables import ReturnRecord


async def returns_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[ReturnRecord]:
    """Every request to give the order back, the first first."""
    query = select(ReturnRecord).where(ReturnRecord.order_id == order_id).order_by(ReturnRecord.requested_at)
    if only is not None:  # the part of a former unit
        query = query.where(ReturnRecord.unit == only)
    return (await session.execute(query)).scalars().all()


async def open_return(session: AsyncSession, order_id: str) -> ReturnRecord:
    """The request that waits for the centre; there is exactly one while the order is RETURN_PENDING."""
    query = select(ReturnRecord).where(ReturnRecord.order_id == order_id, ReturnRecord.decision.is_(None))
    return (await session.execute(query)).scalar_one()

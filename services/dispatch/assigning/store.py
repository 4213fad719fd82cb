"""The assignments of an order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.assigning.tables import AssignmentRecord


async def assignments_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[AssignmentRecord]:
    """The chain of responsibility, first link first (S3.1a)."""
    query = select(AssignmentRecord).where(AssignmentRecord.order_id == order_id).order_by(AssignmentRecord.number)
    if only is not None:  # the part of a former unit
        query = query.where(AssignmentRecord.unit == only)
    return (await session.execute(query)).scalars().all()

"""Breaches and warnings in a sequence without gaps, as the streams replay them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.streams.model import Notice
from services.sla.streams.tables import NoticeHead, NoticeRecord


async def last_position(session: AsyncSession) -> int:
    """The position of the newest notice; 0 before the first."""
    found: int | None = await session.scalar(select(NoticeHead.last))
    return found or 0


async def notices_after(session: AsyncSession, position: int, *, limit: int) -> Sequence[Notice]:
    """What follows a position, in order."""
    rows = await session.execute(
        select(NoticeRecord.position, NoticeRecord.stream, NoticeRecord.unit, NoticeRecord.type, NoticeRecord.payload)
        .where(NoticeRecord.position > position)
        .order_by(NoticeRecord.position)
        .limit(limit)
    )
    return [Notice(*row) for row in rows]

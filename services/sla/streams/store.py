"""Breaches and warnings in a sequence without gaps, as the streams replay them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.streams.model import Announcement
from services.sla.streams.tables import AnnouncementHead, AnnouncementRecord


async def last_position(session: AsyncSession) -> int:
    """The position of the newest announcement; 0 before the first."""
    found: int | None = await session.scalar(select(AnnouncementHead.last))
    return found or 0


async def announcements_after(session: AsyncSession, position: int, *, limit: int) -> Sequence[Announcement]:
    """What follows a position, in order."""
    rows = await session.execute(
        select(
            AnnouncementRecord.position,
            AnnouncementRecord.stream,
            AnnouncementRecord.unit,
            AnnouncementRecord.type,
            AnnouncementRecord.payload,
        )
        .where(AnnouncementRecord.position > position)
        .order_by(AnnouncementRecord.position)
        .limit(limit)
    )
    return [Announcement(*row) for row in rows]

"""Breaches and warnings in a sequence without gaps, as the streams replay them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.streams.model import Announcement, StreamName
from services.sla.streams.tables import AnnouncementHead, AnnouncementRecord, StreamPassRecord


async def last_position(session: AsyncSession) -> int:
    """The position of the newest announcement; 0 before the first."""
    found: int | None = await session.scalar(select(AnnouncementHead.last))
    return found or 0


async def announcements_after(session: AsyncSession, position: int, limit: int) -> Sequence[Announcement]:
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


async def take_pass(
    session: AsyncSession, stream: StreamName, pass_print: str, cookie_print: str, *, now: datetime
) -> StreamPassRecord | None:
    """Use a pass, once for all replicas: from now on the cookie opens the stream; None when it opens nothing (any more)."""
    record = StreamPassRecord
    return await session.scalar(
        update(record)
        .where(
            record.pass_print == pass_print,
            record.stream == stream,
            record.cookie_print.is_(None),
            record.expires_at > now,
            record.ends_at > now,
        )
        .values(cookie_print=cookie_print)
        .returning(record)
    )


async def pass_of_cookie(
    session: AsyncSession, stream: StreamName, cookie_print: str, *, now: datetime
) -> StreamPassRecord | None:
    """What a cookie opens; None when it opens nothing (any more)."""
    record = StreamPassRecord
    return await session.scalar(
        select(record).where(record.cookie_print == cookie_print, record.stream == stream, record.ends_at > now)
    )


async def remove_ended(session: AsyncSession, *, now: datetime) -> None:
    """Forget the passes that were not used in time, and those whose login has ended."""
    record = StreamPassRecord
    unused = and_(record.cookie_print.is_(None), record.expires_at <= now)
    await session.execute(delete(record).where(or_(record.ends_at <= now, unused)))

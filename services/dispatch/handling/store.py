"""The contacts and the progress notes of an order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.handling.tables import ContactRecord, NoteRecord


async def contacts_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[ContactRecord]:
    """Every attempt to speak with the caller, the latest first."""
    query = select(ContactRecord).where(ContactRecord.order_id == order_id).order_by(ContactRecord.recorded_at.desc())
    if only is not None:  # the part of a former unit
        query = query.where(ContactRecord.unit == only)
    return (await session.execute(query.limit(200))).scalars().all()


async def notes_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[NoteRecord]:
    """Every progress note, the latest first."""
    query = select(NoteRecord).where(NoteRecord.order_id == order_id).order_by(NoteRecord.noted_at.desc())
    if only is not None:  # the part of a former unit
        query = query.where(NoteRecord.unit == only)
    return (await session.execute(query.limit(200))).scalars().all()

"""The contacts and the progress notes of an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
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


async def contacts_at(
    session: AsyncSession, order_id: str, *, turn: int, contacted_at: datetime
) -> Sequence[ContactRecord]:
    """What is on record of this second, in one turn of a unit, the first first."""
    second = contacted_at.replace(microsecond=0)
    query = (
        select(ContactRecord)
        .where(
            ContactRecord.order_id == order_id,
            ContactRecord.turn == turn,
            ContactRecord.contacted_at >= second,
            ContactRecord.contacted_at < second + timedelta(seconds=1),
        )
        .order_by(ContactRecord.recorded_at)
    )
    return (await session.execute(query)).scalars().all()


async def failed_at(session: AsyncSession, order_id: str, *, turn: int) -> Sequence[datetime]:
    """When the unit called in vain in one turn (S2.2.1b)."""
    query = select(ContactRecord.contacted_at).where(
        ContactRecord.order_id == order_id, ContactRecord.turn == turn, ContactRecord.outcome == "not_reached"
    )
    return (await session.execute(query)).scalars().all()


async def notes_promising(
    session: AsyncSession, order_id: str, *, unit: str, promised_at: datetime
) -> Sequence[NoteRecord]:
    """The unit's notes with this promise that no later contact has ended, the first first."""
    ended = exists().where(ContactRecord.order_id == order_id, ContactRecord.recorded_at > NoteRecord.noted_at)
    query = (
        select(NoteRecord)
        .where(NoteRecord.order_id == order_id, NoteRecord.unit == unit, NoteRecord.promised_at == promised_at, ~ended)
        .order_by(NoteRecord.noted_at)
    )
    return (await session.execute(query)).scalars().all()

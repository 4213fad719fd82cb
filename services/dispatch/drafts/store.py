"""Drafts: one of a person, all of a person, and those that are too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.dispatch.drafts.tables import DraftRecord
from services.dispatch.orders.tables import CaseRecord
from shared.identity import Person


def unit_of(person: Person) -> str:
    """Which drafts of the account are meant: those of the unit for which the person works now."""
    return person.confined_to or ""


async def draft_of(
    session: AsyncSession, person: Person, order_id: str, form: str, *, lock: bool = False
) -> DraftRecord | None:
    """The person's draft with its content, locked if asked for."""
    key = (person.account, unit_of(person), order_id, form)
    return await session.get(DraftRecord, key, options=[undefer(DraftRecord.content)], with_for_update=lock or None)


async def add_draft(
    session: AsyncSession, person: Person, order_id: str, form: str, *, content: str, version: int, now: datetime
) -> bool:
    """Store a new draft; False when another tab has just stored one."""
    added = await session.execute(
        insert(DraftRecord)
        .values(
            account=person.account,
            unit=unit_of(person),
            order_id=order_id,
            form=form,
            content=content,
            version=version,
            changed_at=now,
        )
        .on_conflict_do_nothing()
        .returning(DraftRecord.version)
    )
    return added.first() is not None


async def number_of(session: AsyncSession, person: Person) -> int:
    """How many drafts the person has."""
    query = select(func.count()).where(DraftRecord.account == person.account, DraftRecord.unit == unit_of(person))
    return int(await session.scalar(query) or 0)


async def drafts_of(session: AsyncSession, person: Person) -> Sequence[DraftRecord]:
    """The person's drafts without their content, of orders that the person can still see; the last changed first."""
    query = (
        select(DraftRecord)
        .join(CaseRecord, CaseRecord.order_id == DraftRecord.order_id)
        .where(DraftRecord.account == person.account, DraftRecord.unit == unit_of(person))
        .order_by(DraftRecord.changed_at.desc(), DraftRecord.order_id, DraftRecord.form)
    )
    return (await session.execute(query)).scalars().all()


async def remove_older(session: AsyncSession, than: datetime) -> int:
    """Remove the drafts of everybody that were not changed since; how many they were."""
    gone = await session.execute(
        delete(DraftRecord).where(DraftRecord.changed_at < than).returning(DraftRecord.order_id)
    )
    return len(gone.all())

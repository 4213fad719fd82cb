"""Units that have come under supervision's triggers, and what the weekly look at concentrated demands needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.tables import CandidateRecord, ClockRecord
from shared.identity import Scope


async def add_candidate(
    session: AsyncSession,
    candidate_id: UUID,
    *,
    unit: str,
    cause: str,
    occasion: str,
    facts: str,
    order_id: str | None,
    at: datetime,
) -> bool:
    """Write a candidate down; False when this occasion has raised it before."""
    added = await session.execute(
        insert(CandidateRecord)
        .values(
            id=candidate_id, unit=unit, cause=cause, occasion=occasion, facts=facts, order_id=order_id, raised_at=at
        )
        .on_conflict_do_nothing(constraint="uq_supervision_candidate_occasion")
        .returning(CandidateRecord.id)
    )
    return added.first() is not None


async def candidates(
    session: AsyncSession,
    scope: Scope,
    *,
    cause: str | None,
    unit: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[CandidateRecord]:
    """The latest first; a unit sees its own (S4.2a)."""
    query = select(CandidateRecord)
    if not scope.everything:
        query = query.where(CandidateRecord.unit == scope.unit)
    if cause is not None:
        query = query.where(CandidateRecord.cause == cause)
    if unit is not None:
        query = query.where(CandidateRecord.unit == unit)
    if before is not None:
        query = query.where(tuple_(CandidateRecord.raised_at, CandidateRecord.id) < before)
    found = await session.scalars(
        query.order_by(CandidateRecord.raised_at.desc(), CandidateRecord.id.desc()).limit(limit)
    )
    return found.all()


async def assigned_per_unit(session: AsyncSession, since: datetime, until: datetime) -> dict[str, int]:
    """How many orders each unit was assigned between two moments."""
    rows = await session.execute(
        select(ClockRecord.unit, func.count())
        .where(
            ClockRecord.kind == "final",
            ClockRecord.occasion.like("assignment:%"),
            ClockRecord.unit.is_not(None),
            ClockRecord.started_at >= since,
            ClockRecord.started_at < until,
        )
        .group_by(ClockRecord.unit)
    )
    return {unit: many for unit, many in rows if unit is not None}

"""Units that have come under supervision's triggers, and what the weekly look at concentrated demands needs."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.candidates.tables import CandidateRecord
from services.sla.clocks.tables import ClockRecord
from shared.access import Scope
from shared.lists import Keyset, Listed

_LATEST: Final = Keyset(CandidateRecord.raised_at, CandidateRecord.id, descending=True)


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
    session: AsyncSession, scope: Scope, *, cause: str | None, unit: str | None, cursor: str | None, limit: int
) -> Listed[CandidateRecord]:
    """The latest first; a unit sees its own (S4.2a)."""
    query = select(CandidateRecord)
    if not scope.everything:
        query = query.where(CandidateRecord.unit == scope.unit)
    if cause is not None:
        query = query.where(CandidateRecord.cause == cause)
    if unit is not None:
        query = query.where(CandidateRecord.unit == unit)
    return await _LATEST.page(session, query, cursor=cursor, limit=limit)


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

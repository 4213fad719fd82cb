"""Units that have come under supervision's triggers, and what the weekly look at concentrated demands needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.candidates.model import Proposal
from services.sla.candidates.tables import CandidateRecord
from services.sla.clocks.tables import ClockRecord
from shared.access import Scope
from shared.lists import Keyset, Listed

_LATEST: Final = Keyset(CandidateRecord.raised_at, CandidateRecord.id, descending=True)


async def add_candidates(session: AsyncSession, proposals: Mapping[UUID, Proposal], *, at: datetime) -> set[UUID]:
    """Write candidates down by their ids, in one statement; the ids of those whose occasion had raised none before."""
    if not proposals:
        return set()
    # By their occasions, so that two replicas wait for each other in one direction only.
    rows = sorted(proposals.items(), key=lambda each: (each[1].unit, each[1].cause, each[1].occasion))
    columns = {name: [getattr(proposal, name) for _, proposal in rows] for name in Proposal._fields}
    added = await session.scalars(_ADD, {"ids": [candidate_id for candidate_id, _ in rows], "at": at, **columns})
    return set(added)


_ADD: Final = text(
    """
insert into supervision_candidate (id, unit, cause, occasion, facts, order_id, raised_at)
select id, unit, cause, occasion, facts, order_id, :at
from unnest(cast(:ids as uuid[]), cast(:unit as text[]), cast(:cause as text[]), cast(:occasion as text[]),
  cast(:facts as text[]), cast(:order_id as text[])) with ordinality
  as t(id, unit, cause, occasion, facts, order_id, n)
order by n
on conflict on constraint uq_supervision_candidate_occasion do nothing
returning id
"""
)


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

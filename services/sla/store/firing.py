"""What the loop claims and writes: the clocks whose moment has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.tables import ClockRecord
from shared.contracts.sla import ClockKind


async def next_moment(session: AsyncSession) -> datetime | None:
    """When the next clock has to be looked at; None when none runs."""
    moment: datetime | None = await session.scalar(select(func.min(ClockRecord.next_at)))
    return moment


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the loop needs of a clock whose moment has come; the row stays locked until the commit."""

    id: UUID
    order_id: str
    kind: ClockKind
    unit: str | None
    due_at: datetime
    provisional: bool
    lapse: str
    rungs: list[dict[str, Any]]
    fired: int


async def claim_due(session: AsyncSession, now: datetime, limit: int) -> list[Claimed]:
    """Clocks whose moment has come, oldest first; what another replica is firing is passed over (R31)."""
    columns = [getattr(ClockRecord, name) for name in Claimed.__dataclass_fields__]
    rows = await session.execute(
        select(*columns)
        .where(ClockRecord.next_at <= now)
        .order_by(ClockRecord.next_at, ClockRecord.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Claimed(*row) for row in rows]


_MOVE_ON = text(
    """
update clock set fired = t.fired, next_at = t.next_at,
  breached_at = coalesce(clock.breached_at, t.breached_at),
  state = case when t.closed then 'void' else clock.state end,
  stopped_at = case when t.closed then clock.due_at else clock.stopped_at end
from unnest(cast(:ids as uuid[]), cast(:fired as int[]), cast(:next_at as timestamptz[]),
  cast(:breached_at as timestamptz[]), cast(:closed as bool[])) as t(id, fired, next_at, breached_at, closed)
where clock.id = t.id
"""
)


@dataclass(frozen=True, slots=True)
class Fired:
    """How a clock goes on after the loop looked at it."""

    id: UUID
    fired: int
    next_at: datetime | None
    breached_at: datetime | None
    closed: bool


async def move_on(session: AsyncSession, fired: Sequence[Fired]) -> None:
    """Write what has fired, in one statement."""
    await session.execute(
        _MOVE_ON,
        {
            "ids": [f.id for f in fired],
            "fired": [f.fired for f in fired],
            "next_at": [f.next_at for f in fired],
            "breached_at": [f.breached_at for f in fired],
            "closed": [f.closed for f in fired],
        },
    )

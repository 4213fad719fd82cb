"""Clocks for people: those of an order, one with its history, lists by urgency; always within the caller's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import ClockUnknown, OrderHasNoClocks
from services.sla.model import State
from services.sla.tables import ClockChange, ClockRecord, OrderRecord, StopRecord
from shared.identity import Scope


async def clocks_of_order(session: AsyncSession, order_id: str, scope: Scope) -> Sequence[ClockRecord]:
    """Every clock of an order, first started first; a unit sees those of an order that is with it, or its own.

    OrderHasNoClocks when there is none it may see.
    """
    order = await session.get(OrderRecord, order_id)
    query = select(ClockRecord).where(ClockRecord.order_id == order_id)
    if not scope.everything and (order is None or order.unit != scope.unit):
        query = query.where(ClockRecord.unit == scope.unit)
    found = (await session.scalars(query.order_by(ClockRecord.started_at, ClockRecord.due_at, ClockRecord.id))).all()
    if not found:
        raise OrderHasNoClocks(order_id)
    return found


async def clock_with_changes(
    session: AsyncSession, clock_id: UUID, scope: Scope
) -> tuple[ClockRecord, Sequence[ClockChange]]:
    """One clock and its history; ClockUnknown when it is another unit's."""
    clock = await session.get(ClockRecord, clock_id)
    if clock is None:
        raise ClockUnknown(str(clock_id))
    order = await session.get(OrderRecord, clock.order_id)
    if not scope.everything and scope.unit not in {clock.unit, order.unit if order else None}:
        raise ClockUnknown(str(clock_id))
    changes = await session.scalars(
        select(ClockChange).where(ClockChange.clock_id == clock_id).order_by(ClockChange.changed_at, ClockChange.id)
    )
    return clock, changes.all()


async def reason_of_stop(session: AsyncSession, clock_id: UUID) -> str | None:
    """Why an operator stopped the clock, as it is sealed; None while nobody has."""
    reason: str | None = await session.scalar(select(StopRecord.reason).where(StopRecord.clock_id == clock_id))
    return reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which clocks a list shows."""

    state: State | None = None
    kind: str | None = None
    unit: str | None = None
    due_before: datetime | None = None
    provisional: bool = False
    breached: bool = False


Position = tuple[datetime, UUID]


async def clocks_by_due(
    session: AsyncSession, scope: Scope, wanted: Wanted, *, after: Position | None, limit: int
) -> Sequence[ClockRecord]:
    """Clocks by due moment, the most urgent first, within the caller's scope (S4.2a)."""
    query = _within(select(ClockRecord), scope, wanted)
    if after is not None:
        query = query.where(tuple_(ClockRecord.due_at, ClockRecord.id) > after)
    found = await session.scalars(query.order_by(ClockRecord.due_at, ClockRecord.id).limit(limit))
    return found.all()


async def latest_breaches(
    session: AsyncSession, scope: Scope, wanted: Wanted, *, before: Position | None, limit: int
) -> Sequence[ClockRecord]:
    """Clocks that were breached, the latest first, within the caller's scope (S1.1.4b, S4.2a)."""
    query = _within(select(ClockRecord).where(ClockRecord.breached_at.is_not(None)), scope, wanted)
    if before is not None:
        query = query.where(tuple_(ClockRecord.breached_at, ClockRecord.id) < before)
    found = await session.scalars(query.order_by(ClockRecord.breached_at.desc(), ClockRecord.id.desc()).limit(limit))
    return found.all()


def _within(query: Select[ClockRecord], scope: Scope, wanted: Wanted) -> Select[ClockRecord]:
    if not scope.everything:
        query = query.where(ClockRecord.unit == scope.unit)
    if wanted.state is not None:
        query = query.where(ClockRecord.state == wanted.state)
    if wanted.kind is not None:
        query = query.where(ClockRecord.kind == wanted.kind)
    if wanted.unit is not None:
        query = query.where(ClockRecord.unit == wanted.unit)
    if wanted.due_before is not None:
        query = query.where(ClockRecord.due_at <= wanted.due_before)
    if wanted.provisional:
        query = query.where(ClockRecord.provisional)
    if wanted.breached:
        query = query.where(ClockRecord.breached_at.is_not(None))
    return query

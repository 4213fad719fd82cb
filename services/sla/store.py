"""Reading and writing sla's rows: an order's clocks for its events, the due ones for the loop, lists for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import ClockUnknown, OrderHasNoClocks, OrderNotReceived
from services.sla.model import ClockPlan, Received, State
from services.sla.tables import ClockChange, ClockRecord, OrderRecord
from shared.contracts.sla import ClockKind
from shared.identity import Scope


async def add_order(session: AsyncSession, received: Received, *, is_test: bool) -> bool:
    """Remember a received order; False when it is known already."""
    added = await session.execute(
        insert(OrderRecord)
        .values(
            order_id=received.order_id,
            scheme=received.scheme,
            urgent=received.urgent,
            received_at=received.received_at,
            upstream_due_at=received.upstream_due_at,
            is_test=is_test,
        )
        .on_conflict_do_nothing()
        .returning(OrderRecord.order_id)
    )
    return added.first() is not None


async def order_for_update(session: AsyncSession, order_id: str) -> OrderRecord:
    """The order, locked; OrderNotReceived when its receipt never reached us."""
    record = await session.get(OrderRecord, order_id, with_for_update=True)
    if record is None:
        raise OrderNotReceived(order_id)
    return record


async def running_clocks(session: AsyncSession, order_id: str) -> Sequence[ClockRecord]:
    """The running clocks of an order, locked, oldest due first."""
    found = await session.scalars(
        select(ClockRecord)
        .where(ClockRecord.order_id == order_id, ClockRecord.state == State.RUNNING)
        .order_by(ClockRecord.due_at, ClockRecord.id)
        .with_for_update()
    )
    return found.all()


async def add_clocks(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> frozenset[UUID]:
    """Write new clocks; the ids of those that were new: a kind starts once per order and occasion."""
    if not rows:
        return frozenset()
    statement = insert(ClockRecord).on_conflict_do_nothing(constraint="uq_clock_occasion").returning(ClockRecord.id)
    added = await session.scalars(statement, list(rows))
    return frozenset(added.all())


def row_of(plan: ClockPlan, order_id: str, clock_id: UUID, *, rules: str, calendar: str) -> dict[str, Any]:
    """A plan as a row; `next_at` is its first rung, or its due moment."""
    return {
        "id": clock_id,
        "order_id": order_id,
        "kind": plan.kind,
        "occasion": plan.occasion,
        "unit": plan.unit,
        "started_at": plan.started_at,
        "span": plan.span,
        "amount": plan.amount,
        "due_at": plan.due.at,
        "due_on": plan.due.on,
        "original_due_at": plan.due.at,
        "provisional": plan.due.provisional,
        "lapse": plan.lapse,
        "clause": plan.clause,
        "rules": rules,
        "calendar": calendar,
        "rungs": [{"name": rung.name, "at": rung.at.isoformat()} for rung in plan.rungs],
        "fired": 0,
        "next_at": plan.rungs[0].at if plan.rungs else plan.due.at,
        "state": State.RUNNING,
    }


# -- the loop -----------------------------------------------------------------------------------------------------------


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


# -- for people ---------------------------------------------------------------------------------------------------------


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

"""Reading and writing sla's rows: an order's clocks for its events, the due ones for the loop, lists for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
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


# One statement for all clocks of an event: the ORM's bulk insert with RETURNING sends them row by row.
_ADD_CLOCKS = text(
    """
insert into clock (id, order_id, kind, occasion, unit, started_at, span, amount, due_at, due_on, original_due_at,
  provisional, lapse, clause, rules, calendar, rungs, fired, next_at, state)
select t.id, :order_id, t.kind, t.occasion, t.unit, t.started_at, t.span, t.amount, t.due_at, t.due_on, t.due_at,
  t.provisional, t.lapse, t.clause, :rules, :calendar, t.rungs::jsonb, 0, t.next_at, 'running'
from unnest(cast(:ids as uuid[]), cast(:kinds as text[]), cast(:occasions as text[]), cast(:units as text[]),
  cast(:started as timestamptz[]), cast(:spans as text[]), cast(:amounts as int[]), cast(:due as timestamptz[]),
  cast(:due_on as date[]), cast(:provisional as bool[]), cast(:lapses as text[]), cast(:clauses as text[]),
  cast(:rungs as text[]), cast(:next_at as timestamptz[]))
  as t(id, kind, occasion, unit, started_at, span, amount, due_at, due_on, provisional, lapse, clause, rungs, next_at)
on conflict on constraint uq_clock_occasion do nothing
returning id
"""
)


async def add_clocks(
    session: AsyncSession, order_id: str, plans: Mapping[UUID, ClockPlan], *, rules: str, calendar: str
) -> frozenset[UUID]:
    """Write the plans as running clocks; the ids of those that were new: a kind starts once per order and occasion."""
    if not plans:
        return frozenset()
    values = list(plans.values())
    columns: dict[str, list[Any]] = {
        "ids": list(plans),
        "kinds": [plan.kind for plan in values],
        "occasions": [plan.occasion for plan in values],
        "units": [plan.unit for plan in values],
        "started": [plan.started_at for plan in values],
        "spans": [plan.span.value for plan in values],
        "amounts": [plan.amount for plan in values],
        "due": [plan.due.at for plan in values],
        "due_on": [plan.due.on for plan in values],
        "provisional": [plan.due.provisional for plan in values],
        "lapses": [plan.lapse.value for plan in values],
        "clauses": [plan.clause for plan in values],
        "rungs": [orjson.dumps(rungs_of(plan)).decode() for plan in values],
        "next_at": [first_moment(plan) for plan in values],
    }
    added = await session.execute(_ADD_CLOCKS, {"order_id": order_id, "rules": rules, "calendar": calendar, **columns})
    return frozenset(row.id for row in added)


def rungs_of(plan: ClockPlan) -> list[dict[str, str]]:
    """The plan's warnings as the row holds them."""
    return [{"name": rung.name, "at": rung.at.isoformat()} for rung in plan.rungs]


def first_moment(plan: ClockPlan) -> datetime:
    """When the loop has to look at a fresh clock first: its first rung, or its due moment."""
    return min([*(rung.at for rung in plan.rungs), plan.due.at])


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

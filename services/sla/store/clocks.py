"""An order and its running clocks, locked for the facts that start, stop and move them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import ClockUnknown, OrderNotReceived
from services.sla.model import ClockPlan, Received, Rung, State
from services.sla.tables import ClockRecord, OrderRecord


async def add_order(session: AsyncSession, received: Received, *, rules: str, is_test: bool) -> bool:
    """Remember a received order; False when it is known already."""
    added = await session.execute(
        insert(OrderRecord)
        .values(
            order_id=received.order_id,
            scheme=received.scheme,
            urgent=received.urgent,
            received_at=received.received_at,
            upstream_due_at=received.upstream_due_at,
            rules=rules,
            safety=received.safety,
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


async def clock_for_update(session: AsyncSession, clock_id: UUID) -> ClockRecord:
    """One clock, locked; ClockUnknown when there is none."""
    record = await session.get(ClockRecord, clock_id, with_for_update=True)
    if record is None:
        raise ClockUnknown(str(clock_id))
    return record


async def order_of_clock(session: AsyncSession, clock_id: UUID) -> str:
    """Whose clock it is, so that the order can be locked first."""
    order_id: str | None = await session.scalar(select(ClockRecord.order_id).where(ClockRecord.id == clock_id))
    if order_id is None:
        raise ClockUnknown(str(clock_id))
    return order_id


@dataclass(frozen=True, slots=True)
class Armed:
    """A clock that is to be written."""

    id: UUID
    order_id: str
    plan: ClockPlan
    note: str | None = None


# One statement for all clocks of an event: the ORM's bulk insert with RETURNING sends them row by row.
_ADD_CLOCKS = text(
    """
insert into clock (id, order_id, kind, occasion, unit, started_at, span, amount, due_at, due_on, original_due_at,
  provisional, lapse, clause, rules, calendar, rungs, fired, next_at, state, note)
select t.id, t.order_id, t.kind, t.occasion, t.unit, t.started_at, t.span, t.amount, t.due_at, t.due_on, t.due_at,
  t.provisional, t.lapse, t.clause, :rules, :calendar, t.rungs::jsonb, 0, t.next_at, 'running', t.note
from unnest(cast(:ids as uuid[]), cast(:orders as text[]), cast(:kinds as text[]), cast(:occasions as text[]),
  cast(:units as text[]), cast(:started as timestamptz[]), cast(:spans as text[]), cast(:amounts as int[]),
  cast(:due as timestamptz[]), cast(:due_on as date[]), cast(:provisional as bool[]), cast(:lapses as text[]),
  cast(:clauses as text[]), cast(:rungs as text[]), cast(:next_at as timestamptz[]), cast(:notes as text[]))
  as t(id, order_id, kind, occasion, unit, started_at, span, amount, due_at, due_on, provisional, lapse, clause, rungs,
    next_at, note)
on conflict on constraint uq_clock_occasion do nothing
returning id
"""
)


async def add_clocks(session: AsyncSession, armed: Sequence[Armed], *, rules: str, calendar: str) -> frozenset[UUID]:
    """Write the plans as running clocks; the ids of those that were new: a kind starts once per order and occasion."""
    if not armed:
        return frozenset()
    plans = [clock.plan for clock in armed]
    columns: dict[str, list[Any]] = {
        "ids": [clock.id for clock in armed],
        "orders": [clock.order_id for clock in armed],
        "notes": [clock.note for clock in armed],
        "kinds": [plan.kind for plan in plans],
        "occasions": [plan.occasion for plan in plans],
        "units": [plan.unit for plan in plans],
        "started": [plan.started_at for plan in plans],
        "spans": [plan.span.value for plan in plans],
        "amounts": [plan.amount for plan in plans],
        "due": [plan.due.at for plan in plans],
        "due_on": [plan.due.on for plan in plans],
        "provisional": [plan.due.provisional for plan in plans],
        "lapses": [plan.lapse.value for plan in plans],
        "clauses": [plan.clause for plan in plans],
        "rungs": [orjson.dumps(rungs_of(plan)).decode() for plan in plans],
        "next_at": [first_moment(plan) for plan in plans],
    }
    added = await session.execute(_ADD_CLOCKS, {"rules": rules, "calendar": calendar, **columns})
    return frozenset(row.id for row in added)


def rungs_of(plan: ClockPlan) -> list[dict[str, str]]:
    """The plan's warnings as the row holds them."""
    return [rung_row(rung) for rung in plan.rungs]


def rung_row(rung: Rung) -> dict[str, str]:
    """One warning as the row holds it; `wanted` is the moment it had before the quiet hours moved it."""
    row = {"name": rung.name, "at": rung.at.isoformat()}
    return row if rung.wanted is None else {**row, "wanted": rung.wanted.isoformat()}


def first_moment(plan: ClockPlan) -> datetime:
    """When the loop has to look at a fresh clock first: its first rung, or its due moment."""
    return min([*(rung.at for rung in plan.rungs), plan.due.at])

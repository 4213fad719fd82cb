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
from services.sla.store.held import held_by
from services.sla.tables import ClockRecord, OrderRecord


async def add_order(session: AsyncSession, received: Received, *, rules: str, is_test: bool) -> bool:
    """Remember a received order; False when it is known already."""
    held = held_by(session)
    if received.order_id in held.orders:
        return False
    facts = {
        "order_id": received.order_id,
        "scheme": received.scheme,
        "urgent": received.urgent,
        "received_at": received.received_at,
        "upstream_due_at": received.upstream_due_at,
        "rules": rules,
        "safety": received.safety,
        "is_test": is_test,
    }
    if received.order_id in held.absent:
        # Written with the others of its batch.  Should another member write it first, the batch fails as a whole and
        # its events are applied one by one.
        order = OrderRecord(**facts, returns=0, cancelled=False, no_return=False)
        session.add(order)
        held.receive(order)
        return True
    added = await session.execute(
        insert(OrderRecord).values(**facts).on_conflict_do_nothing().returning(OrderRecord.order_id)
    )
    return added.first() is not None


async def order_for_update(session: AsyncSession, order_id: str) -> OrderRecord:
    """The order, locked; OrderNotReceived when its receipt never reached us."""
    orders = held_by(session).orders
    if order_id not in orders:
        record = await session.get(OrderRecord, order_id, with_for_update=True)
        if record is None:
            raise OrderNotReceived(order_id)
        orders[order_id] = record
    return orders[order_id]


async def running_clocks(session: AsyncSession, order_id: str) -> Sequence[ClockRecord]:
    """The running clocks of an order that the caller has locked, locked too, oldest due first."""
    clocks = held_by(session).clocks
    if order_id not in clocks:
        found = await session.scalars(
            select(ClockRecord)
            .where(ClockRecord.order_id == order_id, ClockRecord.state == State.RUNNING)
            .order_by(ClockRecord.due_at, ClockRecord.id)
            .with_for_update()
        )
        clocks[order_id] = list(found)
    running = [clock for clock in clocks[order_id] if clock.state == State.RUNNING]
    return sorted(running, key=lambda clock: (clock.due_at, clock.id))


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
    rungs: tuple[Rung, ...]
    """The plan's warnings, outside of the quiet hours."""
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
    held = held_by(session)
    if all(clock.order_id in held.occasions for clock in armed):
        # Written with the others of the batch, when the session is flushed.
        records = [_record(clock, rules=rules, calendar=calendar) for clock in armed]
        new = [record for record in records if held.arm(record)]
        session.add_all(new)
        return frozenset(record.id for record in new)
    held.forget_clocks(clock.order_id for clock in armed)
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
        "rungs": [orjson.dumps(rungs_of(clock)).decode() for clock in armed],
        "next_at": [first_moment(clock) for clock in armed],
    }
    added = await session.execute(_ADD_CLOCKS, {"rules": rules, "calendar": calendar, **columns})
    return frozenset(row.id for row in added)


def _record(clock: Armed, *, rules: str, calendar: str) -> ClockRecord:
    """The row; every column is given, so that nothing has to be read back."""
    plan = clock.plan
    return ClockRecord(
        id=clock.id,
        order_id=clock.order_id,
        kind=plan.kind,
        occasion=plan.occasion,
        unit=plan.unit,
        started_at=plan.started_at,
        span=plan.span.value,
        amount=plan.amount,
        due_at=plan.due.at,
        due_on=plan.due.on,
        original_due_at=plan.due.at,
        provisional=plan.due.provisional,
        lapse=plan.lapse.value,
        clause=plan.clause,
        rules=rules,
        calendar=calendar,
        rungs=rungs_of(clock),
        fired=0,
        next_at=first_moment(clock),
        state=State.RUNNING,
        breached_at=None,
        excused=False,
        stopped_at=None,
        extended_workdays=0,
        note=clock.note,
    )


def rungs_of(clock: Armed) -> list[dict[str, str]]:
    """A fresh clock's warnings as the row holds them."""
    return [rung_row(rung) for rung in clock.rungs]


def rung_row(rung: Rung) -> dict[str, str]:
    """One warning as the row holds it."""
    row = {"name": rung.name, "at": rung.at.isoformat()}
    if rung.wanted is not None:
        row["wanted"] = rung.wanted.isoformat()
    if rung.missed is not None:
        row["missed"] = rung.missed.isoformat()
    return row


def first_moment(clock: Armed) -> datetime:
    """When the loop has to look at a fresh clock first: its first rung, or its due moment."""
    return min([*(rung.at for rung in clock.rungs), clock.plan.due.at])

"""Who has a part in an order, since when and until when: one relation, kept in each service by this follower (S3.1a, S4.2a).

A unit leads an order from its assignment until it is given to another or taken back; it then keeps a former part: it
sees number, title and what it did itself.  A service mounts both handlers in its service.py, before handlers of its own
for the same events:

    subscriptions={OrderAssigned: (parts.take_over, ...), ReturnAccepted: (parts.give_back, ...)}

Dispatch, which tells these facts, calls them with its own events.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, column, exists, or_, table, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from shared.access import Part, Scope
from shared.contracts.dispatch import OrderAssigned, ReturnAccepted
from shared.db.logins import PARTS_TABLE
from shared.work import Work

# One statement: the former lead's part ends at the moment at which the new one's begins.  A unit that lost the order and
# gets it back at the same moment goes on with the part that it had.
_TAKE_OVER: Final = text(
    """
with ended as (
  update order_part set until = :at
  where order_id = cast(:order_id as text) and part = 'lead' and until is null and unit <> :unit
)
insert into order_part (order_id, unit, part, since)
select cast(:order_id as text), :unit, 'lead', :at
where not exists (select from order_part p where p.order_id = cast(:order_id as text) and p.unit = :unit
  and p.part = 'lead' and p.until is null)
on conflict (order_id, unit, since) do update set until = null, part = excluded.part
"""
)
_GIVE_BACK: Final = text(
    "update order_part set until = :at "
    "where order_id = cast(:order_id as text) and part = 'lead' and until is null and unit = :unit"
)
_JOINED: Final = text(
    "select min(since) from order_part where order_id = :order_id and unit = :unit and part = 'joint' and until is null"
)
_AMONG: Final = text(
    "select order_id, part, until is null as now from order_part "
    "where order_id = any(cast(:ids as text[])) and unit = :unit"
)
_PARTS: Final = text("select part, until is null as now from order_part where order_id = :order_id and unit = :unit")


async def take_over(work: Work, event: OrderAssigned) -> None:
    """The unit leads the order from now on; whoever led it before has a former part."""
    connection = await work.session.connection()
    await connection.execute(_TAKE_OVER, {"order_id": event.order_id, "unit": event.unit, "at": event.assigned_at})


async def give_back(work: Work, event: ReturnAccepted) -> None:
    """The centre took the order back: the unit has a former part (S2.2.1i)."""
    connection = await work.session.connection()
    await connection.execute(_GIVE_BACK, {"order_id": event.order_id, "unit": event.unit, "at": event.decided_at})


Column = ColumnElement[Any] | InstrumentedAttribute[Any]

_PART: Final = table(PARTS_TABLE, column("order_id"), column("unit"), column("until"))


def seen_rows(scope: Scope, *, unit: Column, order_id: Column) -> ColumnElement[bool]:
    """The rows that hang on orders and are seen: the unit's own, and all of the orders in which it has a part now."""
    if scope.everything:
        return true()
    now = exists().where(_PART.c.order_id == order_id, _PART.c.unit == scope.unit, _PART.c.until.is_(None))
    return or_(unit == scope.unit, now)


async def part_of(session: AsyncSession, order_id: str, unit: str | None) -> Part | None:
    """What the unit has to do with the order; the strongest part that it has now, or FORMER."""
    if unit is None:
        return None
    connection = await session.connection()
    found = (await connection.execute(_PARTS, {"order_id": order_id, "unit": unit})).all()
    return _strongest([(row.part, row.now) for row in found])


async def parts_among(session: AsyncSession, order_ids: Collection[str], unit: str | None) -> dict[str, Part | None]:
    """The same for several orders, by the order's id; those without a part are left out."""
    if unit is None or not order_ids:
        return {}
    rows: dict[str, list[tuple[str, bool]]] = {}
    connection = await session.connection()
    for row in await connection.execute(_AMONG, {"ids": list(order_ids), "unit": unit}):
        rows.setdefault(row.order_id, []).append((row.part, row.now))
    return {order_id: _strongest(found) for order_id, found in rows.items()}


def _strongest(found: Collection[tuple[str, bool]]) -> Part | None:
    now = {Part(part) for part, runs in found if runs}
    for part in (Part.LEAD, Part.JOINT):
        if part in now:
            return part
    return Part.FORMER if found else None


async def joined_at(session: AsyncSession, order_id: str, unit: str) -> datetime:
    """Since when the unit has a task in the order; it must have one."""
    connection = await session.connection()
    since: datetime = (await connection.execute(_JOINED, {"order_id": order_id, "unit": unit})).scalar_one()
    return since

"""The statements for facts: a batch of events takes three of them, whatever its size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.analytics.facts.model import Fact
from services.analytics.facts.tables import FactRecord
from services.analytics.record import Record

_NAMES: Final = (
    "event_id", "order_id", "kind", "at", "unit", "weight", "disposition", "solved", "satisfied", "clock",
    "reply",
)  # fmt: skip
FACT: Final = ", ".join(_NAMES)
"""The columns of a fact that do not depend on where it is stored."""
FACT_ARRAYS: Final = """unnest(cast(:event_ids as uuid[]), cast(:order_ids as text[]), cast(:kinds as text[]),
  cast(:ats as timestamptz[]), cast(:units as text[]), cast(:weights as bigint[]), cast(:dispositions as text[]),
  cast(:solved as text[]), cast(:satisfied as text[]), cast(:clocks as text[]), cast(:replies as text[]))"""

_LOCK_ORDERS: Final = text(
    """
insert into tracked_order (order_id) select order_id from unnest(cast(:ids as text[])) as t(order_id) order by 1
on conflict (order_id) do update set order_id = excluded.order_id
"""
)
_ADD_FACTS: Final = text(
    f"""
insert into fact ({FACT})
select {FACT} from {FACT_ARRAYS} with ordinality as t({FACT}, n) order by n
on conflict (event_id) do nothing returning event_id
"""  # noqa: S608 - constants only
)


def columns_of(record: type[Record]) -> list[InstrumentedAttribute[Any]]:
    """The columns FACT of a table that holds facts."""
    return [getattr(record, name) for name in _NAMES]


_FACTS_OF: Final = (
    select(*columns_of(FactRecord))
    .where(FactRecord.order_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .order_by(FactRecord.order_id, FactRecord.position)
)


async def lock_orders(session: AsyncSession, order_ids: Collection[str]) -> None:
    """Lock these orders until the transaction ends, in the order of their ids."""
    await session.execute(_LOCK_ORDERS, {"ids": sorted(order_ids)})


async def facts_of(session: AsyncSession, order_ids: Collection[str]) -> dict[str, list[tuple[UUID, Fact]]]:
    """The facts of each order with their events' ids, in the order in which they came."""
    found: dict[str, list[tuple[UUID, Fact]]] = {order_id: [] for order_id in order_ids}
    for row in await session.execute(_FACTS_OF, {"ids": sorted(order_ids)}):
        found[row.order_id].append((row.event_id, fact_in(row)))
    return found


def fact_in(row: Any) -> Fact:
    """The fact in a row that has the columns FACT."""
    return Fact(
        order_id=row.order_id,
        kind=row.kind,
        at=row.at,
        unit=row.unit,
        weight=row.weight,
        disposition=row.disposition,
        solved=row.solved,
        satisfied=row.satisfied,
        clock=row.clock,
        reply=row.reply,
    )


def fact_columns(facts: Sequence[tuple[UUID, Fact]]) -> dict[str, Any]:
    """Facts with their events' ids as the arrays of FACT_ARRAYS."""
    return {
        "event_ids": [event_id for event_id, _ in facts],
        "order_ids": [fact.order_id for _, fact in facts],
        "kinds": [fact.kind.value for _, fact in facts],
        "ats": [fact.at for _, fact in facts],
        "units": [fact.unit for _, fact in facts],
        "weights": [fact.weight for _, fact in facts],
        "dispositions": [fact.disposition for _, fact in facts],
        "solved": [fact.solved for _, fact in facts],
        "satisfied": [fact.satisfied for _, fact in facts],
        "clocks": [fact.clock for _, fact in facts],
        "replies": [fact.reply for _, fact in facts],
    }


async def add_facts(session: AsyncSession, facts: Sequence[tuple[UUID, Fact]]) -> set[UUID]:
    """Append facts in this order; the ids of those that were not there before."""
    return {row[0] for row in await session.execute(_ADD_FACTS, fact_columns(facts))}


async def last_position(session: AsyncSession) -> int:
    """The position of the newest fact; 0 when there is none."""
    return int(await session.scalar(text("select coalesce(max(position), 0) from fact")) or 0)

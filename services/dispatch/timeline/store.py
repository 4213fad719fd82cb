"""The entries of timelines: written for a whole round of events by one statement, read in the order of their moments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.directory.tables import UnitRecord
from services.dispatch.login.tables import AccountRecord
from services.dispatch.orders.store import SeenOrder
from services.dispatch.timeline.model import Entry
from services.dispatch.timeline.rules import OF_THE_ORDER
from services.dispatch.timeline.tables import TimelineRecord
from shared.access import Part
from shared.following.parts import joined_at
from shared.lists import Keyset, Listed

# The head's row is locked here, until the commit.  Whoever writes entries has locked its orders before.
_ADD: Final = text(
    """
with head as (update timeline_head set last = last + :many returning last - :many as before)
insert into timeline_entry
  (order_id, event_id, part, position, at, kind, topic, unit, actor, actor_role, actor_unit, facts)
select t.order_id, t.event_id, t.part, head.before + t.number, t.at, t.kind, t.topic, coalesce(t.unit, led.unit),
  t.actor, t.actor_role, t.actor_unit, cast(t.facts as jsonb)
from head, unnest(cast(:order_ids as text[]), cast(:event_ids as uuid[]), cast(:parts as int[]),
  cast(:ats as timestamptz[]), cast(:kinds as text[]), cast(:topics as text[]), cast(:units as text[]),
  cast(:of_orders as boolean[]), cast(:actors as text[]), cast(:actor_roles as text[]), cast(:actor_units as text[]),
  cast(:facts as text[])) with ordinality
  as t(order_id, event_id, part, at, kind, topic, unit, of_order, actor, actor_role, actor_unit, facts, number)
left join lateral (
  select p.unit from order_part p
  where t.of_order and p.order_id = t.order_id and p.part = 'lead' and p.since <= t.at
    and (p.until is null or t.at < p.until)
  order by p.since desc limit 1
) led on true
on conflict do nothing
"""
)
_BY_MOMENT: Final = Keyset(TimelineRecord.at, TimelineRecord.position)


@dataclass(frozen=True, slots=True)
class Names:
    """What the units and accounts are called that some entries name."""

    units: Mapping[str, str]
    accounts: Mapping[str, str]


async def add_entries(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Write these entries in one statement; one that is stored already stays as it is."""
    await (await session.connection()).execute(
        _ADD,
        {
            "many": len(entries),
            "order_ids": [one.order_id for one in entries],
            "event_ids": [one.event_id for one in entries],
            "parts": [one.part for one in entries],
            "ats": [one.at for one in entries],
            "kinds": [one.kind for one in entries],
            "topics": [one.topic for one in entries],
            "units": [one.unit for one in entries],
            "of_orders": [one.of_order for one in entries],
            "actors": [one.actor for one in entries],
            "actor_roles": [one.actor_role for one in entries],
            "actor_units": [one.actor_unit for one in entries],
            "facts": [orjson.dumps(one.facts).decode() for one in entries],
        },
    )


async def entries_of_order(
    session: AsyncSession, found: SeenOrder, unit: str | None, *, cursor: str | None, limit: int
) -> Listed[TimelineRecord]:
    """What the reader may see of the order's timeline, by the moment of each entry, then as they arrived (S4.2a).

    A former unit sees what was its own matter; a unit with a task in the order that and, since it has the task, what
    concerns the order as a whole.
    """
    record = TimelineRecord
    query = select(record).where(record.order_id == found.record.order_id)
    if found.only is not None:
        query = query.where(record.unit == found.only)
    elif found.part is Part.JOINT and unit is not None:
        since = await joined_at(session, found.record.order_id, unit)
        query = query.where(or_(record.unit == unit, and_(record.kind.in_(OF_THE_ORDER), record.at >= since)))
    return await _BY_MOMENT.page(session, query, cursor=cursor, limit=limit)


async def names_of(session: AsyncSession, *, units: Collection[str], accounts: Collection[str]) -> Names:
    """What these units and accounts are called, as far as there are such."""
    of_units = select(UnitRecord.code, UnitRecord.name).where(UnitRecord.code.in_(units))
    of_accounts = select(AccountRecord.account, AccountRecord.name).where(AccountRecord.account.in_(accounts))
    named = {row.code: row.name for row in await session.execute(of_units)} if units else {}
    known = {row.account: row.name for row in await session.execute(of_accounts)} if accounts else {}
    return Names(named, known)

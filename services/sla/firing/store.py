"""What the loop claims and writes: the clocks whose moment has come.

A clock is plain when its next moment is its due moment and its breach has no other consequence: thousands of them are
fired by one statement. What warns, wakes, closes or reminds is special and looked at one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import orjson
from sqlalchemy import CursorResult, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.tables import PLAIN, SPECIAL
from services.sla.firing.model import Claimed, Fired, Reminders
from services.sla.firing.tables import StormRecord
from services.sla.orders.tables import OrderRecord

_NEXT: Final = text(
    f"select least((select min(next_at) from clock where {PLAIN}), (select min(next_at) from clock where {SPECIAL}))"  # noqa: S608 - conditions of our own
)


async def next_moment(session: AsyncSession) -> datetime | None:
    """When the next clock has to be looked at; None when none runs."""
    moment: datetime | None = await session.scalar(_NEXT)
    return moment


def _spelt(moment: str) -> str:
    """A moment as events spell it: a fraction only where there is one."""
    return rf"""replace(to_char({moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24\:MI\:SS.US"Z"'), '.000000', '')"""


# The same statement as the outbox's own writer (streams first, in the order of their keys, then positions), with the
# state of the clocks before it and the events' bodies made where the rows are. Nothing is taken
# that is later than the oldest special clock (`fence`): that one has to fire first.
_BREACH: Final = text(
    rf"""
with fence as (
  select min(next_at) as at from clock where {SPECIAL} and next_at <= :now
), due as (
  select c.id from clock c where {PLAIN} and next_at <= least(cast(:now as timestamptz), (select at from fence))
    and (cast(:lane as int) is null or hashtext(coalesce(c.unit, '')) & 1 = :lane)
  order by c.next_at, c.id limit :limit for update of c skip locked
), breached as (
  update clock c set breached_at = :now,
    next_at = case when c.kind = 'final' and c.unit is not null and c.due_at <
        case when o.urgent or c.span = 'hours' then cast(:daily_last as timestamptz) else :resting_last end then :now
      when o.urgent or c.span = 'hours' then cast(:daily_next as timestamptz) else :resting_next end
  from due, clocked_order o
  where c.id = due.id and o.order_id = c.order_id
  returning c.id, c.order_id, c.kind, c.unit, c.due_at, c.provisional, c.original_due_at
), fresh as (
  select breached.*, coalesce(unit, 'district') as key, row_number() over (order by due_at, id) as n from breached
), counted as (
  select key, count(*) as many from fresh group by key
), locked as (
  insert into stream as s (topic, key, last)
  select 'sla-breaches', key, many from counted order by key
  on conflict (topic, key) do update set last = s.last + excluded.last
  returning key, last
)
insert into outbox (id, aggregatetype, aggregateid, type, sequence, headers, payload, created_at)
select cast(overlay(cast(gen_random_uuid() as text) placing cast(:prefix as text) from 1 for 15) as uuid),
  'sla-breaches', f.key, 'clock.breached.v1',
  l.last - c.many + row_number() over (partition by f.key order by f.n), cast(:headers as jsonb),
  convert_to(cast(json_build_object('order_id', f.order_id, 'clock_id', f.id, 'kind', f.kind, 'unit', f.unit,
    'due_at', {_spelt("f.due_at")}, 'breached_at', cast(:spelt as text),
    'original_due_at', case when f.original_due_at <> f.due_at then {_spelt("f.original_due_at")} end,
    'late_by_seconds', cast(extract(epoch from cast(:now as timestamptz) - f.due_at) as float8),
    'provisional', f.provisional,
    'fired_late', f.due_at < :late_before) as text), 'UTF8'), :now
from fresh f join counted c using (key) join locked l using (key)
order by f.n
"""  # noqa: S608 - conditions of our own
)


async def breach_plain(
    session: AsyncSession,
    now: datetime,
    limit: int,
    *,
    daily: Reminders,
    resting: Reminders,
    late_before: datetime,
    prefix: str,
    headers: str,
    lane: int | None = None,
) -> int:
    """Breach the oldest plain clocks that are due, each with its event, in one statement; how many there were.

    Lane 0 and lane 1 have half of the units each, whose streams are their own: two transactions that take a lane each
    wait for each other at the head of the announcements only, and keep the order of every unit.

    `daily` and `resting` are the reminders of those that keep no days off (of urgent orders, and of hours) and of the
    others, as `quiet_of` says, `prefix` is the beginning of the events' UUIDs (the moment, so that they lie close
    together in an index), `headers` the events' headers as JSON. A unit's final clock that was due before its last
    reminder is looked at once more, at once: its next moment is that of its breach, as no other's is.
    """
    written = await session.execute(
        _BREACH,
        {
            "now": now,
            "spelt": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "limit": limit,
            "daily_next": daily.next,
            "daily_last": daily.last,
            "resting_next": resting.next,
            "resting_last": resting.last,
            "late_before": late_before,
            "prefix": prefix,
            "headers": headers,
            "lane": lane,
        },
    )
    assert isinstance(written, CursorResult)
    return written.rowcount


_COLUMNS: Final = ", ".join(Claimed.__dataclass_fields__)

_CLAIM: Final = {
    half: text(
        f"select {_COLUMNS} from clock where {condition} and next_at <= :now "  # noqa: S608 - names and conditions of our own
        f"order by {order} limit :limit for update skip locked"
    )
    for half, condition, order in (
        ("plain", PLAIN, "next_at, id"),
        ("special", SPECIAL, "next_at, unit, id"),
    )
}

LANES: Final = (0, 1)

_LANE: Final = 0x66697265  # "fire": with the lane beside it, whose turn it is to fire this half of the units

_TURN: Final = text("select bool_and(pg_try_advisory_xact_lock(:key, lane)) from unnest(cast(:lanes as int[])) as lane")


async def take_turn(session: AsyncSession, lanes: Collection[int]) -> bool:
    """Whether this transaction is the one that fires these halves of the units, until its end.

    Two replicas that fired the clocks of one unit at the same time could publish the later breach first.
    """
    return bool(await session.scalar(_TURN, {"key": _LANE, "lanes": list(lanes)}))


async def claim_due(session: AsyncSession, now: datetime, limit: int) -> tuple[list[Claimed], datetime]:
    """Clocks whose moment has come, oldest first, and until when they may fire.

    When one half of the queue had more than it was asked for, nothing later than what it gave is taken from the other,
    and nothing later fires: it would come before what was left.
    """
    found: list[Claimed] = []
    fence = now
    for half in ("special", "plain"):
        rows = [Claimed(*row) for row in await session.execute(_CLAIM[half], {"now": now, "limit": limit})]
        if len(rows) == limit:
            fence = min(fence, rows[-1].next_at)
        found += rows
    return sorted((c for c in found if c.next_at <= fence), key=lambda c: (c.next_at, c.unit or "", c.id)), fence


_MOVE_ON: Final = text(
    """
update clock set fired = t.fired, next_at = t.next_at,
  breached_at = coalesce(clock.breached_at, t.breached_at), rungs = coalesce(cast(t.rungs as jsonb), clock.rungs),
  state = case when t.closed then 'void' else clock.state end,
  stopped_at = case when t.closed then clock.due_at else clock.stopped_at end
from unnest(cast(:ids as uuid[]), cast(:fired as int[]), cast(:next_at as timestamptz[]),
  cast(:breached_at as timestamptz[]), cast(:closed as bool[]), cast(:rungs as text[]))
  as t(id, fired, next_at, breached_at, closed, rungs)
where clock.id = t.id
"""
)


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
            "rungs": [None if f.rungs is None else orjson.dumps(f.rungs).decode() for f in fired],
        },
    )


async def no_return_orders(session: AsyncSession, order_ids: Collection[str]) -> frozenset[str]:
    """Of these orders, those that their unit can no longer return."""
    if not order_ids:
        return frozenset()
    found = await session.scalars(
        select(OrderRecord.order_id).where(OrderRecord.order_id.in_(order_ids), OrderRecord.no_return)
    )
    return frozenset(found)


async def urgent_orders(session: AsyncSession, order_ids: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Of these orders, the urgent ones, and those of them that are safety emergencies."""
    rows = (
        await session.execute(
            select(OrderRecord.order_id, OrderRecord.safety).where(
                OrderRecord.order_id.in_(order_ids), OrderRecord.urgent | OrderRecord.safety
            )
        )
    ).all()
    return frozenset(row.order_id for row in rows), frozenset(row.order_id for row in rows if row.safety)


async def storms_of(session: AsyncSession, units: Collection[str], now: datetime) -> dict[str, StormRecord]:
    """The current minute of each unit, locked; a unit that has had none begins one now."""
    ordered = sorted(units)
    await session.execute(_BEGIN_STORMS, {"units": ordered, "now": now})
    found = await session.scalars(
        select(StormRecord).where(StormRecord.unit.in_(ordered)).order_by(StormRecord.unit).with_for_update()
    )
    return {storm.unit: storm for storm in found}


_BEGIN_STORMS: Final = text(
    "insert into warning_storm (unit, since, told) select u, :now, 0 from unnest(cast(:units as text[])) as u "
    "on conflict do nothing"
)

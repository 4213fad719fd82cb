"""Requests that could not be understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.intake.quarantine.model import Cause, Group, QuarantineState, WaitingOfOrder
from services.intake.quarantine.tables import Quarantined
from shared.errors import NotListed
from shared.lists import Keyset, Listed

_NEWEST_FIRST: Final = Keyset(Quarantined.received_at, Quarantined.id, descending=True)
_EARLIEST: Final = """
select number_print, min(received_at) from quarantine
where state = 'waiting' and number_print = any($1::text[]) group by number_print
"""
# A copy that a person is just releasing is locked and stays his.  A copy in a higher revision than the push has content
# that nobody else will send: it stays, and so does one whose number cannot be read, which may be such a one.  Only a push
# without a number is the newest because it came last.
_OVERTAKE: Final = """
with waiting as (
  select id from quarantine where state = 'waiting' and number_print = $1
    and ($6::bigint is null or platform_revision <= $6)
  order by id for update skip locked
), overtaken as (
  update quarantine q set state = 'overtaken', decided_by = $2, decided_at = $3, order_id = $4::uuid, version = q.version + 1
  from waiting w where w.id = q.id returning q.id
)
insert into audit (at, actor, role, action, subject, before, after, correlation)
select $3, $2, 'system', 'quarantine.overtaken', id::text, '{"state": "waiting"}'::jsonb,
  jsonb_build_object('state', 'overtaken', 'order_id', $4::uuid), $5 from overtaken
"""


async def unverified_waiting(session: AsyncSession, source: str) -> tuple[int, int]:
    """Unsigned requests that wait for a decision: of this address, and of all."""
    row = (
        await session.execute(
            select(func.count().filter(Quarantined.source == source), func.count()).where(
                Quarantined.state == QuarantineState.WAITING, Quarantined.signed_by.is_(None)
            )
        )
    ).one()
    return int(row[0]), int(row[1])


async def quarantined_page(
    session: AsyncSession,
    *,
    state: QuarantineState | None,
    channel: str | None,
    cause: str | None,
    cursor: str | None,
    limit: int,
) -> Listed[Quarantined]:
    """Newest first, without their bodies."""
    query = select(Quarantined).options(defer(Quarantined.body, raiseload=True))
    for column, wanted in ((Quarantined.state, state), (Quarantined.channel, channel), (Quarantined.cause, cause)):
        if wanted is not None:
            query = query.where(column == wanted)
    return await _NEWEST_FIRST.page(session, query, cursor=cursor, limit=limit)


async def waiting_groups(session: AsyncSession, limit: int) -> Sequence[Group]:
    """The waiting requests by their causes, those with the most first."""
    waiting = func.count()
    query = (
        select(
            Quarantined.channel,
            Quarantined.kind,
            Quarantined.cause,
            func.min(Quarantined.reason),
            waiting,
            func.min(Quarantined.received_at),
            func.max(Quarantined.received_at),
        )
        .where(Quarantined.state == QuarantineState.WAITING)
        .group_by(Quarantined.channel, Quarantined.kind, Quarantined.cause)
        .order_by(waiting.desc(), Quarantined.channel, Quarantined.kind, Quarantined.cause)
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    return [Group(Cause(*row[:3]), *row[3:]) for row in rows]


def _of(cause: Cause) -> tuple[ColumnElement[bool], ...]:
    return (
        Quarantined.state == QuarantineState.WAITING,
        Quarantined.channel == cause.channel,
        Quarantined.kind == cause.kind,
        Quarantined.cause == cause.cause,
    )


async def waiting_of(session: AsyncSession, cause: Cause, limit: int) -> Sequence[Quarantined]:
    """Waiting requests of this cause, locked: those not tried yet first, and then as they arrived."""
    query = (
        select(Quarantined)
        .where(*_of(cause))
        .order_by(Quarantined.tries, Quarantined.received_at, Quarantined.id)
        .limit(limit)
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def count_waiting(session: AsyncSession, cause: Cause) -> int:
    """How many requests of this cause wait."""
    return int(await session.scalar(select(func.count()).select_from(Quarantined).where(*_of(cause))) or 0)


async def waiting_of_order(session: AsyncSession, number_print: str, *, revision: int | None) -> WaitingOfOrder:
    """What waits of the order with this keyed hash of its number; not what is older than its known `revision`."""
    query = select(func.count(), func.min(Quarantined.received_at)).where(
        Quarantined.state == QuarantineState.WAITING, Quarantined.number_print == number_print
    )
    if revision is not None:
        query = query.where(or_(Quarantined.platform_revision.is_(None), Quarantined.platform_revision > revision))
    count, since = (await session.execute(query)).one()
    return WaitingOfOrder(int(count), since)


async def quarantined(session: AsyncSession, quarantine_id: str, *, lock: bool = False) -> Quarantined:
    """One request, locked if it is to be decided; NotListed when there is none."""
    record = await session.get(Quarantined, quarantine_id, with_for_update=lock or None)
    if record is None:
        raise NotListed("隔离请求", quarantine_id)
    return record


# --- What the platform sends meanwhile: on the connection of the writer of orders ----------------------------------------


async def earliest_waiting(connection: asyncpg.Connection[Any], prints: Sequence[str]) -> dict[str, datetime]:
    """By their keyed hash, the numbers among these of which a copy waits in quarantine, and when the earliest one came."""
    return {row[0]: row[1] for row in await connection.fetch(_EARLIEST, prints)}


async def overtake_waiting(
    connection: asyncpg.Connection[Any],
    number_print: str,
    order_id: str,
    *,
    revision: int | None,
    actor: str,
    at: datetime,
    correlation: str,
) -> None:
    """The platform sent the order so that it was understood: its copies in quarantine wait for nobody any more (A04).

    But for those in a higher revision than the one that it sent, which are released later as the next version, and those
    whose revision cannot be read while it sends numbered ones: they may be newer, and a person decides (S1.1.4c).
    """
    await connection.execute(_OVERTAKE, number_print, actor, at, order_id, correlation, revision)

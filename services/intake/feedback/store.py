"""Replies on their way to the platforms: claimed for one sender at a time, in order per order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.feedback import policy
from services.intake.feedback.model import AckedBy, Approved, DeliveryState, Outcome
from services.intake.feedback.tables import Delivery, DeliveryAttempt
from services.intake.orders.tables import UpstreamOrderRecord
from services.intake.record import Record
from shared.contracts.dispatch import Disposition
from shared.errors import NotListed
from shared.lists import Keyset, Listed

_NEWEST_FIRST: Final = Keyset(Delivery.created_at, Delivery.id, descending=True)

# Due, or claimed by a sender that vanished; never before an earlier reply of the same order that is still on its way.
_READY = """
((d.state = 'waiting' and d.next_at <= :now) or (d.state = 'sending' and d.leased_until < clock_timestamp()))
and not exists (select from delivery e where e.order_id = d.order_id and e.state in ('waiting', 'sending')
  and (e.created_at, e.id) < (d.created_at, d.id))
"""
_PLATFORMS = text(f"select distinct d.platform from delivery d where {_READY}")  # noqa: S608 - no user input
_CLAIM = text(
    f"""
with due as (
  select d.id from delivery d where d.platform = :platform and {_READY}
  order by d.next_at, d.id limit :many for update of d skip locked
), claimed as (
  update delivery d set state = 'sending', lease = gen_random_uuid(), attempts = attempts + 1,
    scheduled = scheduled + 1, leased_until = clock_timestamp() + make_interval(secs => :lease)
  from due where d.id = due.id
  returning d.*
), noted as (
  insert into delivery_attempt (id, delivery_id, number, started_at)
  select lease, id, attempts, :now from claimed
)
select c.id::text, c.order_id::text, o.platform_no, c.reply_id, c.platform, c.round, coalesce(u.name, c.unit),
  c.disposition, c.demand_version, c.reply, c.leader_name, c.leader_at, c.attempts, c.scheduled, c.redos,
  c.lease::text
from claimed c join upstream_order o using (order_id) left join followed_unit u on u.code = c.unit
"""  # noqa: S608 - no user input
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may send now, once."""

    id: str
    order_id: str
    platform_no: str
    reply_id: str
    platform: str
    round: int
    unit_name: str
    """The unit's name; its code where the directory has not said the name yet: no reply waits for that."""
    disposition: Disposition
    demand_version: int
    reply: str
    leader_name: str
    leader_at: datetime
    attempts: int
    scheduled: int
    redos: int
    lease: str


# Attempt and delivery in one statement; a delivery that another sender has by now stays as it is.
_END_ATTEMPT = text(
    """
with ended as (
  update delivery_attempt set ended_at = :at, outcome = :word, reason = :reason, status = :answered
  where id = cast(:lease as uuid)
), settled as (
  update delivery set state = :state, next_at = :next_at, lease = null, leased_until = null,
    acked_at = coalesce(acked_at, :acked_at), acked_by = coalesce(acked_by, :acked_by)
  where id = cast(:of as uuid) and lease = cast(:lease as uuid)
  returning id, order_id, acked_by
)
select exists (select from delivery d where d.order_id = s.order_id and d.id <> s.id and d.state = 'waiting'), s.acked_by
from settled s
"""
)
_FIRST_ATTEMPT = text(
    """
select min(case d.state when 'sending' then d.created_at else d.next_at end) from delivery d
where (d.state = 'sending' or (d.state = 'waiting' and d.attempts = 0)) and not exists (
  select from delivery e where e.order_id = d.order_id and e.state in ('waiting', 'sending')
    and (e.created_at, e.id) < (d.created_at, d.id))
"""
)
# Built once: such a statement takes longer to put together than to run.
_DELIVERIES = Record.metadata.tables[Delivery.__tablename__]
_ADD = insert(_DELIVERIES).on_conflict_do_nothing(index_elements=["reply_id"]).returning(_DELIVERIES.c.id)
_APPROVED = (
    select(
        _DELIVERIES.c.redos,
        _DELIVERIES.c.approved_at,
        func.bool_and(_DELIVERIES.c.acked_at.is_not(None)).over(order_by=_DELIVERIES.c.approved_at),
        _DELIVERIES.c.reply_id,
    )
    .where(_DELIVERIES.c.order_id == bindparam("of"))
    .order_by(_DELIVERIES.c.created_at, _DELIVERIES.c.id)
)
_UNFINISHED = (
    select(Delivery)
    .where(Delivery.order_id == bindparam("of"), Delivery.state.in_(["waiting", "sending", "failed"]))
    .order_by(Delivery.created_at, Delivery.id)
    .with_for_update()
)
_NOT_ACKED = (
    select(Delivery)
    .where(Delivery.order_id == bindparam("of"), Delivery.acked_at.is_(None))
    .order_by(Delivery.created_at, Delivery.id)
    .with_for_update()
)


async def add_delivery(session: AsyncSession, **values: object) -> bool:
    """Store a reply that is to be sent; False when it was known (a repeated event)."""
    return (await (await session.connection()).execute(_ADD, values)).first() is not None


async def is_queued(session: AsyncSession, reply_id: str) -> bool:
    """Whether the reply is to be sent, or was."""
    return (await session.scalar(select(Delivery.id).where(Delivery.reply_id == reply_id))) is not None


async def approved_replies(session: AsyncSession, order_id: str) -> Sequence[Approved]:
    """The approved replies of the order, whether they were delivered or not, the oldest first."""
    return [Approved(*row) for row in await (await session.connection()).execute(_APPROVED, {"of": order_id})]


async def unfinished(session: AsyncSession, order_id: str) -> Sequence[Delivery]:
    """The replies of an order that are on their way or could not be delivered, locked, the oldest first."""
    return (await session.scalars(_UNFINISHED, {"of": order_id})).all()


async def not_acknowledged(session: AsyncSession, order_id: str) -> Sequence[Delivery]:
    """The replies of an order of which it is not known that the platform has them, locked, the oldest first."""
    return (await session.scalars(_NOT_ACKED, {"of": order_id})).all()


async def platforms_due(session: AsyncSession, now: datetime) -> Sequence[str]:
    """The platforms that have something to be sent now."""
    return (await session.scalars(_PLATFORMS, {"now": now})).all()


async def claim(session: AsyncSession, platform: str, *, now: datetime, many: int) -> Sequence[Claimed]:
    """Take up to `many` deliveries of a platform for one attempt each; the lease counts by the database's own clock."""
    rows = await session.execute(
        _CLAIM, {"platform": platform, "now": now, "many": many, "lease": policy.FEEDBACK_LEASE_SECONDS}
    )
    return [Claimed(*row) for row in rows]


class Superseded(Exception):
    """The lease ran out meanwhile: another attempt under the same id decides."""


async def end_attempt(
    session: AsyncSession,
    claimed: Claimed,
    outcome: Outcome,
    *,
    at: datetime,
    state: DeliveryState,
    next_at: datetime | None,
) -> tuple[bool, AckedBy | None]:
    """Store how an attempt ended and what becomes of its delivery.

    Whether another reply of the order waits, and how it is known that the platform has this one.

    Superseded when this attempt is not the one that counts any more: then only its own end is stored.
    """
    found = await (await session.connection()).execute(
        _END_ATTEMPT,
        {
            "of": claimed.id,
            "lease": claimed.lease,
            "at": at,
            "word": outcome.word,
            "reason": outcome.reason,
            "answered": outcome.status,
            "state": state,
            "next_at": next_at,
            "acked_at": at if outcome.acked else None,
            "acked_by": AckedBy.ANSWER.value if outcome.acked else None,
        },
    )
    row = found.first()
    if row is None:
        raise Superseded
    return bool(row[0]), None if row[1] is None else AckedBy(row[1])


async def next_first_attempt(session: AsyncSession) -> datetime | None:
    """When the next reply is to be sent for the first time; a moment in the past while an attempt runs."""
    moment: datetime | None = await session.scalar(_FIRST_ATTEMPT)
    return moment


async def deliveries_page(
    session: AsyncSession, *, state: DeliveryState | None, order_id: str | None, cursor: str | None, limit: int
) -> Listed[Delivery]:
    """Newest first."""
    query = select(Delivery)
    if state is not None:
        query = query.where(Delivery.state == state)
    if order_id is not None:
        query = query.where(Delivery.order_id == order_id)
    return await _NEWEST_FIRST.page(session, query, cursor=cursor, limit=limit)


async def numbers_of(session: AsyncSession, order_ids: Collection[str]) -> dict[str, str]:
    """The platforms' numbers of these orders, by the order's id."""
    record = UpstreamOrderRecord
    rows = await session.execute(select(record.order_id, record.platform_no).where(record.order_id.in_(order_ids)))
    return {row[0]: row[1] for row in rows}


async def delivery_of(session: AsyncSession, delivery_id: str, *, lock: bool = False) -> Delivery:
    """One delivery, locked if it is to be changed; NotListed when there is none."""
    record = await session.get(Delivery, delivery_id, with_for_update=lock or None)
    if record is None:
        raise NotListed("反馈", delivery_id)
    return record


async def attempts_of(session: AsyncSession, delivery_id: str) -> Sequence[DeliveryAttempt]:
    """All attempts of a delivery, the oldest first."""
    return (
        await session.scalars(
            select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id).order_by(DeliveryAttempt.number)
        )
    ).all()

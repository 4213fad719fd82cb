"""Review's queries.  What a person may see is decided here, by `scope`, and nowhere else (S4.2a)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Text, any_, bindparam, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.review.model import State
from services.review.rules import OPEN_STATES
from services.review.tables import HandlerRecord, OrderRecord, Record, RoundRecord
from shared.errors import NotFound
from shared.identity import Scope


def _visible(scope: Scope) -> ColumnElement[bool]:
    return true() if scope.everything else RoundRecord.unit == scope.unit


@dataclass(slots=True)
class Held:
    """What a batch of events has read and locked: every round of its orders, in their sequence, and what is known of them."""

    orders: dict[str, OrderRecord]
    rounds: dict[str, list[RoundRecord]]


_HELD: Final = "held"


def _held(session: AsyncSession) -> Held | None:
    held: Held | None = session.info.get(_HELD)
    return held


# Built once: a statement takes longer to put together than to run.
_IN_SEQUENCE = (RoundRecord.round, RoundRecord.submitted_at, RoundRecord.reply_id)
_IDS = any_(bindparam("ids", type_=ARRAY(Text)))
_ORDERS = select(OrderRecord).where(OrderRecord.order_id == _IDS)
_ROUNDS = (
    select(RoundRecord)
    .where(RoundRecord.order_id == _IDS)
    .order_by(RoundRecord.order_id, *_IN_SEQUENCE)
    .with_for_update()
)
_REMEMBER_ORDER = insert(Record.metadata.tables[OrderRecord.__tablename__]).on_conflict_do_nothing()
_REMEMBER_HANDLER = insert(Record.metadata.tables[HandlerRecord.__tablename__]).on_conflict_do_nothing()
_HANDLERS = select(HandlerRecord.account).where(HandlerRecord.order_id == bindparam("of"))
_ROUND = select(RoundRecord).where(RoundRecord.reply_id == bindparam("of")).with_for_update()


async def hold_orders(session: AsyncSession, order_ids: Sequence[str]) -> None:
    """Read these orders and lock their rounds, in two statements instead of some for each event."""
    held = Held({}, {order_id: [] for order_id in order_ids})
    for order in await session.scalars(_ORDERS, {"ids": list(order_ids)}):
        held.orders[order.order_id] = order  # a reference is what keeps it in the session
    for record in await session.scalars(_ROUNDS, {"ids": list(order_ids)}):
        held.rounds[record.order_id].append(record)
    session.info[_HELD] = held


async def order_known(session: AsyncSession, order_id: str) -> OrderRecord | None:
    """What is remembered of the order; None when it has not been received here."""
    return await session.get(OrderRecord, order_id)


async def remember_order(
    session: AsyncSession, order_id: str, *, scheme: str, level: str, received_at: datetime
) -> None:
    """Enter the order once."""
    fresh = {"order_id": order_id, "scheme": scheme, "level": level, "received_at": received_at}
    await (await session.connection()).execute(_REMEMBER_ORDER, fresh)


async def remember_handler(session: AsyncSession, order_id: str, account: str) -> None:
    """Enter once that the account handled the order."""
    await (await session.connection()).execute(_REMEMBER_HANDLER, {"order_id": order_id, "account": account})


async def handlers_of(session: AsyncSession, order_id: str) -> frozenset[str]:
    """The accounts that handled the order."""
    return frozenset(await session.scalars(_HANDLERS, {"of": order_id}))


def add_round(session: AsyncSession, record: RoundRecord) -> None:
    """A new round of its order."""
    session.add(record)
    held = _held(session)
    if held is not None and record.order_id in held.rounds:
        held.rounds[record.order_id].append(record)


async def rounds_for_update(session: AsyncSession, order_id: str) -> Sequence[RoundRecord]:
    """Every round of the order in its sequence, locked."""
    held = _held(session)
    if held is not None and order_id in held.rounds:
        return tuple(held.rounds[order_id])
    return (await session.scalars(_ROUNDS, {"ids": [order_id]})).all()


async def open_rounds_for_update(session: AsyncSession, order_id: str) -> Sequence[RoundRecord]:
    """The rounds of the order that somebody still has to decide upon, locked."""
    return [record for record in await rounds_for_update(session, order_id) if State(record.state) in OPEN_STATES]


async def round_for_update(session: AsyncSession, reply_id: str, *, unit: str | None = None) -> RoundRecord:
    """The round, locked; NotFound when it is unknown or, with `unit`, not that unit's."""
    found = (await session.scalars(_ROUND, {"of": reply_id})).one_or_none()
    if found is None or (unit is not None and found.unit != unit):
        raise NotFound("答复", reply_id)
    return found


async def round_of(session: AsyncSession, scope: Scope, reply_id: str) -> RoundRecord:
    """The round for reading; NotFound when it is unknown or not in the caller's scope."""
    query = select(RoundRecord).where(RoundRecord.reply_id == reply_id, _visible(scope))
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise NotFound("答复", reply_id)
    return found


async def rounds_of(session: AsyncSession, scope: Scope, order_id: str) -> Sequence[RoundRecord]:
    """The order's rounds in their sequence, as far as the caller may see them; NotFound when there is none."""
    query = (
        select(RoundRecord)
        .where(RoundRecord.order_id == order_id, _visible(scope))
        .order_by(RoundRecord.round, RoundRecord.submitted_at, RoundRecord.reply_id)
    )
    found = (await session.scalars(query)).all()
    if not found:
        raise NotFound("工单答复", order_id)
    return found


async def page_of_rounds(
    session: AsyncSession,
    scope: Scope,
    *,
    states: Sequence[State],
    unit: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[RoundRecord]:
    """Rounds from the longest waiting on; `after` is the last one of the page before."""
    query = select(RoundRecord).where(_visible(scope))
    if states:
        query = query.where(RoundRecord.state.in_([state.value for state in states]))
    if unit is not None:
        query = query.where(RoundRecord.unit == unit)
    if after is not None:
        query = query.where(tuple_(RoundRecord.submitted_at, RoundRecord.reply_id) > tuple_(*after))
    query = query.order_by(RoundRecord.submitted_at, RoundRecord.reply_id).limit(limit)
    return (await session.scalars(query)).all()

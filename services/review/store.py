"""Review's queries.  What a person may see is decided here, by `scope`, and nowhere else (S4.2a)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, true, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.review.model import State
from services.review.rules import OPEN_STATES
from services.review.tables import HandlerRecord, OrderRecord, RoundRecord
from shared.errors import NotFound
from shared.identity import Scope


def _visible(scope: Scope) -> ColumnElement[bool]:
    return true() if scope.everything else RoundRecord.unit == scope.unit


async def order_known(session: AsyncSession, order_id: str) -> OrderRecord | None:
    """What is remembered of the order; None when it has not been received here."""
    return await session.get(OrderRecord, order_id)


async def remember_order(
    session: AsyncSession, order_id: str, *, scheme: str, level: str, received_at: datetime
) -> None:
    """Enter the order once."""
    fresh = {"order_id": order_id, "scheme": scheme, "level": level, "received_at": received_at}
    await session.execute(insert(OrderRecord).values(fresh).on_conflict_do_nothing())


async def remember_handler(session: AsyncSession, order_id: str, account: str) -> None:
    """Enter once that the account handled the order."""
    await session.execute(insert(HandlerRecord).values(order_id=order_id, account=account).on_conflict_do_nothing())


async def handlers_of(session: AsyncSession, order_id: str) -> frozenset[str]:
    """The accounts that handled the order."""
    found = await session.scalars(select(HandlerRecord.account).where(HandlerRecord.order_id == order_id))
    return frozenset(found)


async def rounds_for_update(session: AsyncSession, order_id: str) -> Sequence[RoundRecord]:
    """Every round of the order in its sequence, locked."""
    query = (
        select(RoundRecord)
        .where(RoundRecord.order_id == order_id)
        .order_by(RoundRecord.round, RoundRecord.submitted_at, RoundRecord.reply_id)
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def open_rounds_for_update(session: AsyncSession, order_id: str) -> Sequence[RoundRecord]:
    """The rounds of the order that somebody still has to decide upon, locked."""
    query = (
        select(RoundRecord)
        .where(RoundRecord.order_id == order_id, RoundRecord.state.in_([state.value for state in OPEN_STATES]))
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def round_for_update(session: AsyncSession, reply_id: str, *, unit: str | None = None) -> RoundRecord:
    """The round, locked; NotFound when it is unknown or, with `unit`, not that unit's."""
    query = select(RoundRecord).where(RoundRecord.reply_id == reply_id).with_for_update()
    found = (await session.scalars(query)).one_or_none()
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

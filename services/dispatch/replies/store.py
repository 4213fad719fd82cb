"""The replies of an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.record import Record
from services.dispatch.replies.model import ReplyState
from services.dispatch.replies.tables import ReplyRecord
from shared.work import Work

_REPLIES: Final[Table] = Record.metadata.tables[ReplyRecord.__tablename__]

_JUDGE: Final = (
    update(_REPLIES)
    .where(_REPLIES.c.id == bindparam("of"))
    .values(state=bindparam("state"), judged_at=bindparam("judged_at"), opinion=bindparam("opinion"))
)
_VOID_APPROVED: Final = (
    update(_REPLIES)
    .where(_REPLIES.c.id == bindparam("of"), _REPLIES.c.state == ReplyState.APPROVED)
    .values(state=ReplyState.VOID, judged_at=bindparam("judged_at"))
    .returning(_REPLIES.c.id)
)
_APPROVED: Final = (
    select(_REPLIES.c.disposition)
    .where(_REPLIES.c.order_id == bindparam("of"), _REPLIES.c.state == ReplyState.APPROVED)
    .order_by(_REPLIES.c.round.desc())
    .limit(1)
)


async def judge_reply(work: Work, reply_id: str, state: ReplyState, *, opinion: str | None = None) -> None:
    """Write down what became of a reply."""
    connection = await work.session.connection()
    await connection.execute(_JUDGE, {"of": reply_id, "state": state, "judged_at": work.now, "opinion": opinion})


async def void_approved(work: Work, reply_id: str) -> bool:
    """Take back that a reply was approved; False where it was not."""
    connection = await work.session.connection()
    return (await connection.execute(_VOID_APPROVED, {"of": reply_id, "judged_at": work.now})).first() is not None


async def approved_disposition(session: AsyncSession, order_id: str) -> str | None:
    """The disposition of the order's newest approved reply; None while there is none."""
    return (await (await session.connection()).execute(_APPROVED, {"of": order_id})).scalar()


async def plan_day_of(session: AsyncSession, reply_id: str) -> date:
    """The day that a reply of 列入计划 names."""
    day = await session.scalar(select(ReplyRecord.plan_on).where(ReplyRecord.id == reply_id))
    assert day is not None, "a planned reply was refused without its day"
    return day


async def replies_of(session: AsyncSession, order_id: str, *, only: str | None) -> Sequence[ReplyRecord]:
    """Every reply of the order, the first first."""
    query = select(ReplyRecord).where(ReplyRecord.order_id == order_id).order_by(ReplyRecord.round)
    if only is not None:  # the part of a former unit
        query = query.where(ReplyRecord.unit == only)
    return (await session.execute(query)).scalars().all()

"""Sessions: begun, used, ended, and those of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.sessions.model import EndedBy
from services.dispatch.sessions.policy import IDLE_LIMIT, KEPT_AFTER, LONGEST, MOST_OPEN
from services.dispatch.sessions.tables import BrowserSessionRecord as Row


def _open(now: datetime) -> ColumnElement[bool]:
    return Row.ended_at.is_(None) & (Row.used_at > now - IDLE_LIMIT) & (Row.began_at > now - LONGEST)


async def use(session: AsyncSession, secret_print: str, now: datetime) -> Row | None:
    """Note that this session is used now; None when it is over or unknown.  One statement: two tabs may come at once."""
    used = (
        update(Row)
        .where(Row.secret_print == secret_print, _open(now))
        .values(used_at=func.greatest(Row.used_at, now))
        .returning(Row)
    )
    return (await session.execute(used)).scalar_one_or_none()


async def of_secret(session: AsyncSession, secret_print: str) -> Row | None:
    """The session of this cookie, open or over."""
    return (await session.execute(select(Row).where(Row.secret_print == secret_print))).scalar_one_or_none()


async def end_by_secret(session: AsyncSession, secret_print: str, by: EndedBy, now: datetime) -> Row | None:
    """End the session of this cookie; None when it is over or unknown."""
    ended = (
        update(Row).where(Row.secret_print == secret_print, _open(now)).values(ended_at=now, ended_by=by).returning(Row)
    )
    return (await session.execute(ended)).scalar_one_or_none()


async def end_all(session: AsyncSession, account: str, by: EndedBy, now: datetime, *, but: str | None = None) -> int:
    """End the open sessions of an account, except one; how many they were."""
    ended = update(Row).where(Row.account == account, _open(now)).values(ended_at=now, ended_by=by)
    if but is not None:
        ended = ended.where(Row.session_id != but)
    return len((await session.execute(ended.returning(Row.session_id))).all())


async def make_room(session: AsyncSession, account: str, now: datetime) -> None:
    """End those used longest ago when the account has as many as it may; and remove rows that tell nobody anything."""
    too_many = (
        select(Row.session_id)
        .where(Row.account == account, Row.ended_at.is_(None))
        .order_by(Row.used_at.desc(), Row.session_id)
        .offset(MOST_OPEN - 1)
    )
    await session.execute(
        update(Row)
        .where(Row.session_id.in_(too_many))
        .values(ended_at=now, ended_by=EndedBy.OTHER_SESSIONS)
        .execution_options(synchronize_session=False)
    )
    await session.execute(delete(Row).where(Row.began_at < now - LONGEST - KEPT_AFTER))


async def open_sessions(session: AsyncSession, account: str, now: datetime) -> Sequence[Row]:
    """The open sessions of an account, the last used first."""
    query = select(Row).where(Row.account == account, _open(now)).order_by(Row.used_at.desc(), Row.session_id)
    return (await session.execute(query)).scalars().all()

"""Accounts and their failed logins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.errors import AccountUnknown
from services.dispatch.policy import LOCK_AFTER, LOCK_FOR
from services.dispatch.tables import AccountRecord, LoginAttemptRecord


class Attempt(NamedTuple):
    """A login that has been counted: how many in a row without success, and until when the name is locked."""

    failures: int
    locked_until: datetime | None


async def account_for_update(session: AsyncSession, account: str) -> AccountRecord:
    """The account, locked; AccountUnknown."""
    found = await session.get(AccountRecord, account, with_for_update=True)
    if found is None:
        raise AccountUnknown(account)
    return found


async def find_account(session: AsyncSession, account: str) -> AccountRecord | None:
    """The account, if there is one."""
    return await session.get(AccountRecord, account)


async def add_account(session: AsyncSession, record: AccountRecord) -> bool:
    """Write a new account; False when the name is taken."""
    columns = AccountRecord.__table__.columns
    values = {column.key: getattr(record, column.key) for column in columns if column.key != "version"}
    added = await session.execute(
        insert(AccountRecord).values(**values, version=1).on_conflict_do_nothing().returning(AccountRecord.account)
    )
    return added.first() is not None


async def accounts_by_name(
    session: AsyncSession, *, unit: str | None, after: str | None, limit: int
) -> Sequence[AccountRecord]:
    """Accounts by name, of one unit if given."""
    query = select(AccountRecord).order_by(AccountRecord.account).limit(limit)
    if unit is not None:
        query = query.where(AccountRecord.unit == unit)
    if after is not None:
        query = query.where(AccountRecord.account > after)
    return (await session.execute(query)).scalars().all()


async def lock_administrators(session: AsyncSession) -> int:
    """How many active administrators there are; locked, so that two cannot resign at once."""
    query = (
        select(AccountRecord.account)
        .where(AccountRecord.active, AccountRecord.roles.contains(["admin"]))
        .order_by(AccountRecord.account)
        .with_for_update()
    )
    return len((await session.execute(query)).all())


async def is_empty(session: AsyncSession) -> bool:
    """Whether there is no account at all."""
    return (await session.execute(select(AccountRecord.account).limit(1))).first() is None


async def count_attempt(session: AsyncSession, account: str, now: datetime) -> Attempt:
    """Count a login before its password is looked at, so that a hundred guesses at once are a hundred counted ones.

    The fifth in a row without success locks the name; failures older than the lock's length are forgotten.
    """
    old = LoginAttemptRecord
    forgotten = or_(old.locked_until <= now, old.locked_until.is_(None) & (old.last_at <= now - LOCK_FOR))
    new = insert(LoginAttemptRecord).values(account=account, failures=1, last_at=now, locked_until=None)
    row = await session.execute(
        new.on_conflict_do_update(
            index_elements=["account"],
            set_={
                "failures": case((forgotten, 1), else_=old.failures + 1),
                "locked_until": case(
                    (forgotten, None), (old.failures + 1 == LOCK_AFTER, now + LOCK_FOR), else_=old.locked_until
                ),
                "last_at": now,
            },
        ).returning(LoginAttemptRecord.failures, LoginAttemptRecord.locked_until)
    )
    failures, locked_until = row.one()
    return Attempt(failures, locked_until)


async def forget_attempts(session: AsyncSession, account: str, now: datetime) -> None:
    """After a success; and of all names what is a day old, so that invented names do not pile up."""
    await session.execute(
        delete(LoginAttemptRecord).where(
            or_(LoginAttemptRecord.account == account, LoginAttemptRecord.last_at < now - timedelta(days=1))
        )
    )

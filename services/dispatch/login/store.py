"""The account that logs in, and its failed logins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.dispatch.login.policy import LOCK_AFTER, LOCK_FOR
from services.dispatch.login.tables import AccountRecord, LoginAttemptRecord


class Attempt(NamedTuple):
    """A login that has been counted: how many in a row without success, and until when the name is locked."""

    failures: int
    locked_until: datetime | None


async def find_account(session: AsyncSession, account: str) -> AccountRecord | None:
    """The account with its password's hash, if there is one."""
    return await session.get(AccountRecord, account, options=[undefer(AccountRecord.password_hash)])


async def is_unchanged(session: AsyncSession, proven: AccountRecord) -> bool:
    """Whether the account is active and has the password that was proven; it stays so until the end of the transaction."""
    query = (
        select(AccountRecord.account)
        .where(
            AccountRecord.account == proven.account,
            AccountRecord.active,
            AccountRecord.password_hash == proven.password_hash,
        )
        .with_for_update(read=True)
    )
    return (await session.execute(query)).first() is not None


async def count_attempt(session: AsyncSession, account: str, now: datetime) -> Attempt:
    """Count a login before its password is checked, so that guesses at the same time are all counted.

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
    """Forget the failures of this account; and all that are a day old, so that invented names do not accumulate."""
    await session.execute(
        delete(LoginAttemptRecord).where(
            or_(LoginAttemptRecord.account == account, LoginAttemptRecord.last_at < now - timedelta(days=1))
        )
    )

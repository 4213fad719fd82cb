"""Accounts: one for a change, the list, and the administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.accounts.errors import AccountUnknown
from services.dispatch.login.tables import AccountRecord
from shared.lists import Keyset, Listed

_BY_NAME: Final = Keyset(AccountRecord.account)


async def account_for_update(session: AsyncSession, account: str) -> AccountRecord:
    """The account, locked; AccountUnknown."""
    found = await session.get(AccountRecord, account, with_for_update=True)
    if found is None:
        raise AccountUnknown(account)
    return found


async def add_account(session: AsyncSession, record: AccountRecord) -> bool:
    """Write a new account; False when the name is taken."""
    columns = AccountRecord.__table__.columns
    values = {column.key: getattr(record, column.key) for column in columns if column.key != "version"}
    added = await session.execute(
        insert(AccountRecord).values(**values, version=1).on_conflict_do_nothing().returning(AccountRecord.account)
    )
    return added.first() is not None


async def accounts_by_name(
    session: AsyncSession, *, unit: str | None, cursor: str | None, limit: int
) -> Listed[AccountRecord]:
    """Accounts by name, of one unit if given."""
    query = select(AccountRecord)
    if unit is not None:
        query = query.where(AccountRecord.unit == unit)
    return await _BY_NAME.page(session, query, cursor=cursor, limit=limit)


async def names_of(session: AsyncSession, accounts: Sequence[str], *, unit: str | None) -> Mapping[str, str]:
    """What the people with these accounts are called, of one unit if given; an unknown account is left out."""
    query = select(AccountRecord.account, AccountRecord.name).where(AccountRecord.account.in_(accounts))
    if unit is not None:
        query = query.where(AccountRecord.unit == unit)
    return {row.account: row.name for row in await session.execute(query)}


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

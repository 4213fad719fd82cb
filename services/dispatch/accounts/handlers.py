"""Accounts: entered and changed by the administrator, and the first one of an empty database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.dispatch.accounts import store
from services.dispatch.accounts.errors import AccountExists, LastAdministrator
from services.dispatch.accounts.rules import check_password, check_roles
from services.dispatch.directory.errors import UnitNotListed, UnitUnknown
from services.dispatch.directory.handlers import publish_unit
from services.dispatch.directory.store import unit_with_caseworkers
from services.dispatch.login.store import forget_attempts
from services.dispatch.login.tables import AccountRecord
from services.dispatch.sessions.handlers import end_sessions
from services.dispatch.sessions.model import EndedBy
from services.dispatch.settings import PASSWORDS
from shared.deps import check_version
from shared.identity import Role
from shared.telemetry import logger
from shared.work import Work, Works

log = logger("accounts")
ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """What the administrator writes down of an account."""

    name: str
    roles: frozenset[Role]
    unit: str | None
    active: bool


async def hash_of(account: str, password: str) -> str:
    """The hash of a new password, made in a thread; PasswordUnfit when it is too easy."""
    check_password(account, password)
    return await asyncio.to_thread(PASSWORDS.hash, password)


async def add_account(work: Work, account: str, entry: AccountEntry, password_hash: str) -> AccountRecord:
    """Enter a new account."""
    await _check_entry(work, entry)
    record = AccountRecord(
        account=account,
        name=entry.name,
        roles=sorted(entry.roles),
        unit=entry.unit,
        password_hash=password_hash,
        active=entry.active,
        created_at=work.now,
        changed_at=work.now,
        version=1,
    )
    if not await store.add_account(work.session, record):
        raise AccountExists(account)
    work.audit("account.entered", account, after=_shown(record))
    if entry.unit is not None:
        await publish_unit(work, entry.unit)
    return record


async def change_account(work: Work, account: str, entry: AccountEntry, *, version: int | None) -> AccountRecord:
    """Replace what is written of an account; its tokens remain valid until they expire, an hour at most.

    Its browser sessions have the new roles with their next token; those of a disabled account end.
    """
    await _check_entry(work, entry)
    others = await store.lock_administrators(work.session)
    record = await store.account_for_update(work.session, account)
    check_version(record.version, version)
    stays = entry.active and Role.ADMIN in entry.roles
    if record.active and Role.ADMIN in record.roles and not stays and others <= 1:
        raise LastAdministrator
    before, unit_before = _shown(record), record.unit
    record.name, record.roles, record.unit = entry.name, sorted(entry.roles), entry.unit
    record.active, record.changed_at = entry.active, work.now
    work.audit("account.changed", account, before=before, after=_shown(record))
    if not entry.active:
        await end_sessions(work, account, EndedBy.ACCOUNT_CLOSED)
    for unit in sorted({unit_before, entry.unit} - {None}, key=str):
        await publish_unit(work, str(unit))
    return record


async def set_password(work: Work, account: str, password_hash: str, *, session: str | None = None) -> None:
    """Give the account another password; failures under its name are forgotten, and its sessions end but for `session`."""
    record = await store.account_for_update(work.session, account)
    record.password_hash, record.changed_at = password_hash, work.now
    if work.person.has(Role.ADMIN):  # whoever shows the current one has had them forgotten by it
        await forget_attempts(work.session, account, work.now)
    work.audit("account.password_set", account)
    await end_sessions(work, account, EndedBy.PASSWORD, but=session)


async def end_account_sessions(work: Work, account: str) -> None:
    """Sign the account out in every browser; AccountUnknown."""
    await store.account_for_update(work.session, account)
    await end_sessions(work, account, EndedBy.ADMINISTRATOR)


async def enter_administrator(works: Works, password: str | None) -> None:
    """The first account of an empty database, so that somebody can enter the others."""
    async with works.read() as session:
        if not await store.is_empty(session):
            return
    if password is None:
        log.warning("no account yet and GONGDAN_ADMIN_PASSWORD is not set: nobody can log in")
        return
    password_hash = await asyncio.to_thread(PASSWORDS.hash, password)
    async with works.begin() as work:
        record = AccountRecord(
            account=ADMINISTRATOR,
            name="系统管理员",
            roles=[Role.ADMIN],
            password_hash=password_hash,
            active=True,
            created_at=work.now,
            changed_at=work.now,
            version=1,
        )
        # Two replicas may start at once: the second finds the first one's row.
        if await store.add_account(work.session, record):
            work.audit("account.entered", ADMINISTRATOR, after=_shown(record))


async def _check_entry(work: Work, entry: AccountEntry) -> None:
    check_roles(entry.roles, entry.unit)
    if entry.unit is not None:
        try:
            await unit_with_caseworkers(work.session, entry.unit)
        except UnitUnknown as unknown:
            raise UnitNotListed(entry.unit) from unknown


def _shown(record: AccountRecord) -> dict[str, object]:
    return {"roles": list(record.roles), "unit": record.unit, "active": record.active}

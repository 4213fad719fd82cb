"""Accounts: who can log in, as what, and the login itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pwdlib.exceptions import UnknownHashError

from services.dispatch.errors import (
    AccountExists,
    CurrentPasswordWrong,
    LastAdministrator,
    LoginLocked,
    LoginRefused,
    UnitNotListed,
    UnitUnknown,
)
from services.dispatch.handlers.units import tell_unit
from services.dispatch.policy import LOCK_AFTER
from services.dispatch.rules.accounts import check_password, check_roles
from services.dispatch.settings import PASSWORDS
from services.dispatch.store import accounts, units
from services.dispatch.tables import AccountRecord
from shared.errors import Conflict
from shared.identity import Person, Role, TokenSigner
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


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login: the token, when it ends, and whose it is."""

    token: str
    ends_at: datetime
    person: Person


@cache
def _nobody() -> str:
    """The hash that stands in for an unknown account, so that it costs as much as a known one."""
    return PASSWORDS.hash("no account has this password")


def _fits(password: str, password_hash: str | None) -> bool:
    try:
        return PASSWORDS.verify(password, password_hash or _nobody()) and password_hash is not None
    except UnknownHashError:
        return False  # an account without a password of ours, as an import leaves it: nobody logs in with it


async def log_in(works: Works, signer: TokenSigner, account: str, password: str) -> LoggedIn:
    """Exchange a password for a token.

    The attempt is counted and committed before the password is looked at, and the password is checked in a thread and
    outside any transaction: it takes tens of milliseconds and megabytes.  LoginRefused, LoginLocked.
    """
    record = await _prove(works, account, password)
    person = person_of(record)
    async with works.begin(person) as work:
        await accounts.forget_attempts(work.session, account, work.now)
        work.audit("account.logged_in", account)
    token, ends_at = signer.sign(person)
    return LoggedIn(token, ends_at, person)


async def check_own_password(works: Works, account: str, password: str) -> None:
    """Whoever changes a password shows that it is theirs; a wrong guess counts like a failed login."""
    try:
        await _prove(works, account, password)
    except LoginRefused as refused:
        raise CurrentPasswordWrong from refused
    async with works.begin() as work:
        await accounts.forget_attempts(work.session, account, work.now)


async def _prove(works: Works, account: str, password: str) -> AccountRecord:
    async with works.begin() as work:
        attempt = await accounts.count_attempt(work.session, account, work.now)
        record = await accounts.find_account(work.session, account)
    if attempt.failures > LOCK_AFTER and attempt.locked_until is not None:
        raise LoginLocked(attempt.locked_until)
    fits = await asyncio.to_thread(_fits, password, None if record is None else record.password_hash)
    if record is not None and fits and record.active:
        return record
    if record is not None:
        async with works.begin() as work:
            work.audit("account.login_failed", account, after={"failures": attempt.failures})
    raise LoginRefused


def person_of(record: AccountRecord) -> Person:
    """The person behind an account."""
    return Person(record.account, record.name, frozenset(Role(role) for role in record.roles), record.unit)


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
    if not await accounts.add_account(work.session, record):
        raise AccountExists(account)
    work.audit("account.entered", account, after=_shown(record))
    if entry.unit is not None:
        await tell_unit(work, entry.unit)
    return record


async def change_account(work: Work, account: str, entry: AccountEntry, *, version: int | None) -> AccountRecord:
    """Replace what is written of an account; tokens that it holds run on until they end, an hour at most."""
    await _check_entry(work, entry)
    others = await accounts.lock_administrators(work.session)
    record = await accounts.account_for_update(work.session, account)
    if version is not None and version != record.version:
        raise Conflict
    stays = entry.active and Role.ADMIN in entry.roles
    if record.active and Role.ADMIN in record.roles and not stays and others <= 1:
        raise LastAdministrator
    before, was_of = _shown(record), record.unit
    record.name, record.roles, record.unit = entry.name, sorted(entry.roles), entry.unit
    record.active, record.changed_at = entry.active, work.now
    work.audit("account.changed", account, before=before, after=_shown(record))
    for unit in sorted({was_of, entry.unit} - {None}, key=str):
        await tell_unit(work, str(unit))
    return record


async def set_password(work: Work, account: str, password_hash: str) -> None:
    """Give the account another password; failures under its name are forgotten."""
    record = await accounts.account_for_update(work.session, account)
    record.password_hash, record.changed_at = password_hash, work.now
    await accounts.forget_attempts(work.session, account, work.now)
    work.audit("account.password_set", account)


async def enter_administrator(works: Works, password: str | None) -> None:
    """The first account of an empty database, so that somebody can enter the others."""
    async with works.read() as session:
        if not await accounts.is_empty(session):
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
        if await accounts.add_account(work.session, record):
            work.audit("account.entered", ADMINISTRATOR, after=_shown(record))


async def _check_entry(work: Work, entry: AccountEntry) -> None:
    check_roles(entry.roles, entry.unit)
    if entry.unit is not None:
        try:
            await units.unit_with_handlers(work.session, entry.unit)
        except UnitUnknown as unknown:
            raise UnitNotListed(entry.unit) from unknown


def _shown(record: AccountRecord) -> dict[str, object]:
    return {"roles": list(record.roles), "unit": record.unit, "active": record.active}

"""Exchange a password for a token, and check a password."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from weakref import WeakValueDictionary

from pwdlib.exceptions import UnknownHashError

from services.dispatch.login import store
from services.dispatch.login.errors import CurrentPasswordWrong, LoginLocked, LoginRefused
from services.dispatch.login.policy import LOCK_AFTER
from services.dispatch.login.tables import AccountRecord
from services.dispatch.settings import PASSWORDS
from shared.identity import Person, Role, TokenSigner
from shared.work import Work, Works


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login: the token, when it ends, and whose it is."""

    token: str
    ends_at: datetime
    person: Person


@cache
def _hash_of_no_password() -> str:
    """The hash that is checked for an unknown account, so that the answer takes as long as for a known one."""
    return PASSWORDS.hash("no account has this password")


def _fits(password: str, password_hash: str | None) -> bool:
    try:
        return PASSWORDS.verify(password, password_hash or _hash_of_no_password()) and password_hash is not None
    except UnknownHashError:
        return False  # an imported account without a password: nobody logs in with it


class Turns:
    """Passwords of one account name are checked one after the other; one per process and service.

    Each attempt is counted before its password is looked at, so that guesses at the same time are bounded (across all
    replicas too), and a success takes the count back.  In turns, an attempt of this process is counted when those before
    it are decided: right passwords that come together are no failures.
    """

    def __init__(self) -> None:
        self._of_account: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, account: str) -> AsyncIterator[None]:
        """Wait for the turn of this account."""
        turn = self._of_account.setdefault(account, asyncio.Lock())
        async with turn:
            yield


async def log_in(works: Works, turns: Turns, signer: TokenSigner, account: str, password: str) -> LoggedIn:
    """Exchange a password for a token.  LoginRefused, LoginLocked."""
    async with logging_in(works, turns, account, password) as work:
        person = work.person
    token, ends_at = signer.sign(person)
    return LoggedIn(token, ends_at, person)


@asynccontextmanager
async def logging_in(works: Works, turns: Turns, account: str, password: str) -> AsyncIterator[Work]:
    """The transaction of a login whose password was right, as the person who logs in; LoginRefused, LoginLocked.

    The attempt is counted and committed before the password is looked at, and the password is checked in a thread and
    outside any transaction: it takes tens of milliseconds and megabytes.
    """
    async with turns.of(account):
        record = await _proven_account(works, account, password)
        async with works.begin(person_of(record), confined=False) as work:
            # Whoever changes the password or closes the account meanwhile waits for this login, or is found here.
            if not await store.is_unchanged(work.session, record):
                raise LoginRefused
            await store.forget_attempts(work.session, account, work.now)
            work.audit("account.logged_in", account)
            yield work


async def check_own_password(works: Works, turns: Turns, account: str, password: str) -> None:
    """Check the current password of whoever changes it; a wrong one counts as a failed login."""
    async with turns.of(account):
        try:
            await _proven_account(works, account, password)
        except LoginRefused as refused:
            raise CurrentPasswordWrong from refused
        async with works.begin() as work:
            await store.forget_attempts(work.session, account, work.now)


async def _proven_account(works: Works, account: str, password: str) -> AccountRecord:
    async with works.begin() as work:
        attempt = await store.count_attempt(work.session, account, work.now)
        record = await store.find_account(work.session, account)
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

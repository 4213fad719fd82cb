"""Sign in, stay signed in, sign out: a short token for all services, and a session that gives the next one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.login.handlers import Turns, logging_in, person_of
from services.dispatch.login.store import find_account
from services.dispatch.sessions import store
from services.dispatch.sessions.errors import SessionEnded
from services.dispatch.sessions.model import EndedBy
from services.dispatch.sessions.policy import TOKEN_LIFE
from services.dispatch.sessions.rules import browser_of, end_of, ends_at
from services.dispatch.sessions.tables import BrowserSessionRecord
from shared.clock import clock_of_logins
from shared.identity import Person, TokenSigner
from shared.work import Work, Works


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets: a token that ends soon, for whom, and the times of its session."""

    person: Person
    token: str
    token_ends_at: datetime
    began_at: datetime
    used_at: datetime


async def sign_in(
    works: Works,
    turns: Turns,
    signer: TokenSigner,
    account: str,
    password: str,
    *,
    user_agent: str,
    before: str | None,
) -> tuple[SignedIn, str]:
    """Begin a session; what the browser gets, and the secret that proves the session.

    The secret is always a new one: a cookie that the browser brings is never taken over, and the session `before` that
    it names ends.  LoginRefused, LoginLocked.
    """
    secret = secrets.token_urlsafe(32)
    async with logging_in(works, turns, account, password) as work:
        now = _now(work)
        if before is not None:
            await store.end_by_secret(work.session, work.sealer.fingerprint(before), EndedBy.SIGN_IN, now)
        await store.make_room(work.session, account, now)
        record = BrowserSessionRecord(
            session_id=str(work.ids()),
            secret_print=work.sealer.fingerprint(secret),
            account=account,
            browser=browser_of(user_agent),
            began_at=now,
            used_at=now,
        )
        work.session.add(record)
    return _signed_in(signer, work.person, record), secret


async def refresh(works: Works, signer: TokenSigner, secret: str) -> SignedIn:
    """The next token of a session, with the roles and the unit that the account has now; SessionEnded."""
    async with works.begin() as work:
        secret_print = work.sealer.fingerprint(secret)
        record = await store.use(work.session, secret_print, _now(work))
        if record is None:
            raise SessionEnded(await _end_of(work, secret_print))
        account = await find_account(work.session, record.account)
        if account is None or not account.active:
            raise SessionEnded(EndedBy.ACCOUNT_CLOSED)
    return _signed_in(signer, person_of(account), record)


async def sign_out(works: Works, secret: str) -> None:
    """End the session of this secret; nothing when it is over."""
    async with works.begin() as work:
        ended = await store.end_by_secret(work.session, work.sealer.fingerprint(secret), EndedBy.SIGN_OUT, _now(work))
        account = None if ended is None else await find_account(work.session, ended.account)
    if account is not None:
        async with works.begin(person_of(account), confined=False) as work:
            work.audit("account.logged_out", account.account)


async def end_sessions(work: Work, account: str, by: EndedBy, *, but: str | None = None) -> None:
    """End all sessions of an account, except one; their tokens live until they end, a minute at most."""
    ended = await store.end_all(work.session, account, by, _now(work), but=but)
    if ended:
        work.audit("account.sessions_ended", account, after={"sessions": ended, "by": by})


async def _end_of(work: Work, secret_print: str) -> EndedBy:
    record = await store.of_secret(work.session, secret_print)
    if record is None:
        return EndedBy.UNKNOWN
    return end_of(record.began_at, record.used_at, record.ended_by, now=_now(work)) or EndedBy.UNKNOWN


def _now(work: Work) -> datetime:
    """By the clock by which tokens end."""
    clock = clock_of_logins(work.clock)
    return work.now if clock is work.clock else clock.now()


def _signed_in(signer: TokenSigner, person: Person, record: BrowserSessionRecord) -> SignedIn:
    # No token outlives its session.
    life = min(TOKEN_LIFE, ends_at(record.began_at) - record.used_at)
    token, token_ends_at = signer.sign(person, life=life, session=record.session_id)
    return SignedIn(person, token, token_ends_at, record.began_at, record.used_at)

"""The end of the announcements, and who may listen in a browser."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime

from services.sla.streams import store
from services.sla.streams.errors import StreamPassRefused
from services.sla.streams.model import Announcement, StreamName
from services.sla.streams.policy import PASS_LIFE
from services.sla.streams.tables import StreamPassRecord
from shared import streams
from shared.clock import clock_of_logins
from shared.identity import Person, Role
from shared.work import Work, Works


class Tail(streams.Tail[Announcement]):
    """The newest announcements."""

    def __init__(self, wake: asyncio.Event) -> None:
        super().__init__(wake, read_last=store.last_position, read_after=store.announcements_after)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who reads a stream, and until when."""

    person: Person
    ends_at: datetime
    cookie: str | None = None
    """What this reader proves itself with when it comes back; None when it knows that already."""


def issue_pass(work: Work, stream: StreamName, *, ends_at: datetime) -> tuple[str, datetime]:
    """A pass that opens this stream once for this person, as long as his login lasts; and when it expires unused.

    A browser's EventSource sends no header, so that its proof has to stand in the address; hence one use, and soon.
    """
    given, person, expires_at = secrets.token_urlsafe(32), work.person, clock_of_logins(work.clock).now() + PASS_LIFE
    work.session.add(
        StreamPassRecord(
            pass_print=work.sealer.fingerprint(given),
            stream=stream,
            account=person.account,
            name=person.name,
            roles=sorted(person.roles),
            unit=person.unit,
            expires_at=expires_at,
            ends_at=ends_at,
        )
    )
    return given, expires_at


async def listener_of(works: Works, stream: StreamName, given: str | None, cookie: str | None) -> Listener:
    """Who comes with this pass, or comes back with the cookie that he got for it; StreamPassRefused.

    An EventSource that reconnects sends the address of before, with the used pass, and the cookie: the cookie counts then.
    """
    now = clock_of_logins(works.clock).now()
    if given:
        fresh = secrets.token_urlsafe(32)
        async with works.begin() as work:
            await store.remove_ended(work.session, now=now)
            prints = work.sealer.fingerprint(given), work.sealer.fingerprint(fresh)
            record = await store.take_pass(work.session, stream, *prints, now=now)
            if record is not None:
                return Listener(_person(record), record.ends_at, fresh)
    if cookie:
        async with works.read() as session:
            record = await store.pass_of_cookie(session, stream, works.sealer.fingerprint(cookie), now=now)
            if record is not None:
                return Listener(_person(record), record.ends_at)
    raise StreamPassRefused


def _person(record: StreamPassRecord) -> Person:
    roles = frozenset(Role(role) for role in record.roles)
    return Person(account=record.account, name=record.name, roles=roles, unit=record.unit)

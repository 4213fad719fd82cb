"""The end of the announcements, kept in memory so that a hundred open streams cost one query; and who may listen in a browser."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.sla.streams import store
from services.sla.streams.errors import StreamPassRefused
from services.sla.streams.model import Announcement, StreamName
from services.sla.streams.policy import PASS_LIFE
from services.sla.streams.tables import StreamPassRecord
from shared.identity import Person, Role
from shared.work import Work, Works

KEPT: Final = 5_000

BATCH: Final = 1_000


class Tail:
    """The newest announcements, and the streams that wait for more."""

    def __init__(self, wake: asyncio.Event) -> None:
        self.wake = wake
        self._kept: deque[Announcement] = deque(maxlen=KEPT)
        self._known = False
        self._last = 0
        self._waiting: set[asyncio.Event] = set()

    @property
    def last(self) -> int:
        """The position of the newest announcement that this process has read."""
        return self._last

    async def newest(self, works: Works) -> int:
        """The position of the newest announcement, also while this process has not read any yet."""
        if self._known:
            return self._last
        async with works.read() as session:
            return await store.last_position(session)

    async def catch_up(self, works: Works) -> None:
        """Read what is new, and wake every stream."""
        async with works.read() as session:
            if not self._known:
                self._last, self._known = await store.last_position(session), True
            while fresh := await store.announcements_after(session, self._last, limit=BATCH):
                self._kept.extend(fresh)
                self._last = fresh[-1].position
                for waiting in self._waiting:
                    waiting.set()

    async def after(self, works: Works, position: int) -> Sequence[Announcement]:
        """The announcements that follow a position, at most a batch of them; from memory where it reaches back so far."""
        if position >= self._last:
            return ()
        if self._kept and self._kept[0].position <= position + 1:
            first = position + 1 - self._kept[0].position
            return [self._kept[i] for i in range(first, min(first + BATCH, len(self._kept)))]
        async with works.read() as session:
            return await store.announcements_after(session, position, limit=BATCH)

    def join(self) -> asyncio.Event:
        """An event that is set when there is more; `leave` gives it back."""
        waiting = asyncio.Event()
        self._waiting.add(waiting)
        return waiting

    def leave(self, waiting: asyncio.Event) -> None:
        """The stream has ended."""
        self._waiting.discard(waiting)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._waiting)


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
    given, person, expires_at = secrets.token_urlsafe(32), work.person, work.now + PASS_LIFE
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
    now = works.clock.now()
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

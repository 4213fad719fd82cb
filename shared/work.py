"""The unit of work: one transaction, what a handler needs inside it, and what is written at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from shared.calendar import WorkCalendar
from shared.clock import Clock
from shared.contracts import Event
from shared.db.engine import asked_by
from shared.identity import SYSTEM, Person
from shared.outbox import Envelope, Outbox
from shared.outbox.writer import IdSource, columns_of, headers_beside, new_id, writing
from shared.personal.sealing import Sealer
from shared.reading_ahead import HeldRows, RowsOfOrder
from shared.telemetry import correlation_id
from shared.wakes import EVENTS_WRITTEN, Wakes

Row = TypeVar("Row")
Answered = TypeVar("Answered")
Item = TypeVar("Item")

# At the end of a transaction one statement writes the audit trail, the answer under the caller's idempotency key, and
# the events.
_AUDITED: Final = """
audited as (
  insert into audit (at, actor, role, unit, action, subject, before, after, reason, event_id, correlation)
  select at, actor, role, unit, action, subject, before::jsonb, after::jsonb, reason, event_id, correlation
  from unnest(cast(:audit_at as timestamptz[]), cast(:audit_actor as text[]), cast(:audit_role as text[]),
    cast(:audit_unit as text[]), cast(:audit_action as text[]), cast(:audit_subject as text[]),
    cast(:audit_before as text[]), cast(:audit_after as text[]), cast(:audit_reason as text[]),
    cast(:audit_event_id as text[]), cast(:audit_correlation as text[]))
    as t(at, actor, role, unit, action, subject, before, after, reason, event_id, correlation)
)
"""
_ANSWERED: Final = """
answered as (
  insert into idempotency (actor, key, fingerprint, status, answer, created_at)
  select cast(:actor as text), cast(:idempotency_key as text), cast(:fingerprint as text), cast(:status as int),
    cast(:answer as bytea), cast(:now as timestamptz)
  where cast(:idempotency_key as text) is not null
)
"""
_END: Final = text(writing(_AUDITED, _ANSWERED))
_AUDIT_COLUMNS: Final = (
    "at", "actor", "role", "unit", "action", "subject", "before", "after", "reason", "event_id", "correlation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered under an idempotency key; the body is sealed, because it may name a caller."""

    key: str
    fingerprint: str
    status: int
    body: bytes


@dataclass(slots=True)
class Work:
    """What a handler is given: load, decide, change, emit.  It never commits."""

    session: AsyncSession
    clock: Clock
    calendar: WorkCalendar
    sealer: Sealer
    person: Person
    outbox: Outbox
    ids: IdSource
    correlation: str
    held: HeldRows
    cause: Envelope | None = None
    """The event that is being applied; None in a command of a person."""
    adopted: WorkCalendar | None = None
    _audit: list[dict[str, Any]] = field(default_factory=list)
    _answer: Answer | None = None
    _wakes: set[str] = field(default_factory=set)
    _read_once: dict[Callable[[AsyncSession], Awaitable[Any]], Any] = field(default_factory=dict)
    _collected: dict[Callable[[Work, Sequence[Any]], Awaitable[None]], list[Any]] = field(default_factory=dict)
    _by_itself: bool = False
    _headers: tuple[tuple[Envelope | None, bool], str] | None = None
    """The headers of all events with this cause and actor: serialised once, not for each event."""

    def adopt(self, calendar: WorkCalendar) -> None:
        """Count by this calendar in this process as soon as the transaction is committed."""
        self.adopted = calendar

    async def locked(self, record: type[Row], order_id: str) -> Row | None:
        """The one row of this record that the order has, locked if its declaration says so; None when there is none."""
        found = await self.held.of(record, order_id)
        return found[0] if found else None

    async def rows(self, record: type[Row], order_id: str) -> Sequence[Row]:
        """All rows of this record that the order has, in their declared sequence and locked if it says so."""
        return tuple(await self.held.of(record, order_id))

    def add(self, row: object) -> None:
        """Write a new row of a declared record at the next flush; `locked` and `rows` find it from now on."""
        self.held.add(row)

    async def read_ahead(self, order_ids: Collection[str]) -> None:
        """Read and lock what is declared for these orders, a statement for each declaration."""
        await self.held.read(order_ids)

    def collect(self, write: Callable[[Work, Sequence[Item]], Awaitable[None]], item: Item) -> None:
        """Have `write` called once at the end of the transaction, with all items that were collected for it.

        So that however many events are applied together, one statement writes what follows from them.
        """
        self._collected.setdefault(write, []).append(item)

    async def once(self, read: Callable[[AsyncSession], Awaitable[Answered]]) -> Answered:
        """What `read` returns on this session; it runs once in a transaction, and its result is returned again."""
        if read not in self._read_once:
            self._read_once[read] = await read(self.session)
        return cast("Answered", self._read_once[read])

    def forget(self, read: Callable[[AsyncSession], Awaitable[Any]]) -> None:
        """Run `read` again when it is asked for next: the transaction has changed what it returned."""
        self._read_once.pop(read, None)

    def wake(self, job: str) -> None:
        """Wake the tasks that wait for this name, after the commit."""
        self._wakes.add(job)

    @property
    def wakes(self) -> frozenset[str]:
        """The names that the commit will wake."""
        return frozenset(self._wakes)

    @property
    def now(self) -> datetime:
        """The current moment."""
        return self.clock.now()

    def emit(self, event: Event) -> UUID:
        """Publish an event to the other services, written in this transaction; the event's id."""
        return self.outbox.add(event, at=self.clock.now(), headers=self.headers)

    @property
    def headers(self) -> str:
        """What stands beside the events of this cause, as JSON: for a statement that writes events by itself."""
        if self._headers is None or self._headers[0][0] is not self.cause or self._headers[0][1] != self._by_itself:
            self._headers = ((self.cause, self._by_itself), self._headers_now())
        return self._headers[1]

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """What is emitted and audited in this block the platform decides by itself (X1).

        A rule says so, and nobody who acted in the cause did: that stays known as causation and correlation.
        """
        before, self._by_itself = self._by_itself, True
        try:
            yield
        finally:
            self._by_itself = before

    def _headers_now(self) -> str:
        actor, role, unit = self._actor()
        if self.cause is None:
            return headers_beside(self.correlation, actor, role=role, unit=unit)
        correlation = self.cause.correlation or self.correlation
        return headers_beside(correlation, actor, str(self.cause.id), role=role, unit=unit)

    def _actor(self) -> tuple[str, str, str | None]:
        """Who acts, with roles and unit: the person of the command, or whoever acted in the event that is applied.

        A service that applies another's event carries out what was decided there; the history names who decided (X1).
        What it decides `by_itself` is the platform's.
        """
        if self._by_itself:
            return SYSTEM.account, SYSTEM.role, SYSTEM.unit
        if self.cause is None:
            return self.person.account, self.person.role, self.person.unit
        return self.cause.actor, self.cause.actor_role, self.cause.actor_unit

    def audit(
        self,
        action: str,
        subject: str,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Record who changed what, in this transaction (X1).  `before` and `after` have no personal data.

        A change that an event caused is recorded with whoever acted in that event, in whichever service; one that the
        platform decided `by_itself`, with the platform.
        """
        actor, role, unit = self._actor()
        self._audit.append(
            {
                "at": self.clock.now(),
                "actor": actor,
                "role": role,
                "unit": unit,
                "action": action,
                "subject": subject,
                "before": None if before is None else orjson.dumps(before).decode(),
                "after": None if after is None else orjson.dumps(after).decode(),
                "reason": reason,
                "event_id": None if self.cause is None else str(self.cause.id),
                "correlation": (self.cause.correlation if self.cause is not None else "") or self.correlation,
            }
        )

    def answer(self, answer: Answer) -> None:
        """Keep what the command answers under the person's idempotency key, in this transaction.

        A key that has its answer already makes the transaction fail: it is the second one of the same command.
        """
        self._answer = answer

    async def finish(self) -> None:
        """Write what is pending.  Only the unit of work calls it."""
        await self.session.flush()
        collected, self._collected = self._collected, {}
        for write, items in collected.items():
            await write(self, items)
        # Last, because it locks the streams: business rows first, streams second, everywhere.
        events, audited, answer = self.outbox.take(), self._audit, self._answer
        if not events and not audited and answer is None:
            return
        self._audit, self._answer = [], None
        if events:
            self._wakes.add(EVENTS_WRITTEN)
        await (await self.session.connection()).execute(
            _END,
            {
                **columns_of(events),
                **{f"audit_{name}": [row[name] for row in audited] for name in _AUDIT_COLUMNS},
                "actor": self.person.account,
                "idempotency_key": answer.key if answer else None,
                "fingerprint": answer.fingerprint if answer else None,
                "now": self.now if answer else None,
                "status": answer.status if answer else None,
                "answer": answer.body if answer else None,
            },
        )


@dataclass(slots=True)
class Works:
    """Opens the units of work of a service."""

    service: str
    engine: AsyncEngine
    """For the centre, the district, and what runs without a person."""
    unit_engine: AsyncEngine
    """For the requests of units: row-level security shows them the orders that they have or had."""
    clock: Clock
    sealer: Sealer
    calendar: WorkCalendar
    declared: Sequence[RowsOfOrder] = ()
    """What handlers ask for by order."""
    wakes: Wakes = field(default_factory=Wakes)
    ids: IdSource = new_id
    _sessions: async_sessionmaker[AsyncSession] = field(init=False)
    _unit_sessions: async_sessionmaker[AsyncSession] = field(init=False)
    _reading: async_sessionmaker[AsyncSession] = field(init=False)

    def __post_init__(self) -> None:
        """Sessions keep their records readable after the commit; a session lasts for one unit of work."""
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        self._unit_sessions = async_sessionmaker(self.unit_engine, expire_on_commit=False, autoflush=True)
        # Of the same pool.  Each query sees what is committed by then, in a transaction too, so that BEGIN and ROLLBACK
        # around queries are two round trips for nothing; a unit needs its BEGIN, which says who asks.
        self._reading = async_sessionmaker(self.engine.execution_options(isolation_level="AUTOCOMMIT"), autoflush=False)

    @asynccontextmanager
    async def begin(
        self, person: Person = SYSTEM, *, correlation: str | None = None, confined: bool = True
    ) -> AsyncIterator[Work]:
        """One transaction: committed when the block ends well, rolled back when it raises.

        With `confined=False` row-level security does not apply although a person is named, as for a login.
        """
        async with self._session_of(person if confined else SYSTEM) as session, session.begin():
            work = Work(
                session=session,
                clock=self.clock,
                calendar=self.calendar,
                sealer=self.sealer,
                person=person,
                outbox=Outbox(self.service, self.ids),
                ids=self.ids,
                correlation=correlation or correlation_id.get() or str(self.ids()),
                held=HeldRows(self.declared, session),
            )
            yield work
            await work.finish()
        if work.adopted is not None:
            self.calendar = work.adopted
        self.wakes.wake(work.wakes)

    @asynccontextmanager
    async def read(self, person: Person = SYSTEM) -> AsyncIterator[AsyncSession]:
        """A session for queries, with what this person may see."""
        if person.confined_to is not None:
            async with self._session_of(person) as session:
                yield session
        else:
            async with self._reading() as session:
                yield session

    async def close(self) -> None:
        """Close the connections of both logins."""
        await self.engine.dispose()
        await self.unit_engine.dispose()

    @asynccontextmanager
    async def _session_of(self, person: Person) -> AsyncIterator[AsyncSession]:
        unit = person.confined_to
        sessions = self._sessions if unit is None else self._unit_sessions
        with nullcontext() if unit is None else asked_by(unit):
            async with sessions() as session:
                yield session

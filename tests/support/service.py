"""One service for a test: a real database, a fixed clock, logins of every role; no bus, no jobs."""

from __future__ import annotations

import base64
import dataclasses
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy import text

from shared.app import build_app, mount
from shared.bus import Delivery, Message
from shared.clock import SimulatedClock
from shared.contracts import EVENTS, PUBLISHERS, Event
from shared.identity import Person, Role, TokenSigner
from shared.outbox import Envelope, encode
from shared.outbox.envelope import headers_of
from shared.outbox.writer import new_id
from shared.run.process import build_runtime
from shared.service import Runtime, Service
from shared.settings import Settings
from tests.support.postgres import LOGIN_PASSWORD, DatabaseServer, SharedServer, fresh_database, migrated_database
from tests.support.published import HOOKS
from tests.support.reuse import KeptDatabase

MONDAY_0900 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC) - timedelta(hours=8)
"""2026-11-23 09:00 in Yantai: an ordinary working Monday."""


def settings_for(database_url: str, bus_url: str = "postgresql://nowhere/bus", **more: Any) -> Settings:
    """Settings with keys drawn for this run, and files in memory."""
    more.setdefault("files_url", "memory:///")
    return Settings(
        database_url=database_url,
        bus_url=bus_url,
        token_public_key=SecretStr(base64.b64encode(_PRIVATE.public_key().public_bytes_raw()).decode()),
        token_private_key=SecretStr(base64.b64encode(_PRIVATE.private_bytes_raw()).decode()),
        seal_keys=SecretStr("test:" + base64.b64encode(_SEAL_KEY).decode()),
        centre_password=SecretStr(LOGIN_PASSWORD),
        unit_password=SecretStr(LOGIN_PASSWORD),
        **more,
    )


_PRIVATE = Ed25519PrivateKey.generate()
_SEAL_KEY = os.urandom(32)


class NoBus:
    """The desk has no bus: what would be published is read from the outbox."""

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def ensure_topics(self, topics: Any) -> None:
        """No topics."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Nobody publishes at a desk."""
        raise AssertionError("a desk has no bus")

    def subscribe(self, group: str, topics: Sequence[str], *, member: str) -> Any:
        """Nobody subscribes at a desk."""
        raise AssertionError("a desk has no bus")

    async def ping(self) -> None:
        """Always there."""

    async def trim(self, older_than: timedelta) -> int:
        """Nothing is kept."""
        del older_than
        return 0

    async def forget_group(self, group: str) -> None:
        """Nobody reads."""


@dataclass
class Desk:
    """A service under test."""

    runtime: Runtime
    clock: SimulatedClock
    http: httpx.AsyncClient
    _sequences: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _offset: int = 0
    _heard: int = 0

    def bearer(self, *roles: Role, unit: str | None = None, account: str | None = None) -> dict[str, str]:
        """The Authorization header of somebody with these roles."""
        name = account or "-".join([*sorted(roles), unit or "centre"])
        private = self.runtime.settings.token_private_key
        assert private is not None
        signer = TokenSigner(private.get_secret_value(), self.clock)
        token, _ = signer.sign(Person(account=name, name=name, roles=frozenset(roles), unit=unit))
        return {"Authorization": f"Bearer {token}"}

    def person(self, *roles: Role, unit: str | None = None, account: str | None = None) -> Person:
        """The same person for a handler."""
        name = account or "-".join([*sorted(roles), unit or "centre"])
        return Person(account=name, name=name, roles=frozenset(roles), unit=unit)

    async def tell(self, *events: Event, event_id: UUID | None = None, by: Person | None = None) -> None:
        """Let events of other services arrive, one by one, as the consumer would apply them; `by` acted in them."""
        for event in events:
            await self.runtime.consumer.apply_one(self._delivery_of(event, event_id or new_id(), by))

    async def tell_together(self, *events: Event) -> None:
        """Let events of one topic arrive as one batch, which the consumer applies in one transaction."""
        deliveries = [self._delivery_of(event, new_id()) for event in events]
        await self.runtime.consumer.apply_batch(deliveries[0].topic, deliveries)

    async def hear_itself(self) -> None:
        """Let the service's own events arrive that it has written since the last time, as its consumer would read them."""
        async with self.runtime.works.read() as session:
            written = text("select * from outbox where position > :heard order by position")
            rows = (await session.execute(written, {"heard": self._heard})).all()
        for row in rows:
            self._heard, self._offset = row.position, self._offset + 1
            headers = headers_of(
                event_id=row.id,
                source=f"/gongdan/{self.runtime.service.name}",
                event_type=row.type,
                subject=row.aggregateid,
                sequence=row.sequence,
                time=row.created_at,
                extra=row.headers,
            )
            bus_headers = {name: value.encode() for name, value in headers.items()}
            await self.runtime.consumer.apply_one(
                Delivery(row.aggregatetype, 0, self._offset, row.aggregateid, bytes(row.payload), bus_headers)
            )

    def forget_sequences(self) -> None:
        """Begin every stream anew, as a publisher does whose database was lost."""
        self._sequences.clear()

    def _delivery_of(self, event: Event, event_id: UUID, by: Person | None = None) -> Delivery:
        source = next(name for name, events_of in PUBLISHERS.items() if type(event) in events_of)
        stream = (source, event.topic, event.key)
        self._sequences[stream] = self._sequences.get(stream, 0) + 1
        self._offset += 1
        message = encode(
            Envelope(
                id=event_id,
                source=f"/gongdan/{source}",
                topic=event.topic,
                subject=event.key,
                sequence=self._sequences[stream],
                time=self.clock.now(),
                event=event,
                type=event.type,
                correlation="test",
                causation=None,
                actor="test" if by is None else by.account,
                actor_role="system" if by is None else by.role,
                actor_unit=None if by is None else by.unit,
            )
        )
        return Delivery(
            topic=message.topic,
            partition=0,
            offset=self._offset,
            key=message.key,
            value=message.value,
            headers={name: value.encode() for name, value in message.headers.items()},
        )

    async def told(self, kind: type[Event] | None = None) -> list[Any]:
        """What the service has written to its outbox, in order; only events of `kind` if given."""
        async with self.runtime.works.read() as session:
            rows = await session.execute(text("select type, payload from outbox order by position"))
            events = [EVENTS[row.type].model_validate_json(bytes(row.payload)) for row in rows]
        return [event for event in events if kind is None or isinstance(event, kind)]

    async def parked(self) -> list[dict[str, Any]]:
        """Events that could not be applied: a test that expects none asserts that this is empty."""
        return await self.runtime.parked.listing()

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """A query, for what no API shows."""
        async with self.runtime.works.read() as session:
            return [dict(row) for row in (await session.execute(text(sql), parameters)).mappings()]


Tell = Callable[[Desk, list[Event]], Awaitable[None]]
"""How events reach a desk: what they leave must not depend on it."""


async def together(desk: Desk, events: list[Event]) -> None:
    """All in one transaction."""
    await desk.tell_together(*events)


async def one_by_one(desk: Desk, events: list[Event]) -> None:
    """Each in its own."""
    await desk.tell(*events)


@asynccontextmanager
async def desk_of(
    service: Service, server: DatabaseServer, *, now: datetime = MONDAY_0900, **settings: Any
) -> AsyncIterator[Desk]:
    """A desk for one test: `async with desk_of(SERVICE, postgres_server) as desk`.

    On the shared server it is made of what the desk of an earlier test left, made as it was at first.
    """
    async with AsyncExitStack() as stack:
        if isinstance(server, SharedServer):
            kind = ("desk", service.name, *sorted(settings.items()))
            make = partial(_KeptDesk.made, service, server, settings)
            kept = await stack.enter_async_context(server.pool.borrowed(kind, make))
        else:
            kept = await _KeptDesk.made(service, server, settings)
            stack.push_async_callback(kept.close)
        async with kept.desk(now) as desk:
            yield desk


class _KeptDesk:
    """What a desk leaves to the next one of its kind: the database, the clock, and the application with its routes."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        clock: SimulatedClock,
        database: KeptDatabase,
        ending: AsyncExitStack,
    ) -> None:
        self._service, self._settings, self._clock, self._database = service, settings, clock, database
        self._ending = ending
        self._runtime = self._new_runtime()
        self._app = build_app(service, self._runtime)

    @classmethod
    async def made(cls, service: Service, server: DatabaseServer, settings: dict[str, Any]) -> _KeptDesk:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gongdan-desk-"))
            template = await migrated_database(server, service.name)
            database = await KeptDatabase.made(fresh_database(server, service.name, template))
            stack.push_async_callback(database.close)
            clock = SimulatedClock(Path(folder) / "clock.json", at=MONDAY_0900, rate=0)
            return cls(service, settings_for(database.url, **settings), clock, database, stack.pop_all())

    def _new_runtime(self) -> Runtime:
        runtime = build_runtime(self._service, self._settings, bus=NoBus(), clock=self._clock)
        self._database.lend_engines(runtime.works)
        return runtime

    @asynccontextmanager
    async def desk(self, now: datetime) -> AsyncIterator[Desk]:
        """The desk of one test.

        The application knows its runtime: that stays, but all its parts are new, except the reader of tokens, which has
        nothing but the public key and the clock.
        """
        self._clock.set(now, rate=0)
        new = self._new_runtime()
        new.tokens = self._runtime.tokens
        for part in dataclasses.fields(Runtime):
            setattr(self._runtime, part.name, getattr(new, part.name))
        if self._service.prepare is not None:
            await self._service.prepare(self._runtime)
        self._runtime.started = True
        transport = httpx.ASGITransport(mount([(self._runtime, self._app)]), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", event_hooks=HOOKS) as http:
            yield Desk(self._runtime, self._clock, http)

    async def renew(self) -> bool:
        """Make the database as it was."""
        return await self._database.renew()

    async def close(self) -> None:
        """Give up everything."""
        await self._ending.aclose()

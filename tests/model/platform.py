"""Five services in one process on a real PostgreSQL, moved step by step: nothing happens unless a test asks for it.

The real applications, outboxes, relays, inboxes, handlers and the sender of feedback run; what a test decides is when:
a relay publishes when it is told to, a service reads as much of the log as it is told to, and clocks fire when told.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self, TypeVar

import asyncpg
import httpx
import uvloop
from sqlalchemy import text

from sample.staff import form
from sample.upstream import SimulatedUpstream, signed_headers
from services.intake.acceptance.handlers import Acceptance
from services.intake.feedback import handlers as feedback
from services.intake.feedback.clients import FeedbackClient
from services.intake.feedback.jobs import Deliverer
from services.intake.feedback.store import Claimed
from services.intake.settings import SecretsByChannel
from services.sla.firing.jobs import drain
from shared.app import build_app, mount
from shared.bus import Delivery, Message
from shared.bus.topics import DEAD_LETTERS
from shared.identity import Person, Role, TokenSigner
from shared.run.embedded import drawn_secrets
from shared.run.process import build_runtime
from shared.service import Runtime, Service
from tests.support.files import PDF
from tests.support.platform import ALL, settings_of
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900, NoBus

UNITS: Final = ("zhujian", "chengguan", "jiaotong", "chujia")
_PATIENCE: Final = 60.0
_LONGEST: Final = 500
"""As many events a reader takes at a time in a run."""

T = TypeVar("T")


class StandingClock:
    """Stands until a test sets it."""

    def __init__(self) -> None:
        self.at = MONDAY_0900

    def now(self) -> datetime:
        """The moment that was set."""
        return self.at

    async def sleep_until(self, moment: datetime, *, wake: asyncio.Event | None = None) -> None:
        """No job of this platform sleeps."""
        raise AssertionError("nothing sleeps here")


class Log(NoBus):
    """The bus: one log in the order of publishing, which every service reads from its own position."""

    def __init__(self) -> None:
        self.written: list[Delivery] = []

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append, as a relay does."""
        for one in messages:
            headers = {name: value.encode() for name, value in one.headers.items()}
            self.written.append(Delivery(one.topic, 0, len(self.written), one.key, one.value, headers))


@dataclass(frozen=True)
class Told:
    """An event that a service has read: whose it was, its type, and its order (or the key of another topic)."""

    by: str
    type: str
    key: str

    @classmethod
    def of(cls, delivery: Delivery) -> Told:
        """From its headers."""
        source = delivery.headers["ce_source"].decode().removeprefix("/gongdan/")
        return cls(source, delivery.headers["ce_type"].decode(), delivery.key or "")


@dataclass(frozen=True)
class Answer:
    """What a call was answered."""

    status: int
    body: dict[str, Any]
    replayed: bool = False

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body.get("code", ""))

    def __str__(self) -> str:
        return f"{self.status} {self.code or self.body}"


class UpstreamTransport(httpx.AsyncBaseTransport):
    """The way to the simulated upstream, which may fail before the reply arrives there, or after."""

    def __init__(self, upstream: SimulatedUpstream) -> None:
        self._there = httpx.ASGITransport(upstream.app())
        self.outcome = "acknowledged"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """By the outcome that was set: acknowledged, lost (it has it, and its answer never comes), refused, gone."""
        if self.outcome == "refused":
            return httpx.Response(500)
        if self.outcome == "gone":
            return httpx.Response(410)
        answer = await self._there.handle_async_request(request)
        if self.outcome == "lost":
            raise httpx.ReadTimeout("no answer", request=request)
        return answer


@dataclass
class Platform:
    """The five services, and the outside of them."""

    runtimes: dict[str, Runtime]
    clock: StandingClock
    log: Log
    http: httpx.AsyncClient
    upstream: SimulatedUpstream
    transport: UpstreamTransport
    relays: dict[str, asyncpg.Connection[Any]]
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    """How much of the log each service has read, of each publisher."""
    _tokens: dict[tuple[str, datetime], str] = field(default_factory=dict)

    # --- people and upstreams ---------------------------------------------------------------------------------------

    def bearer(self, account: str, *roles: Role, unit: str | None = None) -> dict[str, str]:
        """The Authorization header of a person, valid now."""
        key = (account, self.clock.now())
        if key not in self._tokens:
            private = self.runtimes["dispatch"].settings.token_private_key
            assert private is not None
            signer = TokenSigner(private.get_secret_value(), self.clock)
            person = Person(account=account, name=account, roles=frozenset(roles), unit=unit)
            self._tokens[key] = signer.sign(person)[0]
        return {"Authorization": f"Bearer {self._tokens[key]}"}

    async def call(
        self, method: str, path: str, who: dict[str, str], body: Any = None, *, files: bool = False
    ) -> Answer:
        """One call of the API by a person; with `files` as a form with a PDF."""
        content: dict[str, Any] = {"files": form(body, [("材料.pdf", PDF)])} if files else {"json": body}
        return _answer(await self.http.request(method, f"/api/{path}", headers=who, **content))

    async def send(self, channel: str, what: str, content: Any, *, message_id: str) -> Answer:
        """A signed message of an upstream."""
        body = json.dumps(content, ensure_ascii=False).encode()
        secret = self.upstream.secrets[channel]["in"]
        headers = signed_headers(secret, body, now=int(self.clock.now().timestamp()), message_id=message_id)
        return _answer(await self.http.post(f"/api/intake/v1/channels/{channel}/{what}", content=body, headers=headers))

    # --- events -----------------------------------------------------------------------------------------------------

    async def publish(self, service: str) -> bool:
        """Let the relay of a service publish what waits; whether anything was written since."""
        relay = self.runtimes[service].relay
        if not relay.wake.is_set():
            return False
        relay.wake.clear()
        return await relay.publish_waiting(self.relays[service]) > 0

    def waiting(self, service: str) -> list[Delivery]:
        """What this service has not read yet."""
        return [one for one in self._of_its_topics(service) if one.offset >= self._position(service, one)]

    def _of_its_topics(self, service: str) -> list[Delivery]:
        topics = self.runtimes[service].service.topics
        return [one for one in self.log.written if one.topic in topics]

    def _position(self, service: str, one: Delivery) -> int:
        return self.positions.get((service, Told.of(one).by), 0)

    async def consume(self, service: str, many: int | None = None, shuffled: random.Random | None = None) -> list[Told]:
        """Let a service read what it has not read, or the first `many` of it, as its consumer would.

        `shuffled`: as if each publisher had a log of its own, of which no order among them is known.
        """
        waiting = self.waiting(service)
        if shuffled is not None:
            waiting = _shuffled(waiting, shuffled)
        waiting = waiting[: many or _LONGEST]
        if not waiting:
            return []
        for one in waiting:
            self.positions[service, Told.of(one).by] = one.offset + 1
        consumer = self.runtimes[service].consumer
        topics = {topic: [one for one in waiting if one.topic == topic] for topic in {one.topic for one in waiting}}
        for topic in sorted(topics):
            try:
                await consumer.apply_batch(topic, topics[topic])
            except Exception:  # noqa: BLE001 - as the consumer: one by one, and what cannot be applied is parked
                for one in topics[topic]:
                    await consumer.apply_one(one)
        return [Told.of(one) for one in waiting]

    async def redeliver(self, service: str, back: int) -> Told | None:
        """Hand a service an event again that it has read, the one that many places back."""
        read = [one for one in self._of_its_topics(service) if one.offset < self._position(service, one)]
        if not read:
            return None
        again = read[-1 - back % len(read)]
        await self.runtimes[service].consumer.apply_one(again)
        return Told.of(again)

    async def parked(self) -> list[str]:
        """What could not be applied; a service that parks an event tells so."""
        if not any(one.topic == DEAD_LETTERS for one in self.log.written):
            return []
        return [
            f"{name}: {one['type']} {one['reason']} {one['detail']}"
            for name, runtime in self.runtimes.items()
            for one in await runtime.parked.listing()
        ]

    async def fire(self) -> None:
        """Let the clocks fire that are due."""
        await drain(self.runtimes["sla"])

    # --- feedback ---------------------------------------------------------------------------------------------------

    async def claim_feedback(self) -> list[Claimed]:
        """The replies that may be sent now, claimed for one attempt each.

        The lease of an attempt counts real seconds: on a busy machine it would end while a sequence is run.
        """
        intake = self.runtimes["intake"]
        claimed = await Deliverer(intake, FeedbackClient(self.transport)).claimed()
        if claimed:
            async with intake.works.begin() as work:
                await work.session.execute(
                    text("update delivery set leased_until = 'infinity' where state = 'sending'")
                )
        return claimed

    async def send_feedback(self, claimed: Claimed, outcome: str) -> None:
        """One attempt, with this outcome."""
        self.transport.outcome = outcome
        intake = self.runtimes["intake"]
        secrets = intake.parts.of(SecretsByChannel).of(claimed.platform)
        await feedback.attempt(intake.works, FeedbackClient(self.transport), secrets, claimed)

    # --- what is to be seen ------------------------------------------------------------------------------------------

    async def rows(self, service: str, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """A query, for what no API shows."""
        async with self.runtimes[service].works.read() as session:
            return [dict(row) for row in (await session.execute(text(sql), parameters)).mappings()]

    async def forget(self) -> None:
        """The orders so far are over: everything of them is read, and nothing of them fires or is sent any more."""
        moved = True
        while moved:
            moved = any([await self.publish(service) for service in self.runtimes])
            for service in self.runtimes:
                await self.consume(service)
        for service, statement in (
            ("sla", "update clock set state = 'void', next_at = null where next_at is not null or state = 'running'"),
            ("intake", "update delivery set state = 'failed', lease = null where state in ('waiting', 'sending')"),
        ):
            async with self.runtimes[service].works.begin() as work:
                await work.session.execute(text(statement))
        self.log.written = []
        self.positions.clear()


def _shuffled(waiting: Sequence[Delivery], rng: random.Random) -> list[Delivery]:
    """Each publisher's events in their sequence, and the publishers mixed in any way, but no order before its receipt.

    What a service hears of an order that it has not received waits for an operator (R26).
    """
    streams: dict[str, list[Delivery]] = {}
    for one in reversed(waiting):
        streams.setdefault(Told.of(one).by, []).append(one)
    unknown = {one.key for one in waiting if Told.of(one).type == "order.received.v1"}
    mixed = []
    while streams:
        by = rng.choice([by for by in sorted(streams) if by == "intake" or streams[by][-1].key not in unknown])
        mixed.append(streams[by].pop())
        if Told.of(mixed[-1]).type == "order.received.v1":
            unknown.discard(mixed[-1].key)
        if not streams[by]:
            del streams[by]
    return mixed


def _answer(response: httpx.Response) -> Answer:
    body = response.json() if response.content else {}
    replayed = response.headers.get("idempotent-replayed") == "true"
    return Answer(response.status_code, body if isinstance(body, dict) else {"items": body}, replayed)


@asynccontextmanager
async def platform(server: DatabaseServer, services: Sequence[Service] = ALL) -> AsyncIterator[Platform]:
    """A platform on new databases, with the units of the model in it."""
    clock, log, secrets = StandingClock(), Log(), drawn_secrets()
    upstream = SimulatedUpstream(secrets["channels"], clock, "", revisit_after=1e9)
    async with AsyncExitStack() as stack:
        settings = await stack.enter_async_context(
            settings_of(server, secrets, "http://upstream", "postgresql://nowhere/bus")
        )
        runtimes: dict[str, Runtime] = {
            service.name: build_runtime(service, settings, bus=log, clock=clock) for service in services
        }
        relays: dict[str, asyncpg.Connection[Any]] = {}
        for name, runtime in runtimes.items():
            stack.push_async_callback(runtime.works.close)
            if runtime.service.prepare is not None:
                await runtime.service.prepare(runtime)
            runtime.started = True
            relays[name] = await asyncpg.connect(runtime.database_url)
            stack.push_async_callback(relays[name].close)
            # The relay is woken by this process alone.
            runtime.relay.wake = runtime.works.wakes.waiting_for("events written")
        app = mount([(runtime, build_app(runtime.service, runtime)) for runtime in runtimes.values()])
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://platform"
            )
        )
        found = Platform(runtimes, clock, log, http, upstream, UpstreamTransport(upstream), relays)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(runtimes["intake"].parts.of(Acceptance).run())
            await _enter_units(found)
            try:
                yield found
            finally:
                writing.cancel()


async def _enter_units(found: Platform) -> None:
    """Units with a caseworker each.  Accounts are written directly: hashing a password is slow and shown elsewhere."""
    head = found.bearer("zhuren", Role.CENTRE_HEAD)
    for code in UNITS:
        body = {
            "code": code,
            "name": f"单位{code}",
            "group": "street" if code == "chujia" else "department",
            "duties": [{"text": "其他事务", "kind": "duty"}],
            "first_responsible": "张局",
            "deputy": "李副局",
            "office": "办公室",
        }
        answer = await found.call("POST", "dispatch/v1/units", head, body)
        assert answer.status == 201, answer
        async with found.runtimes["dispatch"].works.begin() as work:
            await work.session.execute(
                text(
                    "insert into account (account, name, roles, unit, password_hash, created_at, changed_at, version)"
                    " values (:account, '经办', '[\"caseworker\"]', :unit, '-', :now, :now, 1)"
                ),
                {"account": f"{code}-jingban", "unit": code, "now": found.clock.now()},
            )
    await found.publish("dispatch")
    for service in found.runtimes:
        await found.consume(service)


class Stage:
    """A platform for synchronous tests: it lives in a thread with a loop of its own."""

    def __init__(self, server: DatabaseServer, services: Sequence[Service] = ALL) -> None:
        self._server, self._services = server, services
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: Future[Platform] = Future()
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        uvloop.run(self._live())

    async def _live(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with platform(self._server, self._services) as found:
                self._ready.set_result(found)
                await self._over.wait()
        except BaseException as fault:
            if not self._ready.done():
                self._ready.set_exception(fault)
            raise

    def __enter__(self) -> Self:
        self._thread.start()
        self.platform = self._ready.result(_PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_PATIENCE)

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """The result of this on the platform's loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(_PATIENCE)

"""The smallest service that uses every part of the kernel: two tables, some routes, one handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Query, Response
from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import create_async_engine

from shared.access import Grant, Operation, Reach, Words
from shared.app import build_app, mount
from shared.bus import Bus, Message
from shared.clock import Clock, SimulatedClock
from shared.contracts.intake import OrderUrged
from shared.db import new_metadata, sqlalchemy_url
from shared.db.logins import grant_access
from shared.deps import IfMatch, InRead, InWork, Limit, check_version
from shared.errors import BusinessError
from shared.identity import Person, Role, TokenSigner
from shared.outbox import Envelope, encode
from shared.outbox.writer import new_id
from shared.run.process import build_runtime
from shared.service import Runtime, Service
from shared.web import Body, CommandRoute, RawRoute
from tests.support.facts import urged
from tests.support.reuse import KeptDatabase
from tests.support.service import MONDAY_0900, NoBus, settings_for

METADATA = new_metadata()
THING = Table(
    "thing",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("small", Integer, nullable=False, server_default="0"),
    CheckConstraint("small < 1000", name="small"),
)
EFFECT = Table(
    "effect",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
# As in the migrations of a service the audit trail cannot be edited; and a row that is refused only at the commit.
_BESIDE = (
    """
create function audit_is_append_only() returns trigger language plpgsql as $$
begin raise exception 'the audit trail is append-only'; end $$
""",
    """
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function audit_is_append_only()
""",
    """
create function late_refusal() returns trigger language plpgsql as $$
begin raise exception 'refused at the commit' using errcode = 'integrity_constraint_violation'; end $$
""",
    """
create constraint trigger late_refusal after insert on thing deferrable initially deferred
  for each row when (new.key like 'late-%') execute function late_refusal()
""",
)
router = APIRouter(prefix="/v1/things", route_class=CommandRoute)
raw = APIRouter(prefix="/v1/raw", route_class=RawRoute)


class Refusal(BusinessError):
    """A refusal of the tiny service."""

    code = "tiny_refusal"


class NewThing(Body):
    key: str
    small: int = 0
    refuse: bool = False


class Anything(Body):
    value: Any


@router.post("", status_code=201)
async def add_thing(body: NewThing, work: InWork, answer: Response) -> dict[str, str]:
    await work.session.execute(THING.insert().values(key=body.key, small=body.small))
    work.emit(urged(body.key, work.now))
    work.audit("thing.added", body.key, after={"small": body.small})
    if body.refuse:
        raise Refusal("不行，请改")
    answer.headers["ETag"], answer.headers["Location"] = '"1"', f"/v1/things/{quote(body.key)}"
    return {"id": str(new_id())}


@router.put("/{key}", status_code=204)
async def edit_thing(key: str, work: InWork, version: IfMatch, answer: Response) -> None:
    found = await work.session.scalar(text("select version from thing where key = :key for update"), {"key": key})
    check_version(found or 0, version)
    await work.session.execute(text("update thing set version = version + 1 where key = :key"), {"key": key})
    answer.headers["ETag"] = f'"{(found or 0) + 1}"'


@router.get("")
async def count_things(session: InRead) -> int:
    return int(await session.scalar(text("select count(*) from thing")) or 0)


@router.get("/found")
async def find_things(
    kind: Annotated[list[str] | None, Query(title="种类")] = None,
    day: Annotated[str | None, Query(alias="date", title="日期")] = None,
    limit: Limit = 50,
) -> list[str]:
    return [*(kind or []), day or "", str(limit)]


@router.post("/anything")
async def take_anything(body: Anything) -> str:
    return type(body.value).__name__


@router.get("/broken")
async def fall_over() -> None:
    raise ZeroDivisionError("张三 13812345678")


@raw.post("")
async def swallow(request: Any) -> Response:
    return Response(str(len(await request.body())))


DISPATCHERS = Operation((Grant(frozenset({Role.DISPATCHER}), Reach.ALL, Words.OPEN),))
ACCESS = dict.fromkeys(("add_thing", "edit_thing", "count_things", "find_things", "take_anything"), DISPATCHERS)


async def record_effect(work: Any, event: OrderUrged) -> None:
    """Record every effect in a table of its own, so that a test does not rely on the inbox."""
    assert work.cause is not None
    await work.session.execute(
        EFFECT.insert().values(event_id=work.cause.id, key=event.order_id, sequence=work.cause.sequence)
    )


def tiny_service(
    handler: Any = record_effect, *, name: Any = "intake", topics: tuple[str, ...] = ("orders",)
) -> Service:
    """The service, with another handler if given."""
    return Service(
        name=name,
        title="小",
        about="for tests",
        routers=(router, raw),
        metadata=METADATA,
        access=ACCESS,
        open_operations=frozenset({"fall_over", "swallow"}),
        topics=topics,
        subscriptions={OrderUrged: handler},
    )


async def prepare(url: str) -> None:
    """Create the tables in a database."""
    engine = create_async_engine(sqlalchemy_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        for statement in _BESIDE:
            await connection.execute(text(statement))
        await connection.run_sync(grant_access, METADATA)
    await engine.dispose()


@dataclass
class Tiny:
    """The service under test."""

    runtime: Runtime
    clock: Clock
    http: httpx.AsyncClient
    _told: dict[str, int] = field(default_factory=dict)

    def bearer(self, *roles: Role, account: str = "someone") -> dict[str, str]:
        private = self.runtime.settings.token_private_key
        assert private is not None
        signer = TokenSigner(private.get_secret_value(), self.clock)
        token, _ = signer.sign(Person(account=account, name=account, roles=frozenset(roles)))
        return {"Authorization": f"Bearer {token}"}

    @property
    def dispatcher(self) -> dict[str, str]:
        return self.bearer(Role.DISPATCHER)

    @property
    def admin(self) -> dict[str, str]:
        return self.bearer(Role.ADMIN, account="root")

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self.runtime.works.read() as session:
            return [dict(row) for row in (await session.execute(text(sql), parameters)).mappings()]

    async def one(self, sql: str, **parameters: Any) -> Any:
        async with self.runtime.works.read() as session:
            return await session.scalar(text(sql), parameters)

    async def execute(self, sql: str) -> None:
        """A statement of the owner, who may change tables."""
        engine = create_async_engine(sqlalchemy_url(self.runtime.settings.database_of(self.runtime.service.name)))
        try:
            async with engine.begin() as connection:
                await connection.execute(text(sql))
        finally:
            await engine.dispose()

    async def urge(self, *keys: str) -> None:
        """Emit one OrderUrged for each key, all in one transaction, through the outbox."""
        async with self.runtime.works.begin() as work:
            for key in keys:
                work.emit(urged(key, work.now))

    async def effects(self) -> dict[str, list[int]]:
        """The numbers that took effect, by key, in the order in which they did."""
        found: dict[str, list[int]] = {}
        for row in await self.rows("select key, sequence from effect order by id"):
            found.setdefault(row["key"], []).append(row["sequence"])
        return found

    def message(self, key: str, **changes: Any) -> Message:
        """The next event of `key` as intake would publish it; `changes` replace parts of the message or its headers."""
        sequence = changes.pop("sequence", None) or self._told.get(key, 0) + 1
        self._told[key] = max(sequence, self._told.get(key, 0))
        now = self.clock.now()
        good = encode(
            Envelope(
                id=changes.pop("id", None) or new_id(),
                source="/gongdan/intake",
                topic="orders",
                subject=key,
                sequence=sequence,
                time=changes.pop("time", now),
                event=urged(key, now),
                type="order.urged.v1",
                correlation="test",
                causation=None,
                actor="test",
            )
        )
        value, sent_key = changes.pop("value", good.value), changes.pop("sent_key", good.key)
        headers = {**good.headers, **{f"ce_{name}": value for name, value in changes.items()}}
        return Message("orders", sent_key, value, {name: value for name, value in headers.items() if value is not None})


@asynccontextmanager
async def tiny_at(
    url: str,
    *,
    bus: Bus | None = None,
    service: Service | None = None,
    clock: Clock | None = None,
    folder: Any = None,
    kept: KeptDatabase | None = None,
    **settings: Any,
) -> AsyncIterator[Tiny]:
    """The service on a prepared database, with the connections of `kept` if given; none of its jobs runs yet."""
    clock = clock or SimulatedClock(folder / "clock.json", at=MONDAY_0900, rate=0)
    service = service or tiny_service()
    runtime = build_runtime(
        service, settings_for(url, workers_poll_seconds=0.05, **settings), bus=bus or NoBus(), clock=clock
    )
    if kept is not None:
        kept.lend_engines(runtime.works)
    runtime.started = True
    transport = httpx.ASGITransport(mount([(runtime, build_app(service, runtime))]), raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=f"http://tiny/api/{service.name}") as http:
            yield Tiny(runtime, clock, http)
    finally:
        if kept is None:
            await runtime.works.close()


@asynccontextmanager
async def at_work(*jobs: Callable[[], Coroutine[Any, Any, Any]]) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """The jobs run while the block does, and are cancelled at its end."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job()) for job in jobs]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()


MINUTE = timedelta(minutes=1)
Key = Annotated[str, "an order id"]

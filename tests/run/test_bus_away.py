"""A service starts while the bus is away: it takes orders, says what it lacks, and catches up when the bus comes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from sample.upstream import SimulatedUpstream
from services.dispatch.service import SERVICE as DISPATCH
from services.intake.service import SERVICE as INTAKE
from shared.bus import ORDERS
from shared.clock import RealClock
from shared.run.embedded import drawn_secrets
from shared.run.http_server import HttpServer
from shared.run.process import running
from shared.service import Service
from shared.settings import Settings
from tests.support.bus import Broker, broker, bus_at
from tests.support.platform import settings_of
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

__all__ = ["broker"]

pytestmark = pytest.mark.kill


@dataclass
class Place:
    """The services while they run, and the platform that pushes."""

    http: httpx.AsyncClient
    upstream: SimulatedUpstream
    settings: Settings

    async def accepted(self) -> str:
        """The id of a new order that was answered with 201."""
        answer = await self.upstream.push(self.http, self.upstream.next_demand())
        order_id: str = answer["order_id"]
        return order_id

    async def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /readyz."""
        answer = await self.http.get("/readyz")
        return answer.status_code, answer.json()

    async def stored(self, service: str, sql: str) -> list[str]:
        """What a service's own database says, asked past the service."""
        connection = await asyncpg.connect(self.settings.database_of(service))
        try:
            return [str(row[0]) for row in await connection.fetch(sql)]
        finally:
            await connection.close()


@asynccontextmanager
async def started(services: Sequence[Service], settings: Settings, upstream: SimulatedUpstream) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        process = await stack.enter_async_context(running(services, settings))
        inside = await stack.enter_async_context(HttpServer(process.app))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=inside.address, timeout=30, trust_env=False))
        upstream.base_url = inside.address
        yield Place(http, upstream, settings)


async def told(address: str, order_id: str) -> bool:
    """Whether an event of this order is on the bus."""
    bus = bus_at(address)
    await bus.start()
    try:
        async with bus.subscribe(f"asking-{order_id}", [ORDERS], member="m") as subscription:

            async def read() -> bool:
                batches = await subscription.fetch(max_records=500, timeout=0.5)
                return any(delivery.key == order_id for batch in batches.values() for delivery in batch)

            return await eventually(read, within=20)
    finally:
        await bus.stop()


async def test_an_order_is_accepted_while_the_bus_is_away_and_told_when_it_comes(
    broker: Broker, postgres_server: DatabaseServer
) -> None:
    """The first start of all, on empty databases, and a restart: both without a bus."""
    secrets = drawn_secrets()
    kind, _, where = broker.address.partition(":")
    bus_url = f"kafka://{where}" if kind == "kafka" else where
    async with settings_of(postgres_server, secrets, "http://127.0.0.1:9", bus_url, migrated=False) as settings:
        await accepted_and_told(broker, settings, secrets)


async def accepted_and_told(broker: Broker, settings: Settings, secrets: dict[str, Any]) -> None:
    upstream = SimulatedUpstream(secrets["channels"], RealClock(), "", revisit_after=1e9, rng=random.Random(7))
    await broker.kill()

    async with started([INTAKE, DISPATCH], settings, upstream) as place:
        first = await place.accepted()
        assert await place.health() == (200, {"status": "degraded", "faults": {"intake": "bus", "dispatch": "bus"}})

    async with started([INTAKE, DISPATCH], settings, upstream) as place:
        second = await place.accepted()
        waiting = await place.stored("intake", "select aggregateid from outbox where published_at is null")
        assert {first, second} <= set(waiting)

        await broker.restart()

        async def caught_up() -> bool:
            cases = await place.stored("dispatch", "select order_id from order_case")
            return {first, second} <= set(cases) and await place.health() == (200, {"status": "ready", "faults": {}})

        await eventually(caught_up, within=60, every=0.1)
        assert await told(broker.address, first)
        assert await told(broker.address, second)

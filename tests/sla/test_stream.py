"""Streams of breaches and warnings: each once, with replay from an id, and only one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from deploy.gateway import build
from services.sla.firing import jobs
from services.sla.streams import jobs as sharing
from services.sla.streams.handlers import Tail
from shared.app import build_app, mount
from shared.contracts.sla import ClockBreached
from shared.identity import Role
from shared.run.http_server import HttpServer
from shared.streams import sse as stream
from tests.sla.story import SECOND, UNIT, assigned, local, numbered, received
from tests.support.service import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4b")


class Reader:
    """Somebody who reads a stream."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.lines: list[str] = []

    async def read(self, response: httpx.Response) -> None:
        """Until the stream ends or the task is cancelled."""
        async for line in response.aiter_lines():
            self.lines.append(line)
            if line.startswith("data:"):
                self.ids.append(int(self.lines[-3].removeprefix("id: ")))

    @property
    def events(self) -> list[ClockBreached]:
        """What was told."""
        found = [line for line in self.lines if line.startswith("data:")]
        return [ClockBreached.model_validate_json(line.removeprefix("data: ")) for line in found]


@asynccontextmanager
async def reading(
    address: str, desk: Desk, role: Role = Role.DISPATCHER, unit: str | None = None, last: int | None = None
) -> AsyncIterator[Reader]:
    reader = Reader()
    headers = desk.bearer(role, unit=unit) | ({} if last is None else {"Last-Event-ID": str(last)})
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http,
        http.stream("GET", "/api/sla/v1/breaches/stream", headers=headers) as response,
        asyncio.TaskGroup() as group,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        task = group.create_task(reader.read(response))
        await eventually(lambda: bool(reader.lines))
        yield reader
        task.cancel()


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[str]:
    """The desk's service on a port, with its tail of announcements; the address."""
    app = mount([(desk.runtime, build_app(desk.runtime.service, desk.runtime))])
    async with HttpServer(app) as server, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(job(desk.runtime)) for job in (sharing.follow_announcements, sharing.notify_replicas)
        ]
        try:
            yield server.address
        finally:
            desk.runtime.closing = True
            for task in tasks:
                task.cancel()


async def overdue_at_midnight(desk: Desk, orders: int = 3) -> None:
    """So many orders of each of two units that will be overdue in half a minute."""
    for number in range(1, 2 * orders + 1):
        order, unit = numbered(number), UNIT if number % 2 else SECOND
        await desk.tell(received(order_id=order), assigned(unit=unit).model_copy(update={"order_id": order}))
    desk.clock.set(local("2026-11-26T23:59") + timedelta(seconds=30))
    await jobs.drain(desk.runtime)


async def midnight(desk: Desk) -> list[ClockBreached]:
    """It is midnight; what is told at it."""
    desk.clock.set(local("2026-11-27T00:00"))
    before = len(await desk.told(ClockBreached))
    await jobs.drain(desk.runtime)
    return (await desk.told(ClockBreached))[before:]


async def test_every_breach_comes_once_and_a_reader_that_comes_back_goes_on_where_it_was(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    async with served(desk) as address:
        async with reading(address, desk) as first:
            told = await midnight(desk)
            await eventually(lambda: len(first.events) == len(told))
        async with reading(address, desk, last=first.ids[4]) as second:
            await eventually(lambda: len(second.events) == len(told) - 5)

    assert first.ids == sorted(set(first.ids))
    assert {event.clock_id for event in first.events} == {event.clock_id for event in told}
    assert second.ids == first.ids[5:]


async def test_a_reader_that_was_away_longer_than_memory_reaches_is_served_from_the_rows(
    desk: Desk,
) -> None:
    await overdue_at_midnight(desk)
    await midnight(desk)
    async with served(desk) as address:
        await eventually(lambda: desk.runtime.parts.of(Tail).last > 0)
        async with reading(address, desk, last=0) as reader:
            await eventually(lambda: len(reader.events) == len(reader.ids) > 0)
            told = await desk.told(ClockBreached)
            await eventually(lambda: len(reader.events) == len(told))


@pytest.mark.clause("S4.2a")
async def test_a_unit_receives_its_own_breaches_and_no_others(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    async with served(desk) as address, reading(address, desk, Role.CASEWORKER, UNIT) as reader:
        own = [event for event in await midnight(desk) if event.unit == UNIT]
        await eventually(lambda: len(reader.events) >= len(own))

        assert {event.unit for event in reader.events} == {UNIT}
        assert len(reader.events) == len(own)


async def test_a_stream_passes_the_gateway_as_it_comes(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    async with (
        served(desk) as address,
        HttpServer(build({"sla": [address]})) as gateway,
        reading(gateway.address, desk) as reader,
    ):
        told = await midnight(desk)
        await eventually(lambda: len(reader.events) == len(told))


async def test_a_stream_without_events_sends_heartbeats_and_ends_when_the_service_closes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    monkeypatch.setattr(stream, "LOOK", 0.05)
    async with served(desk) as address, reading(address, desk) as reader:
        await eventually(lambda: ": 心跳" in reader.lines)
        desk.runtime.closing = True
        await eventually(lambda: desk.runtime.parts.of(Tail).streams == 0)
        await eventually(lambda: 'data: {"reason":"closing"}' in reader.lines)


async def test_an_id_that_was_never_given_is_answered_from_the_newest_and_says_so(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    async with served(desk) as address:
        head = (await desk.rows("select last from announcement_head"))[0]["last"]
        async with reading(address, desk, last=head + 1_000) as reader:
            await eventually(lambda: bool(reader.ids))
            told = await midnight(desk)
            await eventually(lambda: len(reader.ids) == 1 + len(told))

    place = reader.lines.index("event: stream.reset")
    assert reader.lines[place + 1] == f'data: {{"asked_after":{head + 1_000},"after":{head}}}'
    assert reader.ids[0] == head
    assert reader.ids[1:] == sorted(set(reader.ids[1:]))


async def test_an_id_that_another_replica_gave_is_waited_for_without_a_reset(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    async with served(desk) as address:
        tail = desk.runtime.parts.of(Tail)
        await eventually(lambda: tail.last > 0)
        tail._last -= 1  # this replica has not read the newest yet
        async with reading(address, desk, last=tail.last + 1) as reader:
            assert "event: stream.reset" not in reader.lines


async def test_a_stream_says_why_it_ends_when_its_token_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK", 0.05)
    async with served(desk) as address, reading(address, desk) as reader:
        desk.clock.set(desk.clock.now() + timedelta(days=2))
        await eventually(lambda: "event: stream.ended" in reader.lines)

    assert reader.lines[-2] == 'data: {"reason":"token_ended"}'


async def test_a_reader_that_does_not_keep_up_is_disconnected(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SLOWEST", 0.05)
    sent = asyncio.Event()

    async def stuck(_: object) -> None:
        sent.set()
        await asyncio.Event().wait()

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    async def pieces() -> AsyncIterator[str]:
        yield "data: 1\n\n"

    response = stream.EventStream(pieces())
    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await response(scope, receive, stuck)

    assert sent.is_set()


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 403), (None, 401)])
@pytest.mark.parametrize("path", ["/breaches/stream", "/warnings/stream"])
async def test_who_may_not_listen(desk: Desk, path: str, role: Role | None, status: int) -> None:
    headers = desk.bearer(role) if role else {}

    assert (await desk.http.get(f"/api/sla/v1{path}", headers=headers)).status_code == status

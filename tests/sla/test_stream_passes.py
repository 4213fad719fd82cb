"""Streams in a browser, whose EventSource sends no login: a pass for one use, then a cookie for its reconnections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from shared.identity import Role
from shared.streams import sse as stream
from tests.sla.story import UNIT
from tests.sla.test_stream import Reader, midnight, overdue_at_midnight, served
from tests.support.service import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4b", "S4.2a")

PASSES = "/api/sla/v1/stream-passes"


async def issued(desk: Desk, name: str = "breaches", **headers: str) -> dict[str, Any]:
    """A pass for a stream; its answer."""
    answer = await desk.http.post(PASSES, json={"stream": name}, headers=headers or desk.bearer(Role.DISPATCHER))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@asynccontextmanager
async def browser(address: str, path: str, **headers: str) -> AsyncIterator[tuple[Reader, str]]:
    """What an EventSource does: it opens an address and sends no login.  The reader, and the cookie's line."""
    reader = Reader()
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http,
        http.stream("GET", path, headers=headers) as response,
        asyncio.TaskGroup() as group,
    ):
        assert response.status_code == 200
        task = group.create_task(reader.read(response))
        await eventually(lambda: bool(reader.lines))
        yield reader, response.headers.get("set-cookie", "")
        task.cancel()


async def refused(desk: Desk, path: str, **headers: str) -> tuple[int, str]:
    answer = await desk.http.get(path, headers=headers)
    return answer.status_code, answer.json()["code"]


async def test_a_browser_opens_a_stream_and_goes_on_where_it_was_when_it_reconnects(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    given = await issued(desk)
    async with served(desk) as address:
        async with browser(address, given["path"]) as (first, line):
            told = await midnight(desk)
            await eventually(lambda: len(first.events) == len(told))
        morsel = SimpleCookie(line)["gongdan_stream"]
        # An EventSource reconnects by the same address, with its cookie and the last id that it saw.
        back = {"Cookie": f"gongdan_stream={morsel.value}", "Last-Event-ID": str(first.ids[3])}
        async with browser(address, given["path"], **back) as (second, again):
            await eventually(lambda: len(second.events) == len(told) - 4)
        # A page that was loaded anew names the last id in the address.
        path = f"{(await issued(desk))['path']}&after={first.ids[3]}"
        async with browser(address, path) as (third, _):
            await eventually(lambda: len(third.events) == len(told) - 4)

    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "strict", "/api/sla/v1/breaches/stream")
    assert second.ids == third.ids == first.ids[4:]
    assert again == ""


async def test_a_pass_opens_its_stream_once(desk: Desk) -> None:
    given = await issued(desk)
    async with served(desk) as address, browser(address, given["path"]):
        pass

    assert await refused(desk, given["path"]) == (401, "stream_pass_refused")


async def test_two_replicas_that_get_one_pass_at_once_let_one_in(desk: Desk) -> None:
    given = await issued(desk)
    async with served(desk) as one, served(desk) as other, httpx.AsyncClient(trust_env=False) as http:

        async def status(address: str) -> int:
            async with http.stream("GET", address + given["path"]) as response:
                return response.status_code

        assert sorted(await asyncio.gather(status(one), status(other))) == [200, 401]


async def test_a_pass_lives_for_thirty_seconds(desk: Desk) -> None:
    early, late = await issued(desk), await issued(desk)
    desk.clock.set(desk.clock.now() + timedelta(seconds=29))
    async with served(desk) as address, browser(address, early["path"]):
        pass
    desk.clock.set(desk.clock.now() + timedelta(seconds=1))

    assert await refused(desk, late["path"]) == (401, "stream_pass_refused")


async def test_a_pass_and_a_cookie_are_good_for_their_own_stream_only(desk: Desk) -> None:
    given = await issued(desk)
    other = given["path"].replace("breaches", "warnings")
    before = await refused(desk, other)
    async with served(desk) as address, browser(address, given["path"]) as (_, line):
        cookie = SimpleCookie(line)["gongdan_stream"].value

    assert before == (401, "stream_pass_refused")
    elsewhere = await refused(desk, "/api/sla/v1/warnings/stream", Cookie=f"gongdan_stream={cookie}")
    assert elsewhere == (401, "stream_pass_refused")
    assert await refused(desk, "/api/sla/v1/clocks", Cookie=f"gongdan_stream={cookie}") == (401, "unauthenticated")


async def test_a_unit_hears_by_its_pass_of_its_own_orders_only(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    given = await issued(desk, **desk.bearer(Role.CASEWORKER, unit=UNIT))
    async with served(desk) as address, browser(address, given["path"]) as (reader, _):
        own = [event for event in await midnight(desk) if event.unit == UNIT]
        await eventually(lambda: len(reader.events) >= len(own))

        assert {event.unit for event in reader.events} == {UNIT}


async def test_a_stream_ends_with_the_login_that_asked_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK", 0.05)
    given = await issued(desk)
    async with served(desk) as address, browser(address, given["path"]) as (reader, line):
        desk.clock.set(desk.clock.now() + timedelta(minutes=60))
        await eventually(lambda: "event: stream.ended" in reader.lines)
    cookie = SimpleCookie(line)["gongdan_stream"].value
    ended = await refused(desk, "/api/sla/v1/breaches/stream", Cookie=f"gongdan_stream={cookie}")

    assert reader.lines[-2] == 'data: {"reason":"token_ended"}'
    assert ended == (401, "stream_pass_refused")


async def test_only_hashes_of_passes_are_stored_and_old_ones_go(desk: Desk) -> None:
    given = await issued(desk)
    stored = await desk.rows("select t::text as row from stream_pass t")
    desk.clock.set(desk.clock.now() + timedelta(minutes=1))
    await refused(desk, given["path"])

    assert given["stream_pass"] not in stored[0]["row"]
    assert await desk.rows("select 1 from stream_pass") == []


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 403), (None, 401)])
async def test_who_may_not_listen_gets_no_pass(desk: Desk, role: Role | None, status: int) -> None:
    headers = desk.bearer(role) if role else {}

    assert (await desk.http.post(PASSES, json={"stream": "breaches"}, headers=headers)).status_code == status


async def test_a_pass_is_for_a_stream_that_there_is(desk: Desk) -> None:
    answer = await desk.http.post(PASSES, json={"stream": "all"}, headers=desk.bearer(Role.DISPATCHER))

    assert answer.status_code == 422


async def test_whoever_is_signed_in_by_cookie_opens_a_stream_without_a_pass_until_the_token_ends(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    token = desk.bearer(Role.DISPATCHER)["Authorization"].removeprefix("Bearer ")
    # Beside it lies the cookie of a pass that ended long ago.
    signed_in = {"Cookie": f"gongdan_stream=ended; gongdan_token={token}"}
    path = "/api/sla/v1/breaches/stream"
    async with served(desk) as address, browser(address, path, **signed_in) as (reader, line):
        told = await midnight(desk)
        await eventually(lambda: len(reader.events) == len(told))
        desk.clock.set(desk.clock.now() + timedelta(hours=1))
        await eventually(lambda: "stream.ended" in "".join(reader.lines))

    assert line == ""
    assert await refused(desk, path, **signed_in) == (401, "token_ended")

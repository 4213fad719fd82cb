"""/backlogz: what is on its way in a process, so that whoever leads a clock can wait until nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.service import Runtime
from tests.kernel.tiny import Tiny, at_work
from tests.support.facts import urged
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually


async def backlog(tiny: Tiny, query: str = "") -> dict[str, Any]:
    answer = await tiny.http.get(f"http://tiny/backlogz{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["intake"]
    return found


async def test_an_event_is_unpublished_then_unread_and_then_done(tiny: Tiny) -> None:
    assert await backlog(tiny) == {"unpublished": 0, "unread": None, "last": 0, "due": None}
    async with tiny.runtime.works.begin() as work:
        work.emit(urged("a", work.now))
    assert (await backlog(tiny))["unpublished"] == 1

    async def done() -> bool:
        found = await backlog(tiny)
        return (found["unpublished"], found["unread"]) == (0, 0)

    async with at_work(tiny.runtime.relay.run, tiny.runtime.consumer.run):
        await eventually(done)
        assert (await backlog(tiny))["last"] > 0
    assert (await backlog(tiny))["unread"] is None


async def test_the_work_that_a_service_does_by_itself_is_told_by_its_moment(tiny: Tiny) -> None:
    async def next_due(_: Runtime) -> datetime:
        return MONDAY_0900

    tiny.runtime.service = replace(tiny.runtime.service, next_due=next_due)
    assert (await backlog(tiny))["due"] == MONDAY_0900.isoformat()
    assert await backlog(tiny, "?only=due") == {"due": MONDAY_0900.isoformat()}

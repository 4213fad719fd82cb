"""News as Server-Sent Events: each once, with replay, only one's own, as long as the login lasts (S4.2a)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from services.dispatch.news.handlers import NewsTail, OpenStreams
from services.dispatch.news.jobs import follow_news
from services.dispatch.news.policy import STREAMS_PER_PERSON
from services.dispatch.timeline import store as timeline
from services.dispatch.timeline.rules import entries_of
from shared.identity import Role
from shared.outbox import Envelope
from shared.outbox.writer import new_id
from shared.streams import sse
from tests.dispatch.story import URBAN, WATER, Story
from tests.support import facts
from tests.support.streams import Reader, reading, served
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S4.2a")

PATH = "/api/dispatch/v1/news/stream"


async def test_what_concerns_a_person_is_told_when_it_happens_and_nothing_else(story: Story) -> None:
    urban, water = story.desk.bearer(Role.UNIT_HEAD, unit=URBAN), story.desk.bearer(Role.UNIT_HEAD, unit=WATER)
    async with (
        served(story.desk, follow_news) as address,
        reading(address, PATH, story.desk.bearer(Role.REVIEWER)) as reviewer,
        reading(address, PATH, urban) as mine,
        reading(address, PATH, water) as others,
    ):
        order_id = await story.handled()
        await story.desk.hear_itself()
        await story.desk.tell(facts.urged(order_id, story.now))
        await eventually(lambda: len(mine.data) == 2)

    assert mine.names == ["assigned", "urged"]
    assert mine.data[0]["text"] == f"交办给单位{URBAN}（依据：职责）。"
    assert mine.data[0]["title"] == "垃圾无人清运"
    assert (others.data, reviewer.data) == ([], [])


async def test_a_reader_goes_on_where_it_was(story: Story) -> None:
    async with served(story.desk, follow_news) as address:
        async with reading(address, PATH, story.dispatcher) as first:
            for _ in range(3):
                await story.arrive()
            await eventually(lambda: len(first.data) == 3)
        await story.arrive()
        async with reading(address, PATH, {**story.dispatcher, "Last-Event-ID": str(first.ids[0])}) as second:
            await eventually(lambda: len(second.data) == 3)
        page = (await story.get("/news", limit=1)).json()
        async with reading(address, f"{PATH}?after={page['newest'] - 1}", story.dispatcher) as third:
            await eventually(lambda: len(third.data) == 1)

    assert second.ids[:2] == first.ids[1:]
    assert third.ids == [page["items"][0]["id"]]


async def test_a_number_that_was_never_given_out_begins_at_the_newest(story: Story) -> None:
    await story.arrive()
    async with (
        served(story.desk, follow_news) as address,
        reading(address, PATH, {**story.dispatcher, "Last-Event-ID": "999999"}) as reader,
    ):
        await story.arrive()
        await eventually(lambda: len(reader.data) == 2)

    assert reader.names == ["stream.reset", "new"]


async def waits_or_was_told(story: Story, reader: Reader) -> bool:
    waiting = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(reader.data or await story.desk.rows(waiting))


async def test_no_row_is_passed_that_becomes_visible_later(story: Story) -> None:
    """Two transactions write at once: the second has the later position and is visible later."""
    works = story.desk.runtime.works

    def envelope(order_id: str) -> Envelope:
        event = story.received(order_id=order_id)
        return Envelope(
            id=new_id(), source="/gongdan/intake", topic="orders", subject=order_id, sequence=1, time=story.now,
            event=event, type=event.type, correlation="", causation=None, actor="channel:test",
        )  # fmt: skip

    async def write(order_id: str, written: asyncio.Event, commit: asyncio.Event) -> None:
        async with works.begin() as work:
            await timeline.add_entries(work.session, list(entries_of(envelope(order_id))))
            written.set()
            await commit.wait()

    slow, fast = str(new_id()), str(new_id())
    async with (
        served(story.desk, follow_news) as address,
        reading(address, PATH, story.dispatcher) as reader,
        asyncio.TaskGroup() as group,
    ):
        slow_written, slow_may, fast_written, fast_may = (asyncio.Event() for _ in range(4))
        fast_may.set()
        group.create_task(write(slow, slow_written, slow_may))
        await slow_written.wait()
        group.create_task(write(fast, fast_written, fast_may))
        await eventually(lambda: waits_or_was_told(story, reader))
        slow_may.set()
        await eventually(lambda: len(reader.data) == 2, within=10)

    assert [one["order_id"] for one in reader.data] == [slow, fast]


async def test_a_stream_ends_with_the_token_that_opened_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LOOK", 0.05)
    async with served(story.desk, follow_news) as address, reading(address, PATH, story.dispatcher) as reader:
        story.pass_time(minutes=61)
        await eventually(lambda: reader.ended)

    assert (reader.names, reader.data[-1]) == (["stream.ended"], {"reason": "token_ended"})


async def test_a_browser_opens_it_by_the_cookie_of_its_login(story: Story) -> None:
    token = story.dispatcher["Authorization"].removeprefix("Bearer ")
    async with (
        served(story.desk, follow_news) as address,
        reading(address, PATH, {"Cookie": f"gongdan_token={token}"}) as reader,
    ):
        await story.arrive()
        await eventually(lambda: reader.names == ["new"])


async def test_nobody_listens_without_a_login(story: Story) -> None:
    async with served(story.desk) as address, httpx.AsyncClient(base_url=address, trust_env=False) as http:
        answers = [
            (await http.get(PATH, headers=headers)).status_code for headers in ({}, {"Cookie": "gongdan_token=x"})
        ]
        role = await http.get(PATH, headers=story.admin)

    assert (answers, role.status_code) == ([401, 401], 403)


async def test_a_person_has_so_many_streams_and_gets_another_when_one_has_ended(story: Story) -> None:
    opened = story.desk.runtime.parts.of(OpenStreams)
    ends = [opened.open("dispatcher-centre") for _ in range(STREAMS_PER_PERSON - 1)]
    async with served(story.desk, follow_news) as address:
        async with (
            reading(address, PATH, story.dispatcher),
            httpx.AsyncClient(base_url=address, trust_env=False) as http,
        ):
            refused = await http.get(PATH, headers=story.dispatcher)
        await eventually(lambda: can_open(story))
        async with reading(address, PATH, story.dispatcher) as again:
            assert isinstance(again, Reader)
    for end in ends:
        end()

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")


def can_open(story: Story) -> bool:
    opened = story.desk.runtime.parts.of(OpenStreams)
    try:
        opened.open("dispatcher-centre")()
    except Exception:  # noqa: BLE001 - not yet
        return False
    return True


async def test_a_busy_reader_reads_beyond_what_is_kept_in_memory(story: Story) -> None:
    await story.arrive()
    tail = story.desk.runtime.parts.of(NewsTail)
    await tail.catch_up(story.desk.runtime.works)
    story.pass_time(hours=1)
    second = await story.arrive()
    await tail.catch_up(story.desk.runtime.works)

    everything = await tail.after(story.desk.runtime.works, 0)
    recent = await tail.after(story.desk.runtime.works, tail.last - 1)
    assert len(everything) == 2
    assert [one.order_id for one in recent] == [second]
    assert await tail.after(story.desk.runtime.works, tail.last) == ()
    assert story.now - everything[0].at >= timedelta(hours=1)

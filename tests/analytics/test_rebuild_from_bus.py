"""A rebuild that reads every event from the beginning of the bus, beside the service that runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
from sqlalchemy import text

from services.analytics.__main__ import main, rebuild
from services.analytics.rebuilds import handlers
from services.analytics.rebuilds.errors import BusAway, BusIncomplete
from services.analytics.service import SERVICE
from shared.bus import PARTITIONS, Bus, Message
from shared.identity import SYSTEM, Person, Role
from shared.outbox import Envelope, encode
from shared.run.process import running
from shared.service import Runtime
from shared.settings import Settings
from tests.analytics.events import OrderEvents, Publisher, interleaved, local, random_order
from tests.analytics.recount import Counts, recount
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.service import settings_for
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S3.2b")

ADMIN = Person(account="admin", name="admin", roles=frozenset({Role.ADMIN}))


@dataclass
class Live:
    """Analytics while it runs on a PostgreSQL bus."""

    runtime: Runtime
    bus: Bus
    settings: Settings

    async def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self.runtime.works.read() as session:
            return [dict(row) for row in (await session.execute(text(sql), parameters)).mappings()]

    async def run(self, sql: str) -> None:
        async with self.runtime.works.begin() as work:
            await work.session.execute(text(sql))

    async def figures(self) -> dict[tuple[str, str, str], int]:
        rows = await self.rows("select unit, day::text as day, measure, count from figure where count <> 0")
        return {(row["unit"], row["day"], row["measure"]): row["count"] for row in rows}

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        await self.bus.publish([encode(envelope) for envelope in envelopes])

    async def settled(self, expected: Counts) -> None:
        async def there() -> bool:
            assert await self.figures() == dict(expected)
            return True

        await eventually(there, within=30)

    async def rebuilt(self, *, swap: bool = False) -> dict[str, Any]:
        rebuild_id = await handlers.rebuild(self.runtime, ADMIN, source="bus", swap=swap)
        (row,) = await self.rows("select * from rebuild where id = :id", id=rebuild_id)
        return row


@asynccontextmanager
async def live(server: DatabaseServer) -> AsyncIterator[Live]:
    async with fresh_database(server, "analytics") as url, fresh_database(server, "bus") as bus_url:
        settings = settings_for(url, bus_url)
        async with running([SERVICE], settings) as process:
            yield Live(process.runtime_of("analytics"), process.bus, settings)


@pytest.fixture
async def analytics(postgres_server: DatabaseServer) -> AsyncIterator[Live]:
    async with live(postgres_server) as one:
        yield one


def random_events(seed: int, many: int) -> tuple[list[Envelope], Counts]:
    random, publisher = Random(seed), Publisher()
    events = list(interleaved([random_order(random) for _ in range(many)], random))
    return [publisher.envelope(event) for event in events], recount(events)


async def test_the_events_of_the_bus_give_the_running_figures_also_with_repeats(analytics: Live):
    envelopes, expected = random_events(1, 40)
    # The relay may publish again what it published before a crash.
    await analytics.publish(envelopes[:50])
    await analytics.publish(envelopes)
    await analytics.settled(expected)

    report = await analytics.rebuilt()

    assert (report["state"], report["pending"], report["facts_missing"], report["facts_surplus"]) == ("equal", 0, 0, 0)
    assert await analytics.rows("select count(*) as facts from fact") == [{"facts": report["facts"]}]
    assert await analytics.rows("select * from shadow_fact") == []
    # The bus keeps nothing for a rebuild that is over; analytics itself goes on reading.
    connection = await asyncpg.connect(analytics.settings.bus_url)
    try:
        groups = await connection.fetch("select distinct group_name from bus.lease")
    finally:
        await connection.close()
    assert [row["group_name"] for row in groups] == ["analytics"]


async def test_changed_facts_and_figures_are_found_and_not_swapped_in(analytics: Live):
    envelopes, expected = random_events(2, 20)
    await analytics.publish(envelopes)
    await analytics.settled(expected)
    await analytics.run("update figure set count = count + 1 where unit = 'zhujian' and measure = 'assigned'")
    await analytics.run("update fact set unit = 'chengguan' where kind = 'assigned' and unit = 'zhujian'")
    (many,) = await analytics.rows(
        "select count(*) as many from figure where unit = 'zhujian' and measure = 'assigned'"
    )
    (facts,) = await analytics.rows("select count(*) as many from fact where kind = 'assigned' and unit = 'chengguan'")

    report = await analytics.rebuilt()

    assert report["state"] == "different"
    assert report["figures_different"] == many["many"] > 0
    # A fact with another unit counts as missing, because the bus has it otherwise, and as surplus, because we do.
    assert 0 < report["facts_missing"] == report["facts_surplus"] <= facts["many"]
    with pytest.raises(BusIncomplete):
        await analytics.rebuilt(swap=True)
    assert [row["state"] for row in await analytics.rows("select state from rebuild order by asked_at")] == [
        "different",
        "failed",
    ]


async def test_facts_that_were_lost_are_restored_from_the_bus(analytics: Live):
    envelopes, expected = random_events(4, 20)
    await analytics.publish(envelopes[:-40])
    await analytics.settled(recount([envelope.event for envelope in envelopes[:-40] if envelope.event]))
    await analytics.run("delete from fact where kind in ('closed', 'revisited')")
    await analytics.run("delete from figure where measure = 'closed'")

    assert (await analytics.rebuilt(swap=True))["state"] == "swapped"
    # The projection goes on from the swapped figures.
    await analytics.publish(envelopes[-40:])
    await analytics.settled(expected)
    assert (await analytics.rebuilt())["state"] == "equal"


async def test_an_event_that_waits_for_an_operator_is_pending_and_no_difference(analytics: Live):
    good, expected = random_events(5, 5)
    order = OrderEvents().received(local("11-23 08:00")).assigned(local("11-23 09:00"), "zhujian")
    publisher = Publisher()
    first, second = (publisher.envelope(event) for event in order.events)
    broken = encode(first)
    broken = Message(broken.topic, broken.key, b"{}", broken.headers)
    await analytics.publish(good)
    await analytics.bus.publish([broken, encode(second)])
    await analytics.settled(expected)

    async def parked() -> list[dict[str, Any]]:
        rows = await analytics.rows("select id, event_id from parked where state = 'waiting' order by id")
        assert len(rows) == 2
        return rows

    waiting = await eventually(parked, within=20)
    report = await analytics.rebuilt()
    assert (report["state"], report["pending"]) == ("equal", 1)

    # The operator edits the first and replays both: the rebuild takes the edited content, not that of the bus.
    edited = orjson.dumps(orjson.loads(encode(first).value) | {"received_at": "2026-11-24T08:00:00+08:00"})
    await analytics.runtime.parked.edit(waiting[0]["id"], edited, ADMIN, "缺少内容")
    assert await analytics.runtime.parked.replay("orders", order.order_id, ADMIN) == 2
    assert ("zhujian", "2026-11-24", "received") in await analytics.figures()
    assert (await analytics.rebuilt())["state"] == "equal"


async def test_a_dropped_event_is_no_difference(analytics: Live):
    order = OrderEvents().received(local("11-23 08:00")).assigned(local("11-23 09:00"), "zhujian")
    publisher = Publisher()
    first, second = (encode(publisher.envelope(event)) for event in order.events)
    await analytics.bus.publish([Message(first.topic, first.key, b"{}", first.headers), second])

    async def parked() -> list[dict[str, Any]]:
        rows = await analytics.rows("select id, reason from parked where state = 'waiting' order by id")
        assert [row["reason"] for row in rows] == ["invalid", "behind"]
        return rows

    # The second is valid on the bus, but an operator dropped it: it does not count.
    for row in await eventually(parked, within=20):
        await analytics.runtime.parked.drop(row["id"], ADMIN, "上级平台测试数据")

    report = await analytics.rebuilt()
    assert (report["state"], report["pending"], await analytics.figures()) == ("equal", 0, {})


async def test_a_check_beside_a_busy_service_finds_no_false_difference(analytics: Live):
    envelopes, expected = random_events(6, 60)
    states = []
    for start in range(0, len(envelopes), 150):
        await analytics.publish(envelopes[start : start + 150])
        states.append((await analytics.rebuilt())["state"])
    await analytics.settled(expected)

    assert set(states) == {"equal"}
    assert len(states) > 3


async def test_the_command_line_checks_and_swaps(analytics: Live):
    envelopes, expected = random_events(8, 10)
    await analytics.publish(envelopes)
    await analytics.settled(expected)

    assert (await rebuild(analytics.settings, source="bus", swap=False)).state == "equal"
    await analytics.run("delete from figure")
    report = await rebuild(analytics.settings, source="facts", swap=False)
    assert (report.state, report.figures_different) == ("different", min(len(expected), len(expected)))
    assert len(report.differences) == min(len(expected), 200)
    assert (await rebuild(analytics.settings, source="bus", swap=True)).state == "swapped"
    assert await analytics.figures() == dict(expected)
    trail = await analytics.rows("select actor, action from audit order by id desc limit 1")
    assert trail == [{"actor": SYSTEM.account, "action": "figures.rebuilt"}]


@pytest.mark.parametrize("arguments", [["rebuild"], ["rebuild", "--check", "--swap"], ["rebuild", "--check", "--source", "x"], ["other"]])  # fmt: skip
def test_the_command_line_refuses_what_it_does_not_know(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refused:
        main(arguments)

    assert refused.value.code == 2
    assert "usage" in capsys.readouterr().err


async def test_a_rebuild_is_refused_while_the_bus_does_not_answer(postgres_server: DatabaseServer):
    async with live(postgres_server) as analytics:
        await analytics.bus.stop()
        with pytest.raises(BusAway):
            await analytics.rebuilt()

        assert [row["state"] for row in await analytics.rows("select state from rebuild")] == ["failed"]


def test_every_topic_that_is_read_has_its_partitions():
    assert set(SERVICE.topics) <= set(PARTITIONS)

"""The running figures on a real database: any batch, any repeat, two replicas at once; and the rebuild from facts."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from services.analytics.facts.store import last_position
from services.analytics.figures import handlers as projection
from services.analytics.rebuilds import handlers as rebuilds
from services.analytics.rebuilds.errors import RebuildRunning
from shared.contracts.dispatch import UnitChanged
from shared.identity import Role
from shared.outbox import Envelope
from tests.analytics.events import OrderEvents, Publisher, interleaved, local, random_order
from tests.analytics.recount import Counts, recount
from tests.support.service import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S3.2b")


async def project(desk: Desk, envelopes: Sequence[Envelope]) -> None:
    async with desk.runtime.works.begin() as work:
        await projection.project(work, envelopes)


async def figures(desk: Desk) -> dict[tuple[str, str, str], int]:
    rows = await desk.rows("select unit, day::text as day, measure, count from figure where count <> 0")
    return {(row["unit"], row["day"], row["measure"]): row["count"] for row in rows}


async def run(desk: Desk, sql: str) -> None:
    async with desk.runtime.works.begin() as work:
        await work.session.execute(text(sql))


async def rebuilt(desk: Desk, *, swap: bool = False) -> dict[str, Any]:
    admin = desk.person(Role.ADMIN)
    rebuild_id = await rebuilds.rebuild(desk.runtime, admin, source="facts", swap=swap)
    (row,) = await desk.rows("select * from rebuild where id = :id", id=rebuild_id)
    return row


def random_events(seed: int, many: int) -> tuple[list[Envelope], Counts]:
    """The events of some orders, mixed, in their envelopes; and the figures that they make."""
    random, publisher = Random(seed), Publisher()
    events = list(interleaved([random_order(random) for _ in range(many)], random))
    return [publisher.envelope(event) for event in events], recount(events)


@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=1, max_value=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_running_figures_rebuild_and_recount_are_the_same(desk: Desk, seed: int, many: int):
    for table in ("fact", "figure", "tracked_order"):
        await run(desk, f"delete from {table}")
    envelopes, expected = random_events(seed, many)
    random = Random(seed)
    rest = list(envelopes)
    while rest:
        size = random.choice([1, 2, 5, 50])
        batch, rest = rest[:size], rest[size:]
        # The bus may deliver anything again, in the same batch and in a later one.
        repeats = random.sample(envelopes[: len(envelopes) - len(rest)], k=min(2, len(batch)))
        await project(desk, [*batch, *repeats, *batch[:1]])

    report = await rebuilt(desk)

    assert await figures(desk) == dict(expected)
    assert (report["state"], report["figures_different"], report["differences"]) == ("equal", 0, [])


async def test_two_replicas_with_events_of_the_same_orders_lose_nothing_and_do_not_deadlock(desk: Desk):
    orders = [
        OrderEvents().received(local("11-23 09:00")).assigned(local("11-23 10:00"), "zhujian").breached(local("11-27 00:00"), "zhujian")
        for _ in range(60)
    ]  # fmt: skip
    publisher = Publisher()
    told = [publisher.envelope(event) for order in orders for event in order.events]
    own = [envelope for envelope in told if envelope.topic == "orders"]
    deadlines = [envelope for envelope in reversed(told) if envelope.topic == "sla-breaches"]

    async def replica(envelopes: list[Envelope]) -> None:
        for start in range(0, len(envelopes), 7):
            await project(desk, envelopes[start : start + 7])

    async with asyncio.TaskGroup() as group:
        group.create_task(replica(own))
        group.create_task(replica(deadlines))

    assert await figures(desk) == dict(recount([event for order in orders for event in order.events]))


async def blocked(desk: Desk) -> bool:
    """Whether some transaction of this database waits for another."""
    rows = await desk.rows(
        "select count(*) as many from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    return bool(rows[0]["many"])


async def test_an_order_is_counted_by_one_transaction_at_a_time(desk: Desk):
    # A test order counts for nothing: whoever counts its deadline has to know of its receipt.
    order = OrderEvents().received(local("11-23 09:00"), is_test=True).breached(local("11-27 00:00"), "zhujian")
    publisher = Publisher()
    receipt, deadline = (publisher.envelope(event) for event in order.events)
    async with asyncio.TaskGroup() as group, desk.runtime.works.begin() as work:
        await projection.project(work, [receipt])
        group.create_task(project(desk, [deadline]))
        await eventually(lambda: blocked(desk))

    assert await figures(desk) == {}


async def test_a_rebuild_waits_for_the_batch_that_is_being_applied(desk: Desk):
    envelopes, _ = random_events(13, 5)
    async with asyncio.TaskGroup() as group, desk.runtime.works.begin() as work:
        await projection.project(work, envelopes)
        report = group.create_task(rebuilt(desk))
        await eventually(lambda: blocked(desk))

    assert report.result()["state"] == "equal"
    assert (await desk.rows("select count(*) as many from fact"))[0]["many"] == report.result()["facts"] > 0


async def test_a_batch_takes_four_statements_whatever_its_size(desk: Desk):
    envelopes, _ = random_events(7, 80)
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement.split(maxsplit=1)[0].lower())

    engine = desk.runtime.works.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        await project(desk, envelopes)
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)

    assert len(envelopes) > 300
    assert statements == ["insert", "insert", "select", "insert"]


async def test_events_that_make_no_figures_leave_nothing(desk: Desk):
    order = OrderEvents().submitted(local("11-23 09:00"), "zhujian")
    publisher = Publisher()
    await project(desk, [publisher.envelope(event) for event in order.events])

    assert await desk.rows("select * from fact") == []
    assert await figures(desk) == {}


async def test_a_unit_is_known_by_its_latest_name(desk: Desk):
    def changed(name: str, *, active: bool = True) -> UnitChanged:
        return UnitChanged(
            code="zhujian", name=name, group="department", active=active, ready=True, changed_at=desk.clock.now()
        )

    await desk.tell(changed("区住建局"))
    publisher = Publisher()
    await project(
        desk, [publisher.envelope(changed("区住房局")), publisher.envelope(changed("区住房和城乡建设局", active=False))]
    )

    assert [(row["name"], row["active"]) for row in await desk.rows("select * from unit")] == [
        ("区住房和城乡建设局", False)
    ]


async def test_events_from_the_consumer_make_the_figures(desk: Desk):
    order = OrderEvents().received(local("11-23 08:00")).assigned(local("11-23 08:30"), "zhujian")
    await desk.tell(*order.events)

    assert await desk.parked() == []
    assert await figures(desk) == dict(recount(order.events))


async def test_a_figure_that_was_changed_is_found_and_put_right(desk: Desk):
    envelopes, expected = random_events(11, 6)
    await project(desk, envelopes)
    await run(desk, "update figure set count = count + 2 where measure = 'assigned' and unit = ''")
    await run(desk, "delete from figure where measure = 'received' and unit = ''")
    wrong = {place for place in expected if place[0] == "" and place[2] in {"assigned", "received"}}

    report = await rebuilt(desk)

    assert report["state"] == "different"
    assert report["figures_different"] == len(wrong)
    assert {(one["unit"], one["day"], one["measure"]) for one in report["differences"]} == wrong
    assert all(
        one["rebuilt"] == expected[one["unit"], one["day"], one["measure"]]
        and one["running"] == (0 if one["measure"] == "received" else one["rebuilt"] + 2)
        for one in report["differences"]
    )
    assert await figures(desk) != dict(expected), "a check changes nothing"

    assert (await rebuilt(desk, swap=True))["state"] == "swapped"
    assert await figures(desk) == dict(expected)
    assert (await rebuilt(desk))["state"] == "equal"
    assert await desk.rows("select * from shadow_figure") == []


async def test_a_check_without_facts_finds_no_difference(desk: Desk):
    report = await rebuilt(desk)

    assert (report["state"], report["facts"]) == ("equal", 0)


async def test_one_rebuild_at_a_time(desk: Desk):
    async with desk.runtime.works.engine.connect() as other:
        await other.execute(text("select pg_advisory_lock(:lock)"), {"lock": 0x72656275})
        with pytest.raises(RebuildRunning):
            await rebuilt(desk)
        await other.execute(text("select pg_advisory_unlock(:lock)"), {"lock": 0x72656275})

    assert (await rebuilt(desk))["state"] == "equal"


async def test_a_rebuild_that_raises_is_reported_as_failed(desk: Desk):
    owner = await asyncpg.connect(desk.runtime.settings.database_of("analytics"))
    await owner.execute("alter table shadow_figure add constraint ck_shadow_figure_never check (count < 0)")
    await owner.close()
    envelopes, _ = random_events(3, 2)
    await project(desk, envelopes)
    with pytest.raises(Exception, match="ck_shadow_figure_never"):
        await rebuilt(desk)

    assert [row["state"] for row in await desk.rows("select state from rebuild")] == ["failed"]
    async with desk.runtime.works.read() as session:
        assert await last_position(session) > 0


async def test_batches_wait_while_a_rebuild_swaps(desk: Desk):
    envelopes, expected = random_events(5, 10)
    half = len(envelopes) // 2
    await project(desk, envelopes[:half])
    async with asyncio.TaskGroup() as group:
        group.create_task(rebuilt(desk, swap=True))
        group.create_task(project(desk, envelopes[half:]))

    assert await figures(desk) == dict(expected)
    assert (await rebuilt(desk))["state"] == "equal"

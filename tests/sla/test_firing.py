"""The loop: a warning, then the breach, each once, whatever restarts and however many loops share the work."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from services.sla.firing import handlers, jobs
from services.sla.order_events import handlers as orders
from services.sla.service import SERVICE, prepare
from shared.clock import RealClock
from shared.contracts.sla import BreachExcused, ClockBreached, ClockStopped, ClockWarned
from shared.run.process import build_runtime
from shared.service import Runtime
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    assigned,
    contacted,
    fed_back,
    local,
    noted,
    numbered,
    received,
    reopened,
    return_accepted,
)
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, NoBus, desk_of
from tests.support.waiting import eventually


class Killed(BaseException):
    """As by signal 9: between the writing and the commit."""


@asynccontextmanager
async def replica_of(desk: Desk) -> AsyncIterator[Runtime]:
    """A second process of sla on the same database and clock."""
    runtime = build_runtime(SERVICE, desk.runtime.settings, bus=NoBus(), clock=desk.clock)
    jobs.prepare(runtime)
    try:
        yield runtime
    finally:
        await runtime.works.close()


@asynccontextmanager
async def loop_of(*runtimes: Runtime, settle: float = 0.0) -> AsyncIterator[None]:
    """The firing loops of these processes while the block runs; a desk has no consumer to wait for."""
    for runtime in runtimes:
        runtime.parts.of(jobs.FiringLoop).settle_seconds = settle
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(jobs.fire_clocks(runtime)) for runtime in runtimes]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for what the loops do."""
    await eventually(condition, within=10)


async def kinds(desk: Desk, event: type[ClockBreached | ClockWarned]) -> list[str]:
    return [told.kind for told in await desk.told(event)]


@pytest.mark.clause("S1.1.4b")
async def test_the_breach_comes_at_the_due_moment_and_not_a_microsecond_before(desk: Desk) -> None:
    await desk.tell(
        received(), assigned(), contacted("2026-11-23T11:00"), noted("2026-11-23T11:00", "2026-11-30T10:00")
    )
    due = local("2026-11-27T00:00")

    desk.clock.set(due - timedelta(microseconds=1))
    await jobs.drain(desk.runtime)
    assert await kinds(desk, ClockBreached) == []

    desk.clock.set(due)
    await jobs.drain(desk.runtime)
    assert sorted(await kinds(desk, ClockBreached)) == ["district_final", "final"]


@pytest.mark.clause("S1.1.4b")
async def test_a_breach_is_published_once_keyed_by_unit_and_the_order_can_still_be_answered(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00"))
    desk.clock.set(local("2026-11-27T00:00") + timedelta(seconds=30))
    for _ in range(3):
        await jobs.drain(desk.runtime)
    await desk.tell(fed_back("2026-11-27T10:00"))
    await jobs.drain(desk.runtime)

    [breach] = [event for event in await desk.told(ClockBreached) if event.kind == "final"]
    assert (breach.order_id, breach.unit, breach.key, breach.late_by_seconds) == (ORDER, UNIT, UNIT, 30)
    [stopped] = [event for event in await desk.told(ClockStopped) if event.kind == "final"]
    assert (stopped.met, stopped.void) == (False, False)
    rows = await desk.rows("select state from clock where kind = 'final'")
    assert [row["state"] for row in rows] == ["late"]


@pytest.mark.clause("S1.1.4b")
async def test_an_order_answered_in_time_is_never_a_breach(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00"), fed_back("2026-11-26T23:59"))
    desk.clock.set(local("2026-12-30T00:00"))
    await jobs.drain(desk.runtime)

    assert await kinds(desk, ClockBreached) == ["progress_note", "revisit"]


@pytest.mark.clause("S2.2.1f")
async def test_a_return_window_closes_without_a_breach(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00"))
    desk.clock.set(local("2026-11-25T00:00"))
    await jobs.drain(desk.runtime)

    assert await kinds(desk, ClockBreached) == ["progress_note"]
    [closed] = [event for event in await desk.told(ClockStopped) if event.kind == "return_window"]
    assert (closed.void, closed.stopped_at) == (True, local("2026-11-25T00:00"))


@pytest.mark.clause("S2.2.1a")
async def test_two_working_hours_without_contact_warn_and_midnight_breaches(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T12:00"))
    await jobs.drain(desk.runtime)
    assert await kinds(desk, ClockWarned) == ["first_contact"]

    desk.clock.set(local("2026-11-24T00:00"))
    await jobs.drain(desk.runtime)
    assert sorted(await kinds(desk, ClockBreached)) == ["accept", "first_contact", "progress_note"]


@pytest.mark.clause("S2.1d")
async def test_an_order_that_nobody_assigns_warns_at_four_and_breaches_at_midnight(desk: Desk) -> None:
    await desk.tell(received())
    desk.clock.set(local("2026-11-23T15:59"))
    await jobs.drain(desk.runtime)
    assert await kinds(desk, ClockWarned) == []

    desk.clock.set(local("2026-11-23T16:00"))
    await jobs.drain(desk.runtime)
    assert await kinds(desk, ClockWarned) == ["same_day_dispatch"]

    desk.clock.set(local("2026-11-24T00:00"))
    await jobs.drain(desk.runtime)
    assert await kinds(desk, ClockBreached) == ["same_day_dispatch"]


async def test_after_a_week_of_standstill_everything_fires_once_warnings_before_breaches(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-12-07T09:00"))
    await jobs.drain(desk.runtime)

    told = [event for event in await desk.told() if isinstance(event, ClockWarned | ClockBreached)]
    assert Counter(type(event) for event in told) == {ClockWarned: 6, ClockBreached: 5}
    final = [type(event) for event in told if event.kind == "final"]
    assert final == [ClockWarned, ClockBreached]
    breaches = [event.due_at for event in told if isinstance(event, ClockBreached)]
    assert breaches == sorted(breaches)


async def test_two_loops_share_a_storm_and_each_breach_is_published_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 7)
    orders = [numbered(number) for number in range(1, 61)]
    await desk.tell(*(received(order_id=order) for order in orders))
    async with replica_of(desk) as second, loop_of(desk.runtime, second):
        desk.clock.set(local("2026-11-27T00:00"))

        async def all_breached() -> bool:
            return len(await kinds(desk, ClockBreached)) >= 120

        await until(all_breached)
    await jobs.drain(desk.runtime)

    told = Counter((event.order_id, event.kind) for event in await desk.told(ClockBreached))
    assert len(told) == 120
    assert set(told.values()) == {1}


async def test_a_loop_that_dies_in_the_middle_of_a_batch_has_published_nothing_and_the_next_publishes_all(
    desk: Desk,
) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-27T00:00"))

    async def die_before_the_commit() -> None:
        async with desk.runtime.works.begin() as work:
            assert await handlers.fire_due_clocks(work, 100) > 0
            await work.finish()
            raise Killed

    with pytest.raises(Killed):
        await die_before_the_commit()
    assert await kinds(desk, ClockBreached) == []

    async with replica_of(desk) as second:
        await jobs.drain(second)
    assert sorted(await kinds(desk, ClockBreached)) == [
        "accept",
        "district_final",
        "final",
        "first_contact",
        "progress_note",
    ]


async def test_the_loop_wakes_for_a_clock_that_is_started_while_it_sleeps(postgres_server: DatabaseServer) -> None:
    # So seldom a look of its own that only the commit can have woken it.
    async with desk_of(SERVICE, postgres_server, workers_poll_seconds=3600) as desk, loop_of(desk.runtime):
        await desk.tell(received("2026-11-23T08:00"))

        async def asleep() -> bool:
            return await desk.rows("select max(next_at) > min(next_at) as later from clock") == [{"later": True}]

        await until(asleep)
        await desk.tell(received("2026-11-20T09:00", numbered(7)))

        async def breached() -> bool:
            return await kinds(desk, ClockBreached) == ["same_day_dispatch"]

        await until(breached)


async def test_events_that_waited_on_the_bus_are_applied_before_the_first_breach(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00"))
    desk.clock.set(local("2026-11-30T09:00"))
    desk.runtime.consumer.joined = True
    async with loop_of(desk.runtime, settle=30.0):
        await desk.tell(fed_back("2026-11-26T10:00"))

        async def window_closed() -> bool:
            return bool(await desk.rows("select 1 from clock where kind = 'return_window' and state = 'void'"))

        await until(window_closed)

    assert await kinds(desk, ClockBreached) == ["progress_note"]


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_in_whatever_order_each_clock_ends_once_and_breaches_at_most_once(
    desk: Desk, seed: int
) -> None:
    pick = random.Random(seed)
    at, assignments, unit = local("2026-11-23T09:00"), 0, None
    await desk.tell(
        received(urgent=("safety",) if seed % 2 else (), scheme="enterprise_fast" if seed % 3 else "ordinary")
    )
    for step in range(12):
        at += timedelta(minutes=pick.choice((1, 90, 500, 1440, 2000)))
        desk.clock.set(at)
        if pick.random() < 0.6:
            await jobs.drain(desk.runtime)
        moment = f"{at.replace(tzinfo=None):%Y-%m-%dT%H:%M}"
        if unit is None:
            assignments += 1
            unit = pick.choice((UNIT, SECOND))
            await desk.tell(assigned(moment, assignments, unit))
        elif (what := pick.randrange(5)) == 0:
            await desk.tell(return_accepted(moment, step))
            unit = None
        elif what == 1:
            await desk.tell(contacted(moment, unit=unit, promised_at=at + timedelta(hours=pick.randrange(1, 40))))
        elif what == 2:
            await desk.tell(fed_back(moment), reopened(moment, step))
            unit = UNIT
    desk.clock.set(at + timedelta(days=60))
    await jobs.drain(desk.runtime)
    await jobs.drain(desk.runtime)

    told = await desk.told()
    breached = Counter(event.clock_id for event in told if isinstance(event, ClockBreached))
    stopped = Counter(event.clock_id for event in told if isinstance(event, ClockStopped))
    warned = Counter((event.clock_id, event.rung) for event in told if isinstance(event, ClockWarned))
    excused = Counter(event.clock_id for event in told if isinstance(event, BreachExcused))
    assert {*breached.values(), *stopped.values(), *warned.values(), *excused.values()} <= {1}
    for row in await desk.rows("select id, state, due_at, stopped_at, breached_at, next_at, lapse from clock"):
        clock = str(row["id"])
        assert (row["next_at"] is not None) == (row["state"] == "running")
        assert (clock in breached and clock not in excused) == (row["breached_at"] is not None)
        assert (clock in stopped) == (row["state"] != "running")
        assert row["breached_at"] is None or row["breached_at"] >= row["due_at"]
        assert row["state"] != "met" or row["stopped_at"] <= row["due_at"]
        assert row["state"] != "running" or row["breached_at"] is not None


async def test_the_gauge_says_how_long_the_oldest_moment_has_waited(desk: Desk) -> None:
    await desk.tell(received())
    async with loop_of(desk.runtime):

        async def measured() -> bool:
            return desk.runtime.metrics.registry.get_sample_value("gongdan_sla_oldest_unfired_seconds") == 0.0

        await until(measured)


@pytest.mark.clause("S1.1.4b")
async def test_on_the_real_clock_a_breach_is_published_within_a_second(desk: Desk) -> None:
    runtime = build_runtime(SERVICE, desk.runtime.settings, bus=NoBus(), clock=RealClock())
    await prepare(runtime)
    try:
        async with loop_of(runtime):
            now = runtime.clock.now()
            due = now + timedelta(seconds=1)
            event = received(order_id=numbered(5), received_at=now, upstream_due_at=due)
            async with runtime.works.begin() as work:
                await orders.start_district_clocks(work, event)

            async def breached() -> bool:
                return "upstream_due" in await kinds(desk, ClockBreached)

            await until(breached)
    finally:
        await runtime.works.close()

    [told] = [event for event in await desk.told(ClockBreached) if event.kind == "upstream_due"]
    assert 0 <= told.late_by_seconds < 1

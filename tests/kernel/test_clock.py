"""The simulated clock: one time for every process of the machine, kept over a restart, ending the waiting when it is set."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.calendar import SHANGHAI, local_day, start_of
from shared.clock import CatchingUpClock, RealClock, SimulatedClock, clock_of, clock_of_logins, until_told
from shared.web.headers import headers_of_now
from tests.support.service import MONDAY_0900

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


def elsewhere(path: Path, code: str) -> str:
    """Run code in another process that has the clock as `clock`; what it printed."""
    head = (
        "from datetime import *; from pathlib import Path; from shared.clock import SimulatedClock; "
        f"clock = SimulatedClock(Path({str(path)!r})); "
    )
    run = subprocess.run([sys.executable, "-c", head + code], cwd=ROOT, capture_output=True, timeout=60, check=True)
    return run.stdout.decode().strip()


def test_two_processes_read_the_same_time_whichever_sets_it(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)
    assert elsewhere(tmp_path / "clock.json", "print(clock.now().isoformat())") == MONDAY_0900.isoformat()
    elsewhere(tmp_path / "clock.json", "clock.set(datetime(2027, 1, 4, tzinfo=UTC), rate=0)")
    assert clock.now() == datetime(2027, 1, 4, tzinfo=UTC)


def test_a_restart_continues_from_the_stored_time(tmp_path: Path) -> None:
    SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0).set(MONDAY_0900 + HOUR)
    assert SimulatedClock(tmp_path / "clock.json").now() == MONDAY_0900 + HOUR


def test_moving_the_clock_keeps_the_rate_that_another_process_set(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)
    elsewhere(tmp_path / "clock.json", "clock.set(clock.now(), rate=3600)")
    clock.set(MONDAY_0900)
    assert clock.rate == 3600


def test_the_clock_runs_at_its_rate(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=86_400)
    began, first = time.monotonic(), clock.now()
    while time.monotonic() - began < 0.05:
        pass
    moved, took = clock.now() - first, time.monotonic() - began
    assert timedelta(hours=1) < moved < timedelta(days=took) + timedelta(hours=1)


async def test_waiting_ends_when_the_clock_is_set_past_the_moment(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        sleeper = group.create_task(clock.sleep_until(MONDAY_0900 + HOUR))
        await asyncio.sleep(0)
        assert not sleeper.done()
        await asyncio.to_thread(elsewhere, tmp_path / "clock.json", "clock.set(clock.now() + timedelta(hours=2))")
    assert clock.now() == MONDAY_0900 + 2 * HOUR


async def test_waiting_ends_by_its_event_and_by_elapsed_time(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)
    wake = asyncio.Event()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(clock.sleep_until(MONDAY_0900 + HOUR, wake=wake))
        await asyncio.sleep(0)
        wake.set()
    fast = SimulatedClock(tmp_path / "fast.json", at=MONDAY_0900, rate=36_000)
    async with asyncio.timeout(10):
        await fast.sleep_until(MONDAY_0900 + HOUR)
    assert fast.now() >= MONDAY_0900 + HOUR


async def test_a_moment_that_has_passed_is_not_waited_for(tmp_path: Path) -> None:
    clock = SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)
    async with asyncio.timeout(1):
        await clock.sleep_until(MONDAY_0900)
        await RealClock().sleep_until(MONDAY_0900 - timedelta(days=9000))


def test_a_moment_without_its_offset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        SimulatedClock(tmp_path / "clock.json").set(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), 22),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), 23),
        (datetime(2026, 11, 22, 16, 30, tzinfo=UTC), 23),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), 23),
        (datetime(2026, 11, 23, 15, 59, tzinfo=UTC), 23),
    ],
)
def test_a_day_is_counted_as_the_district_counts_it(moment: datetime, day: int) -> None:
    assert local_day(moment).day == day
    assert start_of(local_day(moment)) <= moment < start_of(local_day(moment)) + timedelta(days=1)
    assert start_of(local_day(moment)).astimezone(SHANGHAI).hour == 0


def test_the_setting_names_a_clock(tmp_path: Path) -> None:
    assert isinstance(clock_of("real"), RealClock)
    assert isinstance(clock_of(f"simulated:{tmp_path / 'c.json'}"), SimulatedClock)
    assert isinstance(clock_of(f"catching-up:{tmp_path / 'c'}"), CatchingUpClock)
    for wrong in ("", "simulated", "simulated:", "catching-up:", "sundial:x"):
        with pytest.raises(ValueError):
            clock_of(wrong)


LONG_AGO = MONDAY_0900 - timedelta(days=1000)


def test_a_clock_that_catches_up_stands_still_between_two_steps_in_every_process(tmp_path: Path) -> None:
    clock, other = (CatchingUpClock(tmp_path / "clock") for _ in range(2))
    clock.step(LONG_AGO)
    assert (clock.now(), clock.arrived) == (LONG_AGO, False)
    seen = CatchingUpClock(tmp_path / "clock")
    clock.step(LONG_AGO + HOUR)
    assert [one.now() for one in (clock, seen)] == [LONG_AGO + HOUR] * 2
    # Without its file it is the machine's, as after its arrival.
    assert other.arrived is False
    assert CatchingUpClock(tmp_path / "none").arrived


def test_a_clock_that_has_caught_up_is_the_machines_in_every_process(tmp_path: Path) -> None:
    clock = CatchingUpClock(tmp_path / "clock")
    clock.step(LONG_AGO)
    other = CatchingUpClock(tmp_path / "clock")
    assert other.now() == LONG_AGO
    clock.arrive()
    for one in (clock, other):
        assert one.arrived
        assert abs(one.now() - RealClock().now()) < timedelta(seconds=5)
        with pytest.raises(ValueError):
            one.step(RealClock().now() - timedelta(minutes=1))


def test_answers_say_that_a_clock_catches_up_until_it_has(tmp_path: Path) -> None:
    clock = CatchingUpClock(tmp_path / "clock")
    clock.step(LONG_AGO)
    told = dict(headers_of_now(clock))
    clock.arrive()

    assert told[b"gongdan-catching-up"] == b"true"
    assert told[b"gongdan-now"] == LONG_AGO.astimezone(SHANGHAI).isoformat(timespec="milliseconds").encode()
    assert [name for name, _ in headers_of_now(clock)] == [b"gongdan-now"]


@pytest.mark.parametrize("wrong", [LONG_AGO - timedelta(microseconds=1), datetime(2099, 1, 1, tzinfo=UTC)], ids=str)
def test_a_clock_that_catches_up_goes_neither_back_nor_ahead_of_the_machine(tmp_path: Path, wrong: datetime) -> None:
    clock = CatchingUpClock(tmp_path / "clock")
    clock.step(LONG_AGO)
    with pytest.raises(ValueError):
        clock.step(wrong)
    with pytest.raises(ValueError):
        clock.step(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
    clock.step(LONG_AGO)
    assert clock.now() == LONG_AGO


@pytest.mark.parametrize("elsewhere_too", [False, True])
async def test_a_step_ends_the_waiting(tmp_path: Path, *, elsewhere_too: bool) -> None:
    leader = CatchingUpClock(tmp_path / "clock")
    leader.step(LONG_AGO)
    sleeper = CatchingUpClock(tmp_path / "clock") if elsewhere_too else leader
    assert sleeper.now() == LONG_AGO
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(sleeper.sleep_until(LONG_AGO + HOUR))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        leader.step(LONG_AGO + timedelta(minutes=1))
        await waiting
        leader.step(LONG_AGO + HOUR)
        await sleeper.sleep_until(LONG_AGO + HOUR)


def test_logins_end_by_the_machines_clock_while_a_month_passes_in_a_minute(tmp_path: Path) -> None:
    catching_up, simulated = CatchingUpClock(tmp_path / "c"), SimulatedClock(tmp_path / "s", at=MONDAY_0900, rate=0)
    assert isinstance(clock_of_logins(catching_up), RealClock)
    assert clock_of_logins(simulated) is simulated


@pytest.mark.parametrize("elsewhere_too", [False, True])
async def test_events_are_held_while_people_act_and_told_when_the_leader_waits(
    tmp_path: Path, *, elsewhere_too: bool
) -> None:
    leader = CatchingUpClock(tmp_path / "clock")
    leader.step(LONG_AGO, holding=True)
    relays = CatchingUpClock(tmp_path / "clock") if elsewhere_too else leader
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        held = group.create_task(until_told(relays))
        await asyncio.sleep(0)
        leader.step(LONG_AGO + HOUR, holding=True)
        await asyncio.sleep(0)
        assert (relays.holding, held.done()) == (True, False)
        leader.step(LONG_AGO + HOUR)
    assert not relays.holding
    leader.step(LONG_AGO + HOUR, holding=True)
    leader.arrive()
    for clock in (leader, relays, RealClock(), SimulatedClock(tmp_path / "s", at=MONDAY_0900, rate=0)):
        async with asyncio.timeout(5):
            await until_told(clock)

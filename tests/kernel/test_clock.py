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
from shared.clock import RealClock, SimulatedClock, clock_of
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
    for wrong in ("", "simulated", "simulated:", "sundial:x"):
        with pytest.raises(ValueError):
            clock_of(wrong)

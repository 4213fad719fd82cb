"""Recomputing 100,000 running clocks after a change of the calendar, on a PostgreSQL with fsync; once with a kill -9.

    python -m bench.recompute [clocks]

Goal: under 30 s, one transaction per batch,
and after a killed process every clock moved exactly once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import text

from bench.stand import Child, databases, keys, postgres, scratch
from services.sla.calendar import store
from services.sla.recomputing import jobs
from services.sla.recomputing.handlers import edit_days
from services.sla.service import SERVICE
from shared.calendar import DayChange, Wanted
from shared.clock import SimulatedClock
from shared.db.migrate import upgrade
from shared.run.postgres import PostgresServer
from shared.run.process import build_runtime
from shared.service import Runtime
from shared.settings import Settings
from tests.support.service import MONDAY_0900, NoBus

CLOCKS: Final = 100_000
GOAL: Final = 30.0
_FILL: Final = """
insert into clocked_order (order_id, scheme, urgent, received_at, unit)
select 'order-' || n, 'ordinary', false, :now, 'unit-' || n % 60 from generate_series(1, :clocks) n;
"""
_ARM: Final = """
insert into clock (id, order_id, kind, occasion, unit, started_at, span, amount, due_at, due_on, original_due_at,
  provisional, lapse, clause, rules, calendar, rungs, fired, next_at, state)
select gen_random_uuid(), 'order-' || n, 'final', 'assignment:1', 'unit-' || n % 60, :now, 'workdays', 3,
  :due, date '2026-11-26', :due, false, 'breach', 'S1.1.4a', 'circular-2022', :calendar,
  jsonb_build_array(jsonb_build_object('name', 'yellow', 'at', cast(:warn as text))), 0,
  cast(:warn_at as timestamptz), 'running'
from generate_series(1, :clocks) n
"""


def runtime_on(url: str, folder: Path, environment: dict[str, Any]) -> Runtime:
    """The service sla on this database, without a bus: its events stay in the outbox."""
    settings = Settings(database_url=url, bus_url="postgresql://nowhere/bus", **environment)
    clock = SimulatedClock(folder / "clock.json", at=MONDAY_0900, rate=0)
    return build_runtime(SERVICE, settings, bus=NoBus(), clock=clock)


async def prepared(url: str, folder: Path) -> Runtime:
    """The same with the database migrated and the calendar stored."""
    await upgrade(url, "sla")
    runtime = runtime_on(url, folder, secrets())
    await jobs.prepare(runtime)
    return runtime


def secrets() -> dict[str, Any]:
    """Keys of every kind; a child process draws its own, because it seals nothing."""
    drawn = keys()
    return {name: value for name, value in drawn.items() if name in Settings.model_fields}


async def arm(runtime: Runtime, clocks: int) -> None:
    """Insert running clocks, each of which counts Wednesday, 25 November."""
    due = runtime.works.calendar.due_at(MONDAY_0900, 3).at
    warn_at = runtime.works.calendar.due_at(MONDAY_0900, 2).at
    async with runtime.works.begin() as work:
        await work.session.execute(text(_FILL), {"now": MONDAY_0900, "clocks": clocks})
        await work.session.execute(
            text(_ARM),
            {
                "now": MONDAY_0900,
                "due": due,
                "warn": warn_at.isoformat(),
                "warn_at": warn_at,
                "calendar": runtime.works.calendar.version,
                "clocks": clocks,
            },
        )
    async with runtime.works.begin() as work:
        await work.session.execute(text("analyze"))


async def change(runtime: Runtime, wanted: Wanted) -> None:
    """Make the Wednesday a day off, or a working day again."""
    day = DayChange(MONDAY_0900.date().replace(day=25), wanted, "临时安排")
    async with runtime.works.begin() as work:
        await edit_days(work, [day], reason="台风停工", document=None, base=None)


async def recompute(runtime: Runtime) -> int:
    """Run the recomputation to its end."""
    async with runtime.works.read() as session:
        version = await store.current_version(session)
    assert version is not None
    return await jobs.recompute(runtime, version)


async def count(runtime: Runtime, sql: str) -> int:
    """One number."""
    async with runtime.works.read() as session:
        return int(await session.scalar(text(sql)) or 0)


async def compare(clocks: int) -> int:
    """Run both and print the figures; 0 when the goal is reached."""
    with scratch("recompute") as folder, postgres(folder) as server:
        await databases(server, "sla")
        url = server.url("sla")
        runtime = await prepared(url, folder)
        try:
            await arm(runtime, clocks)
            await change(runtime, Wanted.OFF)
            started, spent, served = time.perf_counter(), time.process_time(), server_cpu(server)
            await recompute(runtime)
            seconds, spent = time.perf_counter() - started, time.process_time() - spent
            served = server_cpu(server) - served
            moved = await count(runtime, "select count(*) from clock where due_on = date '2026-11-27'")

            await change(runtime, Wanted.PLAIN)
            killed_at = await killed(url, folder, runtime, clocks)
            started = time.perf_counter()
            await recompute(runtime)
            rest = time.perf_counter() - started
            back = await count(runtime, "select count(*) from clock where due_on = date '2026-11-26'")
            twice = await count(
                runtime,
                "select count(*) from (select clock_id from clock_change group by clock_id having count(*) <> 2) t",
            )
            events = await count(runtime, "select count(*) from outbox where type = 'clock.changed.v1'")
        finally:
            await runtime.works.close()
    print(
        f"{clocks} clocks counted anew in {seconds:.1f} s ({clocks / seconds:,.0f}/s), batches of {jobs.BATCH}; goal {GOAL:.0f} s"
    )
    load = os.getloadavg()[0]
    print(f"CPU: {spent:.1f} s here, {served:.1f} s in PostgreSQL; load average {load:.1f} on {os.cpu_count()} cores")
    print(f"killed with kill -9 at {killed_at} clocks; the rest took {rest:.1f} s")
    print(f"moved {moved}, moved back {back}, not exactly once each way {twice}, events {events}")
    reached = seconds < GOAL and moved == back == clocks and twice == 0 and events == 2 * clocks
    print("goal reached" if reached else "GOAL MISSED")
    return 0 if reached else 1


def server_cpu(server: PostgresServer) -> float:
    """Seconds of CPU time that the server's running processes have used."""
    root = psutil.Process(server.pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


async def killed(url: str, folder: Path, runtime: Runtime, clocks: int) -> int:
    """Recompute in a child process that is killed in the middle; returns how many clocks were done by then."""
    child = await Child("bench.recompute", {}, folder / "child.log", "--worker", url, str(folder)).start()
    assert child.process is not None
    assert child.pid is not None
    seen = "select seen from recomputation order by number desc limit 1"
    while await count(runtime, seen) < clocks // 3 and child.process.returncode is None:  # noqa: ASYNC110 - it is in the database
        await asyncio.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    await child.process.wait()
    done = await count(runtime, seen)
    if not 0 < done < clocks:
        print(f"the child was not killed in the middle: {done}; {(folder / 'child.log').read_text()[-500:]}")
    return done


async def worker(url: str, folder: Path) -> None:
    """The process that is killed."""
    runtime = runtime_on(url, folder, secrets())
    await recompute(runtime)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        asyncio.run(worker(sys.argv[2], Path(sys.argv[3])))
    else:
        sys.exit(asyncio.run(compare(int(sys.argv[1]) if len(sys.argv) > 1 else CLOCKS)))

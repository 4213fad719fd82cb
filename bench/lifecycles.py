"""Whole lifecycles per second through the five services, on each bus, with their cost and what limits them.

    python -m bench.lifecycles [--seconds 25] [--walkers 96] [--bus postgres --bus kafka] [--against COMMIT [--rounds 3]]

webhook -> assign -> contact -> reply -> unit leader -> centre review -> feedback to the upstream -> revisit -> closed.

With `--against` the platform of another commit is measured in turns with this one, by this file, from a worktree in a
folder of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
import psutil
import uvloop

from bench import upstream
from bench.http import Replicas
from bench.report import Table, cpu_seconds, median, percentile
from bench.stand import ROOT, scratch
from bench.walkers import Desk, Late, Refused, Tokens, load_district, walk
from deploy.cluster import cluster_of
from shared.run.postgres import PostgresServer
from shared.settings import SERVICES
from shared.telemetry import configure_logs

BUSES: Final = ("postgres", "kafka")
GOAL: Final = 32.0
_WARM_SECONDS: Final = 10.0
# BEGIN takes along who asks (SET LOCAL) in the same message.
_COUNTS: Final = """
select coalesce(sum(calls) filter (where not is_frame and not is_set), 0)::float8 as statements,
  coalesce(sum(calls) filter (where not is_set), 0)::float8 as trips
from (
  select calls, query ~* '^(begin|commit|rollback)' as is_frame, query ~* '^set' as is_set
  from pg_stat_statements s join pg_database d on d.oid = s.dbid where toplevel and d.datname like 'gongdan%'
) counted
"""
_COMMITS: Final = "select sum(xact_commit)::float8 from pg_stat_database where datname like 'gongdan%'"
_CLOSED: Final = "select count(*) from order_case where status = 'closed'"


@dataclass
class Platform:
    """The running platform: a process for each service."""

    ports: Mapping[str, int]
    pids: Mapping[str, int | None]
    secrets: Mapping[str, Any]
    server: PostgresServer


@asynccontextmanager
async def started(folder: Path, bus: Literal["postgres", "kafka"], told: str) -> AsyncIterator[Platform]:
    """The platform on this bus, on a server that can count its statements."""
    server = PostgresServer.start(folder / "postgres")
    connection = await asyncpg.connect(server.url())
    await connection.execute("alter system set shared_preload_libraries = 'pg_stat_statements'")
    await connection.close()
    server.stop()
    async with cluster_of(folder, bus=bus, replicas=1, upstream=told) as cluster:
        pids = {member.module.removeprefix("services."): member.pid for member in cluster.members}
        broker = cluster.broker.pid if cluster.broker is not None else None
        yield Platform(
            {member.module.removeprefix("services."): member.port for member in cluster.members},
            {**pids, "PostgreSQL": cluster.postgres.pid, **({"Kafka": broker} if broker else {})},
            cluster.secrets, cluster.postgres,
        )  # fmt: skip


async def work_of(server: asyncpg.Connection[Any]) -> dict[str, float]:
    """Statements, commits and round trips so far, everything that runs by itself included."""
    found = await server.fetchrow(_COUNTS)
    assert found is not None
    commits = await server.fetchval(_COMMITS)
    return {"statements": found["statements"], "commits": commits, "round trips": found["trips"]}


@dataclass
class Result:
    """One run; costs are per lifecycle."""

    rate: float
    closed: int
    cpu: dict[str, float]
    counts: dict[str, float]
    driver: float
    busy: float
    p50: float
    p99: float
    retried: int

    @property
    def total(self) -> float:
        """CPU of everything, the load generator included."""
        return sum(self.cpu.values()) + self.driver


async def run(folder: Path, bus: Literal["postgres", "kafka"], *, seconds: float, walkers: int) -> Result:
    """Take as many orders as possible through their lifecycle; count those that dispatch has closed."""
    receiver = upstream.Receiver("")
    await receiver.start()
    async with started(folder, bus, receiver.address) as platform:
        channel = platform.secrets["channels"][upstream.CHANNEL]
        receiver.secret = channel["out"]
        await load_district(platform.ports["dispatch"], platform.secrets)
        desk = Desk(
            intake=Replicas([platform.ports["intake"]]),
            dispatch=Replicas([platform.ports["dispatch"]]),
            review=Replicas([platform.ports["review"]]),
            tokens=Tokens(platform.secrets["token_private_key"]),
            receiver=receiver,
            secret=channel["in"],
            rng=random.Random(6),
            # People neither ask thirty times a second whether an order has come nor act at the instant at which another
            # person has acted: the platform is measured, not their polling.
            thinking=1.0,
            pause=0.4,
            longest_pause=2.0,
        )
        took: list[float] = []
        faults: list[str] = []
        stopping = asyncio.Event()
        numbers = iter(range(1, 10**9))

        async def walker() -> None:
            while not stopping.is_set():
                began = time.perf_counter()
                body = upstream.order_body(next(numbers), desk.rng)
                try:
                    answer = await desk.push("orders", body, "order")
                    await walk(desk, body["orderNum"], answer.json()["order_id"])
                except (Refused, Late) as fault:
                    faults.append(str(fault))
                    return
                took.append(time.perf_counter() - began)

        connection = await asyncpg.connect(platform.server.url("gongdan_dispatch"))
        server = await asyncpg.connect(platform.server.url())
        await server.execute("create extension pg_stat_statements")
        async with asyncio.TaskGroup() as group:
            for _ in range(walkers):
                group.create_task(walker())
            await asyncio.sleep(_WARM_SECONDS)
            before = {name: cpu_seconds(pid) for name, pid in platform.pids.items()}
            driver, machine = time.process_time(), psutil.cpu_times()
            counts = await work_of(server)
            closed = await connection.fetchval(_CLOSED)
            began = time.perf_counter()
            await asyncio.sleep(seconds)
            closed = await connection.fetchval(_CLOSED) - closed
            elapsed = time.perf_counter() - began
            after = {name: cpu_seconds(pid) for name, pid in platform.pids.items()}
            used, now = time.process_time() - driver, psutil.cpu_times()
            counts = {name: many - counts[name] for name, many in (await work_of(server)).items()}
            stopping.set()
        await connection.close()
        await server.close()
        if faults:
            raise RuntimeError(f"{len(faults)} walks failed on {bus}: {faults[:3]}")
        idle = (now.idle - machine.idle) / (elapsed * (psutil.cpu_count() or 1))
        await receiver.stop()
        each = max(closed, 1)
        return Result(
            closed / elapsed, closed, {name: (after[name] - before[name]) / each * 1000 for name in after},
            {name: many / each for name, many in counts.items()},
            used / each * 1000, 1 - idle, percentile(took, 0.5), percentile(took, 0.99), desk.retried,
        )  # fmt: skip


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """A worktree of this commit, with this file in it."""
    with scratch("bench-against") as folder:
        tree = folder / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), commit], cwd=ROOT, check=True)
        try:
            shutil.copy(__file__, tree / "bench" / "lifecycles.py")
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


def run_in(tree: Path, bus: str, arguments: argparse.Namespace) -> Result:
    """One run of the platform in this folder, in a process of its own."""
    with scratch("bench-result") as folder:
        file = folder / "result.json"
        options = ("--bus", bus, "--seconds", str(arguments.seconds), "--walkers", str(arguments.walkers))
        command = [sys.executable, "-m", "bench.lifecycles", *options, "--into", str(file)]
        subprocess.run(command, cwd=tree, check=True)
        return Result(**json.loads(file.read_text()))


def middle(results: Sequence[Result]) -> Result:
    """The medians of several runs."""

    def each(maps: Sequence[Mapping[str, float]]) -> dict[str, float]:
        return {name: median(found[name] for found in maps) for name in maps[0]}

    numbers = {
        field.name: median(getattr(result, field.name) for result in results)
        for field in dataclasses.fields(Result)
        if field.name not in {"cpu", "counts"}
    }
    return Result(cpu=each([one.cpu for one in results]), counts=each([one.counts for one in results]), **numbers)  # type: ignore[arg-type]


def measure(arguments: argparse.Namespace) -> Sequence[Table]:
    names = (*SERVICES, "PostgreSQL", "Kafka")
    speed = Table("Whole lifecycles through the five services",
                  ("bus", "commit", "lifecycles/s", "goal", "p50 s", "p99 s", "CPU busy"))  # fmt: skip
    cost = Table("CPU per lifecycle, ms", ("bus", "commit", *names, "load generator", "sum"))
    counts = Table("Work of the database per lifecycle", ("bus", "commit", "statements", "commits", "round trips"))
    for bus in arguments.bus or BUSES:
        for commit, result in _turns(bus, arguments).items():
            speed.add(bus, commit, result.rate, f">= {GOAL:.0f}", result.p50, result.p99,
                      f"{result.busy:.0%} of {os.cpu_count()} cores")  # fmt: skip
            cost.add(bus, commit, *(result.cpu.get(name) for name in names), result.driver, result.total)
            counts.add(bus, commit, *(result.counts[name] for name in counts.headings[2:]))
    speed.notes.append(
        f"{arguments.walkers} staff at once for {arguments.seconds:.0f} s after {_WARM_SECONDS:.0f} s of warming up, who "
        "wait a second before each of the four steps that follow another service: their number bounds the rate.  The "
        f"load generator, PostgreSQL and the broker share the same cores; load {os.getloadavg()[0]:.1f} at the end."
    )
    counts.notes.append("Rows that one executemany writes are counted as statements and round trips of their own.")
    return speed, cost, counts


def _turns(bus: str, arguments: argparse.Namespace) -> Mapping[str, Result]:
    """The medians of today's platform, and of the one that it is compared with."""
    if arguments.against is None:
        return {"today": middle([run_in(ROOT, bus, arguments) for _ in range(arguments.rounds)])}
    found: dict[str, list[Result]] = {arguments.against: [], "today": []}
    with tree_of(arguments.against) as other:
        for _ in range(arguments.rounds):
            found[arguments.against].append(run_in(other, bus, arguments))
            found["today"].append(run_in(ROOT, bus, arguments))
    return {commit: middle(results) for commit, results in found.items()}


async def single(arguments: argparse.Namespace) -> None:
    """One run of the platform in this folder, for the process that compares."""
    with scratch("bench-lifecycles") as folder:
        result = await run(folder, arguments.bus[0], seconds=arguments.seconds, walkers=arguments.walkers)
    print(f"{arguments.bus[0]}: {result}, sum {result.total:.1f}", flush=True)
    arguments.into.write_text(json.dumps(dataclasses.asdict(result)))


def main() -> int:
    configure_logs("ERROR")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--walkers", type=int, default=96)
    parser.add_argument("--bus", action="append", choices=BUSES)
    parser.add_argument("--against", help="a commit to measure in turns with this one")
    parser.add_argument("--rounds", type=int, default=None, help="3 with --against, else 1")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.into is not None:
        uvloop.run(single(arguments))
        return 0
    arguments.rounds = arguments.rounds or (1 if arguments.against is None else 3)
    for table in measure(arguments):
        table.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())

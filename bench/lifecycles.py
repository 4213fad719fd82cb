"""Whole lifecycles per second through the five services, on each bus, with their cost and what limits them.

    python -m bench.lifecycles [--seconds 30] [--walkers 32] [--bus postgres --bus kafka]

webhook -> assign -> contact -> reply -> unit leader -> centre review -> feedback to the upstream -> revisit -> closed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
import psutil
import uvloop

from bench import upstream
from bench.http import Replicas
from bench.report import Table, cpu_seconds, percentile
from bench.stand import Child, kafka, postgres, scratch
from bench.walkers import Desk, Late, Refused, Tokens, load_district, walk
from deploy.cluster import cluster_of, environment_of
from shared.run.embedded import files_url, secrets_of
from shared.run.process import free_port
from shared.settings import SERVICES
from shared.telemetry import configure_logs

Shape = Literal["one process", "five processes"]
BUSES: Final = ("postgres", "kafka")
GOAL: Final = 37.0
_WARM_SECONDS: Final = 10.0


@dataclass
class Platform:
    """A running platform, as one process or as five."""

    ports: Mapping[str, int]
    pids: Mapping[str, int | None]
    secrets: Mapping[str, Any]
    dispatch_url: str


@asynccontextmanager
async def started(folder: Path, bus: Literal["postgres", "kafka"], shape: Shape, told: str) -> AsyncIterator[Platform]:
    """The platform of this shape on this bus."""
    if shape == "five processes":
        async with cluster_of(folder, bus=bus, replicas=1, upstream=told) as cluster:
            pids = {member.module.removeprefix("services."): member.pid for member in cluster.members}
            broker = cluster.broker.pid if cluster.broker is not None else None
            yield Platform(
                {member.module.removeprefix("services."): member.port for member in cluster.members},
                {**pids, "PostgreSQL": cluster.postgres.pid, **({"Kafka": broker} if broker else {})},
                cluster.secrets, cluster.postgres.url("gongdan_dispatch"),
            )  # fmt: skip
        return
    with postgres(folder) as server:
        for name in (*SERVICES, "bus"):
            await server.create_database(f"gongdan_{name}")
        if bus == "kafka":
            with kafka(folder) as broker_:
                assert broker_ is not None
                async with _one_process(folder, server, f"kafka://{broker_.bootstrap}", told) as platform:
                    yield Platform(
                        platform.ports, {**platform.pids, "Kafka": broker_.pid}, platform.secrets, platform.dispatch_url
                    )
        else:
            async with _one_process(folder, server, server.url("gongdan_bus"), told) as platform:
                yield platform


@asynccontextmanager
async def _one_process(folder: Path, server: Any, bus_url: str, told: str) -> AsyncIterator[Platform]:
    secrets = secrets_of(folder)
    port = free_port()
    database = server.url("gongdan_SERVICE").replace("SERVICE", "{service}")
    variables: dict[str, str] = {"GONGDAN_VAR": str(folder), "GONGDAN_SAMPLE": "0"}
    for service in ("dispatch", "intake"):
        variables |= environment_of(
            service,
            port,
            database_url=database,
            bus_url=bus_url,
            files_url=files_url(folder),
            secrets=secrets,
            upstream=told,
            clock="real",
        )
    child = Child("services", {**variables, "GONGDAN_LOG_LEVEL": "WARNING"}, folder / "platform.log")
    await child.start()
    try:
        await child.ready(f"http://127.0.0.1:{port}")
        yield Platform(
            dict.fromkeys(SERVICES, port), {"all five": child.pid, "PostgreSQL": server.pid}, secrets,
            server.url("gongdan_dispatch"),
        )  # fmt: skip
    finally:
        await child.stop()


@dataclass
class Result:
    """One run."""

    rate: float
    closed: int
    cpu: dict[str, float]
    driver: float
    busy: float
    p50: float
    p99: float
    retried: int


async def run(folder: Path, bus: Literal["postgres", "kafka"], shape: Shape, *, seconds: float, walkers: int) -> Result:
    """Take as many orders as possible through their lifecycle; count those that dispatch has closed."""
    receiver = upstream.Receiver("")
    await receiver.start()
    async with started(folder, bus, shape, receiver.address) as platform:
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

        connection = await asyncpg.connect(platform.dispatch_url)
        async with asyncio.TaskGroup() as group:
            for _ in range(walkers):
                group.create_task(walker())
            await asyncio.sleep(_WARM_SECONDS)
            before = {name: cpu_seconds(pid) for name, pid in platform.pids.items()}
            driver, machine = time.process_time(), psutil.cpu_times()
            closed = await connection.fetchval("select count(*) from order_case where status = 'closed'")
            began = time.perf_counter()
            await asyncio.sleep(seconds)
            closed = await connection.fetchval("select count(*) from order_case where status = 'closed'") - closed
            elapsed = time.perf_counter() - began
            after = {name: cpu_seconds(pid) for name, pid in platform.pids.items()}
            used, now = time.process_time() - driver, psutil.cpu_times()
            stopping.set()
        await connection.close()
        if faults:
            raise RuntimeError(f"{len(faults)} walks failed on {bus}, {shape}: {faults[:3]}")
        idle = (now.idle - machine.idle) / (elapsed * (psutil.cpu_count() or 1))
        await receiver.stop()
        each = max(closed, 1)
        return Result(
            closed / elapsed, closed, {name: (after[name] - before[name]) / each * 1000 for name in after},
            used / each * 1000, 1 - idle, percentile(took, 0.5), percentile(took, 0.99), desk.retried,
        )  # fmt: skip


async def measure(arguments: argparse.Namespace) -> tuple[Table, Table]:
    names = ("all five", *SERVICES, "PostgreSQL", "Kafka")
    speed = Table("Whole lifecycles through the five services",
                  ("bus", "cut", "lifecycles/s", "to 37/s", "goal", "p50 s", "p99 s", "CPU busy"))  # fmt: skip
    cost = Table("CPU per lifecycle, ms", ("bus", "cut", *names, "load generator", "sum"))
    for bus in arguments.bus or BUSES:
        for shape in arguments.shape or ("one process", "five processes"):
            with scratch("bench-lifecycles") as folder:
                result = await run(folder, bus, shape, seconds=arguments.seconds, walkers=arguments.walkers)
            speed.add(bus, shape, result.rate, result.rate / GOAL, "> 1", result.p50, result.p99,
                      f"{result.busy:.0%} of {os.cpu_count()} cores")  # fmt: skip
            total = sum(result.cpu.values()) + result.driver
            cost.add(bus, shape, *(result.cpu.get(name) for name in names), result.driver, total)
            print(f"{bus}, {shape}: {result}", flush=True)
    speed.notes.append(
        f"{arguments.walkers} staff at once for {arguments.seconds:.0f} s after {_WARM_SECONDS:.0f} s of warming up; the "
        "load generator, PostgreSQL and the broker share the same cores."
    )
    return speed, cost


def main() -> int:
    configure_logs("ERROR")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--walkers", type=int, default=96)
    parser.add_argument("--bus", action="append", choices=BUSES)
    parser.add_argument("--shape", action="append", choices=("one process", "five processes"))
    for table in uvloop.run(measure(parser.parse_args())):
        table.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())

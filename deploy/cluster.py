"""`make cluster`: two replicas of each service as processes of their own, on Kafka, behind a gateway, on one machine.

What docker-compose.yml says with containers, said with processes: the same programs, the same variables.  A process
that dies is started again, as a container with `restart: always` is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from deploy.kafka.broker import Broker
from shared.run.embedded import channel_secrets, secrets_of
from shared.run.postgres import PostgresServer
from shared.run.process import free_port
from shared.settings import SERVICES

ROOT: Final = Path(__file__).resolve().parents[1]
BusKind = Literal["kafka", "postgres"]


@dataclass
class Member:
    """One process of the cluster: what it runs, and how often it had to be started."""

    name: str
    module: str
    environment: Mapping[str, str]
    port: int
    log: Path
    through: tuple[str, ...] = ()
    """A program and its arguments that run the module in its place, for a run that plants faults."""
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        alive = self.process is not None and self.process.returncode is None
        return self.process.pid if alive and self.process is not None else None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@dataclass
class Cluster:
    """The processes, and what they stand on."""

    folder: Path
    bus: BusKind
    postgres: PostgresServer
    broker: Broker | None
    members: list[Member]
    gateway: Member
    secrets: Mapping[str, Any]
    supervised: bool = True
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def of(self, service: str) -> list[Member]:
        """The replicas of one service."""
        return [member for member in self.members if member.module == f"services.{service}"]

    async def ready(self, within: float = 90.0) -> None:
        """Return when every process says that it is ready; TimeoutError with the ones that do not."""
        deadline = asyncio.get_running_loop().time() + within
        async with httpx.AsyncClient(timeout=5.0) as http:
            waiting = [*self.members, self.gateway]
            while waiting:
                waiting = [member for member in waiting if not await _is_ready(http, member)]
                if waiting and asyncio.get_running_loop().time() > deadline:
                    raise TimeoutError(f"not ready: {', '.join(member.name for member in waiting)}")
                if waiting:
                    await asyncio.sleep(0.1)


async def _is_ready(http: httpx.AsyncClient, member: Member) -> bool:
    try:
        # Not the status alone: a member without its bus takes requests, but it does not read.
        return bool((await http.get(f"{member.address}/readyz")).json()["status"] == "ready")
    except (httpx.HTTPError, ValueError):
        return False


async def _keep(cluster: Cluster, member: Member) -> None:
    """Start the process, and start it again whenever it ends."""
    pause = 0.1
    while True:
        with member.log.open("ab") as log:
            member.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *member.through,
                member.module,
                cwd=ROOT,
                env={**os.environ, **member.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        member.starts += 1
        began = asyncio.get_running_loop().time()
        try:
            await member.process.wait()
        except asyncio.CancelledError:
            await _end(member)
            raise
        if not cluster.supervised:
            return
        pause = 0.1 if asyncio.get_running_loop().time() - began > 10 else min(pause * 2, 5.0)  # noqa: PLR2004
        await asyncio.sleep(pause)


async def _end(member: Member) -> None:
    """Ask it to stop, wait, and make it."""
    process = member.process
    if process is None or process.returncode is not None:
        return
    member.signal(signal.SIGCONT)
    member.signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        member.signal(signal.SIGKILL)
        await process.wait()


def environment_of(
    service: str, port: int, *, database_url: str, bus_url: str, secrets: Mapping[str, Any], upstream: str, clock: str
) -> dict[str, str]:
    """The variables of one service: exactly those that docker-compose.yml sets."""
    values = {
        "GONGDAN_DATABASE_URL": database_url,
        "GONGDAN_BUS_URL": bus_url,
        "GONGDAN_TOKEN_PUBLIC_KEY": secrets["token_public_key"],
        "GONGDAN_SEAL_KEYS": secrets["seal_keys"],
        "GONGDAN_CLOCK": clock,
        "GONGDAN_HOST": "127.0.0.1",
        "GONGDAN_PORT": str(port),
        "GONGDAN_LOG_LEVEL": os.environ.get("GONGDAN_LOG_LEVEL", "INFO"),
        "GONGDAN_DRAIN_SECONDS": os.environ.get("GONGDAN_DRAIN_SECONDS", "0.5"),
    }
    if service == "dispatch":
        values["GONGDAN_TOKEN_PRIVATE_KEY"] = secrets["token_private_key"]
        values["GONGDAN_ADMIN_PASSWORD"] = secrets["admin_password"]
    if service == "intake":
        values["GONGDAN_CHANNEL_SECRETS"] = channel_secrets(secrets, upstream)
    return values


@asynccontextmanager
async def cluster_of(
    folder: Path,
    *,
    bus: BusKind = "kafka",
    replicas: int = 2,
    upstream: str = "http://127.0.0.1:9",
    clock: str = "real",
    gateway_port: int | None = None,
    extra: Mapping[str, str] | None = None,
    through: tuple[str, ...] = (),
) -> AsyncIterator[Cluster]:
    """Start everything in `folder`, give it when ready, stop it at the end.

    `extra` adds variables for every process; `through` is a program that runs each service's module in its own way:
    the fault run plants its broken variants with it.
    """
    secrets = secrets_of(folder)
    postgres = await asyncio.to_thread(PostgresServer.start, folder / "postgres")
    broker: Broker | None = None
    try:
        for name in (*SERVICES, "bus"):
            await postgres.create_database(f"gongdan_{name}")
        if bus == "kafka":
            broker = await asyncio.to_thread(Broker, folder / "kafka")
            await asyncio.to_thread(broker.start)
        bus_url = f"kafka://{broker.bootstrap}" if broker is not None else postgres.url("gongdan_bus")
        database_url = postgres.url("gongdan_SERVICE").replace("SERVICE", "{service}")
        members = []
        for service in SERVICES:
            for number in range(1, replicas + 1):
                port = free_port()
                variables = environment_of(
                    service,
                    port,
                    database_url=database_url,
                    bus_url=bus_url,
                    secrets=secrets,
                    upstream=upstream,
                    clock=clock,
                )
                name = f"{service}-{number}"
                members.append(
                    Member(
                        name,
                        f"services.{service}",
                        {**variables, **(extra or {})},
                        port,
                        folder / f"{name}.log",
                        through,
                    )
                )
        port = gateway_port or free_port()
        addresses = {
            f"GONGDAN_GATEWAY_{service.upper()}": ",".join(
                member.address for member in members if member.module == f"services.{service}"
            )
            for service in SERVICES
        }
        own = {"GONGDAN_HOST": "127.0.0.1", "GONGDAN_PORT": str(port)}
        gateway = Member("gateway", "deploy.gateway", {**addresses, **own}, port, folder / "gateway.log")
        cluster = Cluster(folder, bus, postgres, broker, members, gateway, secrets)
        async with asyncio.TaskGroup() as group:
            cluster.tasks = [group.create_task(_keep(cluster, member)) for member in [*members, gateway]]
            try:
                await cluster.ready()
                yield cluster
            finally:
                for task in cluster.tasks:
                    task.cancel()
    finally:
        if broker is not None:
            await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(postgres.stop)


async def _run(folder: Path, arguments: argparse.Namespace) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    print(f"starting {arguments.replicas} replicas of each service on {arguments.bus} ...", flush=True)
    async with cluster_of(
        folder, bus=arguments.bus, replicas=arguments.replicas, gateway_port=arguments.port, clock=arguments.clock
    ) as cluster:
        print(f"gateway       {cluster.gateway.address}")
        for member in cluster.members:
            print(f"{member.name:<13} {member.address}  pid {member.pid}")
        print(
            f"admin password {cluster.secrets['admin_password']}\nlogs in {folder}; Ctrl-C stops all of it", flush=True
        )
        await asked.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster", description=__doc__)
    parser.add_argument("--bus", choices=("kafka", "postgres"), default="kafka")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--port", type=int, default=None, help="the gateway's port; a free one by default")
    parser.add_argument("--clock", default="real", help="real, or simulated:<file>")
    parser.add_argument("--folder", default=str(ROOT / "var" / "cluster"))
    given = parser.parse_args(arguments)
    asyncio.run(_run(Path(given.folder).resolve(), given))


if __name__ == "__main__":
    main()

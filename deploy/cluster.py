"""`make cluster`: two replicas of each service in their own processes, on Kafka, behind a gateway, on one machine.

The same programs with the same variables as in docker-compose.yml, as processes instead of containers.  A process that
dies is started again, like a container with `restart: always`; under `make cluster` the broker and the database too.
All of them end with this process, however it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import psutil

from deploy.kafka.broker import Broker, KafkaUnavailable
from deploy.ownership import FolderInUse, FolderLock, Leash, PortTaken, end_leftovers, listens, refuse_taken
from sample.history import history_in
from sample.platform import RunningPlatform, how_to_try, note, run_sample
from shared.clock import clock_of
from shared.run.embedded import channel_secrets, files_url, owner_url, prepare_databases, secrets_of
from shared.run.postgres import PostgresServer
from shared.run.process import free_port, listen
from shared.run.starting import REFUSALS, data_folder, refusal_in, telling, usable
from shared.run.watching import Ground, NotStartedAgain, database_ground, keep_running
from shared.settings import SERVICES, port_of

ROOT: Final = Path(__file__).resolve().parents[1]
BusKind = Literal["kafka", "postgres"]
_MARK: Final = "GONGDAN_CLUSTER"
_REFUSALS: Final = (*REFUSALS, FolderInUse, PortTaken, KafkaUnavailable, TimeoutError)


@dataclass
class Member:
    """One process of the cluster: its program, and how often it was started."""

    name: str
    module: str
    environment: Mapping[str, str]
    port: int
    log: Path
    through: tuple[str, ...] = ()
    """A program and its arguments that run the module, for a fault run with a broken variant."""
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def address(self) -> str:
        """The address on which it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        alive = self.process is not None and self.process.returncode is None
        return self.process.pid if alive and self.process is not None else None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if it runs."""
        pid = self.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@dataclass
class Cluster:
    """The processes, their database and their broker."""

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
        """Return when every process is ready; TimeoutError names those that are not."""
        if self.broker is not None and not await asyncio.to_thread(self.broker.answers):
            raise KafkaUnavailable(f"Kafka 没有应答，请查看 {self.broker.folder / 'server.log'}")
        deadline = asyncio.get_running_loop().time() + within
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
            waiting = [*self.members, self.gateway]
            while waiting:
                waiting = [member for member in waiting if not await _is_ready(http, member)]
                if waiting and asyncio.get_running_loop().time() > deadline:
                    raise TimeoutError(f"{'、'.join(member.name for member in waiting)} 未能就绪，日志在 {self.folder}")
                if waiting:
                    await asyncio.sleep(0.1)


async def _is_ready(http: httpx.AsyncClient, member: Member) -> bool:
    try:
        # The status alone is not enough: without its bus a member takes requests, but reads no events.
        status = (await http.get(f"{member.address}/readyz")).json()["status"]
    except (httpx.HTTPError, ValueError):
        return False
    pid = member.pid
    return bool(status == "ready" and pid is not None and listens(pid, member.port))


async def _keep(cluster: Cluster, member: Member) -> None:
    """Start the process, and start it again whenever it ends."""
    pause = 0.1
    while True:
        with member.log.open("ab") as log, Leash() as leash:
            member.process = await asyncio.create_subprocess_exec(
                *leash.around([sys.executable, "-m", *member.through, member.module]),
                cwd=ROOT,
                env={**os.environ, **member.environment},
                stdin=leash.end,
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
        finally:
            leash.let_go()
        if not cluster.supervised:
            return
        pause = 0.1 if asyncio.get_running_loop().time() - began > 10 else min(pause * 2, 5.0)  # noqa: PLR2004
        await asyncio.sleep(pause)


async def _end(member: Member) -> None:
    """Ask it to stop, wait, and kill it if it does not."""
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
    service: str,
    port: int,
    *,
    database_url: str,
    bus_url: str,
    files_url: str,
    secrets: Mapping[str, Any],
    upstream: str,
    clock: str,
) -> dict[str, str]:
    """The variables of one service, the same as in docker-compose.yml."""
    values = {
        "GONGDAN_DATABASE_URL": database_url,
        "GONGDAN_CENTRE_PASSWORD": secrets["centre_password"],
        "GONGDAN_UNIT_PASSWORD": secrets["unit_password"],
        "GONGDAN_BUS_URL": bus_url,
        "GONGDAN_FILES_URL": files_url,
        "GONGDAN_TOKEN_PUBLIC_KEY": secrets["token_public_key"],
        "GONGDAN_SEAL_KEYS": secrets["seal_keys"],
        "GONGDAN_CLOCK": clock,
        "GONGDAN_HOST": "127.0.0.1",
        "GONGDAN_PORT": str(port),
        "GONGDAN_GATEWAYS": "127.0.0.1",
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
    """Start everything in `folder`, yield it when ready, stop it at the end.

    Raises FolderInUse, PortTaken, PostgresFailed, KafkaUnavailable before any service starts. `extra` adds variables for every process; `through` is a program that runs each service's module in its own way:
    the fault run uses it for its broken variants.
    """
    lock = FolderLock(folder)
    try:
        if gateway_port is not None:
            refuse_taken(gateway_port)
        end_leftovers(_member_of(folder))
        async with _ground(folder, bus) as (postgres, broker):
            cluster = _planned(
                folder,
                bus,
                postgres,
                broker,
                replicas=replicas,
                upstream=upstream,
                clock=clock,
                gateway_port=gateway_port,
                extra=extra or {},
                through=through,
            )
            async with asyncio.TaskGroup() as group:
                cluster.tasks = [
                    group.create_task(_keep(cluster, member)) for member in [*cluster.members, cluster.gateway]
                ]
                try:
                    await cluster.ready()
                    yield cluster
                finally:
                    for task in cluster.tasks:
                        task.cancel()
    finally:
        lock.release()


def _member_of(folder: Path) -> Callable[[psutil.Process], bool]:
    """Whether a process belongs to an earlier cluster in this folder: by its program, and a mark in its environment."""
    programs = {"deploy.gateway", *(f"services.{service}" for service in SERVICES)}
    return lambda process: (
        not programs.isdisjoint(process.cmdline()[-1:]) and process.environ().get(_MARK) == str(folder)
    )


@asynccontextmanager
async def _ground(folder: Path, bus: BusKind) -> AsyncIterator[tuple[PostgresServer, Broker | None]]:
    """Database and broker."""
    with telling(folder):
        postgres = await asyncio.to_thread(PostgresServer.start, folder / "postgres")
    broker: Broker | None = None
    try:
        await prepare_databases(postgres, secrets_of(folder))
        if bus == "kafka":
            with telling(folder):
                broker = await asyncio.to_thread(Broker, folder / "kafka")
            await asyncio.to_thread(broker.start)
        yield postgres, broker
    finally:
        if broker is not None:
            await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(postgres.stop)


def _planned(
    folder: Path,
    bus: BusKind,
    postgres: PostgresServer,
    broker: Broker | None,
    *,
    replicas: int,
    upstream: str,
    clock: str,
    gateway_port: int | None,
    extra: Mapping[str, str],
    through: tuple[str, ...],
) -> Cluster:
    """Every process with its port and its variables, not started yet."""
    secrets = secrets_of(folder)
    mark = {_MARK: str(folder)}
    bus_url = f"kafka://{broker.bootstrap}" if broker is not None else owner_url(postgres, secrets, "bus")
    database_url = owner_url(postgres, secrets, "{service}")
    members = []
    for service in SERVICES:
        for number in range(1, replicas + 1):
            port = free_port()
            variables = environment_of(
                service,
                port,
                database_url=database_url,
                bus_url=bus_url,
                files_url=files_url(folder),
                secrets=secrets,
                upstream=upstream,
                clock=clock,
            )
            name = f"{service}-{number}"
            members.append(
                Member(
                    name,
                    f"services.{service}",
                    {**variables, **mark, **extra},
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
    gateway = Member("gateway", "deploy.gateway", {**addresses, **own, **mark}, port, folder / "gateway.log")
    return Cluster(folder, bus, postgres, broker, members, gateway, secrets)


def _grounds(cluster: Cluster) -> list[Ground]:
    """The database and the broker, to be started again when they end by themselves.

    Only under `make cluster`: the fault run stops and starts them itself.
    """
    broker = cluster.broker
    database = database_ground(cluster.postgres)
    return (
        [database] if broker is None else [database, Ground("Kafka 进程", lambda: broker.pid is not None, broker.start)]
    )


def _welcome(cluster: Cluster, *, sample: bool) -> str:
    """The addresses of all processes, and how to log in and what to try, as `make run` prints it."""
    address = cluster.gateway.address
    lines = [
        "",
        f"工单平台已就绪：{address}   （{cluster.bus}；数据及每个进程的日志在 {cluster.folder}）",
        "",
        *(f"  {member.name:<15} {member.address}/readyz  /metrics" for member in cluster.members),
        *how_to_try(address, cluster.secrets, sample=sample),
        "",
        "按 Ctrl-C 全部停止。",
    ]
    return "\n".join(lines)


async def _run(folder: Path, arguments: argparse.Namespace) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    sample = os.environ.get("GONGDAN_SAMPLE", "1") != "0"
    asked_port = os.environ.get("GONGDAN_PORT")
    port = arguments.port if arguments.port is not None or asked_port is None else port_of(asked_port)
    spelling = f"simulated:{folder / 'clock.json'}" if arguments.clock == "simulated" else arguments.clock
    history = history_in(folder) if spelling == "real" else None
    if history is not None:
        spelling = f"catching-up:{history.clock_path}"
    clock = clock_of(spelling)
    print(f"正在以 {arguments.bus} 启动，每个服务 {arguments.replicas} 个副本……", flush=True)
    with listen("127.0.0.1", 0) as upstream_sock:
        async with cluster_of(
            folder,
            bus=arguments.bus,
            replicas=arguments.replicas,
            upstream=f"http://127.0.0.1:{upstream_sock.getsockname()[1]}",
            gateway_port=port or None,
            clock=spelling,
        ) as cluster:

            def hello() -> None:
                note(folder, cluster.gateway.address, spelling)
                print(_welcome(cluster, sample=sample), flush=True)

            addresses = tuple(member.address for member in cluster.members)
            standing = RunningPlatform(
                cluster.gateway.address, folder, cluster.secrets, clock, upstream_sock, addresses
            )
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(keep_running(ground)) for ground in _grounds(cluster)]
                    if sample:
                        tasks.append(group.create_task(run_sample(standing, hello)))
                    else:
                        hello()
                    await asked.wait()
                    for task in tasks:
                        task.cancel()
            finally:
                (folder / "running").unlink(missing_ok=True)
    print("已停止；再次执行 make cluster 从这里继续。")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; 2 with the reason when this machine cannot run it, 1 when it cannot go on."""
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster", description=__doc__)
    parser.add_argument("--bus", choices=("kafka", "postgres"), default="kafka")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--port", type=int, help="the gateway's port; GONGDAN_PORT, or a free one, by default")
    parser.add_argument(
        "--clock", default=os.environ.get("GONGDAN_CLOCK", "real"), help="real, simulated, or simulated:<file>"
    )
    parser.add_argument("--folder", type=Path, default=data_folder(ROOT / "var") / "cluster")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_run(usable(given.folder.resolve()), given))
    except (*_REFUSALS, NotStartedAgain, BaseExceptionGroup) as fault:
        if (given_up := refusal_in(fault, (NotStartedAgain,))) is not None:
            print(f"平台已停止：{given_up}", file=sys.stderr)
            return 1
        if (refusal := refusal_in(fault, _REFUSALS)) is not None:
            print(f"无法启动：{refusal}", file=sys.stderr)
            return 2
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""One process with any number of services: starting, watching and stopping their consumers, relays, jobs and HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
import uvloop
from sqlalchemy.exc import StatementError
from starlette.applications import Starlette

from shared.app import build_app, mount, upload_routes
from shared.bus import Bus
from shared.bus.topics import PARTITIONS
from shared.calendar import statutory_calendar
from shared.clock import BadClock, Clock, clock_of, clock_of_logins
from shared.db import new_engine
from shared.db.logins import refuse_wide_logins
from shared.db.migrate import upgrade
from shared.files.store import FileStore
from shared.identity import TokenReader
from shared.inbox import Applier, Consumer, ParkedEvents, Stuck
from shared.outbox import Relay
from shared.outbox.keeping import Keeper
from shared.outbox.relay import Waker
from shared.personal.sealing import Sealer
from shared.run.arriving import ArrivingBus, keep_in_touch
from shared.run.http_head import BoundedHead
from shared.service import Runtime, Service
from shared.settings import BadSetting, Settings, settings_from
from shared.telemetry import Metrics, configure_logs, logger
from shared.wakes import EVENTS_WRITTEN
from shared.work import Works

log = logger("run")

_DATABASE_SECONDS: Final = 60.0
_LONG_RUN_SECONDS: Final = 60.0
_BUS_SECONDS: Final = 2.0


def bus_of(settings: Settings) -> Bus:
    """The adapter that the settings name; it is chosen here only."""
    if settings.bus_is_kafka:
        from shared.bus.kafka import KafkaBus  # noqa: PLC0415 - a process loads the adapter it uses

        return KafkaBus(settings.bus_url.removeprefix("kafka://"), replication=settings.kafka_replication)
    from shared.bus.postgres import PostgresBus  # noqa: PLC0415 - see above

    return PostgresBus(settings.bus_url)


def build_runtime(service: Service, settings: Settings, *, bus: Bus, clock: Clock) -> Runtime:
    """Everything one service needs, not started yet."""
    url = settings.centre_database_of(service.name)
    metrics = Metrics(service.name)
    works = Works(
        service=service.name,
        engine=new_engine(url, pool_size=settings.pool_size, name=service.name),
        unit_engine=new_engine(
            settings.unit_database_of(service.name),
            pool_size=settings.pool_size,
            name=f"{service.name}-unit",
            unit=True,
        ),
        clock=clock,
        sealer=Sealer.parse(settings.seal_keys.get_secret_value()),
        calendar=statutory_calendar(),
        declared=service.rows,
    )
    applier = Applier(
        works=works,
        listening=service.listening,
        handlers={event: service.handlers_of(event) for event in service.subscriptions},
        batch=service.batch,
        remembered=service.remembered,
        metrics=metrics,
    )
    consumer = Consumer(
        works=works,
        bus=bus,
        topics=service.topics,
        applier=applier,
        metrics=metrics,
        member=f"{socket.gethostname()}-{os.getpid()}",
        watchdog=settings.watchdog_seconds,
    )
    relay = Relay(
        service=service.name,
        database_url=url,
        bus=bus,
        clock=clock,
        metrics=metrics,
        wake=asyncio.Event(),
        poll=settings.workers_poll_seconds,
    )
    return Runtime(
        service=service,
        settings=settings,
        clock=clock,
        works=works,
        bus=bus,
        tokens=TokenReader(settings.token_public_key.get_secret_value(), clock_of_logins(clock)),
        metrics=metrics,
        relay=relay,
        consumer=consumer,
        parked=ParkedEvents(works, applier.replay),
        database_url=url,
        files=_file_store(service, settings),
    )


def _file_store(service: Service, settings: Settings) -> FileStore:
    """The file store of a service that takes files; BadSetting when no place for them is set."""
    if not upload_routes(service.routers):
        return FileStore(None)
    url = settings.files_of(service.name)
    if url is None:
        raise BadSetting("GONGDAN_FILES_URL 没有设置")
    return FileStore.at(url, scanner_url=settings.scanner_url)


async def _until_database_answers(what: str, attempt: Callable[[], Awaitable[None]]) -> None:
    """Try until a database that starts at the same time answers; after a minute raise the last fault."""
    deadline = asyncio.get_running_loop().time() + _DATABASE_SECONDS
    pause = 0.1
    while True:
        try:
            await attempt()
        except (OSError, StatementError) as fault:
            away = not isinstance(fault, StatementError) or isinstance(fault.orig, OSError)
            if not away or asyncio.get_running_loop().time() > deadline:
                raise
            log.warning("waiting for a dependency", what=what, error=type(fault).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
        else:
            return


@dataclass
class Process:
    """The services of one process while they run."""

    runtimes: list[Runtime]
    bus: Bus
    clock: Clock
    app: Starlette
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    def runtime_of(self, name: str) -> Runtime:
        """The running service of this name."""
        return next(runtime for runtime in self.runtimes if runtime.service.name == name)


async def _keep_going(runtime: Runtime, name: str, job: Callable[[], Awaitable[None]]) -> None:
    """Run a job, and start it again after a pause when it raises; Stuck ends the process."""
    pause = 0.1
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await job()
        except Stuck:
            raise
        except Exception:
            log.exception("job failed", service=runtime.service.name, job=name)
        else:
            return
        if asyncio.get_running_loop().time() - started > _LONG_RUN_SECONDS:
            pause = 0.1
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)


@asynccontextmanager
async def running(
    services: Sequence[Service], settings: Settings, *, clock: Clock | None = None, bus: Bus | None = None
) -> AsyncIterator[Process]:
    """Start the services without their HTTP port; leaving stops them in order, without losing anything.

    They run as soon as their databases answer; a bus that is away is connected when it answers.
    """
    clock = clock or clock_of(settings.clock)
    arriving = ArrivingBus(bus or bus_of(settings), PARTITIONS)
    try:
        runtimes = [build_runtime(service, settings, bus=arriving, clock=clock) for service in services]
        try:
            for runtime in runtimes:
                await _prepare(runtime)
            _freeze_garbage_collection()
            apps = [(runtime, build_app(runtime.service, runtime)) for runtime in runtimes]
            # Behind a gateway each service has its own processes, and the gateway has the portal.
            process = Process(runtimes, arriving, clock, mount(apps, portal=len(runtimes) > 1))
            async with asyncio.TaskGroup() as group:
                process.tasks.append(group.create_task(keep_in_touch(arriving, runtimes), name="bus"))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_BUS_SECONDS):
                        await arriving.arrived.wait()
                for runtime in runtimes:
                    process.tasks += _start_tasks(group, runtime, arriving)
                    runtime.started = True
                try:
                    yield process
                finally:
                    for runtime in runtimes:
                        runtime.closing = True
                    for task in process.tasks:
                        task.cancel()
        finally:
            for runtime in runtimes:
                await runtime.works.close()
    finally:
        await arriving.stop()


def _freeze_garbage_collection() -> None:
    """Leave the imported objects out of garbage collection: a full collection took 120 to 150 ms, during requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _prepare(runtime: Runtime) -> None:
    service = runtime.service
    owner = runtime.settings.database_of(service.name)
    await _until_database_answers(f"database of {service.name}", lambda: upgrade(owner, service.name))
    for login in (runtime.database_url, runtime.settings.unit_database_of(service.name)):
        await refuse_wide_logins(login)
    if service.prepare is not None:
        await service.prepare(runtime)


def _start_tasks(group: asyncio.TaskGroup, runtime: Runtime, bus: ArrivingBus) -> list[asyncio.Task[Any]]:
    service = runtime.service
    relay = runtime.relay
    waker = Waker(runtime.database_url, relay.wake, runtime.works.wakes.waiting_for(EVENTS_WRITTEN), relay)
    keeper = Keeper(service.name, runtime.database_url, runtime.clock, bus)

    async def consume() -> None:
        await bus.arrived.wait()
        await runtime.consumer.run()

    jobs: dict[str, Callable[[], Awaitable[None]]] = {"relay": relay.run, "waker": waker.run, "keeper": keeper.run}
    if service.topics:
        jobs["consumer"] = consume
    for job in service.jobs:
        jobs[job.__name__] = lambda job=job: job(runtime)  # type: ignore[misc]
    return [
        group.create_task(_keep_going(runtime, name, job), name=f"{service.name}.{name}") for name, job in jobs.items()
    ]


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class PortTaken(RuntimeError):
    """端口已被其他程序占用。"""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; PortTaken when another program has the port, BadSetting when the address cannot be used."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as fault:
        sock.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(f"{host}:{port} 已被其他程序占用；请用 GONGDAN_PORT 指定一个空闲的端口") from fault
        if fault.errno in {errno.EACCES, errno.EPERM}:
            raise BadSetting(f"没有权限监听 {host}:{port}；请用 GONGDAN_PORT 指定一个 1024 以上的端口") from fault
        raise BadSetting(f"GONGDAN_HOST 所指的 {host} 不是本机的地址，无法监听") from fault
    sock.listen(2048)
    sock.set_inheritable(True)
    return sock


async def serve(
    services: Sequence[Service],
    settings: Settings,
    *,
    sock: socket.socket | None = None,
    ready: Callable[[Process, str], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; then: not ready, a pause for balancers, no new requests, finish the last, close (R50)."""
    sock = sock or listen(settings.host, settings.port)
    host, port = sock.getsockname()[:2]
    address = f"http://{host}:{port}"
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    async with running(services, settings) as process:
        config = uvicorn.Config(
            process.app,
            http=BoundedHead,
            forwarded_allow_ips=settings.gateways,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=20,
            server_header=False,
            date_header=False,
        )
        server = uvicorn.Server(config)
        # We handle signals: uvicorn would close at once, without the pause.
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        async with asyncio.TaskGroup() as group:
            http = group.create_task(server.serve(sockets=[sock]), name="http")
            waiting = group.create_task(asked.wait(), name="signals")
            if ready is not None:
                guest = group.create_task(ready(process, address), name="ready")
                waiting.add_done_callback(lambda _: guest.cancel())
            await asyncio.wait({http, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            for runtime in process.runtimes:
                runtime.closing = True
            await asyncio.sleep(settings.drain_seconds)
            server.should_exit = True
    log.info("stopped")


def run_service(service: Service) -> None:
    """Run one service, configured by the environment alone: what `python -m services.<name>` does."""
    try:
        settings = settings_from()
        configure_logs(settings.log_level)
        uvloop.run(serve([service], settings))
    except (BadSetting, BadClock, PortTaken) as fault:
        print(f"无法启动 {service.name}：{fault}", file=sys.stderr)
        sys.exit(2)

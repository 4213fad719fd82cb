"""10,000 deadlines due at one instant out of 1,000,000 running: delay to the outbox and to the broker, with others compared.

    python -m bench.timers [armed [due]]

Ours runs as in production: the firing loop, the relay and a broker (Kafka where it can run, else the log table), on a
PostgreSQL with fsync.  APScheduler (SQLAlchemyJobStore) and procrastinate fire 2,000 each on the same server, in turns.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import procrastinate as peer
import uvloop
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from procrastinate.types import JSONValue

from bench.report import Table, percentile
from bench.stand import databases, kafka, keys, postgres, scratch
from services.sla.firing import jobs as firing
from services.sla.service import SERVICE, prepare
from shared.bus import Bus, Message
from shared.bus.kafka import KafkaBus
from shared.bus.postgres import PostgresBus
from shared.bus.topics import PARTITIONS
from shared.clock import RealClock
from shared.db.migrate import upgrade
from shared.outbox.relay import Waker
from shared.run.postgres import PostgresServer, create_database
from shared.run.process import build_runtime
from shared.service import Runtime
from shared.settings import Settings
from shared.telemetry import configure_logs
from shared.wakes import EVENTS_WRITTEN

ARMED: Final = 1_000_000
DUE: Final = 10_000
PEER_DUE: Final = 2_000
ROUNDS: Final = 5
LEAD: Final = 40  # seconds in which the table is prepared before the instant
UNITS: Final = 130
_TOPIC: Final = "sla-breaches"

_ORDERS: Final = """
insert into clocked_order (order_id, scheme, urgent, received_at)
select gen_random_uuid()::text, 'ordinary', false, now() - interval '1 day' from generate_series(1, $1)
"""
# Five clocks of each order, each due at a moment of its own in the coming days.
_CLOCKS: Final = """
insert into clock (id, order_id, kind, occasion, unit, started_at, span, amount, due_at, due_on, original_due_at,
  provisional, lapse, clause, rules, calendar, rungs, fired, next_at, state)
select gen_random_uuid(), o.order_id, 'final', 'redo:' || n, 'unit' || abs(hashtext(o.order_id)) % 130,
  now() - interval '1 day', 'workdays', 3, t.due, current_date, t.due, false, 'breach', 'S1.1.4a', 'circular-2022',
  'bench', '[]', 0, t.due, 'running'
from clocked_order o, generate_series(1, 5) n,
  lateral (select now() + interval '1 day' + random() * interval '30 days' as due where n > 0 and o.order_id <> '') t
"""
_SAME_INSTANT: Final = """
update clock set due_at = $1, next_at = $1, original_due_at = $1
where id in (select id from clock where breached_at is null order by random() limit $2)
"""


class Timed:
    """A bus that notes when each breach was acknowledged."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.at: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._bus.publish(messages)
        now = time.time()
        self.at += [now for message in messages if message.topic == _TOPIC]


async def until(moments: Sequence[float], many: int, *, within: float) -> None:
    """Wait until `many` are noted or the time is over; the table shows how many there were."""
    deadline = time.monotonic() + within
    while len(moments) < many and time.monotonic() < deadline:  # noqa: ASYNC110 - lists have no event
        await asyncio.sleep(0.05)


async def armed_table(url: str, armed: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(_ORDERS, armed // 5)
    await connection.execute(_CLOCKS)
    await connection.execute("vacuum analyze clock")
    # The bulk load has written nearly as much WAL as forces a checkpoint.  It would come in the second round, where every
    # commit waits for it: the load's own, which no platform does, and not the storm's.
    await connection.execute("checkpoint")
    await connection.close()


async def ours(url: str, bus: Bus, due: int) -> list[tuple[float, float, float, float, float]]:
    """Per round: p50 and p99 seconds from due to the commit, p50 and p99 to the broker, and how many were written."""
    drawn = keys()
    settings = Settings(
        database_url=url,
        bus_url="postgresql://nowhere/bus",
        token_public_key=drawn["token_public_key"],
        seal_keys=drawn["seal_keys"],
        centre_password=drawn["centre_password"],
        unit_password=drawn["unit_password"],
    )
    timed = Timed(bus)
    runtime = build_runtime(SERVICE, settings, bus=timed, clock=RealClock())
    await prepare(runtime)
    runtime.parts.of(firing.FiringLoop).settle_seconds = 0.0
    committed: list[tuple[float, int]] = []
    usual = firing.breach_batch

    async def noted(runtime: Runtime, limit: int, *, lane: int | None = None) -> int:
        fired = await usual(runtime, limit, lane=lane)
        committed.append((time.time(), fired))
        return fired

    firing.breach_batch = noted
    watcher = await asyncpg.connect(url)
    waker = Waker(
        runtime.database_url, runtime.relay.wake, runtime.works.wakes.waiting_for(EVENTS_WRITTEN), runtime.relay
    )
    figures = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in (firing.fire_clocks(runtime), runtime.relay.run(), waker.run())]
        for _ in range(ROUNDS):
            instant = datetime.now(UTC) + timedelta(seconds=LEAD)
            await watcher.execute(_SAME_INSTANT, instant, due)
            # As a commit of the service does, so that the loop sees the nearer moment.
            runtime.parts.of(firing.FiringLoop).alarm.set()
            await watcher.execute("vacuum clock")
            if datetime.now(UTC) > instant - timedelta(seconds=1):
                raise RuntimeError("the table was not ready before the instant: give it a longer lead")
            committed.clear()
            timed.at.clear()
            await until(timed.at, due, within=60)
            written = [at - instant.timestamp() for at, many in committed for _ in range(many)]
            sent = [at - instant.timestamp() for at in timed.at]
            print(f"round: {written and max(written):.2f} s", flush=True)
            figures.append((
                percentile(written, 0.5), percentile(written, 0.99), percentile(sent, 0.5), percentile(sent, 0.99),
                float(len(written)),
            ))  # fmt: skip
        # Cancelled until they end: a wait that ends at the same moment can lose a cancellation.
        while not all(task.done() for task in tasks):
            for task in tasks:
                task.cancel()
            await asyncio.sleep(0.1)
    distinct = await watcher.fetchrow(
        "select count(*), count(distinct convert_from(payload, 'UTF8')::json ->> 'clock_id') from outbox"
        " where type = 'clock.breached.v1'"
    )
    assert distinct is not None
    assert distinct[0] == distinct[1] == ROUNDS * due, f"{distinct[0]} breaches of {distinct[1]} clocks"
    await watcher.close()
    firing.breach_batch = usual
    await runtime.works.close()
    return figures


# -- others -------------------------------------------------------------------------------------------------------------

_FIRED: list[float] = []


async def note_apscheduler() -> None:
    _FIRED.append(time.time())


async def apscheduler(url: str, due: int) -> list[float]:
    """Seconds from due to the call, for so many jobs at one instant in a job store on PostgreSQL."""
    _FIRED.clear()
    store = SQLAlchemyJobStore(url=url.replace("postgresql://", "postgresql+psycopg://"))
    scheduler = AsyncIOScheduler(jobstores={"default": store}, job_defaults={"misfire_grace_time": None})
    scheduler.start(paused=True)
    instant = datetime.now(UTC) + timedelta(seconds=30)
    for number in range(due):
        scheduler.add_job(note_apscheduler, "date", run_date=instant, id=f"j{number}")
    instant = max(instant, datetime.now(UTC))  # preparing took longer: everything is overdue at the start
    scheduler.resume()
    await until(_FIRED, due, within=120)
    scheduler.shutdown(wait=False)
    return [at - instant.timestamp() for at in _FIRED]


async def procrastinate(url: str, due: int) -> list[float]:
    """The same for procrastinate with 20 jobs at a time and a poll every half second."""
    app = peer.App(connector=peer.PsycopgConnector(conninfo=url))
    fired: list[float] = []

    @app.task(name="note")
    async def note(number: int) -> None:  # noqa: ARG001 - the job's argument
        fired.append(time.time())

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        instant = datetime.now(UTC) + timedelta(seconds=10)
        jobs: list[dict[str, JSONValue]] = [{"number": n} for n in range(due)]
        await note.configure(schedule_at=instant).batch_defer_async(*jobs)
        async with asyncio.TaskGroup() as group:
            worker = group.create_task(
                app.run_worker_async(
                    concurrency=20, fetch_job_polling_interval=0.5, install_signal_handlers=False, wait=True
                )
            )
            await until(fired, due, within=120)
            worker.cancel()
    return [at - instant.timestamp() for at in fired]


async def measure(server: PostgresServer, bootstrap: str | None, armed: int, due: int) -> None:
    await databases(server, "sla", "bus")
    url = server.url("sla")
    await upgrade(url, "sla")
    print(f"arming {armed:,} ...", flush=True)
    await armed_table(url, armed)
    bus: Bus = KafkaBus(bootstrap) if bootstrap else PostgresBus(server.url("bus"))
    await bus.start()
    await bus.ensure_topics(PARTITIONS)
    load = os.getloadavg()
    figures = await ours(url, bus, due)
    await bus.stop()
    table = Table(
        f"{due:,} due at one instant of {armed:,} armed (seconds from due)",
        ["", "fired", "p50 to the outbox", "p99 to the outbox", "p50 to the broker", "p99 to the broker"],
    )
    for number, (p50, p99, sent50, sent99, written) in enumerate(figures, start=1):
        table.add(f"ours, round {number}", written, p50, p99, sent50, sent99)
    best = {}
    for name, run_peer in (("APScheduler on PostgreSQL", apscheduler), ("procrastinate", procrastinate)):
        database = f"run_peer{random.randrange(10**9)}"
        await create_database(server.url(), database)
        lags = await run_peer(server.url(database), PEER_DUE)
        best[name] = percentile(lags, 0.99)
        table.add(name, float(len(lags)), percentile(lags, 0.5), best[name], None, None)
    middle = sorted(figure[1] for figure in figures)[len(figures) // 2]
    for name, lag in best.items():
        table.notes.append(
            f"{name} needs {lag / middle:.1f} times our p99 for a fifth of the deadlines (per deadline {5 * lag / middle:.0f} times)."
        )
    table.notes.append(
        f"Every breach was written once. Broker: {'Kafka' if bootstrap else 'the log table'}. Load at the start: {load[0]:.1f}."
    )
    table.show()


def main() -> None:
    configure_logs("ERROR")
    armed = int(sys.argv[1]) if len(sys.argv) > 1 else ARMED
    due = int(sys.argv[2]) if len(sys.argv) > 2 else DUE
    with scratch("timers") as folder, postgres(folder) as server, kafka(folder) as broker:
        uvloop.run(measure(server, broker.bootstrap if broker else None, armed, due))


if __name__ == "__main__":
    main()

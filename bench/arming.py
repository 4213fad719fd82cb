"""Starting clocks, durable and with their events: each in its own transaction, one for each event from the bus, and in
batches.
python -m bench.arming
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import uvloop
from sqlalchemy import text

from bench.report import Table, spread
from bench.stand import databases, keys, postgres, scratch
from services.sla.clocks.handlers import start
from services.sla.counting.model import ClockPlan
from services.sla.counting.rules import workday_clock
from services.sla.orders.store import order_for_update
from services.sla.rulesets.policy import CIRCULAR_2022
from services.sla.service import SERVICE, prepare
from shared.bus import Message
from shared.bus.postgres import PostgresBus
from shared.bus.topics import PARTITIONS
from shared.calendar import statutory_calendar
from shared.clock import RealClock
from shared.contracts.review import ReplyLeaderApproved
from shared.db.migrate import upgrade
from shared.outbox import Envelope, encode
from shared.outbox.writer import new_id
from shared.run.postgres import PostgresServer
from shared.run.process import build_runtime
from shared.service import Runtime
from shared.settings import Settings
from shared.telemetry import configure_logs

ROUNDS: Final = 3
SINGLE: Final = 3_000
LANES: Final = 16  # commands of sixteen clients at a time
BATCHED: Final = 40_000
BATCH: Final = 1_000
_CALENDAR: Final = statutory_calendar()


def plans(kinds: int) -> list[ClockPlan]:
    """`kinds` clocks of one order, with deadlines counted as the handlers count them."""
    now = datetime.now(UTC)
    return [
        workday_clock(
            "final", f"redo:{number}", "unit1", now - timedelta(seconds=number), CIRCULAR_2022.final, _CALENDAR
        )
        for number in range(kinds)
    ]


async def orders_of(runtime: Runtime, many: int) -> list[str]:
    """New orders for the clocks."""
    ids = [str(new_id()) for _ in range(many)]
    async with runtime.works.begin() as work:
        await work.session.execute(
            text(
                "insert into clocked_order (order_id, scheme, urgent, received_at)"
                " select id, 'ordinary', false, now() from unnest(cast(:ids as text[])) as id"
            ),
            {"ids": ids},
        )
    return ids


async def singly(runtime: Runtime) -> float:
    """Clocks per second, each in its own transaction."""
    waiting = await orders_of(runtime, SINGLE)

    async def lane() -> None:
        while waiting:
            order_id = waiting.pop()
            async with runtime.works.begin() as work:
                start(work, await order_for_update(work, order_id), plans(1), CIRCULAR_2022)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())
    return SINGLE / (time.perf_counter() - began)


async def as_they_come(runtime: Runtime) -> float:
    """Clocks per second, each started by an event that the consumer reads from the bus."""
    orders = await orders_of(runtime, SINGLE)
    approved = [
        ReplyLeaderApproved(
            order_id=order, reply_id="r1", round=1, unit="unit1", approved_by="head", approved_at=datetime.now(UTC)
        )
        for order in orders
    ]
    await runtime.bus.publish([message_of(event) for event in approved])
    began = time.perf_counter()
    consumer = asyncio.create_task(runtime.consumer.run())
    while await armed_for(runtime, orders) < SINGLE:  # noqa: ASYNC110 - it is in the database
        await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    while not consumer.done():
        consumer.cancel()
        await asyncio.sleep(0.05)
    return SINGLE / seconds


def message_of(event: ReplyLeaderApproved) -> Message:
    """The first event that review publishes about an order."""
    return encode(
        Envelope(
            id=new_id(),
            source="/gongdan/review",
            topic=event.topic,
            subject=event.key,
            sequence=1,
            time=datetime.now(UTC),
            event=event,
            type=event.type,
            correlation="bench",
            causation=None,
            actor="head",
        )
    )


async def armed_for(runtime: Runtime, orders: list[str]) -> int:
    """How many clocks these orders have."""
    async with runtime.works.read() as session:
        many = text("select count(*) from clock where order_id = any(cast(:ids as text[]))")
        return int(await session.scalar(many, {"ids": orders}) or 0)


async def in_batches(runtime: Runtime) -> float:
    """Clocks per second, a thousand per transaction, two transactions at a time, including the counting of days."""
    orders = await orders_of(runtime, BATCHED // 5)
    size = BATCH // 5
    waiting = [orders[first : first + size] for first in range(0, len(orders), size)]

    async def lane() -> None:
        while waiting:
            some = waiting.pop()
            async with runtime.works.begin() as work:
                await work.read_ahead(some)
                for order_id in some:
                    start(work, await order_for_update(work, order_id), plans(5), CIRCULAR_2022)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(lane())
    return BATCHED / (time.perf_counter() - began)


async def measure(server: PostgresServer) -> None:
    await databases(server, "sla", "bus")
    await upgrade(server.url("sla"), "sla")
    drawn = keys()
    settings = Settings(
        database_url=server.url("sla"), bus_url=server.url("sla"), token_public_key=drawn["token_public_key"],
        seal_keys=drawn["seal_keys"], centre_password=drawn["centre_password"], unit_password=drawn["unit_password"],
        pool_size=LANES,
    )  # fmt: skip
    runtime = build_runtime(SERVICE, settings, bus=PostgresBus(server.url("bus")), clock=RealClock())
    await prepare(runtime)
    await runtime.bus.start()
    await runtime.bus.ensure_topics(PARTITIONS)
    single, coming, batched = [], [], []
    for _ in range(ROUNDS):
        single.append(await singly(runtime))
        coming.append(await as_they_come(runtime))
        batched.append(await in_batches(runtime))
    await runtime.bus.stop()
    await runtime.works.close()
    table = Table("Arming clocks, each durable with its event", ["", "clocks a second"])
    table.add(f"one in a transaction, {LANES} callers", spread(single))
    table.add("one for each event that the consumer reads", spread(coming))
    table.add(f"{BATCH:,} in a transaction", spread(batched))
    table.notes.append(f"Load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    table.show()


def main() -> None:
    configure_logs("ERROR")
    with scratch("arming") as folder, postgres(folder) as server:
        uvloop.run(measure(server))
    sys.exit(0)


if __name__ == "__main__":
    main()

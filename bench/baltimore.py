"""Baltimore's 311 requests on the simulated clock: the breach topic holds exactly the expected ids, each once.

    python -m bench.baltimore

Each request with a due time is an order whose upstream named that deadline; its closing is the feedback to the
upstream.  The clock jumps from one request to the next, the firing loop fires what is due, and the published breaches
are compared with the data: closed after due, or open past due when the data ends.  The data is not part of the project;
GONGDAN_EVALUATION_DATA names its folder.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import uvloop
from sqlalchemy import text

from bench.report import Table
from bench.stand import ROOT, databases, keys, postgres, scratch
from services.sla.firing.jobs import drain
from services.sla.firing.store import next_moment
from services.sla.order_events import handlers as orders
from services.sla.service import SERVICE, prepare
from shared.bus.postgres import PostgresBus
from shared.clock import SimulatedClock
from shared.contracts.dispatch import OrderClosed
from shared.contracts.intake import OrderFedBack, OrderReceived
from shared.db.migrate import upgrade
from shared.run.postgres import PostgresServer
from shared.run.process import build_runtime
from shared.service import Runtime
from shared.settings import Settings
from shared.telemetry import configure_logs

DATA: Final = "baltimore-311/baltimore_311_dev.csv"
END: Final = datetime(2019, 2, 14, tzinfo=UTC)
Fact = tuple[datetime, int, str, OrderReceived | OrderFedBack]


def data_file() -> Path | None:
    """The file of the requests; None where it does not exist."""
    path = Path(os.environ.get("GONGDAN_EVALUATION_DATA", ROOT.parent / "shared" / "data")) / DATA
    return path if path.exists() else None


def _moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC) if text else None


def facts_of(path: Path) -> tuple[list[Fact], frozenset[str]]:
    """The events in the order in which they happened, and the ids that must be breached."""
    facts: list[Fact] = []
    expected: set[str] = set()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            created, due, closed = (_moment(row[name]) for name in ("CreatedDate", "DueDate", "CloseDate"))
            if created is None or due is None:
                continue
            order_id = str(uuid5(NAMESPACE_URL, row["SRRecordID"]))
            if (closed is not None and closed > due) or (closed is None and due < END):
                expected.add(order_id)
            received = OrderReceived.model_construct(
                order_id=order_id, platform="baltimore", platform_no=order_id, level="municipal", subject="person",
                scheme="ordinary", category="311", urgent=(), demand="s1.none", received_at=created,
                upstream_due_at=due, is_test=False,
            )  # fmt: skip
            facts.append((created, 0, order_id, received))
            if closed is not None:
                fed_back = OrderFedBack(
                    order_id=order_id,
                    reply_id="r",
                    disposition="solved",
                    platform="baltimore",
                    attempts=1,
                    fed_back_at=closed,
                )
                facts.append((max(closed, created), 1, order_id, fed_back))
    facts.sort(key=lambda fact: fact[:3])
    return facts, frozenset(expected)


async def fire_before(runtime: Runtime, clock: SimulatedClock, at: datetime) -> None:
    """Advance the clock to just before a moment, and stop wherever a deadline is due."""
    while True:
        async with runtime.works.read() as session:
            moment = await next_moment(session)
        if moment is None or moment >= at:
            break
        clock.set(max(moment, clock.now()))
        await drain(runtime)
    clock.set(max(at, clock.now()))


async def replay(runtime: Runtime, clock: SimulatedClock, facts: Sequence[Fact]) -> None:
    """Publish the events at their moments, and fire what is due before each: closing at the due moment is in time."""
    for at, _, order_id, event in facts:
        await fire_before(runtime, clock, at)
        async with runtime.works.begin() as work:
            if isinstance(event, OrderReceived):
                await orders.start_district_clocks(work, event)
            else:
                await orders.stop_on_feedback(work, event)
                closed = OrderClosed(
                    order_id=order_id, unit="baltimore", disposition="solved", redos=0, closed_at=event.fed_back_at
                )
                await orders.end_clocks(work, closed)
    await fire_before(runtime, clock, END)


async def measure(server: PostgresServer, path: Path) -> bool:
    await databases(server, "sla")
    await upgrade(server.url("sla"), "sla")
    drawn = keys()
    settings = Settings(
        database_url=server.url("sla"), bus_url=server.url("sla"), token_public_key=drawn["token_public_key"],
        seal_keys=drawn["seal_keys"], centre_password=drawn["centre_password"], unit_password=drawn["unit_password"],
    )  # fmt: skip
    facts, expected = facts_of(path)
    with tempfile.TemporaryDirectory() as folder:
        clock = SimulatedClock(Path(folder) / "clock.json", at=facts[0][0], rate=0)
        runtime = build_runtime(SERVICE, settings, bus=PostgresBus(server.url("sla")), clock=clock)
        await prepare(runtime)
        began = time.perf_counter()
        await replay(runtime, clock, facts)
        took = time.perf_counter() - began
        async with runtime.works.read() as session:
            rows = await session.execute(
                text(
                    "select convert_from(payload, 'UTF8')::json ->> 'order_id' from outbox"
                    " where type = 'clock.breached.v1'"
                    " and convert_from(payload, 'UTF8')::json ->> 'kind' = 'upstream_due'"
                )
            )
            published = Counter(row[0] for row in rows)
        await runtime.works.close()
    table = Table("Baltimore's requests on the simulated clock", ["", "ids"])
    table.add("events published", len(facts))
    table.add("expected on the breach topic", len(expected))
    table.add("published", len(published))
    table.add("missing", len(expected - published.keys()))
    table.add("too many", len(published.keys() - expected))
    table.add("published more than once", sum(count > 1 for count in published.values()))
    table.notes.append(f"{took:.0f} s, {len(facts) / took:.0f} events per second; the loop fired at every due moment.")
    table.show()
    return published.keys() == expected and set(published.values()) <= {1}


def main() -> None:
    configure_logs("ERROR")
    path = data_file()
    if path is None:
        print("LEFT OUT: the requests are not here; set GONGDAN_EVALUATION_DATA", flush=True)
        return
    with scratch("baltimore") as folder, postgres(folder) as server:
        if not uvloop.run(measure(server, path)):
            sys.exit("the breach topic does not hold what it should")


if __name__ == "__main__":
    main()

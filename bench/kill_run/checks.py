"""Checks after the fault run: the client's ledger against the five databases and the upstream's log."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import asyncpg

from bench.kill_run.driver import Driver
from bench.kill_run.faults import FaultInjector
from bench.upstream import Receiver
from deploy.cluster import Cluster
from services.analytics.service import SERVICE as ANALYTICS
from services.dispatch.service import SERVICE as DISPATCH
from services.intake.service import SERVICE as INTAKE
from services.review.service import SERVICE as REVIEW
from services.sla.service import SERVICE as SLA
from shared.outbox.keeping import republish
from shared.service import Service
from shared.settings import SERVICES

ALL: Final[Mapping[str, Service]] = {one.name: one for one in (INTAKE, DISPATCH, SLA, REVIEW, ANALYTICS)}
DRAIN_SECONDS: Final = 60.0
_AGAIN: Final = 200
_FACTS: Final = (
    "order.received.v1", "order.assigned.v1", "reply.approved.v1", "reply.rejected.v1", "order.fed_back.v1",
    "order.revisited.v1", "order.closed.v1", "order.reopened.v1", "order.cancelled.v1",
)  # fmt: skip


def _is_remembered(service: Service, type_: str) -> bool:
    """Whether the inbox of the service keeps the ids of such events."""
    if service.remembered is None:
        return service.listening.handles(type_)
    return any(event.type == type_ for event in service.remembered)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the result."""

    number: str
    what: str
    found: str
    sound: bool


@dataclass
class Verdict:
    """All lines of the result; it fails when one line does."""

    lines: list[Line] = field(default_factory=list)

    def say(self, number: str, what: str, found: object, *, sound: bool) -> None:
        """Add a line."""
        self.lines.append(Line(number, what, str(found), sound))

    def none(self, number: str, what: str, wrong: Any) -> None:
        """A line that must find nothing."""
        many = len(wrong) if hasattr(wrong, "__len__") else int(wrong)
        shown = (
            f"{many}"
            if not many or not hasattr(wrong, "__len__")
            else f"{many}, e.g. {', '.join(map(str, list(wrong)[:3]))}"
        )
        self.say(number, what, shown, sound=not many)

    @property
    def failed(self) -> list[Line]:
        """The lines that failed."""
        return [line for line in self.lines if not line.sound]

    @property
    def unsafe(self) -> list[Line]:
        """The failed lines about something lost, doubled or reordered, not only late."""
        return [line for line in self.failed if line.number not in {"11", "12"}]


@dataclass
class Event:
    """A row of an outbox, as far as the checks need it."""

    id: Any
    topic: str
    key: str
    type: str
    sequence: int


class Auditor:
    """Reads the five databases when no event is under way any more."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._connections: dict[str, Any] = {}
        self.events: dict[str, list[Event]] = {}

    async def open(self) -> Auditor:
        for name in SERVICES:
            self._connections[name] = await asyncpg.connect(self._cluster.postgres.url(f"gongdan_{name}"), timeout=30)
        return self

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()

    async def column(self, service: str, sql: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in await self._connections[service].fetch(sql)]

    async def rows(self, service: str, sql: str) -> list[Any]:
        return list(await self._connections[service].fetch(sql))

    async def publish_again(self) -> int:
        """Have intake's last events published a second time, as after a loss on the bus; returns how many."""
        last = await self.column("intake", f"select created_at from outbox order by position desc limit {_AGAIN}")
        return await republish(self._connections["intake"], last[-1], last[0] + timedelta(seconds=1)) if last else 0

    # --- drained --------------------------------------------------------------------------------------------------

    async def waiting(self) -> dict[str, int]:
        """What is still under way, by name; empty at the end."""
        left: dict[str, int] = {}
        written: Counter[tuple[str, str]] = Counter()
        for name in SERVICES:
            for topic, many, unpublished in await self.rows(
                name,
                "select aggregatetype, count(*), count(*) filter (where published_at is null) from outbox group by 1",
            ):
                written[name, topic] += many
                if unpublished:
                    left[f"{name} outbox"] = left.get(f"{name} outbox", 0) + unpublished
        for consumer, service in ALL.items():
            wanted = sum(many for (name, topic), many in written.items() if service.listening.follows(name, topic))
            # A stream that was read to its n-th event has delivered n of them.
            seen = int((await self.column(consumer, "select coalesce(sum(sequence), 0) from seen"))[0])
            if seen < wanted:
                left[f"{consumer} inbox"] = wanted - seen
        open_ = await self.column("intake", "select count(*) from delivery where state in ('waiting', 'sending')")
        if open_[0]:
            left["deliveries"] = open_[0]
        return left

    async def drained(self, within: float, say: Callable[[str], None]) -> tuple[float, dict[str, int]]:
        """Seconds until nothing was under way, and what never finished."""
        began, shown = time.monotonic(), 0.0
        while True:
            left = await self.waiting()
            if left and time.monotonic() - shown > 5:
                shown = time.monotonic()
                say(f"under way: {left}")
            took = time.monotonic() - began
            if not left or took > within:
                return took, left
            await asyncio.sleep(0.5)

    # --- the ledger of docs/reliability.md ---------------------------------------------------------------------------

    async def judge(self, driver: Driver, receiver: Receiver, injector: FaultInjector, verdict: Verdict) -> None:
        """Every line."""
        for name in SERVICES:
            self.events[name] = [
                Event(*row)
                for row in await self.rows(name, "select id, aggregatetype, aggregateid, type, sequence from outbox")
            ]
        await self._orders(driver, verdict)
        await self._transport(verdict)
        await self._effects(driver, verdict)
        await self._clocks(driver, verdict)
        await self._feedback(driver, receiver, verdict)
        self._faults(driver, injector, verdict)

    def of(self, service: str, *types: str) -> list[Event]:
        """The events of these types that a service wrote."""
        return [event for event in self.events[service] if event.type in types]

    def of_all(self, types: Collection[str]) -> list[Event]:
        """The events of these types, whoever wrote them."""
        return [event for events in self.events.values() for event in events if event.type in types]

    async def _orders(self, driver: Driver, verdict: Verdict) -> None:
        ledger = driver.ledger
        stored = {
            row[0]: row[1]
            for row in await self.rows("intake", "select platform_no, order_id::text from upstream_order")
        }
        lost = [number for number, order_id in ledger.acked.items() if stored.get(number) != order_id]
        verdict.none("1", f"acknowledged orders ({len(ledger.acked):,}) that the database does not have", lost)
        verdict.none("2", "orders that nobody sent", stored.keys() - ledger.attempted)
        received = Counter(event.key for event in self.of("intake", "order.received.v1"))
        verdict.none("2", "orders published more than once", [key for key, many in received.items() if many > 1])
        verdict.none(
            "2", "orders stored and never published, or published and not stored", set(stored.values()) ^ set(received)
        )
        verdict.none("2", "one number answered with two orders, or an old request taken", ledger.contradictions)
        unknown = len(ledger.attempted - ledger.acked.keys())
        present = len([number for number in ledger.attempted - ledger.acked.keys() if number in stored])
        verdict.say("2", "orders whose answer the upstream never learnt (present once at most)",
                    f"{unknown}, {present} of them present", sound=True)  # fmt: skip

    async def _transport(self, verdict: Verdict) -> None:
        unpublished, refused, gaps = 0, 0, []
        for name, events in self.events.items():
            unpublished += (await self.column(name, "select count(*) from outbox where published_at is null"))[0]
            refused += (await self.column(name, "select count(*) from outbox where refused is not null"))[0]
            streams: dict[tuple[str, str], list[int]] = {}
            for event in events:
                streams.setdefault((event.topic, event.key), []).append(event.sequence)
            gaps += [key for key, numbers in streams.items() if sorted(numbers) != list(range(1, len(numbers) + 1))]
        verdict.none("3", "events not published after the drain", unpublished)
        verdict.none("3", "events refused by the bus", refused)
        verdict.none("6", "streams that are not numbered 1..n", gaps)
        lost, phantom, behind = [], [], []
        for name, service in ALL.items():
            wanted = {e.id: e for events in self.events.values() for e in events if _is_remembered(service, e.type)}
            taken = set(await self.column(name, "select event_id from inbox"))
            lost += [f"{name} {wanted[one].type} {wanted[one].key}" for one in wanted.keys() - taken]
            phantom += [f"{name} {one}" for one in taken - wanted.keys()]
            behind += await self._unseen(name, service)
        # The inbox keeps no ids of what is for the timeline alone: its entries have them.
        told = {one.type for one in DISPATCH.batched or ()}
        entries = set(await self.column("dispatch", "select event_id from timeline_entry"))
        lost += [f"timeline {e.type} {e.key}" for e in self.of_all(told) if e.id not in entries]
        verdict.none("4", "events that a consumer never took (outbox minus inbox)", lost)
        verdict.none("4", "events that nobody wrote (inbox minus outbox)", phantom)
        verdict.none("6", "streams not seen to their end, in order, by a consumer", behind)
        parked = []
        for name in SERVICES:
            rows = await self.rows(name, "select type, key, reason, detail from parked")
            parked += [f"{name}: {type_} {key} {reason} {detail}" for type_, key, reason, detail in rows]
        verdict.none("6", "events set aside (a gap, a repeat out of order, a failed handler)", parked)

    async def _unseen(self, name: str, service: Service) -> list[str]:
        last: dict[tuple[str, str, str], int] = {}
        for publisher, events in self.events.items():
            for event in events:
                if service.listening.follows(publisher, event.topic):
                    stream = (f"/gongdan/{publisher}", event.topic, event.key)
                    last[stream] = max(event.sequence, last.get(stream, 0))
        seen = {
            (row[0], row[1], row[2]): row[3]
            for row in await self.rows(name, "select source, topic, key, sequence from seen")
        }
        return [f"{name} {stream}" for stream, number in last.items() if seen.get(stream) != number]

    async def _effects(self, driver: Driver, verdict: Verdict) -> None:
        received = {event.key for event in self.of("intake", "order.received.v1")}
        missing = []
        for name, sql in (
            ("dispatch", "select order_id from order_case"),
            ("sla", "select order_id from clocked_order"),
            ("review", "select order_id from reviewed_order"),
            ("analytics", "select order_id from fact where kind = 'received'"),
        ):
            missing += [
                f"{name} {order_id}" for order_id in received - {str(one) for one in await self.column(name, sql)}
            ]
        opened = Counter(await self.column("dispatch", "select event_id from audit where action = 'order.opened'"))
        missing += [f"dispatch {e.key}" for e in self.of("intake", "order.received.v1") if not opened[str(e.id)]]
        replies = {event.id for event in self.of("dispatch", "order.reply_submitted.v1")}
        rounds = Counter(await self.column("review", "select event_id from audit where action = 'reply.round_opened'"))
        missing += [f"review round {one}" for one in replies if not rounds[str(one)]]
        counted = {e.id for events in self.events.values() for e in events if e.type in _FACTS}
        facts = Counter(await self.column("analytics", "select event_id from fact"))
        missing += [f"analytics fact {one}" for one in counted - facts.keys()]
        verdict.none("5", "effects that are missing", missing)
        double = [one for one, many in (opened + rounds + facts).items() if many > 1]
        for name in SERVICES:
            double += await self.column(
                name,
                "select event_id || ' ' || action from audit where event_id is not null "
                "group by event_id, action, subject, after having count(*) > 1",
            )
        verdict.none("5", "effects that happened twice", double)
        closed = {
            str(one) for one in await self.column("dispatch", "select order_id from order_case where status = 'closed'")
        }
        verdict.none("5", f"orders walked to their revisit ({len(driver.ledger.walked)}) that are not closed",
                     driver.ledger.walked.keys() - closed)  # fmt: skip
        verdict.none("12", "walks that the platform refused or never served", driver.ledger.trouble)
        code, said = await self._rebuild()
        verdict.say("7", "analytics rebuilt from the bus equals the running figures",
                    "equal" if not code else said[-300:], sound=not code)  # fmt: skip

    async def _rebuild(self) -> tuple[int, str]:
        member = self._cluster.of("analytics")[0]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.analytics", "rebuild", "--check", "--source", "bus",
            env={**os.environ, **member.environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def _clocks(self, driver: Driver, verdict: Verdict) -> None:
        clocks = await self.rows("sla", "select id::text, order_id, kind, state from clock")
        started = Counter(
            await self.column(
                "sla",
                "select convert_from(payload, 'UTF8')::json ->> 'clock_id' from outbox where type = 'clock.started.v1'",
            )
        )
        verdict.none("8", "clocks published twice", [one for one, many in started.items() if many > 1])
        verdict.none(
            "8", "clocks that exist and were never published, or the reverse", {c[0] for c in clocks} ^ set(started)
        )
        assigned = Counter(event.key for event in self.of("dispatch", "order.assigned.v1"))
        final = Counter(str(row[1]) for row in clocks if row[2] == "final")
        wrong = [key for key in assigned.keys() | final.keys() if assigned[key] != final[key]]
        verdict.none("8", f"orders whose `final` clocks are not one per assignment ({assigned.total()})", wrong)
        running = {str(row[1]) for row in clocks if row[3] == "running"}
        verdict.none("8", "closed orders with a clock that still runs", driver.ledger.walked.keys() & running)

    async def _feedback(self, driver: Driver, receiver: Receiver, verdict: Verdict) -> None:
        approved = self.of("review", "reply.approved.v1")
        fed_back = Counter(number for _, number, _ in receiver.told)
        numbers = {
            row[0]: row[1]
            for row in await self.rows("intake", "select order_id::text, platform_no from upstream_order")
        }
        verdict.none("10", f"approved replies ({len(approved)}) that the upstream never received",
                     [e.key for e in approved if not fed_back[numbers.get(e.key, "")]])  # fmt: skip
        outdated = set(
            await self.column(
                "intake",
                "select convert_from(payload, 'UTF8')::json ->> 'reply_id' from outbox "
                "where type = 'order.reply_outdated.v1'",
            )
        )
        sent = set(await self.column("intake", "select reply_id from delivery"))
        verdict.none(
            "10", f"replies to a changed demand ({len(outdated)}) that were sent all the same", outdated & sent
        )
        identities: dict[str, set[str]] = {}
        for identity, number, _ in receiver.told:
            identities.setdefault(number, set()).add(identity)
        verdict.none(
            "10", "orders fed back under two identities", [n for n, some in identities.items() if len(some) > 1]
        )
        expected = {numbers.get(event.key) for event in approved}
        verdict.none("10", "feedback that nobody approved", fed_back.keys() - expected)
        verdict.none("10", "feedback with a bad signature", receiver.forged)
        again = len(receiver.told) - len(identities)
        verdict.say("10", "feedback sent again under the same identity", again, sound=True)
        acked = await self.column("intake", "select state from delivery where state <> 'acked'")
        verdict.none("10", "deliveries without an end", acked)
        assert driver.ledger is not None

    def _faults(self, driver: Driver, injector: FaultInjector, verdict: Verdict) -> None:
        again = int(sum(driver.redelivered.values()))
        verdict.say("11", "events delivered again and skipped", again, sound=again > 0)
        inflicted = {**injector.done, **driver.faults}
        counts = ", ".join(f"{kind} {many}" for kind, many in sorted(inflicted.items()))
        expected = {
            "kill -9",
            "SIGSTOP",
            "SIGTERM",
            "postgres immediate",
            "terminate backends",
            "sent twice",
            "published again",
        }
        if self._cluster.broker is not None:
            expected.add("broker kill -9")
        verdict.say("11", "faults inflicted, each class at least once", counts, sound=expected <= inflicted.keys())
        starts = sum(member.starts for member in self._cluster.members) - len(self._cluster.members)
        verdict.say("11", "processes started again", starts, sound=starts > 0)

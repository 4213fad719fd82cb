"""The faults and their times, drawn from a seed, so that a failed run can be repeated."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from deploy.cluster import Cluster, Member
from shared.settings import SERVICES

WEIGHTS: Final = {"kill -9": 45, "SIGSTOP": 15, "broker kill -9": 10, "postgres immediate": 7, "terminate backends": 6,
                  "SIGTERM": 8}  # fmt: skip
_RECOVERY_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the plan: seconds after the start, its kind, and the process that it hits."""

    at: float
    kind: str
    service: str = ""
    replica: int = 0
    lasts: float = 0.0


def plan_of(seed: int, *, many: int, seconds: float, kafka: bool, replicas: int) -> list[Fault]:
    """`many` faults spread over the run: first one of each kind and for each service, then random ones."""
    rng = random.Random(seed)
    kinds = {kind: weight for kind, weight in WEIGHTS.items() if kafka or kind != "broker kill -9"}
    wanted: list[tuple[str, str]] = [("kill -9", service) for service in SERVICES]
    if many >= 20:
        wanted += [("SIGSTOP", service) for service in SERVICES]
        wanted += [("broker kill -9", "")] * (3 if kafka else 0)
    wanted += [("postgres immediate", ""), ("terminate backends", ""), ("SIGTERM", rng.choice(SERVICES))]
    if kafka:
        wanted.append(("broker kill -9", ""))
    if many < 20:
        wanted.append(("SIGSTOP", rng.choice(SERVICES)))
    while len(wanted) < many:
        kind = rng.choices(list(kinds), weights=list(kinds.values()))[0]
        wanted.append((kind, rng.choice(SERVICES)))
    rng.shuffle(wanted)
    step = seconds / many
    longest = 9.0 if seconds > 60 else 5.0
    return [
        Fault(
            at=step * (place + 0.2 + 0.6 * rng.random()), kind=kind, service=service,
            replica=rng.randrange(replicas), lasts=rng.uniform(3.0, longest) if kind == "SIGSTOP" else rng.uniform(0.5, 4.0),
        )
        for place, (kind, service) in enumerate(wanted[:many])
    ]  # fmt: skip


@dataclass
class FaultInjector:
    """Inflicts the faults of the plan and writes the timeline."""

    cluster: Cluster
    timeline: Path
    done: Counter[str] = field(default_factory=Counter)
    by_service: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    last_at: float = 0.0
    _began: float = field(default_factory=time.monotonic)
    _base_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def say(self, what: str, **facts: Any) -> None:
        """Write one line of the timeline."""
        at = round(time.monotonic() - self._began, 2)
        self.lines.append(f"{at:8.2f} s  {what}  {' '.join(f'{k}={v}' for k, v in facts.items())}")
        if os.environ.get("GONGDAN_BENCH_TALK") == "1":
            print(self.lines[-1], flush=True)
        with self.timeline.open("ab") as file:
            file.write(orjson.dumps({"at": at, "what": what, **facts}) + b"\n")

    async def run(self, plan: list[Fault]) -> None:
        """Inflict every fault at its time; returns when the last one is over."""
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in plan:
                await asyncio.sleep(max(0.0, self._began + fault.at - time.monotonic()))
                group.create_task(self._inflict(fault))
        self.last_at = time.monotonic()

    async def _inflict(self, fault: Fault) -> None:
        self.done[fault.kind] += 1
        actions: dict[str, Callable[[Fault], Any]] = {
            "kill -9": self._kill, "SIGTERM": self._terminate, "SIGSTOP": self._stop, "broker kill -9": self._broker,
            "postgres immediate": self._postgres, "terminate backends": self._backends,
        }  # fmt: skip
        await actions[fault.kind](fault)

    def _member(self, fault: Fault) -> Member:
        return self.cluster.of(fault.service)[fault.replica]

    async def _kill(self, fault: Fault) -> None:
        self._signal(fault, signal.SIGKILL)

    async def _terminate(self, fault: Fault) -> None:
        self._signal(fault, signal.SIGTERM)

    def _signal(self, fault: Fault, number: signal.Signals) -> None:
        member = self._member(fault)
        self.by_service[f"{fault.kind} {fault.service}"] += 1
        self.say(fault.kind, member=member.name, pid=member.pid)
        member.signal(number)

    async def _stop(self, fault: Fault) -> None:
        member = self._member(fault)
        pid = member.pid
        self.by_service[f"{fault.kind} {fault.service}"] += 1
        self.say("SIGSTOP", member=member.name, seconds=round(fault.lasts, 1))
        member.signal(signal.SIGSTOP)
        await asyncio.sleep(fault.lasts)
        if member.pid == pid:
            member.signal(signal.SIGCONT)
        self.say("SIGCONT", member=member.name)

    async def _broker(self, fault: Fault) -> None:
        broker = self.cluster.broker
        assert broker is not None
        async with self._base_lock:
            self.say("broker kill -9")
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(fault.lasts)
            await asyncio.to_thread(broker.start, within=_RECOVERY_SECONDS)
            self.say("broker back")

    async def _postgres(self, fault: Fault) -> None:  # noqa: ARG002 - one signature for all
        async with self._base_lock:
            self.say("postgres immediate stop")
            await asyncio.to_thread(self.cluster.postgres.restart, "immediate")
            self.say("postgres back")

    async def _backends(self, fault: Fault) -> None:  # noqa: ARG002 - one signature for all
        async with self._base_lock:
            connection = await asyncpg.connect(self.cluster.postgres.url(), timeout=10)
            try:
                ended = await connection.fetchval(
                    "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where "
                    "backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 8) s"
                )
            finally:
                await connection.close()
            self.say("pg_terminate_backend", sessions=ended)

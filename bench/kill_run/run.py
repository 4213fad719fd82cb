"""One fault run from its start to its result."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

import asyncpg

from bench import upstream
from bench.http import Replicas
from bench.kill_run.checks import DRAIN_SECONDS, Auditor, Verdict
from bench.kill_run.driver import Driver
from bench.kill_run.faults import FaultInjector, plan_of
from bench.kill_run.ledger import Ledger
from bench.report import Table
from bench.stand import scratch
from bench.walkers import Desk, Tokens, load_district
from deploy.cluster import BusKind, Cluster, cluster_of


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of the run, and its seed."""

    bus: BusKind
    orders: int
    faults: int
    seconds: float
    walks: int
    seed: int
    replicas: int = 2
    broken: str | None = None


@dataclass
class Report:
    """The result and the timeline."""

    plan: Plan
    verdict: Verdict
    timeline: list[str]

    def table(self) -> Table:
        """The result, line by line."""
        plan = self.plan
        table = Table(
            f"Kill run on {plan.bus}: {plan.orders:,} orders, {plan.faults} faults in {plan.seconds:.0f} s, seed {plan.seed}"
            + (f", broken on purpose: {plan.broken}" if plan.broken else ""),
            ("3.4", "what", "found", ""),
        )
        for line in self.verdict.lines:
            table.add(line.number, line.what, line.found, "ok" if line.sound else "RED")
        return table

    def show(self) -> None:
        """Print the result, and the timeline when an unbroken platform failed."""
        if self.verdict.failed and self.plan.broken is None:
            print("\n".join(["timeline:", *self.timeline]))
        self.table().show()


async def kill_run(plan: Plan) -> Report:
    """Start the platform, inflict the faults, wait until nothing is under way, and check."""
    receiver = await upstream.Receiver("").start()
    with scratch("kill-run") as folder:
        through = ("bench.broken", plan.broken) if plan.broken else ()
        async with cluster_of(
            folder, bus=plan.bus, replicas=plan.replicas,
            upstream=receiver.address, extra={"GONGDAN_LOG_LEVEL": "WARNING"}, through=through,
        ) as cluster:  # fmt: skip
            report = await _inflict(plan, cluster, receiver)
    await receiver.stop()
    return report


async def _inflict(plan: Plan, cluster: Cluster, receiver: upstream.Receiver) -> Report:
    channel = cluster.secrets["channels"][upstream.CHANNEL]
    receiver.secret = channel["out"]
    await load_district(cluster.of("dispatch")[0].port, cluster.secrets)
    # A new database has thousands of new files, which its first crash recovery would have to sync.
    connection = await asyncpg.connect(cluster.postgres.url())
    await connection.execute("checkpoint")
    await connection.close()
    rng = random.Random(plan.seed)
    ports = {name: [member.port for member in cluster.of(name)] for name in ("intake", "dispatch", "review")}
    # Staff wait for as long as the faults last: the drain, which includes them, measures whether it took too long.
    desk = Desk(
        intake=Replicas(ports["intake"]), dispatch=Replicas(ports["dispatch"]), review=Replicas(ports["review"]),
        tokens=Tokens(cluster.secrets["token_private_key"]), receiver=receiver, secret=channel["in"],
        rng=random.Random(plan.seed + 1), patience=25.0 if plan.broken else 300.0, pause=0.1, longest_pause=4.0,
    )  # fmt: skip
    ledger = Ledger(cluster.folder / "ledger.jsonl")
    driver = Driver(
        desk, ledger, rng, prefix=f"K{plan.seed}", rate=plan.orders / plan.seconds, seconds=plan.seconds,
        walks=plan.walks,
        metrics_ports={m.name: (m.module.removeprefix("services."), m.port) for m in cluster.members},
    )  # fmt: skip
    injector = FaultInjector(cluster, cluster.folder / "timeline.jsonl")
    faults = plan_of(
        plan.seed, many=plan.faults, seconds=plan.seconds, kafka=plan.bus == "kafka", replicas=plan.replicas
    )
    verdict = Verdict()
    async with asyncio.TaskGroup() as group:
        group.create_task(ledger.keep_durable())
        group.create_task(driver.watch_metrics())
        load = group.create_task(driver.run())
        injecting = group.create_task(injector.run(faults))
        await injecting
        calm = time.monotonic()
        await load
        injector.say(
            "all pushed and walked",
            trouble=ledger.trouble[:3],
            slowest={step: round(took, 1) for step, took in desk.slowest.items()},
        )
        auditor = await Auditor(cluster).open()
        _, left = await auditor.drained(20.0 if plan.broken else DRAIN_SECONDS + 30, injector.say)
        drained = time.monotonic() - calm
        injector.say("quiet" if not left else f"never quiet: {left}")
        # Whether a killed process leaves something that is delivered again is chance; this is not.
        injector.done["published again"] += await auditor.publish_again()
        await auditor.drained(DRAIN_SECONDS, injector.say)
        await asyncio.sleep(1.5)  # for the last numbers of redeliveries
        ledger.closing = True
    verdict.say("12", f"drained within {DRAIN_SECONDS:.0f} s after the last fault", f"{drained:.1f} s {left or ''}",
                sound=not left and drained <= DRAIN_SECONDS)  # fmt: skip
    try:
        await auditor.judge(driver, receiver, injector, verdict)
    finally:
        await auditor.close()
        for service in (desk.intake, desk.dispatch, desk.review):
            service.close()
    attempts = ", ".join(f"{what} {many:,}" for what, many in sorted(ledger.outcomes.items()))
    verdict.say("-", "attempts of the client", attempts, sound=True)
    return Report(plan, verdict, injector.lines)

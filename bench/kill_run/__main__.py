"""The long form:  python -m bench.kill_run [--bus kafka] [--orders 20000] [--faults 60] [--seconds 240] [--seed 1]

`--broken all` runs each of the five broken variants and expects every one to fail.
"""

from __future__ import annotations

import argparse
import sys

import uvloop

from bench.broken import VARIANTS
from bench.kill_run.run import Plan, kill_run
from deploy.cluster import BusKind
from shared.telemetry import configure_logs


def _plan(given: argparse.Namespace, bus: BusKind, broken: str | None) -> Plan:
    return Plan(
        bus=bus, orders=given.orders, faults=given.faults, seconds=given.seconds, walks=given.walks, seed=given.seed,
        replicas=given.replicas, broken=broken,
    )  # fmt: skip


async def _all(given: argparse.Namespace) -> int:
    failures = 0
    buses: tuple[BusKind, ...] = given.bus or ("postgres", "kafka")
    for bus in buses:
        variants: list[str | None] = (
            [None] if given.broken is None else list(VARIANTS) if given.broken == "all" else [given.broken]
        )
        for broken in variants:
            report = await kill_run(_plan(given, bus, broken))
            report.show()
            sound = bool(report.verdict.unsafe) if broken else not report.verdict.failed
            print(
                f"{'AS IT MUST BE' if sound else 'NOT AS IT MUST BE'}: {bus}, {broken or 'whole'}, seed {given.seed}",
                flush=True,
            )
            failures += not sound
    return 1 if failures else 0


def main() -> int:
    configure_logs("ERROR")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bus", action="append", choices=("postgres", "kafka"))
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--walks", type=int, default=400)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", choices=("all", *VARIANTS), default=None)
    return uvloop.run(_all(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())

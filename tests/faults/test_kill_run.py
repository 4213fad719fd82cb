"""The short form of the fault run: orders flow while everything is killed, and the client's ledger must still be right."""

from __future__ import annotations

import os

import pytest

from bench.kill_run.run import Plan, kill_run
from deploy.cluster import BusKind
from deploy.kafka.broker import KafkaUnavailable, fetch_jars
from tests.support.kafka import REQUIRED

pytestmark = [pytest.mark.kill, pytest.mark.slow]

SEED = int(os.environ.get("GONGDAN_FAULT_SEED", "12345"))


def _kafka_or_skip() -> None:
    try:
        fetch_jars()
    except KafkaUnavailable as reason:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"KAFKA REQUIRED BUT MISSING: {reason}")
        pytest.skip(f"KAFKA FAULT RUN SKIPPED: {reason}")


# Two replicas where a lease must move, one where the broker itself is killed: both together would take two minutes.
@pytest.mark.parametrize(
    ("bus", "replicas"), [("postgres", 2), pytest.param("kafka", 1, marks=pytest.mark.kafka)], ids=["postgres", "kafka"]
)
@pytest.mark.clause("S1.1.4c")
async def test_nothing_is_lost_doubled_or_reordered_while_everything_is_killed(bus: BusKind, replicas: int) -> None:
    if bus == "kafka":
        _kafka_or_skip()

    report = await kill_run(
        Plan(bus=bus, orders=1_500, faults=10, seconds=25.0, walks=25, seed=SEED, replicas=replicas)
    )

    shown = "\n".join([f"seed {SEED}; timeline:", *report.timeline, report.table().text()])
    assert not report.verdict.red, shown

"""The short form of the fault run: orders are sent while everything is killed, and the client's ledger must still be right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.kafka import jars_or_skip

pytestmark = [pytest.mark.kill, pytest.mark.slow]

ROOT: Final = Path(__file__).resolve().parents[2]
SEED: Final = os.environ.get("GONGDAN_FAULT_SEED", "12345")


# Two replicas where a lease must move to another process; one where the broker is killed, because both together would take
# two minutes.
@pytest.mark.parametrize(
    ("bus", "replicas"),
    [("postgres", "2"), pytest.param("kafka", "1", marks=pytest.mark.kafka)],
    ids=["postgres", "kafka"],
)
@pytest.mark.clause("S1.1.4c")
def test_nothing_is_lost_doubled_or_reordered_while_everything_is_killed(bus: str, replicas: str) -> None:
    if bus == "kafka":
        jars_or_skip()

    run = subprocess.run(
        [
            *(sys.executable, "-m", "bench.kill_run", "--bus", bus, "--replicas", replicas, "--seed", SEED),
            *("--orders", "1200", "--faults", "10", "--seconds", "20", "--walks", "16"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    # The whole ledger and, after a failure, the timeline, so that the run can be repeated.
    assert run.returncode == 0, f"seed {SEED}\n{run.stdout}\n{run.stderr[-5000:]}"

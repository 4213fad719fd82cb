"""The platform and the model do the same things, in any sequence, and agree.

The short form runs always, with sequences that stay the same; `make model` sets GONGDAN_MODEL_SEQUENCES for the long
one, with new ones, and GONGDAN_MODEL_SEED repeats a run of it.
"""

from __future__ import annotations

import os
import secrets
import sys
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import OrderMachine
from tests.model.platform import Stage
from tests.model.running import TALLY
from tests.support.postgres import DatabaseServer

SEQUENCES: Final = int(os.environ.get("GONGDAN_MODEL_SEQUENCES", "0"))
SHARES: Final = (1, 2) if SEQUENCES else (1,)
"""The long form is two tests, for two workers."""
SHORT: Final = settings(
    max_examples=40,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
def test_any_sequence_leaves_the_platform_as_the_model_says(postgres_server: DatabaseServer, share: int) -> None:
    chosen, number = SHORT, None
    if SEQUENCES:
        number = int(os.environ.get("GONGDAN_MODEL_SEED", secrets.randbelow(2**31))) + share
        chosen = settings(
            SHORT,
            max_examples=SEQUENCES // len(SHARES),
            stateful_step_count=25,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
        )
    TALLY.clear()
    with Stage(postgres_server) as stage:
        machine = type("OrderMachine", (OrderMachine,), {"stage": stage})
        try:
            run_state_machine_as_test(machine if number is None else seed(number)(machine), settings=chosen)
        finally:
            sys.stdout.write(f"seed {number}: {TALLY}\n")

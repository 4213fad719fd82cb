"""The model finds what it is for: each fault that is planted in the platform turns it red."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.faults import FAULTS
from tests.model.machine import OrderMachine
from tests.model.platform import Stage
from tests.support.postgres import DatabaseServer

ALWAYS: Final = ("an urge is applied twice", "a redo is dropped")
"""Those that every run plants; `make model` plants all."""
PLANTED: Final = tuple(FAULTS) if os.environ.get("GONGDAN_MODEL_SEQUENCES") else ALWAYS
FIND: Final = settings(
    max_examples=80,
    stateful_step_count=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_turns_the_model_red(postgres_server: DatabaseServer, name: str) -> None:
    fault = FAULTS[name]
    with Stage(postgres_server, fault.services) as stage:
        planted = {"stage": stage, "favoured": fault.steps, "at_least": fault.far, "answer": fault.answer}
        machine = type("OrderMachine", (OrderMachine,), planted)

        with pytest.raises(AssertionError):
            run_state_machine_as_test(machine, settings=FIND)

"""Sequences by which the platform and the model once differed, each with the difference that it showed."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from shared.calendar import SHANGHAI
from tests.model.driver import World
from tests.model.known import RETRIES
from tests.model.platform import Stage
from tests.model.running import Driven
from tests.support.postgres import DatabaseServer

MONDAY: Final = datetime(2026, 11, 23, 9, 0, 13, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def stage(postgres_server: DatabaseServer) -> Iterator[Stage]:
    with Stage(postgres_server) as stage:
        yield stage


class Sequence:
    """A sequence of one order, by hand; after each step everything moves on and is compared."""

    def __init__(self, stage: Stage, **of: Any) -> None:
        self._stage, self.world = stage, World(stage.platform, MONDAY)
        self.do(self.world.begin())
        self.do(self.world.push_new(0, with_deadline=False, **of))

    @property
    def order(self) -> Driven:
        """The order."""
        return self.world.orders[0]

    def do(self, *steps: Coroutine[Any, Any, None]) -> None:
        """Do the steps, and let everything move on after each."""
        for step in steps:
            self._stage.run(step)
            self._stage.run(self.world.settle())

    def wait(self, **time: float) -> None:
        """Time passes."""
        self.do(self.world.move_to(self.world.now + timedelta(**time)))


@pytest.fixture
def sequence(stage: Stage) -> Iterator[Sequence]:
    """Compared once more at its end."""
    sequence = Sequence(stage)
    yield sequence
    stage.run(sequence.world.finish())
    stage.run(sequence.world.platform.forget())


@pytest.mark.clause("S2.3b")
def test_a_reply_that_is_refused_again_and_again_is_sent_by_the_whole_schedule_and_then_given_up(
    sequence: Sequence,
) -> None:
    """The model sent it every two hours for ever (P8)."""
    sequence.world.upstream = "refused"
    sequence.do(sequence.world.walk(sequence.order, 5))
    [sending] = sequence.order.model.intake.sendings
    for number, wait in enumerate(RETRIES, start=1):
        assert (sending.attempts, sending.state) == (number, "waiting")
        sequence.wait(seconds=wait.total_seconds() * 1.11)
    assert (sending.attempts, sending.state) == (10, "failed")
    sequence.world.upstream = "acknowledged"
    sequence.wait(hours=30)
    assert sending.attempts == 10

    sequence.do(sequence.world.retry_feedback(sequence.order))
    assert (sending.attempts, sending.state) == (11, "done")


@pytest.mark.clause("S1.3.2e", "S1.1.4b")
def test_an_extension_that_is_granted_after_the_new_deadline_too_is_late_by_the_new_one(sequence: Sequence) -> None:
    """The platform kept the day of the old deadline when the loop had fired late (A38)."""
    world, order = sequence.world, sequence.order
    sequence.do(world.walk(order, 1), world.ask_extension(order, "zhujian", 1))
    sequence.wait(days=6)
    sequence.do(world.decide_extension(order, grant=True))
    sequence.wait(hours=1)


@pytest.mark.clause("S2.3a")
def test_review_and_call_back_of_a_reply_that_a_redo_has_superseded_may_be_missing_where_the_redo_is_heard_first(
    sequence: Sequence,
) -> None:
    """The model asked for both also where sla heard of the redo before its cause, which the bus rules out."""
    world, order = sequence.world, sequence.order
    world.shuffled = frozenset({"sla"})
    sequence.do(world.walk(order, 4))
    world.hold("sla")
    sequence.do(world.centre_decides(order, approve=True, override=None))
    sequence.wait(hours=1)
    sequence.do(world.revisit(order, "未解决", "不满意"))
    assert order.model.desk.redos == 1
    world.release("sla")
    sequence.do(world.settle())


@pytest.mark.clause("S1.1.4a")
def test_what_sla_hears_of_an_order_comes_after_its_receipt_also_where_the_publishers_are_mixed(
    sequence: Sequence,
) -> None:
    """An event of an unknown order waits for an operator (R26), and the bus rules it out: the receipt comes first."""
    world = sequence.world
    world.shuffled = frozenset({"sla"})
    world.hold("sla")
    for _ in range(6):
        sequence.do(world.push_new(0, with_deadline=False))
        sequence.do(world.assign(world.orders[-1], "zhujian", reason=False, head=False))
    world.release("sla")
    sequence.do(world.settle())


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("known", [True, False], ids=["queued", "not queued"])
def test_an_approved_reply_of_an_order_that_was_cancelled_before_it_could_be_sent_is_void(
    sequence: Sequence, *, known: bool
) -> None:
    """It stayed approved for ever, and its timeline said that it was fed back."""
    world, order = sequence.world, sequence.order
    sequence.do(world.walk(order, 4))
    world.hold("intake")
    sequence.do(world.centre_decides(order, approve=True, override=None))
    if known:
        sequence.do(world.trickle("intake", 20, publish=False))
    assert bool(order.model.intake.sendings) is known
    sequence.do(world.cancel(order))
    world.release("intake")
    sequence.do(world.settle())
    assert [one.state for one in order.model.review.rounds] == ["void"]


@pytest.mark.clause("S2.3b", "S2.2.2f")
def test_the_completion_of_a_plan_that_is_approved_in_the_race_with_a_redo_is_void(sequence: Sequence) -> None:
    """It stayed approved for ever; the unit answers anew."""
    world, order = sequence.world, sequence.order
    sequence.do(
        world.walk(order, 5, "planned"),
        world.contact(order, "zhujian", "reached", None),
        world.reply(order, "zhujian", "solved", 0),
        world.leader_decides(order, "zhujian", approve=True),
        world.cross(order, "redo"),
        world.settle(),
    )
    assert [one.state for one in order.model.review.rounds] == ["approved", "void"]
    # The result of the call about the plan comes late: what was not sent answers for nothing.
    sequence.do(world.revisit(order, "解决", "满意"))

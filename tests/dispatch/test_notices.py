"""What a notice of the platform does to the order in each of its states: nothing that intake accepted is dropped."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.dispatch.orders.model import Move, Status
from services.dispatch.orders.rules import MOVES
from shared.contracts.dispatch import OrderClosed, OrderReopened
from shared.contracts.sla import PlanWoken
from shared.outbox.writer import new_id
from tests.dispatch.story import URBAN, Story
from tests.support import facts

Reached = Callable[[Story], Awaitable[str]]
"""Brings a new order to a state; its id."""


async def actions(story: Story, order_id: str) -> list[str]:
    """What the history says, the latest last."""
    rows = await story.desk.rows("select action from audit where subject = :of order by id", of=order_id)
    return [row["action"] for row in rows]


async def triage(story: Story) -> str:
    return await story.arrive()


async def handling(story: Story) -> str:
    return await story.handled()


async def leader_review(story: Story) -> str:
    return (await story.replied())[0]


async def awaiting_feedback(story: Story) -> str:
    order_id, reply_id = await story.replied()
    await story.desk.tell(story.leader_approved(order_id, reply_id), story.approved(order_id, reply_id))
    return order_id


async def revisit(story: Story) -> str:
    return (await story.answered())[0]


async def closed(story: Story) -> str:
    order_id = await revisit(story)
    await story.desk.tell(story.revisited(order_id))
    return order_id


async def again(story: Story) -> str:
    order_id = await revisit(story)
    await story.desk.tell(story.revisited(order_id, "unsolved", "unsatisfied"))
    return order_id


async def planned(story: Story) -> str:
    """The reply that announces the plan has reached the platform."""
    order_id = await story.handled()
    plan: dict[str, Any] = {
        "disposition": "planned",
        "plan_on": "2027-01-20",
        "legal_basis": "依据市政管理条例第十二条",
    }
    answer = await story.reply(order_id, **plan)
    reply_id = answer.json()["reply_id"]
    approved = story.approved(order_id, reply_id).model_copy(update={"disposition": "planned"})
    await story.desk.tell(story.leader_approved(order_id, reply_id), approved, story.fed_back(order_id, reply_id))
    assert await story.status(order_id) == "planned"
    return order_id


async def woken(story: Story) -> str:
    """The day of the plan has come: the unit handles it."""
    order_id = await planned(story)
    await story.desk.tell(
        PlanWoken(order_id=order_id, clock_id=str(new_id()), unit=URBAN, plan_on=date(2027, 1, 20), woken_at=story.now)
    )
    assert await story.status(order_id) == "handling"
    return order_id


async def completion_under_review(story: Story) -> str:
    """The unit has replied that what it planned is done."""
    order_id = await woken(story)
    await story.contact(order_id)
    assert (await story.reply(order_id)).status_code == 201
    return order_id


async def cancelled(story: Story) -> str:
    order_id = await story.arrive()
    await story.desk.tell(facts.cancelled(order_id, story.now))
    return order_id


@pytest.mark.parametrize(
    ("reached", "status"),
    [
        (awaiting_feedback, "handling"),
        (revisit, "handling"),
        (closed, "handling"),
        (planned, "handling"),
        (woken, "handling"),
        (completion_under_review, "handling"),
    ],
)
async def test_a_redo_of_this_cycle_opens_the_order_again_and_says_when_the_platform_had_the_reply(
    story: Story, reached: Reached, status: str
) -> None:
    order_id = await reached(story)
    await story.desk.tell(facts.redo_requested(order_id, story.now))

    assert await story.status(order_id) == status
    [event] = await story.desk.told(OrderReopened)
    assert event.redos == 1
    assert event.fed_back_at == (None if reached is awaiting_feedback else story.now)
    replies = await story.desk.rows("select state from reply where order_id = :of order by round", of=order_id)
    if reached is completion_under_review:
        assert [row["state"] for row in replies] == ["approved", "void"]
    assert await story.desk.parked() == []


@pytest.mark.parametrize("reached", [again])
async def test_a_redo_of_an_earlier_cycle_is_noted_and_opens_nothing(story: Story, reached: Reached) -> None:
    order_id = await reached(story)
    await story.desk.tell(facts.redo_requested(order_id, story.now, redos=0))

    assert (await story.order(order_id))["redos"] == 1
    assert (await actions(story, order_id))[-1] == "order.redo_noted"


@pytest.mark.parametrize(
    ("reached", "answers", "status", "action"),
    [
        (awaiting_feedback, ("solved", "satisfied"), "closed", "order.closed"),
        (revisit, ("unsolved", "satisfied"), "handling", "order.reopened"),
        (revisit, (None, None), "revisit", "order.revisited_in_vain"),
        (closed, ("solved", "unsatisfied"), "handling", "order.reopened"),
        (closed, ("solved", "satisfied"), "closed", "order.revisit_noted"),
        (closed, (None, None), "closed", "order.revisit_noted"),
        (again, ("unsolved", "unsatisfied"), "handling", "order.revisit_noted"),
        (planned, ("unsolved", "unsatisfied"), "planned", "order.revisit_noted"),
        (woken, ("unsolved", "unsatisfied"), "handling", "order.revisit_noted"),
        (completion_under_review, ("unsolved", "unsatisfied"), "leader_review", "order.revisit_noted"),
    ],
)
async def test_a_revisit_moves_the_order_or_is_noted_with_its_answers(
    story: Story, reached: Reached, answers: tuple[str | None, str | None], status: str, action: str
) -> None:
    order_id = await reached(story)
    valid = answers != (None, None)
    await story.desk.tell(story.revisited(order_id, *answers, valid=valid))

    assert await story.status(order_id) == status
    assert (await actions(story, order_id))[-1] == action
    if action == "order.revisit_noted":
        [noted] = await story.desk.rows(
            "select after from audit where subject = :of and action = 'order.revisit_noted'", of=order_id
        )
        assert (noted["after"]["solved"], noted["after"]["satisfied"]) == answers
    assert await story.desk.parked() == []


@pytest.mark.parametrize(
    "reached", [triage, handling, leader_review, awaiting_feedback, revisit, closed, again, planned, cancelled]
)
async def test_an_urge_is_counted_in_every_state(story: Story, reached: Reached) -> None:
    order_id = await reached(story)
    await story.desk.tell(facts.urged(order_id, story.now))

    assert (await story.order(order_id))["urges"] == 1


def test_every_state_that_has_an_approved_reply_and_a_unit_can_be_opened_again() -> None:
    opened = {status for status, move in MOVES if move is Move.REOPEN}

    assert opened == set(Status) - {Status.TRIAGE, Status.CONSULT, Status.RETURN_PENDING, Status.CANCELLED}


# --- Cycles ---------------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("status", ["handling", "leader_review", "centre_review", "awaiting_feedback"])
async def test_an_acknowledgement_of_an_earlier_cycle_leaves_the_order_where_it_is(story: Story, status: str) -> None:
    order_id, first = await story.answered()
    await story.desk.tell(facts.redo_requested(order_id, story.now))
    if status != "handling":
        await story.contact(order_id)
        second = (await story.reply(order_id)).json()["reply_id"]
        if status != "leader_review":
            await story.desk.tell(story.leader_approved(order_id, second, 2))
        if status == "awaiting_feedback":
            await story.desk.tell(story.approved(order_id, second, 2))
    await story.desk.tell(story.fed_back(order_id, first))

    assert await story.status(order_id) == status
    assert await story.desk.rows("select fed_back_at from order_case where fed_back_at is not null") == []
    assert await story.desk.parked() == []


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("solved", ["solved", "unsolved"])
@pytest.mark.parametrize("status", ["awaiting_feedback", "revisit", "closed"])
@pytest.mark.parametrize(
    "about",
    [
        {"redos": 0},
        {"redos": 1, "of_earlier_reply": True},
        # Intake had not heard of the present one, or had not sent it.
        {"redos": 1, "reply_id": "the one before"},
    ],
    ids=["of the cycle before", "earlier", "another"],
)
async def test_a_revisit_about_an_earlier_reply_neither_closes_nor_opens_the_order(
    story: Story, about: dict[str, Any], status: str, solved: str
) -> None:
    order_id, _ = await story.answered()
    await story.desk.tell(facts.redo_requested(order_id, story.now))
    await story.contact(order_id)
    second = (await story.reply(order_id)).json()["reply_id"]
    await story.desk.tell(story.leader_approved(order_id, second, 2), story.approved(order_id, second, 2))
    if status != "awaiting_feedback":
        await story.desk.tell(story.fed_back(order_id, second).model_copy(update={"redos": 1}))
    if status == "closed":
        await story.desk.tell(story.revisited(order_id).model_copy(update={"redos": 1}))
    await story.desk.tell(story.revisited(order_id, solved).model_copy(update=about))

    assert (await story.order(order_id))["redos"] == 1
    assert await story.status(order_id) == status
    assert (await actions(story, order_id))[-1] == "order.revisit_noted"


# --- Approved exclusions --------------------------------------------------------------------------------------------------


async def excluded(story: Story, disposition: str) -> tuple[str, str]:
    """An order whose exclusion the centre approved; its id and the reply's."""
    order_id, reply_id = await story.replied()
    approved = story.approved(order_id, reply_id).model_copy(update={"disposition": disposition})
    await story.desk.tell(story.leader_approved(order_id, reply_id), approved)
    return order_id, reply_id


@pytest.mark.clause("S2.2.2b", "S2.2.2c")
@pytest.mark.parametrize("disposition", ["out_of_scope", "not_true"])
async def test_an_approved_exclusion_is_closed_by_its_acknowledgement_and_only_a_redo_opens_it(
    story: Story, disposition: str
) -> None:
    order_id, reply_id = await excluded(story, disposition)
    await story.desk.tell(story.fed_back(order_id, reply_id))
    assert await story.status(order_id) == "closed"
    [event] = await story.desk.told(OrderClosed)
    assert (event.disposition, event.fed_back_at) == (disposition, story.now)

    await story.desk.tell(story.revisited(order_id, "unsolved", "unsatisfied"))
    assert await story.status(order_id) == "closed"
    assert (await actions(story, order_id))[-1] == "order.revisit_noted"

    await story.desk.tell(facts.redo_requested(order_id, story.now))
    assert await story.status(order_id) == "handling"
    assert await story.desk.parked() == []


@pytest.mark.clause("S2.2.2b")
async def test_other_dispositions_wait_for_the_revisit(story: Story) -> None:
    order_id, reply_id = await excluded(story, "explanation")
    await story.desk.tell(story.fed_back(order_id, reply_id))

    assert await story.status(order_id) == "revisit"

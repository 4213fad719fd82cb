"""An approved reply that intake did not send, because its order was cancelled or reopened before the centre could know."""

from typing import Any

import pytest

from shared.contracts.review import ReplyApproved, ReplyRejected
from shared.identity import Role
from tests.review.orders import (
    assigned,
    at_centre,
    at_leader,
    cancelled,
    new,
    post,
    refusal,
    reviewer,
    seen_by_reviewer,
    state_of,
    submitted,
)
from tests.support import facts
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S2.3b")


async def approved(desk: Desk) -> tuple[str, str]:
    """An order and its reply, which the centre has approved."""
    order_id, reply_id = await at_centre(desk)
    assert (await post(desk, reply_id, "approval", {}, reviewer(desk))).status_code == 204
    return order_id, reply_id


def not_sent(desk: Desk, order_id: str, reply_id: str, reason: str = "cancelled") -> Any:
    return facts.reply_not_sent(order_id, "zhujian", desk.clock.now(), reply_id=reply_id, reason=reason)


@pytest.mark.parametrize("reason", ["cancelled", "reopened"])
async def test_an_approved_reply_that_was_not_sent_is_void_and_says_why(desk: Desk, reason: str):
    order_id, reply_id = await approved(desk)
    told = await desk.told()
    await desk.tell(not_sent(desk, order_id, reply_id, reason))

    seen = await seen_by_reviewer(desk, reply_id)
    assert (seen["state"], seen["void_reason"], seen["can"]) == ("void", reason, [])
    assert (seen["centre_by"], seen["taken_back_at"]) == ("reviewer-1", None), "it had been approved"
    assert seen["voided_at"] is not None
    [trail] = await desk.rows("select before, after, reason from audit where action = 'reply.voided'")
    assert (trail["before"], trail["after"], trail["reason"]) == ({"state": "approved"}, {"state": "void"}, reason)
    assert await desk.told() == told, "the order has moved already, and nobody has to rework anything"
    assert refusal(await post(desk, reply_id, "rejection", {"opinion": "请重办"}, reviewer(desk))) == (
        409,
        "wrong_step",
    )
    assert await desk.parked() == []


@pytest.mark.parametrize("first", ["the end", "the reply"])
@pytest.mark.parametrize("reason", ["cancelled", "reopened"])
async def test_it_does_not_matter_whether_the_end_of_the_order_is_heard_first(desk: Desk, reason: str, first: str):
    order_id, reply_id = await approved(desk)
    ends = {"cancelled": cancelled(desk, order_id), "reopened": facts.reopened(order_id, "zhujian", desk.clock.now())}
    told = [ends[reason], not_sent(desk, order_id, reply_id, reason)]
    await desk.tell(*(told if first == "the end" else reversed(told)))

    seen = await seen_by_reviewer(desk, reply_id)
    assert (seen["state"], seen["void_reason"]) == ("void", reason)
    assert await desk.parked() == []


async def test_told_twice_it_is_void_once(desk: Desk):
    order_id, reply_id = await approved(desk)
    await desk.tell(not_sent(desk, order_id, reply_id))
    before = await desk.rows("select version, voided_at from reply_round")
    await desk.tell(not_sent(desk, order_id, reply_id, "reopened"))

    assert await desk.rows("select version, voided_at from reply_round") == before
    [noted] = await desk.rows("select after from audit where action = 'event.passed_by'")
    assert (noted["after"]["state"], noted["after"]["event"]) == ("void", "order.reply_not_sent.v1")


async def test_what_is_not_known_or_was_not_approved_stays_as_it_is(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    await desk.tell(not_sent(desk, order_id, reply_id), not_sent(desk, order_id, new()), not_sent(desk, new(), new()))

    assert await state_of(desk, reply_id) == "centre_review"
    noted = await desk.rows("select after from audit where action = 'event.passed_by' order by id")
    assert [row["after"]["state"] for row in noted] == ["centre_review", None, None]
    assert await desk.told(ReplyRejected) == []
    assert await desk.parked() == []


async def test_the_next_reply_of_a_reopened_order_goes_its_way(desk: Desk):
    order_id, reply_id = await approved(desk)
    second = new()
    await desk.tell(
        facts.reopened(order_id, "zhujian", desk.clock.now()),
        submitted(desk, order_id, second, "zhujian", 2).model_copy(update={"redos": 1}),
        not_sent(desk, order_id, reply_id, "reopened"),
    )

    assert (await state_of(desk, reply_id), await state_of(desk, second)) == ("void", "leader_review")
    assert [one.reply_id for one in await desk.told(ReplyApproved)] == [reply_id]
    who = desk.bearer(Role.CASEWORKER, unit="zhujian")
    listed = (await desk.http.get("/api/review/v1/replies", headers=who)).json()["items"]
    assert [(one["reply_id"], one["void_reason"]) for one in listed] == [(reply_id, "reopened"), (second, None)]


@pytest.mark.clause("S2.3c")
@pytest.mark.parametrize("reason", ["cancelled", "reassigned", "reopened", "superseded"])
async def test_every_void_reply_says_why_it_is_void(desk: Desk, reason: str):
    order_id, reply_id = await at_leader(desk)
    await desk.tell(
        {
            "cancelled": cancelled(desk, order_id),
            "reassigned": assigned(desk, order_id, "chengguan", 2),
            "reopened": facts.reopened(order_id, "zhujian", desk.clock.now()),
            "superseded": submitted(desk, order_id, new(), "zhujian", 2),
        }[reason]
    )

    seen = await seen_by_reviewer(desk, reply_id)
    assert (seen["state"], seen["void_reason"], seen["centre_by"]) == ("void", reason, None)


async def test_a_reply_to_an_order_that_is_known_to_be_cancelled_says_so_at_once(desk: Desk):
    order_id, _ = await at_leader(desk)
    late = new()
    await desk.tell(cancelled(desk, order_id), submitted(desk, order_id, late, "zhujian", 2))

    seen = await seen_by_reviewer(desk, late)
    assert (seen["state"], seen["void_reason"]) == ("void", "cancelled")

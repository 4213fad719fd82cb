"""An approved reply that was not sent, because the order was cancelled or reopened: dispatch holds it for void, too."""

import pytest

from tests.dispatch.story import URBAN, Story
from tests.dispatch.test_taken_back import PLAN, approved, shown
from tests.support import facts
from tests.support.service import Tell, one_by_one, together

pytestmark = pytest.mark.clause("S2.3b")


async def states(story: Story, order_id: str) -> list[str]:
    replies = (await story.get(f"/orders/{order_id}/replies", story.caseworker())).json()
    return [line["state"] for line in replies]


@pytest.mark.clause("X1")
@pytest.mark.parametrize(
    ("reason", "why"), [("cancelled", "上级平台已撤单"), ("reopened", "工单已重办，由承办单位重新答复")]
)
async def test_the_timeline_says_that_and_why_an_approved_reply_was_not_sent(
    story: Story, reason: str, why: str
) -> None:
    order_id, reply_id = await approved(story)
    end = facts.cancelled if reason == "cancelled" else facts.redo_requested
    await story.desk.tell(
        end(order_id, story.now),
        facts.reply_not_sent(order_id, URBAN, story.now, reply_id=reply_id, reason=reason),
    )
    items = (await story.get(f"/orders/{order_id}/timeline")).json()["items"]
    [told] = [item for item in items if item["kind"] == "order.reply_not_sent"]

    assert told["text"] == f"单位{URBAN}第 1 次答复虽经审核通过，没有反馈上级平台：{why}。"
    assert (told["unit"]["code"], told["references"]["reply_id"], told["reason"]) == (URBAN, reply_id, None)


@pytest.mark.parametrize("way", [one_by_one, together], ids=lambda way: way.__name__)
@pytest.mark.parametrize("heard", ["in time", "after the end"])
async def test_the_reply_of_a_cancelled_order_ends_void_whatever_is_heard_first(
    story: Story, heard: str, way: Tell
) -> None:
    order_id = await story.handled()
    reply_id = str((await story.reply(order_id)).json()["reply_id"])
    approval, end = story.approved(order_id, reply_id), facts.cancelled(order_id, story.now)
    not_sent = facts.reply_not_sent(order_id, URBAN, story.now, reply_id=reply_id)
    orders = {"in time": [approval, end, not_sent], "after the end": [end, approval, not_sent]}
    await way(story.desk, [story.leader_approved(order_id, reply_id), *orders[heard], not_sent])

    assert (await states(story, order_id), await shown(story, order_id)) == (["void"], ("cancelled", None))
    assert await story.desk.parked() == []


@pytest.mark.parametrize("way", [one_by_one, together], ids=lambda way: way.__name__)
@pytest.mark.parametrize("heard", ["in time", "after the redo"])
async def test_the_completion_that_a_redo_overtook_is_void_and_the_plan_stays_what_was_answered(
    story: Story, heard: str, way: Tell
) -> None:
    order_id, plan = await approved(story, **PLAN)
    await story.desk.tell(story.fed_back(order_id, plan))
    await story.contact(order_id)
    reply_id = str((await story.reply(order_id)).json()["reply_id"])
    approval, redo = story.approved(order_id, reply_id, 2), facts.redo_requested(order_id, story.now)
    not_sent = facts.reply_not_sent(order_id, URBAN, story.now, reply_id=reply_id, number=2, reason="reopened")
    orders = {"in time": [approval, redo, not_sent], "after the redo": [redo, approval, not_sent]}
    await way(story.desk, [story.leader_approved(order_id, reply_id, 2), *orders[heard], not_sent])

    assert (await states(story, order_id), await shown(story, order_id)) == (
        ["approved", "void"],
        ("handling", "planned"),
    )
    assert await story.desk.parked() == []


async def test_the_next_reply_of_the_reopened_order_keeps_its_own_state(story: Story) -> None:
    order_id, first = await approved(story)
    await story.desk.tell(facts.redo_requested(order_id, story.now))
    await story.contact(order_id)
    second = str((await story.reply(order_id)).json()["reply_id"])
    await story.desk.tell(
        story.leader_approved(order_id, second, 2),
        story.approved(order_id, second, 2),
        facts.reply_not_sent(order_id, URBAN, story.now, reply_id=first, reason="reopened"),
    )

    assert await states(story, order_id) == ["void", "approved"]
    assert await shown(story, order_id) == ("awaiting_feedback", "solved")

"""An approved reply that was never sent comes back to its unit, as a rejected one does."""

from typing import Any

import pytest

from shared.contracts.dispatch import ReplySubmitted
from tests.dispatch.story import URBAN, Story
from tests.support import facts
from tests.support.service import Tell, one_by_one, together

PLAN = {"disposition": "planned", "legal_basis": "《条例》第九条", "plan_on": "2026-12-10"}

pytestmark = pytest.mark.clause("S1.1.4c", "S2.3a")


async def approved(story: Story, **words: Any) -> tuple[str, str]:
    """An order whose reply the centre has approved, and the reply's id."""
    order_id = await story.handled()
    answer = await story.reply(order_id, **words)
    assert answer.status_code == 201, answer.text
    reply_id = str(answer.json()["reply_id"])
    approval = story.approved(order_id, reply_id).model_copy(update={"disposition": words.get("disposition", "solved")})
    await story.desk.tell(story.leader_approved(order_id, reply_id), approval)
    return order_id, reply_id


async def shown(story: Story, order_id: str) -> tuple[str, str | None]:
    order = await story.order(order_id)
    return order["status"], order["disposition"]


@pytest.mark.clause("X1")
async def test_the_timeline_says_that_and_why_an_approved_reply_was_not_sent(story: Story) -> None:
    order_id, first = await approved(story)
    await story.desk.tell(
        facts.reply_outdated(order_id, URBAN, story.now, reply_id=first, version=3, changed=("title", "content")),
        story.rejected(order_id, first).model_copy(update={"taken_back": True}),
    )
    items = (await story.get(f"/orders/{order_id}/timeline")).json()["items"]
    told = [item for item in items if item["kind"] in {"order.reply_outdated", "reply.rejected"}]

    assert [item["text"] for item in told] == [
        f"单位{URBAN}第 1 次答复不予反馈：上级平台变更了工单（第 3 版：诉求标题、诉求内容），审核通过时依据的是变更前的内容。",
        f"平台自动退回已审核通过的单位{URBAN}第 1 次答复，退回重办，时限不重新计算。",
    ]
    assert {item["unit"]["code"] for item in told} == {URBAN}


async def test_a_reply_that_is_taken_back_is_reworked_by_the_same_unit(story: Story) -> None:
    order_id, first = await approved(story)
    demand = story.received(order_id).demand
    before = await shown(story, order_id)
    await story.desk.tell(facts.updated(order_id, story.now, demand=demand), story.rejected(order_id, first))
    after = await shown(story, order_id)
    seen = await story.order(order_id, story.caseworker())
    again = await story.reply(order_id)

    assert (before, after) == (("awaiting_feedback", "solved"), ("rework", None))
    assert (seen["unit"], [change["version"] for change in seen["demand_changes"]]) == (URBAN, [2])
    assert again.status_code == 201, "the contacts of the turn still count"
    assert [event.demand_version for event in await story.desk.told(ReplySubmitted)] == [1, 2]
    rounds = (await story.get(f"/orders/{order_id}/replies", story.caseworker())).json()
    assert [(line["state"], line["opinion"]) for line in rounds] == [
        ("rejected", "请补充整改措施"),
        ("submitted", None),
    ]
    assert await story.desk.parked() == []


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_plan_that_is_taken_back_no_longer_waits_for_its_day(story: Story) -> None:
    order_id, first = await approved(story, **PLAN)
    before = await shown(story, order_id)
    await story.desk.tell(story.rejected(order_id, first))
    after = await shown(story, order_id)
    without_call = await story.reply(order_id)
    await story.contact(order_id)
    with_call = await story.reply(order_id)

    assert (before, after) == (("planned", "planned"), ("rework", None))
    # The plan had begun a turn of its own.
    assert (without_call.status_code, with_call.status_code) == (422, 201)
    assert await story.desk.parked() == []


@pytest.mark.clause("S2.2.2f")
async def test_the_completion_that_is_taken_back_leaves_the_plan_that_was_announced(story: Story) -> None:
    order_id, plan = await approved(story, **PLAN)
    await story.desk.tell(story.fed_back(order_id, plan))
    await story.contact(order_id)
    completion = str((await story.reply(order_id)).json()["reply_id"])
    await story.desk.tell(
        story.leader_approved(order_id, completion, 2),
        story.approved(order_id, completion, 2),
        story.rejected(order_id, completion, 2),
    )

    assert await shown(story, order_id) == ("rework", "planned")
    assert await story.desk.parked() == []


@pytest.mark.parametrize("way", [one_by_one, together], ids=lambda way: way.__name__)
@pytest.mark.parametrize("case", ["cancelled", "completed", "twice"])
async def test_a_taking_back_that_comes_too_late_changes_nothing(story: Story, case: str, way: Tell) -> None:
    order_id, first = await approved(story, **PLAN)
    back = story.rejected(order_id, first)
    match case:
        case "cancelled":
            await way(story.desk, [facts.cancelled(order_id, story.now), back])
            status = "cancelled"
        case "completed":  # before the taking back was heard
            await story.contact(order_id)
            await story.reply(order_id)
            await way(story.desk, [back])
            status = "leader_review"
        case _:
            await way(story.desk, [back])
            await story.contact(order_id)
            await story.reply(order_id)
            await way(story.desk, [back])
            status = "leader_review"

    assert await story.status(order_id) == status
    assert await story.desk.parked() == []

"""A reply and the demand: what the reviewer is shown of a change, and what becomes of an approval that did not know it."""

from typing import Any

import pytest

from shared.contracts.places import OPINION
from shared.contracts.review import ReplyApproved, ReplyRejected
from shared.identity import Role
from tests.review.orders import (
    assigned,
    at_centre,
    cancelled,
    codes_of,
    contacted,
    head,
    new,
    post,
    received,
    refusal,
    reviewer,
    seen_by_reviewer,
    state_of,
    submitted,
    updated,
)
from tests.support import facts
from tests.support.service import Desk


@pytest.mark.clause("S1.1.4c", "S2.3a")
@pytest.mark.parametrize("when", ["before the reply", "after it", "twice"])
async def test_a_reply_to_an_earlier_demand_is_approved_only_with_a_reason(desk: Desk, when: str):
    order_id, reply_id = new(), new()
    update = updated(desk, order_id, changed=("title", "content"))
    reply = submitted(desk, order_id, reply_id, "zhujian")
    begin = (received(desk, order_id), assigned(desk, order_id, "zhujian"), contacted(desk, order_id, "zhujian"))
    then = {"before the reply": (update, reply), "after it": (reply, update), "twice": (update, reply, update, update)}
    await desk.tell(*begin, *then[when])
    assert (await post(desk, reply_id, "leader-approval", {}, head(desk))).status_code == 204

    seen = await seen_by_reviewer(desk, reply_id)
    refused = await post(desk, reply_id, "approval", {}, reviewer(desk))
    told = {"override_reason": "变更不影响答复", "demand_version": 2}
    passed = await post(desk, reply_id, "approval", told, reviewer(desk))

    assert codes_of(seen) == [("demand_changed", "demand")]
    assert (seen["blocking"], seen["demand_version"]) == (1, 1)
    [change] = seen["demand_changes"]
    assert change["version"] == 2
    assert change["fields"] == [{"name": "title", "title": "诉求标题"}, {"name": "content", "title": "诉求内容"}]
    assert refusal(refused) == (409, "blocking_findings")
    assert passed.status_code == 204
    [approved] = await desk.told(ReplyApproved)
    assert (approved.demand_version, approved.known_version) == (1, 2)
    assert await desk.parked() == []


@pytest.mark.clause("S1.1.4c")
async def test_a_reply_to_the_newest_demand_has_no_finding_whichever_service_is_heard_first(desk: Desk):
    order_id, reply_id = new(), new()
    await desk.tell(
        received(desk, order_id),
        assigned(desk, order_id, "zhujian"),
        contacted(desk, order_id, "zhujian"),
        submitted(desk, order_id, reply_id, "zhujian", demand_version=2),
        updated(desk, order_id, 2),
    )

    assert codes_of(await seen_by_reviewer(desk, reply_id)) == []


@pytest.mark.clause("S1.1.4c")
async def test_a_change_after_the_approval_is_shown_and_changes_no_decision(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    assert (await post(desk, reply_id, "approval", {}, reviewer(desk))).status_code == 204

    await desk.tell(updated(desk, order_id))

    seen = await seen_by_reviewer(desk, reply_id)
    assert (seen["state"], codes_of(seen), [one["version"] for one in seen["demand_changes"]]) == ("approved", [], [2])


@pytest.mark.clause("S1.1.4c")
async def test_who_read_the_reply_before_the_change_decides_with_an_outdated_version(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    tag = {"If-Match": f'"{(await seen_by_reviewer(desk, reply_id))["version"]}"'}

    await desk.tell(updated(desk, order_id))

    body = {"override_reason": "无影响", "demand_version": 2}
    answer = await post(desk, reply_id, "approval", body, reviewer(desk) | tag)
    assert refusal(answer) == (409, "changed_meanwhile")


async def test_a_flag_that_a_person_corrects_is_no_change_of_the_demand(desk: Desk):
    order_id, reply_id = await at_centre(desk)

    await desk.tell(updated(desk, order_id, changed=("urgent", "out_of_scope"), urgent=("safety",)))

    assert codes_of(await seen_by_reviewer(desk, reply_id)) == []


REASON = {"override_reason": "变更不影响答复"}


@pytest.mark.clause("S1.1.4c", "S2.3a")
@pytest.mark.parametrize("seen", [None, 1, 2, 4], ids=str)
async def test_who_lets_a_reply_pass_says_which_version_he_has_seen_and_it_is_the_newest(desk: Desk, seen: int | None):
    order_id, reply_id = await at_centre(desk)
    await desk.tell(updated(desk, order_id, 2), updated(desk, order_id, 3, changed=("title",)))
    said = {} if seen is None else {"demand_version": seen}

    without = await post(desk, reply_id, "approval", said, reviewer(desk))
    refused = await post(desk, reply_id, "approval", REASON | said, reviewer(desk))
    passed = await post(desk, reply_id, "approval", REASON | {"demand_version": 3}, reviewer(desk))

    assert refusal(without) == (409, "blocking_findings")
    assert refusal(refused) == (409, "demand_version_outdated")
    assert refused.json()["facts"] == {"demand_version": 3}
    assert passed.status_code == 204
    [approved] = await desk.told(ReplyApproved)
    assert (approved.demand_version, approved.known_version) == (1, 3)


@pytest.mark.clause("S1.1.4c")
async def test_an_approval_may_say_which_version_it_is_for_also_where_nothing_changed(desk: Desk):
    _, reply_id = await at_centre(desk, demand_version=2)

    refused = await post(desk, reply_id, "approval", {"demand_version": 1}, reviewer(desk))
    passed = await post(desk, reply_id, "approval", {"demand_version": 2}, reviewer(desk))

    assert refusal(refused) == (409, "demand_version_outdated")
    assert passed.status_code == 204
    [approved] = await desk.told(ReplyApproved)
    assert (approved.demand_version, approved.known_version) == (2, 2)


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize(
    ("answers", "seen", "said", "unsaid"),
    [(1, 2, "第 2 版", "第 1 版"), (2, 3, "第 3 版", "第 2 版"), (2, 1, "现为第 2 版", "第 1 版")],
)
async def test_who_has_seen_a_version_of_which_review_has_not_heard_is_told_to_wait_for_it(
    desk: Desk, answers: int, seen: int, said: str, unsaid: str
):
    """Right after a push: that the order is at the version before it is no news, and there is nothing to look at yet."""
    _, reply_id = await at_centre(desk, demand_version=answers)
    refused = await post(desk, reply_id, "approval", {"demand_version": seen}, reviewer(desk))

    assert refusal(refused) == (409, "demand_version_outdated")
    assert refused.json()["facts"] == {"demand_version": answers}
    words = refused.json()["detail"]
    assert (said in words, unsaid in words) == (True, False)
    assert ("稍候" in words) is (seen > answers)


# --- intake did not send it -------------------------------------------------------------------------------------------


async def approved_and_outdated(desk: Desk, *, heard: bool = True) -> tuple[str, str]:
    """A reply that was approved before review heard of the change, and that intake has called outdated."""
    order_id, reply_id = await at_centre(desk)
    assert (await post(desk, reply_id, "approval", {}, reviewer(desk))).status_code == 204
    if heard:
        change = updated(desk, order_id, changed=("title", "content"))
        await desk.tell(change, outdated(desk, order_id, reply_id))
    return order_id, reply_id


def outdated(desk: Desk, order_id: str, reply_id: str) -> Any:
    return facts.reply_outdated(order_id, "zhujian", desk.clock.now(), reply_id=reply_id, changed=("title", "content"))


@pytest.mark.clause("S1.1.4c", "S2.3a", "S2.3c")
async def test_an_outdated_reply_goes_back_to_the_unit_with_what_changed(desk: Desk):
    order_id, reply_id = await approved_and_outdated(desk)

    seen = await seen_by_reviewer(desk, reply_id)
    assert (seen["state"], seen["can"], seen["centre_by"]) == ("rejected", [], "reviewer-1")
    assert seen["taken_back_at"] is not None
    assert codes_of(seen) == [("demand_changed", "demand")]
    for words in (seen["opinion"], seen["findings"][0]["message"]):
        assert "上级平台在答复之后变更了工单（第 2 版：诉求标题、诉求内容）" in words
    assert "没有反馈上级" in seen["opinion"]
    assert seen["opinion_by"] == "system", "the platform's words are not those of whoever approved it"
    assert [one["version"] for one in seen["demand_changes"]] == [2]

    [told] = await desk.told(ReplyRejected)
    assert (told.order_id, told.reply_id, told.round, told.unit) == (order_id, reply_id, 1, "zhujian")
    assert (told.rejected_by, told.taken_back) == ("system", True)
    place = OPINION.at(order_id=order_id, reply_id=reply_id)
    assert desk.runtime.works.sealer.open(told.opinion, place) == seen["opinion"]
    [trail] = await desk.rows("select before, after from audit where action = 'reply.taken_back'")
    assert (trail["before"], trail["after"]["state"]) == ({"state": "approved"}, "rejected")
    assert await desk.parked() == []


@pytest.mark.clause("X1")
async def test_what_the_platform_gives_back_or_voids_it_does_by_itself(desk: Desk):
    order_id, _ = await approved_and_outdated(desk)
    await desk.tell(submitted(desk, order_id, new(), "zhujian", 2, demand_version=2))
    await desk.tell(assigned(desk, order_id, "chengguan"), by=desk.person(Role.DISPATCHER))

    trail = await desk.rows("select actor from audit where action in ('reply.taken_back', 'reply.voided')")
    [sent] = await desk.rows("select headers from outbox where type = 'reply.rejected.v1'")
    assert trail == [{"actor": "system"}] * 2
    assert (sent["headers"]["actor"], sent["headers"]["actorrole"]) == ("system", "system")


@pytest.mark.clause("S2.3c")
async def test_the_unit_reads_in_the_list_and_in_the_round_why_its_reply_came_back(desk: Desk):
    order_id, reply_id = await approved_and_outdated(desk)
    who = desk.bearer(Role.CASEWORKER, unit="zhujian")

    [line] = (await desk.http.get("/api/review/v1/replies", headers=who)).json()["items"]
    [shown] = (await desk.http.get(f"/api/review/v1/orders/{order_id}/replies", headers=who)).json()["rounds"]

    assert (line["reply_id"], line["state"]) == (reply_id, "rejected")
    assert line["taken_back_at"] == shown["taken_back_at"] is not None
    assert "诉求标题、诉求内容" in shown["opinion"]


@pytest.mark.clause("S1.1.4c", "S2.3a")
async def test_the_reply_to_the_present_demand_goes_its_way_again(desk: Desk):
    order_id, _ = await approved_and_outdated(desk)
    second = new()
    await desk.tell(
        submitted(desk, order_id, second, "zhujian", 2, demand_version=2, findings="已按补充内容重新核查并更换灯具。")
    )
    assert (await post(desk, second, "leader-approval", {}, head(desk))).status_code == 204
    assert (await post(desk, second, "approval", {}, reviewer(desk))).status_code == 204

    approved = await desk.told(ReplyApproved)
    assert [(one.demand_version, one.known_version) for one in approved] == [(1, 1), (2, 2)]


@pytest.mark.clause("S1.1.4c")
async def test_told_twice_it_is_taken_back_once(desk: Desk):
    order_id, reply_id = await approved_and_outdated(desk)
    await desk.tell(outdated(desk, order_id, reply_id))

    assert len(await desk.told(ReplyRejected)) == 1
    [noted] = await desk.rows("select after from audit where action = 'event.passed_by'")
    assert noted["after"]["state"] == "rejected"
    assert await desk.parked() == []


@pytest.mark.clause("S1.1.4c")
async def test_nothing_is_taken_back_that_is_not_known_or_not_approved(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    await desk.tell(outdated(desk, order_id, reply_id), outdated(desk, order_id, new()), outdated(desk, new(), new()))

    assert await state_of(desk, reply_id) == "centre_review"
    assert await desk.told(ReplyRejected) == []
    noted = await desk.rows("select after from audit where action = 'event.passed_by' order by id")
    assert [row["after"]["state"] for row in noted] == ["centre_review", None, None]
    assert await desk.parked() == []


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize("first", ["the end", "the outdated reply"])
async def test_after_the_end_of_the_order_the_round_still_says_that_it_was_not_sent(desk: Desk, first: str):
    order_id, reply_id = await approved_and_outdated(desk, heard=False)
    told = [cancelled(desk, order_id), outdated(desk, order_id, reply_id)]
    await desk.tell(*(told if first == "the end" else reversed(told)))

    assert await state_of(desk, reply_id) == "rejected"
    assert await desk.parked() == []


@pytest.mark.clause("S2.2.2f", "S1.1.4c")
async def test_a_later_reply_under_review_stays_there(desk: Desk):
    """An approved plan was completed at once, while nobody knew yet that its announcement was not sent."""
    order_id, reply_id = await approved_and_outdated(desk, heard=False)
    later = new()
    await desk.tell(submitted(desk, order_id, later, "zhujian", 2), outdated(desk, order_id, reply_id))

    assert (await state_of(desk, reply_id), await state_of(desk, later)) == ("rejected", "leader_review")
    assert await desk.parked() == []

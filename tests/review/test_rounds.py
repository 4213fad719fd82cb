"""Rounds on a real database: opened by events, decided by persons, kept for ever."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts import places
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.identity import Role
from tests.review.orders import (
    assigned,
    at_centre,
    at_leader,
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
)
from tests.support import facts
from tests.support.service import MONDAY_0900, Desk

OPINION = "请补充现场照片，并写明与来电人沟通的情况"


@pytest.mark.clause("S2.2.3c")
@pytest.mark.clause("S2.3b")
async def test_a_reply_is_approved_by_the_leader_and_then_by_the_centre(desk: Desk):
    order_id, reply_id = await at_leader(desk)
    assert await state_of(desk, reply_id) == "leader_review"

    assert (await post(desk, reply_id, "leader-approval", {}, head(desk))).status_code == 204
    assert await state_of(desk, reply_id) == "centre_review"
    assert (await post(desk, reply_id, "approval", {}, reviewer(desk))).status_code == 204
    assert await state_of(desk, reply_id) == "approved"

    leader, centre = await desk.told()
    assert isinstance(leader, ReplyLeaderApproved)
    assert isinstance(centre, ReplyApproved)
    assert (leader.order_id, leader.reply_id, leader.unit, leader.round) == (order_id, reply_id, "zhujian", 1)
    assert (centre.disposition, centre.approved_by) == ("solved", "reviewer-1")
    opened = desk.runtime.works.sealer.open(centre.reply, places.REPLY.at(order_id=order_id, reply_id=reply_id))
    assert "迎春大街" in opened
    name = desk.runtime.works.sealer.open(centre.leader_name, places.LEADER.at(order_id=order_id, reply_id=reply_id))
    assert (name, centre.leader_at, centre.demand_version) == ("unit_head-zhujian", leader.approved_at, 1)


@pytest.mark.clause("X1")
async def test_every_step_is_in_the_audit_trail(desk: Desk):
    _, reply_id = await at_centre(desk)
    await post(desk, reply_id, "approval", {}, reviewer(desk))

    trail = await desk.rows(
        "select actor, action, before, after from audit where subject = :id order by id", id=reply_id
    )
    assert [(row["actor"], row["action"]) for row in trail] == [
        ("test", "reply.round_opened"),
        ("unit_head-zhujian", "reply.leader_approved"),
        ("reviewer-1", "reply.approved"),
    ]
    assert trail[2]["before"] == {"state": "centre_review"}
    assert trail[2]["after"]["state"] == "approved"


@pytest.mark.clause("S2.2.3c")
async def test_the_centre_cannot_approve_before_the_leader(desk: Desk):
    _, reply_id = await at_leader(desk)

    answer = await post(desk, reply_id, "approval", {}, reviewer(desk))

    assert refusal(answer) == (409, "wrong_step")
    assert answer.json()["facts"] == {
        "state": "leader_review",
        "move": "approval",
        "why": "under_leader_review",
    }
    assert await desk.told() == []


@pytest.mark.clause("S2.2.3c")
async def test_a_decision_is_taken_once(desk: Desk):
    _, reply_id = await at_centre(desk)
    assert refusal(await post(desk, reply_id, "leader-approval", {}, head(desk))) == (409, "wrong_step")
    assert (await post(desk, reply_id, "rejection", {"opinion": OPINION}, reviewer(desk))).status_code == 204
    for what, body in (("approval", {}), ("rejection", {"opinion": OPINION})):
        assert refusal(await post(desk, reply_id, what, body, reviewer(desk))) == (409, "wrong_step")
    assert len(await desk.told()) == 2


@pytest.mark.clause("S2.2.3c")
async def test_the_leader_gives_a_reply_back_with_his_opinion(desk: Desk):
    order_id, reply_id = await at_leader(desk)

    assert (await post(desk, reply_id, "leader-rejection", {"opinion": OPINION}, head(desk))).status_code == 204

    (told,) = await desk.told(ReplyLeaderRejected)
    place = places.OPINION.at(order_id=order_id, reply_id=reply_id)
    assert desk.runtime.works.sealer.open(told.opinion, place) == OPINION
    assert await state_of(desk, reply_id) == "leader_rejected"


@pytest.mark.clause("S2.3c")
@pytest.mark.parametrize("what", ["rejection", "leader-rejection"])
@pytest.mark.parametrize("body", [{}, {"opinion": ""}, {"opinion": " \n\t "}, {"opinion": None}])
async def test_a_rejection_without_an_opinion_is_refused(desk: Desk, what: str, body: dict[str, Any]):
    _, reply_id = await (at_centre if what == "rejection" else at_leader)(desk)
    who = reviewer(desk) if what == "rejection" else head(desk)

    answer = await post(desk, reply_id, what, body, who)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "opinion"
    assert await state_of(desk, reply_id) in {"centre_review", "leader_review"}


@pytest.mark.clause("S2.3c")
async def test_three_rounds_stay_visible_with_their_opinions(desk: Desk):
    order_id, first = await at_centre(desk)
    assert (await post(desk, first, "rejection", {"opinion": OPINION + "一"}, reviewer(desk))).status_code == 204
    second, third = new(), new()
    await desk.tell(submitted(desk, order_id, second, "zhujian", 2))
    assert (await post(desk, second, "leader-approval", {}, head(desk))).status_code == 204
    assert (await post(desk, second, "rejection", {"opinion": OPINION + "二"}, reviewer(desk))).status_code == 204
    await desk.tell(
        submitted(desk, order_id, third, "zhujian", 3, findings="已更换全部灯具并请来电人到场确认，问题解决。")
    )

    answer = await desk.http.get(f"/api/review/v1/orders/{order_id}/replies", headers=reviewer(desk))

    rounds = answer.json()["rounds"]
    assert [(one["reply_id"], one["round"], one["state"]) for one in rounds] == [
        (first, 1, "rejected"),
        (second, 2, "rejected"),
        (third, 3, "leader_review"),
    ]
    assert [one["opinion"] for one in rounds] == [OPINION + "一", OPINION + "二", None]
    # The second round repeats the first word for word; the third does not.
    assert [[finding["code"] for finding in one["findings"]] for one in rounds] == [[], ["unchanged"], []]
    assert len(await desk.told(ReplyRejected)) == 2


@pytest.mark.clause("S2.3a")
@pytest.mark.parametrize("what", ["approval", "rejection"])
async def test_who_submitted_the_reply_may_not_review_it(desk: Desk, what: str):
    _, reply_id = await at_centre(desk, by="reviewer-1")
    body = {} if what == "approval" else {"opinion": OPINION}

    assert refusal(await post(desk, reply_id, what, body, reviewer(desk, "reviewer-1"))) == (403, "own_reply")
    assert (await post(desk, reply_id, what, body, reviewer(desk, "reviewer-2"))).status_code == 204


@pytest.mark.clause("S2.3a")
async def test_who_contacted_the_caller_or_released_the_reply_may_not_review_it(desk: Desk):
    order_id, reply_id = await at_leader(desk)
    await desk.tell(contacted(desk, order_id, "zhujian"))  # by the account "test"
    both = desk.bearer(Role.UNIT_HEAD, Role.REVIEWER, unit="zhujian", account="head-and-reviewer")
    assert (await post(desk, reply_id, "leader-approval", {}, both)).status_code == 204

    assert refusal(await post(desk, reply_id, "approval", {}, both)) == (403, "own_reply")
    assert refusal(await post(desk, reply_id, "approval", {}, reviewer(desk, "test"))) == (403, "own_reply")
    assert (await post(desk, reply_id, "approval", {}, reviewer(desk))).status_code == 204


@pytest.mark.clause("S2.3a")
async def test_blocking_findings_forbid_the_approval_unless_a_reason_is_given(desk: Desk):
    _, reply_id = await at_centre(desk, findings="来电人反映的问题我们管不了，已请其另行反映，情况属实。")

    answer = await post(desk, reply_id, "approval", {}, reviewer(desk))
    assert refusal(answer) == (409, "blocking_findings")
    assert answer.json()["facts"] == {"findings": ["forbidden_word"]}

    reason = "该句为来电人原话，已核对录音"
    assert (await post(desk, reply_id, "approval", {"override_reason": reason}, reviewer(desk))).status_code == 204
    seen = (await desk.http.get(f"/api/review/v1/replies/{reply_id}", headers=reviewer(desk))).json()
    assert (seen["state"], seen["override_reason"]) == ("approved", reason)
    trail = await desk.rows("select after from audit where action = 'reply.approved'")
    assert trail[0]["after"]["overridden"] is True
    [kept] = await desk.rows("select order_id, reply_id, override_reason from reply_round")
    place = f"order:{kept['order_id']}:override:{kept['reply_id']}"
    assert desk.runtime.works.sealer.open(kept["override_reason"], place) == reason


@pytest.mark.clause("S1.1.1b")
@pytest.mark.parametrize("scheme", ["national_report", "enterprise_fast"])
async def test_a_reply_that_needs_documents_cannot_be_approved_but_rejected(desk: Desk, scheme: str):
    _, reply_id = await at_centre(desk, scheme=scheme)

    answer = await post(desk, reply_id, "approval", {}, reviewer(desk))

    assert refusal(answer) == (409, "doc_chain_incomplete")
    assert answer.json()["facts"] == {"scheme": scheme}
    seen = (await desk.http.get(f"/api/review/v1/replies/{reply_id}", headers=reviewer(desk))).json()
    assert seen["can"] == ["rejection"]
    assert [(one["move"], one["code"], one["detail"]) for one in seen["cannot"]] == [
        ("approval", "doc_chain_incomplete", answer.json()["detail"])
    ]
    assert await desk.told(ReplyApproved) == []
    assert (await post(desk, reply_id, "rejection", {"opinion": OPINION}, reviewer(desk))).status_code == 204


async def test_a_cancelled_order_has_nothing_left_to_review(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    await desk.tell(cancelled(desk, order_id))

    assert await state_of(desk, reply_id) == "void"
    assert refusal(await post(desk, reply_id, "approval", {}, reviewer(desk))) == (409, "wrong_step")
    late = new()
    await desk.tell(submitted(desk, order_id, late, "zhujian", 2))
    assert await state_of(desk, late) == "void"
    assert await desk.parked() == []


async def test_a_cancellation_leaves_what_was_decided(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    await post(desk, reply_id, "approval", {}, reviewer(desk))
    await desk.tell(cancelled(desk, order_id))

    assert await state_of(desk, reply_id) == "approved"


async def test_a_new_assignment_and_a_new_submission_void_the_round_before(desk: Desk):
    order_id, first = await at_leader(desk)
    second, third = new(), new()
    await desk.tell(submitted(desk, order_id, second, "zhujian", 2))
    assert (await state_of(desk, first), await state_of(desk, second)) == ("void", "leader_review")
    await desk.tell(assigned(desk, order_id, "chengguan", 2), submitted(desk, order_id, third, "chengguan", 3))

    assert [await state_of(desk, one) for one in (first, second, third)] == ["void", "void", "leader_review"]
    assert await desk.parked() == []
    # The former unit no longer sees what the new one answers.
    answer = await desk.http.get(f"/api/review/v1/orders/{order_id}/replies", headers=head(desk))
    assert [one["reply_id"] for one in answer.json()["rounds"]] == [first, second]


async def test_the_same_submission_told_twice_opens_one_round(desk: Desk):
    order_id, reply_id = await at_centre(desk)
    await desk.tell(submitted(desk, order_id, reply_id, "zhujian"))

    assert await state_of(desk, reply_id) == "centre_review"
    assert await desk.parked() == []


async def test_a_reply_that_does_not_open_is_parked_and_not_lost(desk: Desk):
    order_id, reply_id = new(), new()
    strange = submitted(desk, order_id, reply_id, "zhujian").model_copy(
        update={"reply": desk.runtime.works.sealer.seal("{}", "order:other")}
    )
    await desk.tell(received(desk, order_id), strange)

    assert [row["type"] for row in await desk.parked()] == ["order.reply_submitted.v1"]


async def test_an_outdated_if_match_is_refused(desk: Desk):
    _, reply_id = await at_leader(desk)
    seen = await desk.http.get(f"/api/review/v1/replies/{reply_id}", headers=head(desk))
    tag = {"If-Match": seen.headers["etag"]}
    assert (await post(desk, reply_id, "leader-approval", {}, head(desk) | {"If-Match": '"99"'})).status_code == 409
    assert (await post(desk, reply_id, "leader-approval", {}, head(desk) | tag)).status_code == 204
    assert refusal(await post(desk, reply_id, "approval", {}, reviewer(desk) | tag)) == (409, "changed_meanwhile")


async def test_a_repeated_command_with_the_same_key_decides_once(desk: Desk):
    _, reply_id = await at_leader(desk)
    who = head(desk) | {"Idempotency-Key": "k-1"}
    first = await post(desk, reply_id, "leader-approval", {}, who)
    second = await post(desk, reply_id, "leader-approval", {}, who)

    assert (first.status_code, second.status_code) == (204, 204)
    assert len(await desk.told()) == 1


@pytest.mark.clause("S2.3a", "S2.2.3c")
@pytest.mark.parametrize("what", ["leader-approval", "leader-rejection", "approval", "rejection"])
async def test_a_decision_that_is_sent_twice_is_taken_once(desk: Desk, what: str):
    by_leader = what.startswith("leader")
    _, reply_id = await (at_leader if by_leader else at_centre)(desk)
    who, body = head(desk) if by_leader else reviewer(desk), {"opinion": OPINION} if "rejection" in what else {}

    first = await post(desk, reply_id, what, body, who)
    told = len(await desk.told())
    second = await post(desk, reply_id, what, body, who)

    assert first.status_code == 204
    assert refusal(second) == (409, "wrong_step")
    assert len(await desk.told()) == told


async def test_no_text_of_a_reply_is_stored_in_clear(desk: Desk):
    _, reply_id = await at_centre(desk, findings="张三家门口的路灯我们管不了，请谅解，电话13812345678。")
    await post(desk, reply_id, "rejection", {"opinion": "请联系张三核实"}, reviewer(desk))

    (row,) = await desk.rows("select * from reply_round where reply_id = :id", id=reply_id)
    (told,) = await desk.rows("select convert_from(payload, 'UTF8') as text from outbox order by position desc limit 1")
    trail = await desk.rows("select row_to_json(audit)::text as text from audit")
    for text in (str(row), told["text"], *(one["text"] for one in trail)):
        assert "张三" not in text
        assert "13812345678" not in text


async def test_a_redo_voids_the_open_reply_of_the_cycle_before_and_no_later_one(desk: Desk):
    """The platform rejected the reply that announced a plan while the reply that completes it was under review."""
    order_id, first, second = new(), new(), new()
    redo = facts.reopened(order_id, "unit-a", desk.clock.now())
    await desk.tell(
        received(desk, order_id),
        assigned(desk, order_id, "unit-a"),
        submitted(desk, order_id, first, "unit-a"),
        redo,
        submitted(desk, order_id, second, "unit-a", 2).model_copy(update={"redos": 1}),
        redo,
    )

    rounds = await desk.rows("select reply_id, redos, state from reply_round order by round")
    assert [tuple(row.values()) for row in rounds] == [(first, 0, "void"), (second, 1, "leader_review")]


@pytest.mark.clause("S2.2.3a", "S2.2.3b")
async def test_a_reply_is_checked_against_the_contacts_of_the_units_present_turn(desk: Desk):
    order_id, first, second = new(), new(), new()
    await desk.tell(
        received(desk, order_id),
        assigned(desk, order_id, "zhujian"),
        contacted(desk, order_id, "zhujian"),
        submitted(desk, order_id, first, "zhujian", contact_phone="13800138000"),
        # The next turn of the same unit: nobody answered.
        contacted(desk, order_id, "zhujian", "not_reached", turn=2, person=None),
        contacted(desk, order_id, "zhujian", "not_reached", turn=2, attempt=2, person=None),
        submitted(desk, order_id, second, "zhujian", 2),
    )

    assert codes_of(await seen_by_reviewer(desk, first)) == [("contact_unrecorded", "contact_phone")]
    assert codes_of(await seen_by_reviewer(desk, second)) == [("satisfaction_unfounded", "satisfaction")]
    assert await desk.parked() == []


async def test_a_list_says_since_when_a_reply_waits_and_how_many_findings_it_has(desk: Desk):
    _, sound = await at_leader(desk)
    _, faulty = await at_leader(desk, findings="来电人反映的问题我们管不了，已请其另行反映，情况属实。")
    desk.clock.set(MONDAY_0900 + timedelta(hours=2))
    assert (await post(desk, sound, "leader-approval", {}, head(desk))).status_code == 204
    assert (await post(desk, faulty, "leader-rejection", {"opinion": OPINION}, head(desk))).status_code == 204

    rows = (await desk.http.get("/api/review/v1/replies", headers=reviewer(desk))).json()["items"]

    found = {row["reply_id"]: (row["waiting_since"], row["findings_count"]) for row in rows}
    assert datetime.fromisoformat(found[sound][0]) == MONDAY_0900 + timedelta(hours=2)
    assert found[sound][1] == 0
    assert (found[faulty][0], found[faulty][1] > 0) == (None, True)

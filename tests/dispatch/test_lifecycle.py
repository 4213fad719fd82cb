"""The lifecycle of an order: from triage to its end, and the ways back."""

from datetime import date
from typing import Any

import pytest

from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderClosed,
    OrderPlanned,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
)
from shared.contracts.sla import PlanBroken, PlanWoken
from shared.identity import SYSTEM, Person, Role
from shared.outbox.writer import new_id
from tests.dispatch.story import STREET, URBAN, WATER, Story
from tests.support import facts


async def test_an_order_goes_from_triage_to_its_close(story: Story) -> None:
    order_id = await story.arrive()
    assert (await story.assign(order_id)).json() == {"assignment": 1, "returned_before": False}
    assert (await story.post(f"/orders/{order_id}/accept", who=story.caseworker())).status_code == 204
    contact = await story.contact(order_id)
    assert contact.json()["counts"] is True
    reply = await story.reply(order_id)
    assert reply.status_code == 201
    reply_id = reply.json()["reply_id"]
    assert await story.status(order_id) == "leader_review"
    await story.desk.tell(story.leader_approved(order_id, reply_id))
    assert await story.status(order_id) == "centre_review"
    await story.desk.tell(story.approved(order_id, reply_id))
    assert await story.status(order_id) == "awaiting_feedback"
    await story.desk.tell(story.fed_back(order_id, reply_id))
    assert await story.status(order_id) == "revisit"
    await story.desk.tell(story.revisited(order_id))

    assert await story.status(order_id) == "closed"
    kinds = [type(event) for event in await story.desk.told() if hasattr(event, "order_id")]
    assert kinds == [OrderAssigned, OrderAccepted, CallerContacted, ReplySubmitted, OrderClosed]
    closed = (await story.desk.told(OrderClosed))[0]
    assert (closed.unit, closed.disposition, closed.redos) == (URBAN, "solved", 0)
    assert await story.desk.parked() == []


@pytest.mark.clause("X1")
async def test_the_history_says_who_did_what(story: Story) -> None:
    order_id, reply_id = await story.answered()

    lines = (await story.get(f"/orders/{order_id}/history")).json()["items"]

    assert [line["action"] for line in lines] == [
        "order.opened",
        "order.assigned",
        "caller.contacted",
        "reply.submitted",
        "reply.leader_approved",
        "reply.approved",
        "order.fed_back",
    ]
    assert lines[1]["actor"] == "dispatcher-centre"
    assert lines[3]["after"]["reply_id"] == reply_id


@pytest.mark.clause("X1")
async def test_the_history_names_who_decided_in_another_service_and_not_the_platform(story: Story) -> None:
    order_id, reply_id = await story.replied()
    head = story.desk.person(Role.UNIT_HEAD, unit=URBAN, account="head-1")
    reviewer = story.desk.person(Role.REVIEWER, account="reviewer-1")
    upstream = Person(account="channel:city_12345", name="city_12345", roles=frozenset({Role.SYSTEM}))

    await story.desk.tell(story.leader_approved(order_id, reply_id), by=head)
    await story.desk.tell(story.approved(order_id, reply_id), by=reviewer)
    await story.desk.tell(story.fed_back(order_id, reply_id), by=SYSTEM)
    await story.desk.tell(story.revisited(order_id), by=upstream)

    lines = (await story.get(f"/orders/{order_id}/history")).json()["items"][-4:]
    assert [(line["action"], line["actor"], line["role"], line["unit"]) for line in lines] == [
        ("reply.leader_approved", "head-1", "unit_head", URBAN),
        ("reply.approved", "reviewer-1", "reviewer", None),
        ("order.fed_back", "system", "system", None),
        ("order.closed", "channel:city_12345", "system", None),
    ]
    # What follows from a decision carries its actor on: a third service names him too.
    [headers] = await story.desk.rows("select headers from outbox where type = 'order.closed.v1'")
    assert headers["headers"]["actor"] == "channel:city_12345"


async def test_what_comes_too_late_is_passed_by_by_the_platform(story: Story) -> None:
    order_id, reply_id = await story.replied()
    reviewer = story.desk.person(Role.REVIEWER, account="reviewer-1")
    await story.desk.tell(facts.cancelled(order_id, story.now))
    await story.desk.tell(story.approved(order_id, reply_id), by=reviewer)

    line = (await story.get(f"/orders/{order_id}/history")).json()["items"][-1]
    assert (line["action"], line["actor"], line["role"]) == ("event.passed_by", "system", "system")


@pytest.mark.parametrize(
    ("proof", "text"),
    [
        ({"attempts": 2}, "上级平台已收到答复（第 2 次发送）。"),
        ({"attempts": 0, "by": "revisit"}, "上级平台已回访，视为收到答复。"),
        ({"attempts": 3, "by": "redo"}, "上级平台已要求重办，视为收到答复。"),
    ],
)
async def test_the_timeline_says_how_it_is_known_that_the_upstream_has_the_reply(
    story: Story, proof: dict[str, Any], text: str
) -> None:
    order_id, reply_id = await story.replied()
    await story.desk.tell(
        story.leader_approved(order_id, reply_id),
        story.approved(order_id, reply_id),
        facts.fed_back(order_id, story.now, reply_id=reply_id, **proof),
    )

    items = (await story.get(f"/orders/{order_id}/timeline")).json()["items"]
    assert [item["text"] for item in items if item["kind"] == "order.fed_back"] == [text]


async def test_the_history_comes_in_pages(story: Story) -> None:
    order_id, _ = await story.answered()
    path, seen, cursor = f"/orders/{order_id}/history", [], None

    for _ in range(10):
        page = (await story.get(path, limit=3, **({"cursor": cursor} if cursor else {}))).json()
        seen += [line["action"] for line in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert len(seen) == 7
    assert seen == [line["action"] for line in (await story.get(path)).json()["items"]]


@pytest.mark.clause("S2.3c")
async def test_a_rejected_reply_comes_back_to_the_same_unit_with_its_opinion_and_every_round_is_kept(
    story: Story,
) -> None:
    order_id, first = await story.replied()
    await story.desk.tell(story.leader_approved(order_id, first), story.rejected(order_id, first))
    assert await story.status(order_id) == "rework"

    again = await story.reply(order_id)
    history = (await story.get(f"/orders/{order_id}/history")).json()["items"]

    assert [line["reason"] for line in history if line["action"] == "reply.rejected"] == [f"reply:{first}"]
    assert again.json()["round"] == 2
    rounds = (await story.get(f"/orders/{order_id}/replies", story.caseworker())).json()
    assert [(line["round"], line["state"], line["opinion"]) for line in rounds] == [
        (1, "rejected", "请补充整改措施"),
        (2, "submitted", None),
    ]


@pytest.mark.clause("S2.2.3c")
async def test_the_unit_leader_may_give_the_reply_back_to_the_handler(story: Story) -> None:
    order_id, reply_id = await story.replied()

    await story.desk.tell(story.leader_rejected(order_id, reply_id))

    assert await story.status(order_id) == "handling"


@pytest.mark.parametrize(
    ("solved", "satisfied", "status", "reason"),
    [
        ("solved", "satisfied", "closed", None),
        ("mostly_solved", "mostly_satisfied", "closed", None),
        ("unsolved", "satisfied", "handling", "unsolved"),
        ("solved", "unsatisfied", "handling", "unsatisfied"),
        ("unsolved", "unsatisfied", "handling", "unsolved"),
    ],
)
async def test_a_valid_revisit_closes_or_reopens(
    story: Story, solved: str, satisfied: str, status: str, reason: str | None
) -> None:
    order_id, _ = await story.answered()

    await story.desk.tell(story.revisited(order_id, solved, satisfied))

    assert await story.status(order_id) == status
    assert [event.reason for event in await story.desk.told(OrderReopened)] == ([reason] if reason else [])


async def test_a_reopened_order_needs_a_new_contact_with_the_caller(story: Story) -> None:
    order_id, _ = await story.answered()
    await story.desk.tell(story.revisited(order_id, "unsolved", "unsatisfied"))

    early = await story.reply(order_id)
    await story.contact(order_id)
    late = await story.reply(order_id)

    assert early.json()["code"] == "result_contact_missing"
    assert late.json()["round"] == 2
    assert (await story.order(order_id))["redos"] == 1


@pytest.mark.clause("S3.1b")
async def test_a_unit_that_has_answered_does_not_return_the_order_after_a_redo(story: Story) -> None:
    order_id, _ = await story.answered()
    await story.desk.tell(story.revisited(order_id, "unsolved", "unsatisfied"))

    asked = await story.ask_return(order_id)
    seen = await story.order(order_id, story.caseworker())

    # Still inside the window of the assignment.
    assert (asked.status_code, asked.json()["code"], asked.json()["clause"]) == (409, "answered_before", "S3.1b")
    assert await story.status(order_id) == "handling"
    assert "request_return" not in seen["can"]


@pytest.mark.clause("S3.1b")
async def test_after_a_redo_another_unit_may_return_the_order_and_the_one_that_answered_may_not(story: Story) -> None:
    order_id, _ = await story.answered()
    await story.desk.tell(facts.redo_requested(order_id, story.now))
    assert (await story.assign(order_id, WATER, reason="改由供水单位承办")).status_code == 200

    asked = await story.ask_return(order_id, WATER, suggested_unit=STREET)
    assert (await story.decide(order_id, "accept")).status_code == 204
    assert (await story.assign(order_id, URBAN)).status_code == 200
    again = await story.ask_return(order_id, URBAN)

    assert asked.status_code == 202, asked.text
    assert again.status_code == 409
    assert (await story.order(order_id))["no_return"] is True


@pytest.mark.clause("S3.1b")
async def test_a_reply_that_the_units_own_leader_gave_back_is_no_answer(story: Story) -> None:
    order_id, reply_id = await story.replied()
    await story.desk.tell(story.leader_rejected(order_id, reply_id))

    assert (await story.ask_return(order_id)).status_code == 202


async def test_two_failed_revisits_on_two_days_close_the_order(story: Story) -> None:
    order_id, _ = await story.answered()

    await story.desk.tell(story.revisited(order_id, valid=False), story.revisited(order_id, valid=False))
    same_day = await story.status(order_id)
    story.pass_time(days=1)
    await story.desk.tell(story.revisited(order_id, valid=False))

    assert same_day == "revisit"
    assert await story.status(order_id) == "closed"


async def test_the_upstream_may_demand_a_redo_of_a_closed_order(story: Story) -> None:
    order_id, _ = await story.answered()
    await story.desk.tell(story.revisited(order_id))

    redo = facts.redo_requested(order_id, story.now)
    await story.desk.tell(redo)
    # The second demand changes nothing, because the unit handles the order already.
    await story.desk.tell(redo)

    assert await story.status(order_id) == "handling"
    assert len(await story.desk.told(OrderReopened)) == 1
    assert await story.desk.parked() == []


async def test_a_revisit_that_arrives_before_the_acknowledgement_closes_the_order_all_the_same(story: Story) -> None:
    order_id, reply_id = await story.replied()
    await story.desk.tell(story.leader_approved(order_id, reply_id), story.approved(order_id, reply_id))

    await story.desk.tell(story.revisited(order_id), story.fed_back(order_id, reply_id))

    assert await story.status(order_id) == "closed"
    assert await story.desk.parked() == []


async def test_a_cancelled_order_has_ended_and_later_decisions_on_it_change_nothing(story: Story) -> None:
    order_id, reply_id = await story.replied()
    await story.desk.tell(facts.cancelled(order_id, story.now))

    await story.desk.tell(story.leader_approved(order_id, reply_id), story.approved(order_id, reply_id))

    assert await story.status(order_id) == "cancelled"
    assert await story.desk.parked() == []
    story.pass_time(minutes=1)
    refused = await story.contact(order_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_move")


async def test_a_cancellation_after_the_feedback_changes_nothing(story: Story) -> None:
    order_id, _ = await story.answered()

    await story.desk.tell(facts.cancelled(order_id, story.now))

    assert await story.status(order_id) == "revisit"
    assert await story.desk.parked() == []


async def test_a_decision_that_contradicts_the_table_of_moves_is_parked(story: Story) -> None:
    order_id, reply_id = await story.replied()

    # The centre cannot approve what the unit's leader has not read.
    await story.desk.tell(story.approved(order_id, reply_id))

    assert await story.status(order_id) == "leader_review"
    assert [(line["reason"], line["detail"].split(":")[0]) for line in await story.desk.parked()] == [
        ("refused", "illegal_move")
    ]


async def test_a_decision_on_an_earlier_reply_changes_nothing(story: Story) -> None:
    order_id, first = await story.replied()
    await story.desk.tell(story.leader_approved(order_id, first), story.rejected(order_id, first))
    await story.reply(order_id)

    await story.desk.tell(story.approved(order_id, first))

    assert await story.status(order_id) == "leader_review"
    assert await story.desk.parked() == []


async def test_the_same_receipt_twice_opens_one_case(story: Story) -> None:
    event = story.received()

    await story.desk.tell(event, event)

    assert len(await story.desk.rows("select order_id from order_case")) == 1
    assert await story.desk.parked() == []


@pytest.mark.clause("S1.1.4c")
async def test_an_update_changes_the_text_and_the_recommendation_and_an_older_one_nothing(story: Story) -> None:
    order_id = await story.arrive()
    sealed = story.desk.runtime.works.sealer.seal(
        '{"title": "小区停水", "content": "自来水停了"}', f"order:{order_id}:demand"
    )
    update = facts.updated(order_id, story.now, version=3, category="供水", urgent=("livelihood",), demand=sealed)

    await story.desk.tell(update, update.model_copy(update={"version": 2, "category": "旧"}))

    order = await story.order(order_id)
    assert (order["title"], order["category"], order["urgent"]) == ("小区停水", "供水", ["livelihood"])
    assert order["recommended"][0] == WATER


@pytest.mark.clause("S1.3.1a", "S2.2.2a")
@pytest.mark.parametrize("status", ["triage", "handling", "closed"])
async def test_what_a_person_decides_of_the_flags_is_shown_whatever_the_state_of_the_order(
    story: Story, status: str
) -> None:
    if status == "closed":
        order_id, _ = await story.answered()
        await story.desk.tell(story.revisited(order_id))
    else:
        order_id = await (story.arrive() if status == "triage" else story.handled())
    assert await story.status(order_id) == status
    demand = await story.desk.rows("select demand from order_case")
    decision = facts.updated(
        order_id,
        story.now,
        version=1,
        flags_version=3,
        urgent=("safety",),
        urgent_found=("policy",),
        out_of_scope="petition",
        demand=demand[0]["demand"],
    )
    older = decision.model_copy(update={"flags_version": 2, "urgent": ()})

    await story.desk.tell(decision, decision, older)

    order = await story.order(order_id)
    assert (order["urgent"], order["urgent_found"], order["out_of_scope"]) == (["safety"], ["policy"], "petition")
    [row] = await story.desk.rows("select queue, demand_version from order_case")
    assert row == {"queue": 0, "demand_version": 1}
    audited = await story.desk.rows("select before, after from audit where action = 'order.flagged'")
    assert [row["after"] for row in audited] == [{"urgent": ["safety"], "out_of_scope": "petition"}]


@pytest.mark.clause("S1.1.4c", "S2.3a")
async def test_the_unit_sees_what_changed_since_its_assignment_until_it_answers_and_the_reply_says_what_it_answers(
    story: Story,
) -> None:
    order_id = await story.arrive()
    demand = story.received(order_id).demand
    before = facts.updated(order_id, story.now, version=2, changed=("title",), demand=demand)
    after = facts.updated(order_id, story.now, version=3, changed=("content", "address"), demand=demand)
    await story.desk.tell(before)
    await story.assign(order_id)
    await story.contact(order_id)
    unchanged = await story.order(order_id, story.caseworker())

    await story.desk.tell(after, after)

    [listed] = (await story.get("/orders", story.caseworker())).json()["items"]
    shown = await story.order(order_id, story.caseworker())
    await story.reply(order_id)
    answered = await story.order(order_id, story.caseworker())
    assert unchanged["demand_changes"] == []
    [change] = shown["demand_changes"]
    assert listed["demand_changes"] == shown["demand_changes"]
    assert (change["version"], change["fields"]) == (
        3,
        [{"name": "content", "title": "诉求内容"}, {"name": "address", "title": "详细发生地"}],
    )
    assert (answered["demand_version"], answered["demand_changes"]) == (3, [])
    assert [event.demand_version for event in await story.desk.told(ReplySubmitted)] == [3]


@pytest.mark.clause("S1.1.4c")
async def test_a_reply_that_says_it_answers_an_earlier_version_is_refused_with_what_changed(story: Story) -> None:
    order_id = await story.handled()
    demand = story.received(order_id).demand
    await story.desk.tell(facts.updated(order_id, story.now, changed=("content",), demand=demand))

    stale = await story.reply(order_id, demand_version=1)
    present = await story.reply(order_id, demand_version=2)

    assert (stale.status_code, stale.json()["code"]) == (409, "demand_changed")
    assert stale.json()["facts"] == {"demand_version": 2, "changed": ["content"]}
    assert present.status_code == 201


@pytest.mark.clause("S1.1.4c")
async def test_a_change_while_the_reply_is_reviewed_is_shown_to_the_unit_until_its_next_reply(story: Story) -> None:
    order_id, reply_id = await story.replied()
    demand = story.received(order_id).demand
    await story.desk.tell(facts.updated(order_id, story.now, demand=demand))
    under_review = await story.order(order_id, story.caseworker())
    await story.desk.tell(story.leader_approved(order_id, reply_id), story.rejected(order_id, reply_id))
    await story.reply(order_id)

    assert [change["version"] for change in under_review["demand_changes"]] == [2]
    assert [event.demand_version for event in await story.desk.told(ReplySubmitted)] == [1, 2]
    assert (await story.order(order_id))["demand_changes"] == []


async def test_urges_are_counted(story: Story) -> None:
    order_id = await story.arrive()

    await story.desk.tell(facts.urged(order_id, story.now))
    await story.desk.tell(facts.urged(order_id, story.now))

    assert (await story.order(order_id))["urges"] == 2


@pytest.mark.clause("S1.3.1b")
async def test_urgent_orders_come_first_then_the_oldest_and_the_next_page_continues(story: Story) -> None:
    first = await story.arrive()
    story.pass_time(minutes=1)
    second = await story.arrive()
    story.pass_time(minutes=1)
    urgent = await story.arrive(urgent=("safety",))

    seen, cursor = [], None
    for _ in range(5):
        page = (await story.get("/orders", limit=1, **({"cursor": cursor} if cursor else {}))).json()
        seen += [order["order_id"] for order in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == [urgent, first, second]
    assert [o["order_id"] for o in (await story.get("/orders", urgent=True)).json()["items"]] == [urgent]


async def test_the_list_shows_ended_orders_only_when_asked(story: Story) -> None:
    closed, _ = await story.answered()
    await story.desk.tell(story.revisited(closed))
    waiting = await story.arrive()

    usual = (await story.get("/orders")).json()["items"]
    ended = (await story.get("/orders", status="closed")).json()["items"]

    assert [order["order_id"] for order in usual] == [waiting]
    assert [order["order_id"] for order in ended] == [closed]
    counts = (await story.get("/orders/counts")).json()
    assert (counts["counts"], counts["estimated"], counts["groups"]) == ({"triage": 1}, [], {"to_assign": 1})


@pytest.mark.parametrize("cursor", ["eA", "WzAsIngiLCJ5Il0", "WzAsICIyMDI2LTExLTIzVDA5OjAwOjAwIiwgInkiXQ"])
async def test_an_unknown_cursor_is_refused(story: Story, cursor: str) -> None:
    answer = await story.get("/orders", cursor=cursor)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


@pytest.mark.clause("S2.2.1d")
async def test_a_progress_note_promises_the_next_contact_in_the_future(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    ahead = (story.now.replace(microsecond=0)).isoformat()

    now = await story.post(f"/orders/{order_id}/notes", {"text": "正在协调", "promised_at": ahead}, story.caseworker())
    story.desk.clock.set(story.now.replace(hour=1, minute=30))
    later = (story.now.replace(hour=6)).isoformat()
    noted = await story.post(
        f"/orders/{order_id}/notes", {"text": "正在协调", "promised_at": later}, story.caseworker()
    )

    absurd = {"text": "正在协调", "promised_at": "2037-01-01T09:00:00+08:00"}
    far = await story.post(f"/orders/{order_id}/notes", absurd, story.caseworker())

    assert (now.status_code, now.json()["code"]) == (422, "promise_not_ahead")
    assert (far.status_code, far.json()["code"], far.json()["clause"]) == (422, "promise_too_far", "S2.2.1d")
    assert noted.status_code == 201
    assert len(await story.desk.told(ProgressNoted)) == 1
    assert (await story.get(f"/orders/{order_id}/notes", story.caseworker())).json()[0]["text"] == "正在协调"


async def test_an_unknown_order_is_not_found(story: Story) -> None:
    answer = await story.get(f"/orders/{new_id()}")

    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


@pytest.mark.clause("S2.1a")
async def test_an_order_arrives_with_at_least_three_candidates_and_learns_from_closed_ones(story: Story) -> None:
    before, _ = await story.answered()
    await story.desk.tell(story.revisited(before))
    order_id = await story.arrive()

    shown = (await story.get(f"/orders/{order_id}/recommendations")).json()["candidates"]

    assert [candidate["unit"] for candidate in shown] == [URBAN, STREET, WATER]
    assert [candidate["basis"] for candidate in shown] == ["duty", "territory", "industry"]
    assert [line["kind"] for line in shown[0]["evidence"]] == ["catalogue", "similar_orders"]
    assert shown[0]["evidence"][1]["order_id"] == before


# -- 列入计划 -----------------------------------------------------------------------------------------------------------


async def planned(story: Story) -> tuple[str, str]:
    """An order whose plan for 10 December the centre approved, and whose reply the upstream has."""
    order_id = await story.handled()
    answer = await story.reply(order_id, disposition="planned", legal_basis="《条例》第九条", plan_on="2026-12-10")
    assert answer.status_code == 201, answer.text
    reply_id = str(answer.json()["reply_id"])
    await story.desk.tell(
        story.leader_approved(order_id, reply_id),
        story.approved(order_id, reply_id).model_copy(update={"disposition": "planned"}),
        story.fed_back(order_id, reply_id),
    )
    return order_id, reply_id


def plan_woken(story: Story, order_id: str) -> PlanWoken:
    return PlanWoken(order_id=order_id, clock_id="c", unit=URBAN, plan_on=date(2026, 12, 10), woken_at=story.now)


@pytest.mark.clause("S2.2.2e")
async def test_an_approved_plan_makes_the_order_wait_and_publishes_its_day(story: Story) -> None:
    order_id, reply_id = await planned(story)

    assert await story.status(order_id) == "planned"
    [told] = await story.desk.told(OrderPlanned)
    assert (told.reply_id, told.plan_on) == (reply_id, date(2026, 12, 10))


@pytest.mark.clause("S2.2.2f")
@pytest.mark.parametrize("event", ["woken", "broken"])
async def test_on_its_day_a_planned_order_is_handled_again_and_needs_a_new_contact(story: Story, event: str) -> None:
    order_id, _ = await planned(story)
    woken = plan_woken(story, order_id)
    broken = PlanBroken(order_id=order_id, clock_id="c", unit=URBAN, plan_on=woken.plan_on, broken_at=story.now)
    await story.desk.tell(woken if event == "woken" else broken)
    without_call = await story.reply(order_id)
    await story.contact(order_id)
    with_call = await story.reply(order_id)

    assert (without_call.status_code, with_call.status_code) == (422, 201)
    assert await story.status(order_id) == "leader_review"


@pytest.mark.clause("S2.2.2f")
async def test_a_plan_may_be_completed_before_its_day_and_the_day_then_changes_nothing(story: Story) -> None:
    order_id, _ = await planned(story)
    await story.contact(order_id)
    assert (await story.reply(order_id)).status_code == 201
    await story.desk.tell(plan_woken(story, order_id))

    assert await story.status(order_id) == "leader_review"

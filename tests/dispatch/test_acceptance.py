"""What each clause demands of dispatch, over HTTP: what is accepted, and what is refused with which code."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.dispatch.orders.model import Move, Status
from services.dispatch.orders.rules import MOVES, OPERATIONS
from shared.access import ACCESS
from shared.identity import Role
from tests.dispatch.story import STREET, URBAN, WATER, Story, material

LAW, VISIT = "《物业管理条例》第三十五条", "11月23日现场核查记录：已三次协调，双方未达成一致"


# -- dispositions ---------------------------------------------------------------------------------------------------------

WHOLE: dict[str, dict[str, Any]] = {
    "out_of_scope": {"statement": "该事项已由法院判决，不在受理范围"},
    "not_true": {"evidence": [material()]},
    "explanation": {"legal_basis": LAW, "site_record": VISIT},
    "planned": {"legal_basis": LAW, "plan_on": "2026-12-10"},
}


@pytest.mark.clause("S2.2.2b", "S2.2.2c", "S2.2.2d", "S2.2.2e", "S2.2.2h")
@pytest.mark.parametrize(
    ("disposition", "part", "clause"),
    [
        ("out_of_scope", "statement", "S2.2.2b"),
        ("not_true", "evidence", "S2.2.2c"),
        ("explanation", "legal_basis", "S2.2.2d"),
        ("explanation", "site_record", "S2.2.2d"),
        ("planned", "legal_basis", "S2.2.2e"),
        ("planned", "plan_on", "S2.2.2e"),
    ],
)
async def test_a_disposition_comes_with_what_it_demands_in_the_same_submission(
    story: Story, disposition: str, part: str, clause: str
) -> None:
    order_id = await story.handled()
    whole = WHOLE[disposition]
    refused = await story.reply(
        order_id, disposition=disposition, **{name: words for name, words in whole.items() if name != part}
    )
    between = await story.status(order_id)
    taken = await story.reply(order_id, disposition=disposition, **whole)

    assert (refused.status_code, refused.json()["clause"]) == (422, clause)
    assert refused.json()["facts"]["missing"] == [part]
    assert (between, taken.status_code) == ("handling", 201)
    [kept] = (await story.get(f"/orders/{order_id}/replies")).json()
    assert kept["disposition"] == disposition
    # The centre decides: until then the order waits for the unit's leader, and nothing is excused.
    assert (await story.order(order_id))["status"] == "leader_review"


@pytest.mark.clause("S2.2.2e")
@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 201), (90, 201), (91, 422)])
async def test_a_plan_ends_from_tomorrow_to_the_ninetieth_day(story: Story, days: int, status: int) -> None:
    order_id = await story.handled()
    plan_on = date(2026, 11, 23) + timedelta(days=days)
    answer = await story.reply(order_id, disposition="planned", legal_basis=LAW, plan_on=plan_on.isoformat())

    assert answer.status_code == status
    if status == 422:
        assert (answer.json()["code"], answer.json()["facts"]["latest_on"]) == ("plan_outside", "2027-02-21")


@pytest.mark.clause("S2.2.2g")
@pytest.mark.parametrize("disposition", ["explanation", "planned"])
@pytest.mark.parametrize(
    ("channel", "status"),
    [
        ({"level": "national", "scheme": "national_report"}, 409),
        ({"level": "provincial", "scheme": "enterprise_fast", "subject": "enterprise"}, 409),
        ({"level": "provincial"}, 201),
        ({"level": "municipal"}, 201),
        ({"level": "municipal", "subject": "enterprise"}, 201),
    ],
)
async def test_explanation_and_plan_are_refused_to_the_channels_that_have_a_report(
    story: Story, disposition: str, channel: dict[str, str], status: int
) -> None:
    order_id = await story.handled(**channel)
    answer = await story.reply(order_id, disposition=disposition, **WHOLE[disposition])

    assert answer.status_code == status
    if status == 409:
        assert (answer.json()["code"], answer.json()["clause"]) == ("disposition_not_offered", "S2.2.2g")


# -- returns --------------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.1f", "S2.2.1h")
@pytest.mark.parametrize(("minutes", "status"), [(-1, 202), (0, 202), (1, 409)])
@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.UNIT_DEPUTY, Role.UNIT_HEAD])
async def test_when_the_window_is_over_no_role_of_the_unit_returns(
    story: Story, role: Role, minutes: int, status: int
) -> None:
    order_id = await story.handled()
    story.pass_time(hours=39, minutes=minutes)  # from Monday 09:00 to the end of Tuesday
    who = story.desk.bearer(role, unit=URBAN)
    answer = await story.ask_return(order_id, who=who)

    assert answer.status_code == status
    assert await story.status(order_id) == ("return_pending" if status == 202 else "handling")
    if status == 409:
        assert answer.json()["code"] == "return_window_closed"


@pytest.mark.clause("S2.2.1h")
async def test_after_the_window_nobody_returns_for_the_unit_and_only_the_centre_takes_the_order_away(
    story: Story,
) -> None:
    order_id = await story.handled()
    story.pass_time(days=3)
    elsewhere = set(Role) - {Role.SYSTEM, Role.CASEWORKER, Role.UNIT_DEPUTY, Role.UNIT_HEAD}
    for role in elsewhere:
        refused = await story.ask_return(order_id, who=story.desk.bearer(role))
        assert refused.status_code == 403, role
    body = {"unit": WATER, "basis": "duty", "grounds": "供水职责", "reason": "经核实属供水职责"}
    for role in elsewhere - {Role.DISPATCHER, Role.CENTRE_HEAD}:
        assert (await story.post(f"/orders/{order_id}/assign", body, story.desk.bearer(role))).status_code == 403, role
    taken = await story.post(f"/orders/{order_id}/assign", body, story.head)

    assert taken.status_code == 200
    [audited] = await story.desk.rows("select actor, role, before from audit where action = 'order.reassigned'")
    assert (audited["actor"], audited["role"]) == ("centre_head-centre", "centre_head")
    assert audited["before"]["unit"] == URBAN
    assert (await story.get(f"/orders/{order_id}/assignments")).json()[-1]["reason"] == "经核实属供水职责"


@pytest.mark.clause("S3.1b")
def test_an_order_leaves_its_unit_by_an_accepted_return_or_by_the_centre_and_by_nothing_else() -> None:
    """Over the whole table of moves: a return is asked for while a unit handles the order, and only the centre decides it."""
    asked = {status for status, move in MOVES if move is Move.REQUEST_RETURN}
    desk = {Status.TRIAGE, Status.CONSULT}
    let_go = {(status, move) for (status, move), to in MOVES.items() if to in desk and status not in desk}

    assert asked == {Status.ASSIGNED, Status.HANDLING}
    assert let_go == {(Status.RETURN_PENDING, Move.ACCEPT_RETURN), (Status.RETURN_PENDING, Move.CALL_PANEL)}
    centre = {Role.DISPATCHER, Role.CENTRE_HEAD}
    assert all(
        ACCESS["dispatch"][OPERATIONS[move]].roles <= centre
        for move in (Move.ACCEPT_RETURN, Move.REASSIGN, Move.ASSIGN)
    )


@pytest.mark.clause("S3.1b")
async def test_an_order_with_a_submitted_reply_cannot_be_returned(story: Story) -> None:
    order_id, reply_id = await story.replied()
    before_leader = await story.ask_return(order_id)
    await story.desk.tell(story.leader_approved(order_id, reply_id), story.rejected(order_id, reply_id))
    in_rework = await story.ask_return(order_id)
    await story.reply(order_id)
    again = await story.ask_return(order_id)

    answers = [before_leader, in_rework, again]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "illegal_move")] * 3
    assert (await story.order(order_id))["unit"] == URBAN


@pytest.mark.clause("S2.2.1i")
async def test_while_its_return_waits_the_unit_still_has_the_order_and_the_centre_decides_with_its_reason(
    story: Story,
) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id)
    # The unit that asked cannot decide it, and the caller does not wait for the decision.
    body = {"decision": "accept", "reason": "我们自己同意"}
    by_unit = await story.post(
        f"/orders/{order_id}/return/decision", body, story.desk.bearer(Role.UNIT_HEAD, unit=URBAN)
    )
    story.pass_time(minutes=1)
    contact = await story.contact(order_id)
    decided = await story.decide(order_id, "accept", "确属供水职责")
    twice = await story.decide(order_id, "reject", "改主意")

    assert (by_unit.status_code, contact.status_code, decided.status_code, twice.status_code) == (403, 201, 204, 409)
    [kept] = (await story.get(f"/orders/{order_id}/returns")).json()
    assert (kept["decision"], kept["decision_reason"], kept["decided_by"]) == (
        "accept",
        "确属供水职责",
        "dispatcher-centre",
    )


# -- the desk and its units -----------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.1d")
async def test_orders_that_wait_for_assignment_are_listed_by_the_time_of_receipt(story: Story) -> None:
    ids = []
    for _ in range(3):
        ids.append(await story.arrive())
        story.pass_time(minutes=20)
    await story.assign(ids[1])
    row = (await story.get("/orders", status="triage")).json()["items"]

    assert [line["order_id"] for line in row] == [ids[0], ids[2]]
    assert [line["received_at"] for line in row] == ["2026-11-23T01:00:00Z", "2026-11-23T01:40:00Z"]


@pytest.mark.clause("S4.1a")
@pytest.mark.parametrize("part", ["first_responsible", "deputy", "office", "active"])
async def test_a_unit_that_lacks_one_of_its_people_or_is_closed_gets_no_order(story: Story, part: str) -> None:
    await story.enter_unit("neu", **{part: False if part == "active" else ""})
    order_id = await story.arrive()
    answer = await story.assign(order_id, "neu")

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_not_ready")
    assert answer.json()["facts"]["missing"] == [part]
    assert await story.status(order_id) == "triage"


@pytest.mark.clause("S3.1a")
async def test_the_first_unit_stays_through_a_second_round_to_the_same_unit_and_a_decision(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, STREET)
    await story.returned(order_id, WATER, suggested=URBAN)
    await story.assign(order_id, URBAN, who=story.head, decision="研判第7号")
    chain = (await story.get(f"/orders/{order_id}/assignments")).json()

    assert (await story.order(order_id))["first_unit"] == STREET
    assert [(link["unit"], link["cause"], link["no_return"]) for link in chain] == [
        (STREET, "first", False),
        (WATER, "returned", False),
        (URBAN, "returned", True),
    ]

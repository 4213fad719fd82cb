"""What each clause demands, seen from outside: the facts of an order go in, clocks, events and answers come out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from services.sla.firing import jobs
from services.sla.order_events import rules
from services.sla.order_events.model import Assigned
from services.sla.orders.model import Received
from services.sla.rulesets.policy import CIRCULAR_2022, SameDay
from shared.calendar import statutory_calendar
from shared.contracts.dispatch import CallerContacted, OrderAccepted, ProgressNoted, ReplySubmitted
from shared.contracts.sla import ClockBreached, ClockStopped, ClockWarned, SupervisionCandidateRaised
from shared.identity import Role
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    accepted,
    assigned,
    contacted,
    fed_back,
    leader_approved,
    local,
    noted,
    numbered,
    received,
    rejected,
    return_accepted,
    return_rejected,
    return_requested,
    submitted,
)
from tests.sla.test_extensions import ask, asked, consent, decide
from tests.support.service import Desk

CALENDAR = statutory_calendar()


async def at(desk: Desk, *moments: str) -> None:
    """The loop at each of these moments."""
    for moment in moments:
        desk.clock.set(local(moment))
        await jobs.drain(desk.runtime)


async def clocks(desk: Desk) -> dict[str, dict[str, Any]]:
    """The order's clocks as the centre reads them, by kind."""
    answer = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/clocks", headers=desk.bearer(Role.DISPATCHER))
    return {clock["kind"]: clock for clock in answer.json()["clocks"]}


async def breaches(desk: Desk, *kinds: str) -> list[tuple[str, datetime]]:
    """What was breached of these kinds, and when it was due."""
    return [(event.kind, event.due_at) for event in await desk.told(ClockBreached) if event.kind in kinds]


def plans(start: str, **order: Any) -> dict[str, Any]:
    """The clocks of an order that is received and assigned at once."""
    moment = local(start)
    facts: dict[str, Any] = {"scheme": "ordinary", "urgent": False, "upstream_due_at": None} | order
    case = Received(order_id=ORDER, received_at=moment, **facts)
    given = Assigned(1, UNIT, False, moment, moment)
    found = (
        *rules.clocks_on_receipt(case, CIRCULAR_2022, CALENDAR),
        *rules.clocks_on_assignment(case, given, CIRCULAR_2022, CALENDAR),
    )
    return {plan.kind: plan for plan in found}


# -- enterprise orders and emergencies ------------------------------------------------------------------------------------


@pytest.mark.clause("S1.2.2a", "S1.2.2b")
@pytest.mark.parametrize(
    ("start", "first_reply", "final"),
    [
        ("2026-11-02T00:00", "2026-11-05T00:00", "2026-11-20T00:00"),
        ("2026-11-02T23:59", "2026-11-05T00:00", "2026-11-20T00:00"),
        ("2026-11-06T10:00", "2026-11-11T00:00", "2026-11-26T00:00"),  # over two weekends and a third
        ("2026-11-07T10:00", "2026-11-11T00:00", "2026-11-26T00:00"),  # a Saturday counts as the Friday before
        # 1 to 7 October are off and Saturday the 10th is worked.
        ("2026-09-29T10:00", "2026-10-09T00:00", "2026-10-23T00:00"),
    ],
)
def test_thirteen_working_days_run_from_the_same_start_as_the_two(start: str, first_reply: str, final: str) -> None:
    found = plans(start, scheme="enterprise_fast")

    assert found["first_reply"].due.at == local(first_reply)
    assert found["final"].due.at == found["district_final"].due.at == local(final)
    assert found["final"].started_at == found["first_reply"].started_at


@pytest.mark.clause("S1.2.2a")
@pytest.mark.parametrize(
    ("answered_at", "state"), [("2026-11-25T23:59", "met"), ("2026-11-26T00:00", "met"), ("2026-11-26T00:01", "late")]
)
async def test_the_first_reply_is_read_beside_the_final_clock_and_stops_with_the_answer(
    desk: Desk, answered_at: str, state: str
) -> None:
    await desk.tell(received(scheme="enterprise_fast", subject="enterprise"), assigned())
    before = await clocks(desk)
    await desk.tell(contacted("2026-11-23T11:00", "not_reached"), contacted(answered_at))
    after = await clocks(desk)

    assert (before["first_reply"]["state"], before["final"]["state"]) == ("running", "running")
    assert before["first_reply"]["id"] != before["final"]["id"]
    assert datetime.fromisoformat(before["first_reply"]["due_at"]) == local("2026-11-26T00:00")
    assert (after["first_reply"]["state"], after["final"]["state"]) == (state, "running")


@pytest.mark.clause("S1.2.2c", "S1.3.1d")
@pytest.mark.parametrize(
    ("scheme", "urgent", "kind", "final_due"),
    [
        ("enterprise_fast", (), "first_reply", "2026-12-11T00:00"),
        ("ordinary", ("livelihood",), "caller_reply", "2026-11-27T00:00"),
    ],
)
async def test_a_caller_who_was_answered_on_the_first_day_and_nothing_more_is_a_breach_of_the_final_clock_alone(
    desk: Desk, scheme: str, urgent: tuple[str, ...], kind: str, final_due: str
) -> None:
    await desk.tell(received(scheme=scheme, urgent=urgent), assigned(), contacted("2026-11-23T11:00"))
    due = local(final_due)
    desk.clock.set(due - timedelta(seconds=1))
    await jobs.drain(desk.runtime)
    before = await breaches(desk, kind, "final")
    await at(desk, final_due, "2026-12-31T09:00")

    assert (before, await breaches(desk, kind, "final")) == ([], [("final", due)])


@pytest.mark.clause("S1.2.2c", "S1.3.1c", "S1.3.1d")
@pytest.mark.parametrize(
    ("scheme", "urgent", "expected"),
    [
        ("enterprise_fast", (), [("first_reply", "2026-11-26T00:00"), ("final", "2026-12-11T00:00")]),
        ("ordinary", ("safety",), [("caller_reply", "2026-11-24T10:00"), ("final", "2026-11-27T00:00")]),
    ],
)
async def test_silence_breaches_each_of_the_two_on_its_own_day(
    desk: Desk, scheme: str, urgent: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    await desk.tell(received(scheme=scheme, urgent=urgent), assigned())
    await at(desk, *(moment for _, moment in expected), "2026-12-31T09:00")

    assert await breaches(desk, "first_reply", "caller_reply", "final") == [
        (k, local(moment)) for k, moment in expected
    ]


@pytest.mark.clause("S1.3.1c")
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-20T10:00", "2026-11-21T10:00"),  # Friday to Saturday
        ("2026-11-21T23:59", "2026-11-22T23:59"),
        ("2026-09-30T17:00", "2026-10-01T17:00"),  # into the holiday
        ("2026-12-31T12:00", "2027-01-01T12:00"),  # into a year that nobody knows: hours need no calendar
    ],
)
def test_the_twenty_four_hours_run_around_the_clock(start: str, due: str) -> None:
    found = plans(start, urgent=True)["caller_reply"]

    assert (found.due.at, found.due.provisional) == (local(due), False)


# -- extensions -----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S1.3.2b")
@pytest.mark.parametrize("part", ["person", "agreed_at", "phone", "agreed", "evidence"])
async def test_a_consent_without_one_of_its_parts_is_none(desk: Desk, part: str) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    said = {name: value for name, value in consent().items() if name != part}
    answer = await ask(desk, asked(consent=said))

    assert answer.status_code == 422
    assert (answer.json()["clause"], answer.json()["facts"]["missing"]) == ("S1.3.2b", [part])
    assert await desk.rows("select 1 from extension") == []


@pytest.mark.clause("S1.3.2a")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason_code": "legal", "citation": "  "}, None),
        ({"reason_code": "legal", "explanation": "说明不能代替条款"}, "citation_missing"),
        ({"reason_code": "complex", "explanation": None, "citation": "《条例》第十二条"}, "explanation_missing"),
        ({"reason_code": "busy"}, None),
    ],
)
async def test_each_reason_needs_its_own_ground(desk: Desk, changes: dict[str, Any], code: str | None) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    answer = await ask(desk, asked(**changes))

    assert (answer.status_code, answer.json()["code"]) == (422, code or "invalid_request")


@pytest.mark.clause("S1.3.2c")
async def test_the_reviewer_finds_the_order_whose_caller_refused_among_the_hints(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    refused = await ask(desk, asked(consent=consent(agreed=False)))
    found = await desk.http.get(
        "/api/sla/v1/extensions", headers=desk.bearer(Role.REVIEWER), params={"state": "declined"}
    )
    other = await desk.http.get(
        "/api/sla/v1/extensions", headers=desk.bearer(Role.CASEWORKER, unit=SECOND), params={"state": "declined"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "consent_refused")
    [hint] = found.json()["items"]
    assert (hint["order_id"], hint["unit"], hint["agreed"], hint["due_at"]) == (ORDER, UNIT, False, None)
    assert hint["id"] == refused.json()["facts"]["extension_id"]
    assert other.json()["items"] == []
    assert datetime.fromisoformat((await clocks(desk))["final"]["due_at"]) == local("2026-11-27T00:00")


@pytest.mark.clause("S1.3.2d", "S1.3.2e")
async def test_the_clocks_history_shows_both_deadlines_and_a_second_request_is_refused(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    first = (await ask(desk, asked(workdays=10))).json()
    by_unit = await decide(desk, first["id"], "grant", Role.CASEWORKER)
    granted = await decide(desk, first["id"], "grant")
    second = await ask(desk, asked(workdays=1))
    answer = await desk.http.get(f"/api/sla/v1/clocks/{first['clock_id']}/explain", headers=desk.bearer(Role.REVIEWER))
    explained = answer.json()

    was, due = local("2026-11-27T00:00"), local("2026-12-11T00:00")
    assert (by_unit.status_code, granted.status_code, granted.json()["overridden"]) == (403, 200, False)
    assert (second.status_code, second.json()["code"]) == (409, "extension_used")
    [change] = explained["changes"]
    assert [datetime.fromisoformat(change[name]) for name in ("was_due_at", "due_at")] == [was, due]
    clock = explained["clock"]
    assert [datetime.fromisoformat(clock[name]) for name in ("original_due_at", "due_at")] == [was, due]


# -- assignment -----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.1d")
@pytest.mark.parametrize(
    ("warn_at", "received_at", "told_at"),
    [
        (time(16), "2026-11-23T09:00", "2026-11-23T16:00"),
        (time(15, 30), "2026-11-23T09:00", "2026-11-23T15:30"),
        # When the hour is over already, at half of what is left of the day.
        (time(16), "2026-11-23T16:30", "2026-11-23T20:15"),
    ],
)
def test_the_alert_of_an_order_that_waits_comes_at_the_configured_hour(
    warn_at: time, received_at: str, told_at: str
) -> None:
    same_day = SameDay(clause="S2.1b", warn_at=warn_at, cut_off=time(17))
    order = Received(ORDER, "ordinary", False, local(received_at), None)
    found = rules.clocks_on_receipt(order, replace(CIRCULAR_2022, same_day_dispatch=same_day), CALENDAR)

    [waiting] = [plan for plan in found if plan.kind == "same_day_dispatch"]
    assert [rung.at for rung in waiting.rungs] == [local(told_at)]


@pytest.mark.clause("S2.1d", "S2.1b")
async def test_orders_that_wait_for_assignment_are_listed_the_longest_waiting_first_until_they_are_assigned(
    desk: Desk,
) -> None:
    one, two, three = numbered(1), numbered(2), numbered(3)
    await desk.tell(
        received("2026-11-23T08:30", two), received("2026-11-23T07:30", one), received("2026-11-23T18:00", three)
    )
    query = {"kind": "same_day_dispatch", "state": "running"}

    async def waiting() -> list[tuple[str, datetime]]:
        answer = await desk.http.get("/api/sla/v1/clocks", headers=desk.bearer(Role.DISPATCHER), params=query)
        found = sorted(answer.json()["items"], key=lambda clock: (clock["due_at"], clock["started_at"]))
        return [(clock["order_id"], datetime.fromisoformat(clock["started_at"])) for clock in found]

    row = await waiting()
    await at(desk, "2026-11-23T15:59")
    early = await desk.told(ClockWarned)
    await desk.tell(assigned("2026-11-23T15:59").model_copy(update={"order_id": one}))
    await at(desk, "2026-11-23T16:00")

    since = [local("2026-11-23T07:30"), local("2026-11-23T08:30"), local("2026-11-23T18:00")]
    assert row == list(zip([one, two, three], since, strict=True))
    assert await waiting() == row[1:]
    alerts = [event.order_id for event in await desk.told(ClockWarned) if event.kind == "same_day_dispatch"]
    assert ([event for event in early if event.kind == "same_day_dispatch"], alerts) == ([], [two])


@pytest.mark.clause("S2.1b")
@pytest.mark.parametrize(
    ("determined_at", "assigned_at", "late"),
    [
        ("2026-11-23T23:50", "2026-11-24T00:00", False),
        ("2026-11-23T23:50", "2026-11-24T00:01", True),
        ("2026-11-24T00:00", "2026-11-24T23:59", False),
        ("2026-11-21T10:00", "2026-11-22T10:00", True),  # the day is a day, also on a weekend
    ],
)
async def test_the_legal_clock_runs_from_the_determination_beside_the_one_from_the_receipt(
    desk: Desk, determined_at: str, assigned_at: str, *, late: bool
) -> None:
    desk.clock.set(local(assigned_at))
    await desk.tell(received("2026-11-21T09:00"), assigned(assigned_at, determined_at=local(determined_at)))
    rows = await desk.rows("select occasion, state from clock where kind = 'same_day_dispatch'")
    found = {row["occasion"]: row["state"] for row in rows}

    # Received on Saturday morning: by the receipt it was to be assigned that day.
    assert found == {"receipt": "late", "determined:1": "late" if late else "met"}
    ends = [event.due_at for event in await desk.told(ClockBreached) if event.kind == "same_day_dispatch"]
    assert len(ends) == 1 + late


# -- the unit at work -----------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.1a")
@pytest.mark.parametrize(
    ("contact_at", "warned", "breached", "state"),
    [
        ("2026-11-23T11:59", False, False, "met"),
        ("2026-11-23T12:01", True, False, "met"),
        ("2026-11-24T00:01", True, True, "late"),
    ],
)
async def test_accepting_the_order_late_gives_no_more_time_for_the_first_contact(
    desk: Desk, contact_at: str, *, warned: bool, breached: bool, state: str
) -> None:
    await desk.tell(received(), assigned("2026-11-23T10:00"), accepted("2026-11-23T11:50"))
    for moment in ("2026-11-23T12:00", "2026-11-24T00:00"):
        if local(moment) < local(contact_at):
            await at(desk, moment)
    await desk.tell(contacted(contact_at))
    await at(desk, "2026-11-24T08:00")

    clock = (await clocks(desk))["first_contact"]
    assert (clock["state"], datetime.fromisoformat(clock["started_at"])) == (state, local("2026-11-23T10:00"))
    stopped = [event.stopped_at for event in await desk.told(ClockStopped) if event.kind == "first_contact"]
    assert stopped == [local(contact_at)]
    assert ("first_contact" in [event.kind for event in await desk.told(ClockWarned)]) is warned
    assert bool(await breaches(desk, "first_contact")) is breached


@pytest.mark.clause("S2.2.1b")
async def test_one_failed_attempt_stops_only_the_acceptance_and_two_stop_the_contact(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00", "not_reached"))
    await at(desk, "2026-11-23T12:00")
    once = (await clocks(desk))["first_contact"]["state"]
    warned = [event.kind for event in await desk.told(ClockWarned)]
    await desk.tell(contacted("2026-11-23T15:00", "not_reached", counts=True, attempt=2))
    await at(desk, "2026-11-24T00:00")

    assert (once, warned) == ("running", ["first_contact"])
    assert await breaches(desk, "first_contact") == []


@pytest.mark.clause("S2.2.1d")
@pytest.mark.parametrize(
    ("assigned_at", "done", "due"),
    [
        ("2026-11-23T10:00", None, "2026-11-24T00:00"),
        ("2026-11-23T17:01", None, "2026-11-24T12:00"),
        ("2026-11-23T10:00", noted("2026-11-23T23:59", "2026-11-25T09:00"), None),
        ("2026-11-23T10:00", submitted("2026-11-23T23:59"), None),
        ("2026-11-23T17:01", noted("2026-11-24T11:59", "2026-11-25T09:00"), None),
    ],
)
async def test_a_day_without_reply_or_note_is_a_breach_when_it_ends(
    desk: Desk, assigned_at: str, done: ProgressNoted | ReplySubmitted | None, due: str | None
) -> None:
    await desk.tell(received(), assigned(assigned_at), contacted(assigned_at), *([done] if done else []))
    await at(desk, "2026-11-23T23:59")
    before = await breaches(desk, "progress_note")
    await at(desk, "2026-11-24T00:00", "2026-11-24T12:00", "2026-11-25T00:00")

    assert (before, await breaches(desk, "progress_note")) == ([], [("progress_note", local(due))] if due else [])


@pytest.mark.clause("S2.2.1i", "S2.2.1f")
async def test_while_a_return_waits_for_its_decision_every_deadline_of_the_order_runs_and_breaches(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-26T18:00")), assigned(), contacted("2026-11-23T11:00"))
    before = await clocks(desk)
    await desk.tell(return_requested("2026-11-24T10:00"))
    pending = await clocks(desk)
    await at(desk, "2026-11-26T18:00", "2026-11-27T00:00")

    kinds = ("upstream_due", "final", "district_final")
    assert [pending[kind]["state"] for kind in kinds] == ["running"] * 3
    assert [pending[kind]["due_at"] for kind in kinds] == [before[kind]["due_at"] for kind in kinds]
    assert {kind for kind, _ in await breaches(desk, *kinds)} == set(kinds)


@pytest.mark.clause("S2.3d")
async def test_after_three_rejections_the_order_has_the_very_clocks_that_it_had(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-26T18:00")), assigned(), contacted("2026-11-23T11:00"))
    before = {kind: (c["id"], c["due_at"], c["state"]) for kind, c in (await clocks(desk)).items()}
    for number in range(1, 4):
        reply_id = f"r{number}"
        await desk.tell(
            submitted("2026-11-24T09:00", reply_id),
            leader_approved("2026-11-24T10:00", reply_id, number),
            rejected("2026-11-24T11:00", reply_id, number),
        )
    after = {kind: (c["id"], c["due_at"], c["state"]) for kind, c in (await clocks(desk)).items()}

    # A submitted reply makes the day's note needless, a released one the return; the centre's review is all that was added.
    untouched = set(before) - {"progress_note", "return_window"}
    assert {kind: after[kind] for kind in untouched} == {kind: before[kind] for kind in untouched}
    assert set(after) - set(before) == {"review_turnaround"}


@pytest.mark.clause("S3.1d")
@pytest.mark.parametrize("before", [None, accepted("2026-11-23T11:00"), contacted("2026-11-23T11:00")])
async def test_a_unit_whose_return_was_rejected_has_the_order_in_hand_and_nothing_to_accept(
    desk: Desk, before: OrderAccepted | CallerContacted | None
) -> None:
    # Dispatch offers no acceptance of what is being handled: a clock for it could not be met.
    await desk.tell(received(), assigned(), *([] if before is None else [before]))
    await desk.tell(return_requested("2026-11-23T16:00"))
    answered = await clocks(desk)
    await desk.tell(return_rejected("2026-11-23T16:30"), return_rejected("2026-11-23T16:30"))
    await at(desk, "2026-11-25T00:00", "2026-11-26T09:00")

    assert await desk.rows("select state from clock where kind = 'accept'") == [{"state": "met"}]
    assert answered["accept"]["state"] == "met"
    assert await breaches(desk, "accept") == []
    assert "refused" not in [event.cause for event in await desk.told(SupervisionCandidateRaised)]


@pytest.mark.clause("S3.1d")
async def test_what_the_panel_gave_a_unit_is_taken_up_the_same_day_or_the_unit_is_named(desk: Desk) -> None:
    await desk.tell(received(), assigned(), return_accepted("2026-11-23T14:00"))
    await desk.tell(assigned("2026-11-24T09:00", 2, SECOND, no_return=True))
    await at(desk, "2026-11-25T00:00")

    assert [(c.unit, c.cause) for c in await desk.told(SupervisionCandidateRaised)] == [(SECOND, "refused")]


@pytest.mark.clause("S3.3h")
async def test_the_panels_time_is_warned_of_before_its_end_and_breached_once(desk: Desk) -> None:
    await desk.tell(received(), assigned(), return_accepted("2026-11-23T14:00"))
    await desk.tell(assigned("2026-11-23T15:00", 2, SECOND), return_accepted("2026-11-24T10:00", 2))
    # Three working days from Tuesday: the end of Friday; yellow with one of them left, after the quiet hours.
    await at(desk, "2026-11-27T06:59")
    before = [event for event in await desk.told(ClockWarned) if event.kind == "consult"]
    await at(desk, "2026-11-27T07:00", "2026-11-28T00:00", "2026-11-28T00:01")

    assert before == []
    [warned] = [event for event in await desk.told(ClockWarned) if event.kind == "consult"]
    assert (warned.unit, warned.rung, warned.due_at) == (None, "yellow", local("2026-11-28T00:00"))
    assert await breaches(desk, "consult") == [("consult", local("2026-11-28T00:00"))]


@pytest.mark.clause("S3.3h")
async def test_a_joint_meeting_has_one_working_day_and_is_warned_of_at_its_half(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-23T10:00"))
    body = {"order_id": ORDER, "kind": "consult", "unit": None, "reason": "职责不清，提请联席会议"}
    started = await desk.http.post("/api/sla/v1/clocks", json=body, headers=desk.bearer(Role.CENTRE_HEAD))
    assert started.status_code == 201, started.text
    await at(desk, "2026-11-24T07:00", "2026-11-25T00:00")

    assert datetime.fromisoformat(started.json()["due_at"]) == local("2026-11-25T00:00")
    assert len([event for event in await desk.told(ClockWarned) if event.kind == "consult"]) == 1
    assert await breaches(desk, "consult") == [("consult", local("2026-11-25T00:00"))]


@pytest.mark.clause("S2.2.3i")
async def test_the_plan_of_a_chain_takes_what_its_steps_really_took(desk: Desk) -> None:
    """Five reviews of the centre that took one working hour each, where the rule set says four."""
    plans_seen = []
    for number in range(1, 6):
        order = numbered(number)
        change = {"order_id": order}
        await desk.tell(
            received(order_id=order, scheme="national_report"),
            assigned().model_copy(update=change),
            leader_approved("2026-11-23T11:00").model_copy(update=change),
            rejected("2026-11-23T12:00").model_copy(update=change),
        )
        plans_seen.append(await chain_plan(desk))
    *_, four, five = plans_seen

    assert (four[0]["hours"], four[0]["observed"]) == (4, 0)
    assert (five[0]["hours"], five[0]["observed"]) == (1, 5)
    assert [step["hours"] for step in five[1:]] == [4, 4, 4, 2]
    ends = [datetime.fromisoformat(step["latest_end"]) for step in five]
    assert [datetime.fromisoformat(step["latest_start"]) for step in five[1:]] == ends[:-1]
    assert ends[-1] == local("2026-11-27T00:00")
    # Four, four, four and two working hours before the end of Thursday and one more for the centre: from Wednesday 11:30.
    assert datetime.fromisoformat(five[0]["latest_start"]) == local("2026-11-25T11:30")


async def chain_plan(desk: Desk) -> list[dict[str, Any]]:
    """The steps of the first order's chain."""
    path = f"/api/sla/v1/orders/{numbered(1)}/chain-plan"
    answer = await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))
    assert answer.status_code == 200, answer.text
    steps: list[dict[str, Any]] = answer.json()["steps"]
    return steps


@pytest.mark.clause("S1.1.4b")
async def test_an_overdue_order_can_be_handled_like_any_other(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-27T00:00", "2026-11-27T08:00")
    late: tuple[OrderAccepted | CallerContacted | ReplySubmitted, ...] = (
        accepted("2026-11-27T09:00"),
        contacted("2026-11-27T09:10"),
        submitted("2026-11-27T09:20"),
    )
    await desk.tell(*late, leader_approved("2026-11-27T09:30"), fed_back("2026-11-27T10:00"))

    assert await breaches(desk, "final") == [("final", local("2026-11-27T00:00"))]
    found = await clocks(desk)
    assert (found["final"]["state"], found["revisit"]["state"]) == ("late", "running")

"""Every kind of clock: what starts it, when it is due, what stops it, and what never does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla.candidates.rules import concentrated
from services.sla.counting import rules
from services.sla.firing import jobs
from services.sla.rulesets.policy import CIRCULAR_2022
from shared.calendar import SHANGHAI, statutory_calendar
from shared.contracts.base import OrderEvent
from shared.contracts.sla import (
    ClockBreached,
    ClockWarned,
    PlanBroken,
    PlanWoken,
    PromiseBroken,
    PromiseKept,
    SupervisionCandidateRaised,
)
from shared.identity import Role
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    accepted,
    announced,
    assigned,
    cancelled,
    contacted,
    fed_back,
    leader_approved,
    listed,
    local,
    noted,
    planned,
    received,
    rejected,
    reopened,
    return_accepted,
    return_rejected,
    submitted,
)
from tests.support.service import Desk

CALENDAR = statutory_calendar()


async def clock(desk: Desk, kind: str, occasion: str = "%") -> dict[str, Any]:
    """The newest clock of a kind."""
    rows = await desk.rows(
        "select * from clock where kind = :kind and occasion like :occasion order by started_at desc limit 1",
        kind=kind,
        occasion=occasion,
    )
    return rows[0]


async def at(desk: Desk, moment: str) -> None:
    desk.clock.set(local(moment))
    await jobs.drain(desk.runtime)


@pytest.mark.clause("S2.2.1d")
@pytest.mark.parametrize(
    ("assigned_at", "due"),
    [
        ("2026-11-23T00:30", "2026-11-24T00:00"),
        ("2026-11-23T07:30", "2026-11-24T00:00"),
        ("2026-11-23T17:00", "2026-11-24T00:00"),
        ("2026-11-23T17:01", "2026-11-24T12:00"),
        ("2026-11-23T23:59", "2026-11-24T12:00"),
        ("2026-11-28T09:00", "2026-11-29T00:00"),
    ],
)
async def test_a_progress_note_is_due_the_same_day_or_at_noon_of_the_next(
    desk: Desk, assigned_at: str, due: str
) -> None:
    await desk.tell(received("2026-11-22T08:00"), assigned(assigned_at))

    assert (await clock(desk, "progress_note"))["due_at"] == local(due)


@pytest.mark.clause("S2.2.1d")
@pytest.mark.parametrize(
    ("event", "state"),
    [
        (noted("2026-11-23T23:59", "2026-11-25T09:00"), "met"),
        (submitted("2026-11-23T23:59"), "met"),
        (contacted("2026-11-23T23:59"), "running"),
        (accepted("2026-11-23T23:59"), "running"),
        (noted("2026-11-24T00:01", "2026-11-25T09:00"), "late"),
    ],
)
async def test_a_note_or_a_reply_ends_the_days_duty_and_nothing_else_does(desk: Desk, event: Any, state: str) -> None:
    await desk.tell(received(), assigned(), event)

    assert (await clock(desk, "progress_note"))["state"] == state


@pytest.mark.clause("S3.1d")
async def test_accepting_the_order_stops_that_clock_and_no_other(desk: Desk) -> None:
    await desk.tell(received(), assigned(), accepted("2026-11-23T10:05"))

    stopped = await desk.rows("select kind from clock where state <> 'running' and unit is not null")
    assert [row["kind"] for row in stopped] == ["accept"]


@pytest.mark.clause("S2.2.1e")
async def test_a_promise_is_kept_by_a_contact_in_time_and_broken_by_silence(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00", promised_at=local("2026-11-24T10:00")))
    await desk.tell(contacted("2026-11-24T10:00", promised_at=local("2026-11-25T10:00")))
    await at(desk, "2026-11-25T10:00")

    [kept] = await desk.told(PromiseKept)
    [broken] = await desk.told(PromiseBroken)
    assert (kept.promised_at, broken.promised_at) == (local("2026-11-24T10:00"), local("2026-11-25T10:00"))
    assert [event.kind for event in await desk.told(ClockBreached)].count("next_contact") == 1


@pytest.mark.clause("S2.2.1e")
@pytest.mark.parametrize(
    "evasion",
    [
        noted("2026-11-24T09:59", "2026-11-26T10:00"),
        contacted("2026-11-24T09:59", "not_reached", promised_at=local("2026-11-26T10:00")),
    ],
)
async def test_a_promise_is_not_undone_by_another_promise(desk: Desk, evasion: Any) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00", promised_at=local("2026-11-24T10:00")))
    await desk.tell(evasion)
    await at(desk, "2026-11-24T10:00")

    assert [event.promised_at for event in await desk.told(PromiseBroken)] == [local("2026-11-24T10:00")]


@pytest.mark.clause("S2.3d", "S2.2.1i")
async def test_no_loop_of_returns_and_rework_stops_the_districts_clocks(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-12-01T18:00")), assigned())
    before = await desk.rows(
        "select id, due_at from clock where kind in ('district_final', 'upstream_due') order by id"
    )
    await desk.tell(return_accepted("2026-11-23T14:00"), assigned("2026-11-23T15:00", 2, SECOND))
    for number in range(1, 4):
        await desk.tell(
            leader_approved("2026-11-24T10:00", f"r{number}", number),
            rejected("2026-11-24T11:00", f"r{number}", number),
        )
    final = await clock(desk, "final", "assignment:2")
    after = await desk.rows(
        "select id, due_at from clock where kind in ('district_final', 'upstream_due') and state = 'running' order by id"
    )

    assert after == before
    assert (final["state"], final["due_at"]) == ("running", local("2026-11-27T00:00"))


@pytest.mark.clause("S2.3a")
async def test_the_centre_has_a_working_day_for_its_review_from_the_leaders_approval(desk: Desk) -> None:
    await desk.tell(received(), assigned(), leader_approved("2026-11-27T16:00"))
    running = await clock(desk, "review_turnaround")
    await desk.tell(rejected("2026-11-30T23:59"))

    assert (running["unit"], running["due_at"]) == (None, local("2026-12-01T00:00"))
    assert (await clock(desk, "review_turnaround"))["state"] == "met"


@pytest.mark.clause("S3.3h")
async def test_the_second_return_starts_the_panels_clock_and_the_assignment_stops_it(desk: Desk) -> None:
    await desk.tell(received(), assigned(), return_accepted("2026-11-23T14:00"))
    once = await desk.rows("select 1 from clock where kind = 'consult'")
    await desk.tell(assigned("2026-11-23T15:00", 2, SECOND), return_accepted("2026-11-24T10:00", 2))
    running = await clock(desk, "consult")
    await desk.tell(assigned("2026-11-26T10:00", 3, UNIT))

    assert once == []
    assert running["due_at"] == local("2026-11-28T00:00")
    assert (await clock(desk, "consult"))["state"] == "met"


# -- plans --------------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.2e")
@pytest.mark.parametrize("plan_on", ["2026-11-23", "2026-11-24", "2027-02-21", "2027-02-22"])
async def test_a_plan_that_the_desk_took_and_the_centre_approved_is_never_refused(desk: Desk, plan_on: str) -> None:
    # Yesterday, today, day 90 and day 91: which days a plan may have was asked when it was submitted.
    await desk.tell(received(), assigned(), planned("2026-11-24T10:00", plan_on))

    assert (await clock(desk, "plan"))["due_on"].isoformat() == plan_on


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
@pytest.mark.parametrize(
    ("approved_at", "told"),
    [
        ("2026-12-04T23:59", ["plan.woken.v1"]),
        ("2026-12-05T00:00", ["plan.woken.v1", "plan.broken.v1", "clock.breached.v1"]),
        ("2026-12-07T09:00", ["plan.woken.v1", "plan.broken.v1", "clock.breached.v1"]),
    ],
)
async def test_a_plan_that_is_approved_after_its_day_wakes_and_breaks_at_once_marked_late(
    desk: Desk, approved_at: str, told: list[str]
) -> None:
    await desk.tell(received(), assigned())
    await at(desk, approved_at)
    await desk.tell(planned(approved_at, "2026-12-04"))
    await jobs.drain(desk.runtime)

    events = [e for e in await desk.told() if e.type.startswith("plan.") or getattr(e, "kind", "") == "plan"]
    assert sorted(e.type for e in events if e.type != "clock.started.v1") == sorted(told)
    assert {e.plan_on.isoformat() for e in events if e.type.startswith("plan.")} == {"2026-12-04"}
    assert all(e.fired_late for e in events if isinstance(e, ClockBreached) and e.due_at < local(approved_at))
    # What the order is told afterwards is heard: its own feedback ends the final clock, and not the plan.
    await desk.tell(announced(approved_at))
    assert (await clock(desk, "final"))["state"] == "late"
    assert (await clock(desk, "plan"))["state"] == "running"


@pytest.mark.clause("S2.2.2f")
async def test_a_plan_wakes_when_its_day_begins_and_breaks_when_it_ends(desk: Desk) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-24T10:00", "2026-12-10"), announced("2026-11-24T10:05"))
    await at(desk, "2026-12-09T23:59")
    before = await desk.told(PlanWoken)
    await at(desk, "2026-12-10T00:00")
    [woken] = await desk.told(PlanWoken)
    await at(desk, "2026-12-10T23:59")
    unbroken = await desk.told(PlanBroken)
    await at(desk, "2026-12-11T00:00")
    await at(desk, "2026-12-12T00:00")
    [broken] = await desk.told(PlanBroken)

    assert (before, unbroken) == ([], [])
    assert str(woken.plan_on) == str(broken.plan_on) == "2026-12-10"


@pytest.mark.clause("S2.2.2f")
@pytest.mark.parametrize(("told_at", "state"), [("2026-12-10T23:59", "met"), ("2026-12-11T00:01", "late")])
async def test_a_plan_ends_with_the_reply_that_tells_its_completion(desk: Desk, told_at: str, state: str) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-24T10:00", "2026-12-10"), announced("2026-11-24T10:05"))
    still = await clock(desk, "plan")
    await desk.tell(fed_back(told_at, "r2"))

    assert (still["state"], (await clock(desk, "plan"))["state"]) == ("running", state)


@pytest.mark.clause("S2.2.2f")
@pytest.mark.parametrize(
    "told", list(permutations([planned("2026-11-24T10:00", "2026-12-10"), announced("2026-11-24T10:05")]))
)
async def test_a_plan_runs_and_nobody_is_called_back_whether_its_feedback_is_heard_before_or_after(
    desk: Desk, told: Sequence[OrderEvent]
) -> None:
    await desk.tell(received(), assigned(), *told)

    running = await desk.rows("select kind from clock where state = 'running' and kind in ('plan', 'revisit')")
    assert [row["kind"] for row in running] == ["plan"]


@pytest.mark.clause("S2.2.2f")
@pytest.mark.parametrize(
    "told",
    list(permutations([planned("2026-12-12T10:00", "2026-12-20", "r2"), announced("2026-12-12T10:00", "r2")])),
)
async def test_a_plan_that_another_one_replaces_is_void_whichever_is_heard_first(
    desk: Desk, told: Sequence[OrderEvent]
) -> None:
    """The feedback of the second plan ended the first one as if it were completed (the model of the order found it)."""
    await desk.tell(received(), assigned(), planned("2026-11-24T10:00", "2026-12-10"), announced("2026-11-24T10:05"))
    await at(desk, "2026-12-12T10:00")
    await desk.tell(*told)

    plans = await desk.rows("select occasion, state from clock where kind = 'plan' order by occasion")
    assert [(row["occasion"], row["state"]) for row in plans] == [("plan:r1", "void"), ("plan:r2", "running")]


# -- supervision --------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S3.4a")
async def test_a_deadline_that_passed_names_its_unit_once_on_the_next_morning(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-27T08:59")
    before = [c for c in await desk.told(SupervisionCandidateRaised) if c.cause == "overdue"]
    for day in ("2026-11-27T09:00", "2026-11-28T09:00", "2026-11-29T09:00"):
        await at(desk, day)

    assert before == []
    [raised] = [c for c in await desk.told(SupervisionCandidateRaised) if c.cause == "overdue"]
    assert (raised.unit, raised.order_id) == (UNIT, ORDER)


async def overdue(desk: Desk) -> list[str]:
    """Which units were named for being overdue, in order."""
    return [c.unit for c in await desk.told(SupervisionCandidateRaised) if c.cause == "overdue"]


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize("before", ["2026-11-23T10:00", "2026-11-26T20:00"])  # with a warning missed, and with none
@pytest.mark.parametrize(
    ("back_at", "named"),
    [
        ("2026-11-27T08:59", []),
        ("2026-11-27T09:00", [UNIT]),
        ("2026-11-30T00:30", [UNIT]),
        ("2026-12-02T14:00", [UNIT]),
    ],
)
async def test_after_a_standstill_a_unit_is_named_with_the_breach_when_the_next_morning_is_over(
    desk: Desk, before: str, back_at: str, named: list[str]
) -> None:
    await desk.tell(received(), assigned())
    await at(desk, before)
    await at(desk, back_at)
    at_once = await overdue(desk)
    reminded = [e for e in await desk.told(ClockWarned) if e.kind == "final" and e.rung.startswith("red")]
    for day in ("03", "04", "07"):
        desk.clock.set(local(f"2026-12-{day}T09:00"))
        await jobs.drain(desk.runtime)

    assert (at_once, reminded) == (named, [])
    assert await overdue(desk) == [UNIT]
    reds = [e.rung for e in await desk.told(ClockWarned) if e.kind == "final" and e.rung.startswith("red")]
    assert reds[:3] == ["red:1", "red:2", "red:3"]


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize("loop", [True, False])  # False: the news comes before the loop has told the breach
@pytest.mark.parametrize("way", ["reassigned", "returned"])
@pytest.mark.parametrize(
    ("left_at", "named"),
    [
        ("2026-11-27T00:00", []),
        ("2026-11-27T00:01", [UNIT]),
        ("2026-11-27T08:30", [UNIT]),
        ("2026-11-28T10:00", [UNIT]),
    ],
)
async def test_an_overdue_order_that_is_taken_from_its_unit_leaves_the_unit_named(
    desk: Desk, left_at: str, named: list[str], way: str, *, loop: bool
) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local(left_at))
    if loop and left_at != "2026-11-27T00:00":
        for moment in ("2026-11-27T00:00", "2026-11-27T00:00:30", "2026-11-27T09:00"):
            if moment <= left_at:
                await at(desk, moment)
        desk.clock.set(local(left_at))
    if way == "reassigned":
        await desk.tell(assigned(left_at, 2, SECOND))
    else:
        await desk.tell(return_accepted(left_at))
    await desk.tell(assigned(left_at, 3, UNIT))
    await jobs.drain(desk.runtime)
    await jobs.drain(desk.runtime)

    assert await overdue(desk) == named
    raised = await desk.rows("select unit, order_id from supervision_candidate where cause = 'overdue'")
    assert raised == [{"unit": unit, "order_id": ORDER} for unit in named]


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize("left_at", ["2026-11-26T23:50", "2026-11-27T00:00"])
async def test_a_unit_that_gave_the_order_up_in_time_is_not_named_when_the_event_comes_after_the_breach(
    desk: Desk, left_at: str
) -> None:
    await desk.tell(received(), assigned())
    for moment in ("2026-11-27T00:00", "2026-11-27T00:00:30"):
        await at(desk, moment)
    desk.clock.set(local("2026-11-27T08:00"))

    await desk.tell(return_accepted(left_at))
    await jobs.drain(desk.runtime)

    assert await overdue(desk) == []


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize("ending", ["fed_back", "cancelled"])
@pytest.mark.parametrize(("ended_at", "named"), [("2026-11-27T08:59", []), ("2026-11-27T09:00", [UNIT])])
async def test_who_answers_before_the_first_reminder_is_late_and_not_named_also_after_a_standstill(
    desk: Desk, ended_at: str, named: list[str], ending: str
) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-12-01T10:00"))
    await desk.tell(fed_back(ended_at) if ending == "fed_back" else cancelled(ended_at))
    await jobs.drain(desk.runtime)

    assert await overdue(desk) == named
    assert "final" in [event.kind for event in await desk.told(ClockBreached)]


@pytest.mark.clause("S3.4a", "S3.1d")
@pytest.mark.parametrize(("locked", "expected"), [(True, ["refused"]), (False, [])])
async def test_a_locked_order_that_is_not_taken_up_names_its_unit(
    desk: Desk, *, locked: bool, expected: list[str]
) -> None:
    await desk.tell(received(), assigned())
    if locked:
        await desk.tell(return_rejected("2026-11-23T11:00"))
    await at(desk, "2026-11-24T00:00")

    assert [c.cause for c in await desk.told(SupervisionCandidateRaised)] == expected


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize(("redos", "expected"), [(2, 0), (3, 1)])
async def test_unsolved_after_two_redos_names_the_unit(desk: Desk, redos: int, expected: int) -> None:
    await desk.tell(received(), assigned())
    for number in range(1, redos + 1):
        await desk.tell(reopened(f"2026-11-2{3 + number}T10:00", number))

    assert len(await desk.told(SupervisionCandidateRaised)) == expected


@pytest.mark.clause("S3.4a")
@pytest.mark.parametrize(
    ("weeks", "units"),
    [
        ([{"a": 1}, {"a": 2}, {"a": 3}], ("a",)),
        ([{"a": 1}, {"a": 3}, {"a": 3}], ()),
        ([{"a": 1}, {"a": 2}], ()),
        ([{"a": 1, "b": 9, "c": 9, "d": 9}, {"a": 2, "b": 9, "c": 9, "d": 9}, {"a": 3, "b": 9, "c": 9, "d": 9}], ()),
        ([{}, {"a": 2}, {"a": 3}], ()),
    ],
)
def test_a_unit_is_named_when_it_stands_first_and_grows_two_weeks_running(
    weeks: list[dict[str, int]], units: tuple[str, ...]
) -> None:
    assert concentrated(weeks, CIRCULAR_2022) == units


# -- by hand and the chain -----------------------------------------------------------------------------------------------


async def start_by_hand(desk: Desk, role: Role = Role.CENTRE_HEAD, **body: Any) -> Any:
    asked = {"order_id": ORDER, "kind": "supervise_case", "unit": UNIT, "workdays": 5, "reason": "区领导批示", **body}
    return await desk.http.post("/api/sla/v1/clocks", json=asked, headers=desk.bearer(role))


@pytest.mark.clause("S3.1f", "S3.2g", "S3.4b")
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 201, None),
        ({"kind": "rectify_promise"}, 201, None),
        ({"kind": "consult", "workdays": None}, 201, None),
        ({"kind": "chain_step"}, 422, "step_missing"),
        ({"kind": "chain_step", "step": "office"}, 201, None),
        ({"kind": "co_task", "unit": SECOND, "workdays": 3}, 201, None),
        ({"kind": "co_task", "unit": SECOND, "workdays": 4}, 422, "beyond_lead"),
        ({"workdays": None}, 422, "span_missing"),
        ({"due_at": "2026-12-01T10:00:00+08:00"}, 422, "span_missing"),
        ({"workdays": None, "due_at": "2026-11-23T10:00:00+08:00"}, 422, "due_not_ahead"),
        ({"workdays": None, "due_at": "2026-11-23T10:00:01+08:00"}, 201, None),
        # Day 90 from today is inside, as a plan's is (S2.2.2e).
        ({"workdays": None, "due_at": "2027-02-22T00:00:00+08:00"}, 201, None),
        ({"workdays": None, "due_at": "2027-02-22T00:00:01+08:00"}, 422, "due_too_far"),
        ({"kind": "rectify_promise", "workdays": None, "due_at": "2099-01-01T00:00:00+08:00"}, 422, "due_too_far"),
        ({"kind": "chain_step", "step": "seal", "workdays": 250}, 422, "due_too_far"),
        ({"kind": "final"}, 422, "invalid_request"),
    ],
)
async def test_an_operator_starts_clocks_that_no_event_starts_yet(
    desk: Desk, body: dict[str, Any], status: int, code: str | None
) -> None:
    await desk.tell(listed(), listed(SECOND), received(), assigned())
    desk.clock.set(local("2026-11-23T10:00"))
    answer = await start_by_hand(desk, **body)

    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


@pytest.mark.clause("S3.1f")
@pytest.mark.parametrize(
    ("unit", "status", "code", "clause", "advice"),
    [
        (None, 422, "joint_unit_missing", "S3.1f", "请填写承担协办任务的单位"),
        (UNIT, 409, "joint_unit_leads", "S3.1f", "请改选其他单位"),
        (SECOND, 201, None, None, ""),
        ("nobody", 422, "unit_not_listed", "S4.1a", "请从单位列表中选择"),
    ],
)
async def test_a_joint_task_is_a_co_units_and_never_the_leads_or_the_centres(
    desk: Desk, unit: str | None, status: int, code: str | None, clause: str | None, advice: str
) -> None:
    await desk.tell(listed(), listed(SECOND), received(), assigned())
    response = await start_by_hand(desk, kind="co_task", unit=unit, workdays=2)

    answer = response.json()
    assert (response.status_code, answer.get("code")) == (status, code), response.text
    if status == 201:
        assert answer["unit"] == SECOND
        return
    assert (answer["clause"], advice in answer["detail"]) == (clause, True)
    assert await desk.rows("select 1 from clock where kind = 'co_task'") == []


@pytest.mark.clause("S3.1f")
async def test_after_a_reassignment_the_unit_before_may_be_the_co_unit(desk: Desk) -> None:
    await desk.tell(listed(), listed(SECOND), received(), assigned(), assigned("2026-11-23T11:00", 2, SECOND))
    answers = [await start_by_hand(desk, kind="co_task", unit=unit, workdays=2) for unit in (SECOND, UNIT)]

    assert [answer.status_code for answer in answers] == [409, 201]


@pytest.mark.clause("S3.2g")
async def test_a_promise_that_is_due_too_late_is_refused_with_its_clause_and_the_last_day(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())

    answer = await start_by_hand(desk, kind="rectify_promise", workdays=None, due_at="2099-01-01T00:00:00+08:00")

    assert (answer.json()["clause"], answer.json()["facts"]["latest"]) == ("S3.2g", "2027-02-21")
    assert "请提前" in answer.json()["detail"]
    assert len(await desk.rows("select 1 from clock where kind = 'rectify_promise'")) == 0


async def test_only_what_was_started_by_hand_is_stopped_by_hand(desk: Desk) -> None:
    await desk.tell(listed(), received(), assigned())
    desk.clock.set(local("2026-11-23T10:00"))
    own = (await start_by_hand(desk)).json()["id"]
    final = str((await clock(desk, "final"))["id"])
    answers = [
        await desk.http.post(
            f"/api/sla/v1/clocks/{which}/stop", json={"reason": "已办结"}, headers=desk.bearer(Role.OFFICE)
        )
        for which in (own, final, own)
    ]

    assert [answer.status_code for answer in answers] == [200, 409, 409]
    assert [answer.json().get("code") for answer in answers[1:]] == ["not_by_hand", "clock_not_running"]
    assert (await start_by_hand(desk, Role.CASEWORKER)).status_code == 403
    await desk.tell(cancelled("2026-11-23T11:00"))
    assert (await start_by_hand(desk)).json()["code"] == "order_ended"


@pytest.mark.clause("S2.2.3i")
async def test_a_chain_is_planned_backwards_from_its_deadline_in_working_time(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report", upstream_due_at=local("2026-11-25T18:00")), assigned())
    answer = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/chain-plan", headers=desk.bearer(Role.DISPATCHER))
    plan = answer.json()

    # Five steps of 4 + 4 + 4 + 4 + 2 working hours before Wednesday 17:30: two full days of nine hours.
    assert [step["name"] for step in plan["steps"]] == ["centre", "office", "deputy_leader", "head_leader", "seal"]
    assert datetime.fromisoformat(plan["steps"][-1]["latest_start"]) == local("2026-11-25T15:30")
    assert datetime.fromisoformat(plan["submit_by"]) == local("2026-11-24T08:30")
    assert plan["at_risk"] is False
    desk.clock.set(local("2026-11-24T08:31"))
    later = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/chain-plan", headers=desk.bearer(Role.DISPATCHER))
    assert later.json()["at_risk"] is True


MOMENTS = st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 1)).map(lambda d: d.replace(tzinfo=SHANGHAI))  # noqa: DTZ001 - given its zone at once


@given(MOMENTS, st.integers(1, 60))
def test_working_time_counted_back_and_forth_agrees(end: datetime, hours: int) -> None:
    needed = timedelta(hours=hours)
    start = rules.work_time_before(end, needed, CIRCULAR_2022, CALENDAR)

    assert rules.work_time_between(start, end, CIRCULAR_2022, CALENDAR) == needed
    assert rules.work_time_after(start, needed, CIRCULAR_2022, CALENDAR) <= end


@given(MOMENTS, st.integers(1, 10), st.integers(1, 10))
def test_an_extension_counts_on_from_the_deadline_as_if_the_days_were_one_span(
    start: datetime, workdays: int, more: int
) -> None:
    due, _ = rules.workday_moments(start, workdays, CALENDAR, extended=more)

    assert due.at == CALENDAR.due_at(start, workdays + more).at


async def test_a_breached_clock_reminds_every_working_morning_until_it_is_answered(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    for day in ("2026-11-27T00:00", "2026-11-27T09:00", "2026-11-28T09:00", "2026-11-30T09:00"):
        await at(desk, day)
    await desk.tell(fed_back("2026-11-30T10:00"))
    await at(desk, "2026-12-01T09:00")

    reds = [e.rung for e in await desk.told(ClockWarned) if e.kind == "final" and e.rung.startswith("red")]
    assert reds == ["red:1", "red:2"]

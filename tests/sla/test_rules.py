"""Which clocks run, when each is due and warns: the boundaries of the circular's own numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.sla.caller_reply.rules import clock_on_urgency
from services.sla.clocks.model import State
from services.sla.clocks.rules import ended
from services.sla.counting.model import ClockPlan, Lapse, Span
from services.sla.counting.rules import moment_clock, proof
from services.sla.order_events import rules
from services.sla.order_events.model import Assigned
from services.sla.order_events.policy import STOPS, UNIT_CLOCKS
from services.sla.orders.model import Received
from services.sla.rulesets.policy import CIRCULAR_2022
from shared.calendar import SHANGHAI, local_text, statutory_calendar
from shared.contracts.sla import CLOCK_TITLES

CALENDAR = statutory_calendar()
RULES = CIRCULAR_2022


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def received(at: str = "2026-11-23T09:00", **other: Any) -> Received:
    facts: dict[str, Any] = {"scheme": "ordinary", "urgent": False, "upstream_due_at": None} | other
    return Received(order_id="o1", received_at=local(at), **facts)


def assigned(at: str = "2026-11-23T10:00", determined_at: str | None = None, *, no_return: bool = False) -> Assigned:
    return Assigned(1, "housing", no_return, local(determined_at or at), local(at))


def by_kind(plans: tuple[ClockPlan, ...]) -> dict[str, ClockPlan]:
    return {plan.kind: plan for plan in plans}


def on_assignment(at: str = "2026-11-23T10:00", *, no_return: bool = False, **order: Any) -> dict[str, ClockPlan]:
    plans = rules.clocks_on_assignment(received(**order), assigned(at, no_return=no_return), RULES, CALENDAR)
    return by_kind(plans)


@pytest.mark.clause("S1.1.4a")
@pytest.mark.parametrize(
    ("assigned_at", "due_at"),
    [
        ("2026-11-20T07:30", "2026-11-26T00:00"),
        ("2026-11-23T00:30", "2026-11-27T00:00"),
        ("2026-11-23T23:59", "2026-11-27T00:00"),
        ("2026-11-24T00:01", "2026-11-28T00:00"),
        ("2026-09-30T10:00", "2026-10-11T00:00"),
    ],
)
def test_an_ordinary_order_is_due_at_the_end_of_the_third_working_day(assigned_at: str, due_at: str) -> None:
    assert on_assignment(assigned_at)["final"].due.at == local(due_at)


@pytest.mark.clause("S1.2.2b")
def test_an_enterprise_order_has_two_days_to_answer_and_thirteen_to_finish_from_the_same_start() -> None:
    clocks = on_assignment("2026-11-02T10:00", scheme="enterprise_fast")

    assert clocks["first_reply"].due.at == local("2026-11-05T00:00")
    assert clocks["final"].due.at == local("2026-11-20T00:00")
    assert clocks["final"].started_at == clocks["first_reply"].started_at


@pytest.mark.clause("S1.2.1")
@pytest.mark.parametrize("scheme", ["ordinary", "national_report"])
def test_every_other_order_has_no_first_reply_clock(scheme: str) -> None:
    assert "first_reply" not in on_assignment(scheme=scheme)


@pytest.mark.clause("S1.3.1c")
def test_an_urgent_order_is_answered_within_24_hours_weekend_included() -> None:
    clock = on_assignment("2026-11-20T10:00", urgent=True)["caller_reply"]

    assert clock.due.at == local("2026-11-21T10:00")
    assert clock.rungs[0].at == local("2026-11-20T22:00")
    assert "caller_reply" not in on_assignment()


@pytest.mark.clause("S2.2.1f")
def test_the_return_window_closes_with_the_first_working_day_and_its_passing_is_no_breach() -> None:
    window = on_assignment("2026-11-20T10:00")["return_window"]

    assert (window.due.at, window.lapse) == (local("2026-11-24T00:00"), Lapse.CLOSE)
    assert "return_window" not in on_assignment(no_return=True)


@pytest.mark.clause("S1.1.4a")
def test_a_three_day_clock_warns_when_one_working_day_is_left() -> None:
    assert on_assignment("2026-11-19T10:00")["final"].rungs[0].at == local("2026-11-24T00:00")


@pytest.mark.clause("S2.2.1e", "S1.1.1a")
@pytest.mark.parametrize(
    ("promised", "warn_at"),
    [
        ("2026-11-24T17:30", "2026-11-23T17:30"),
        ("2026-11-24T00:00", "2026-11-23T00:00"),  # Monday's own end: Monday is the working day that is left
        ("2026-11-23T08:00", "2026-11-20T08:00"),  # a Monday: the weekend counts for nothing
        ("2026-11-21T10:00", "2026-11-20T00:00"),  # a Saturday: Friday as a whole
        ("2026-10-08T09:00", "2026-09-30T09:00"),  # the first working day after 国庆
        ("2026-10-10T09:00", "2026-10-09T09:00"),  # the make-up Saturday
        ("2026-10-11T09:00", "2026-10-10T00:00"),  # the Sunday after it
    ],
)
def test_a_named_moment_warns_one_working_day_before_at_the_same_hour(promised: str, warn_at: str) -> None:
    plan = moment_clock(
        "next_contact", "once", "unit1", local("2026-09-01T09:00"), local(promised), CALENDAR, "S2.2.1e"
    )

    assert [rung.at for rung in plan.rungs] == [local(warn_at)]


@pytest.mark.clause("S2.2.1a")
@pytest.mark.parametrize(
    ("assigned_at", "warn_at", "due_at"),
    [
        ("2026-11-23T10:00", "2026-11-23T12:00", "2026-11-24T00:00"),
        ("2026-11-23T07:00", "2026-11-23T10:30", "2026-11-24T00:00"),
        ("2026-11-23T15:30", "2026-11-23T17:30", "2026-11-24T00:00"),
        ("2026-11-23T00:30", "2026-11-23T10:30", "2026-11-24T00:00"),
        ("2026-11-23T07:30", "2026-11-23T10:30", "2026-11-24T00:00"),
        ("2026-11-23T15:31", "2026-11-23T16:31", "2026-11-24T08:31"),  # a minute short of two hours on its own day
        ("2026-11-23T17:29", "2026-11-24T09:29", "2026-11-24T10:29"),
        ("2026-11-23T21:59", "2026-11-24T09:30", "2026-11-24T10:30"),
        ("2026-11-23T22:00", "2026-11-24T09:30", "2026-11-24T10:30"),
        ("2026-11-23T23:59", "2026-11-24T09:30", "2026-11-24T10:30"),
        ("2026-11-20T23:59", "2026-11-23T09:30", "2026-11-23T10:30"),  # a Friday night
        ("2026-11-21T10:00", "2026-11-23T09:30", "2026-11-23T10:30"),  # a Saturday
        ("2026-09-30T17:00", "2026-10-08T09:00", "2026-10-08T10:00"),  # the evening before 国庆
        ("2026-10-09T23:59", "2026-10-10T09:30", "2026-10-10T10:30"),  # before a Saturday that is worked
    ],
)
def test_first_contact_is_due_with_its_day_and_not_before_two_working_hours_have_passed(
    assigned_at: str, warn_at: str, due_at: str
) -> None:
    clock = on_assignment(assigned_at)["first_contact"]

    assert (clock.rungs[0].at, clock.due.at) == (local(warn_at), local(due_at))


@pytest.mark.clause("S2.1b", "S2.2.1d", "S3.1d", "S1.3.1c")
@pytest.mark.parametrize("at", ["2026-11-23T16:59", "2026-11-23T17:29", "2026-11-23T23:59", "2026-11-20T23:59"])
def test_every_other_clock_of_the_same_day_leaves_seven_hours_whenever_it_starts(at: str) -> None:
    plans = {
        **on_assignment(at, urgent=True),
        **by_kind(rules.clocks_on_receipt(received(at), RULES, CALENDAR)),
    }

    left = {kind: plans[kind].due.at - local(at) for kind in ("accept", "progress_note", "same_day_dispatch")}
    assert min(left.values()) >= timedelta(hours=7), left
    assert plans["caller_reply"].due.at - local(at) == timedelta(hours=24)


@pytest.mark.clause("S2.2.1a")
def test_a_first_contact_is_provisional_when_its_working_time_lies_in_a_year_to_come() -> None:
    assert on_assignment("2027-12-31T23:59")["first_contact"].due.provisional
    assert not on_assignment("2026-11-23T23:59")["first_contact"].due.provisional


@pytest.mark.clause("S2.1b")
@pytest.mark.parametrize(
    ("received_at", "due_at"),
    [
        ("2026-11-23T00:01", "2026-11-24T00:00"),
        ("2026-11-23T17:00", "2026-11-24T00:00"),
        ("2026-11-23T17:01", "2026-11-24T12:00"),
        ("2026-11-23T23:59", "2026-11-24T12:00"),
        ("2026-11-21T10:00", "2026-11-22T00:00"),
    ],
)
def test_a_received_order_is_to_be_assigned_today_or_by_noon_when_it_came_after_five(
    received_at: str, due_at: str
) -> None:
    clock = by_kind(rules.clocks_on_receipt(received(received_at), RULES, CALENDAR))["same_day_dispatch"]

    assert clock.due.at == local(due_at)


@pytest.mark.clause("S2.1b")
@pytest.mark.clause("S2.1d")
def test_a_received_order_is_to_be_assigned_the_same_day_and_warns_at_four() -> None:
    clock = by_kind(rules.clocks_on_receipt(received("2026-11-23T09:00"), RULES, CALENDAR))["same_day_dispatch"]

    assert clock.due.at == local("2026-11-24T00:00")
    assert clock.rungs[0].at == local("2026-11-23T16:00")


@pytest.mark.clause("S2.1b")
def test_a_unit_determined_at_2350_and_assigned_at_0010_is_late() -> None:
    plan = rules.determined_dispatch(assigned("2026-11-24T00:10", "2026-11-23T23:50"), RULES, CALENDAR)

    assert plan is not None
    assert ended(plan.due.at, local("2026-11-24T00:10")) is State.LATE
    assert ended(plan.due.at, local("2026-11-23T23:59")) is State.MET


def test_a_unit_determined_by_its_assignment_leaves_nothing_to_count() -> None:
    assert rules.determined_dispatch(assigned("2026-11-24T00:10"), RULES, CALENDAR) is None


@pytest.mark.clause("S1.1.2")
@pytest.mark.clause("S1.1.3")
def test_the_district_and_the_upstream_clocks_run_from_our_receipt() -> None:
    upstream = local("2026-11-27T18:00")
    clocks = by_kind(rules.clocks_on_receipt(received("2026-11-23T09:00", upstream_due_at=upstream), RULES, CALENDAR))

    assert clocks["district_final"].due.at == local("2026-11-27T00:00")
    assert clocks["upstream_due"].due.at == upstream
    assert clocks["upstream_due"].rungs[0].at == local("2026-11-26T18:00")
    assert {clock.unit for clock in clocks.values()} == {None}


@pytest.mark.clause("S1.1.1a")
def test_an_upstream_deadline_that_was_over_at_the_receipt_is_due_at_once_and_warns_of_nothing() -> None:
    over = local("2026-11-23T08:00")
    clock = by_kind(rules.clocks_on_receipt(received(upstream_due_at=over), RULES, CALENDAR))["upstream_due"]

    assert clock.started_at < clock.due.at == over
    assert clock.rungs == ()


@pytest.mark.clause("S1.1.4a", "S2.1b")
def test_an_order_that_waited_in_quarantine_has_its_deadlines_from_its_receipt_and_no_warning_of_before() -> None:
    order, released_at = received("2026-11-23T09:00"), local("2026-11-26T10:00")
    at_once = by_kind(rules.clocks_on_receipt(order, RULES, CALENDAR))
    later = by_kind(rules.clocks_on_receipt(order, RULES, CALENDAR, known_at=released_at))

    assert {kind: clock.due for kind, clock in later.items()} == {kind: clock.due for kind, clock in at_once.items()}
    assert any(rung.at <= released_at for clock in at_once.values() for rung in clock.rungs)
    assert all(rung.at > released_at for clock in later.values() for rung in clock.rungs)


@pytest.mark.clause("S2.2.1e")
def test_a_promise_is_a_clock_of_its_own_and_a_past_one_is_none() -> None:
    noted, promised = local("2026-11-23T10:00"), local("2026-11-23T16:00")
    clock = rules.clock_on_promise("housing", promised, noted, RULES, CALENDAR)

    assert clock is not None
    assert (clock.due.at, clock.rungs[0].at) == (promised, local("2026-11-23T13:00"))
    assert rules.clock_on_promise("housing", noted, noted, RULES, CALENDAR) is None


@pytest.mark.clause("S2.2.1i")
def test_leaving_the_unit_ends_its_clocks_and_none_of_the_district() -> None:
    district = {"upstream_due", "district_final", "same_day_dispatch"}

    assert not UNIT_CLOCKS & district


@pytest.mark.clause("S2.3d")
def test_only_the_feedback_stops_the_final_clocks_not_a_signature_nor_a_reply() -> None:
    finals = {"final", "district_final", "upstream_due"}

    assert {fact for fact, kinds in STOPS.items() if kinds & finals} == {"fed_back"}


@pytest.mark.clause("S1.2.2c")
@pytest.mark.clause("S1.3.1d")
def test_answering_the_caller_does_not_finish_the_order() -> None:
    assert STOPS["reached"] == {"caller_reply", "first_reply"}


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=1)])
def test_the_due_moment_itself_is_in_time(late: timedelta) -> None:
    due = local("2026-11-24T00:00")

    assert ended(due, due + late) is (State.LATE if late else State.MET)


@pytest.mark.clause("S1.3.1c")
def test_an_order_that_turns_urgent_with_its_unit_is_to_be_answered_within_a_day_of_that() -> None:
    clock = clock_on_urgency("housing", 2, local("2026-11-24T15:00"), RULES)

    assert (clock.kind, clock.due.at) == ("caller_reply", local("2026-11-25T15:00"))


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-21", "2026-09-30", "2026-12-31"])
@pytest.mark.parametrize("scheme", ["ordinary", "enterprise_fast"])
def test_every_warning_lies_between_its_start_and_its_due_moment(day: str, hour: int, scheme: str) -> None:
    at = f"{day}T{hour:02}:10"
    order = received(at, scheme=scheme, urgent=True, upstream_due_at=local(at) + timedelta(days=5))
    plans = (
        *rules.clocks_on_receipt(order, RULES, CALENDAR),
        *rules.clocks_on_assignment(order, assigned(at), RULES, CALENDAR),
        *rules.clocks_on_redo(order, "housing", 1, local(at), RULES, CALENDAR),
        rules.clock_on_return(1, local(at), RULES, CALENDAR),
    )
    for plan in plans:
        assert all(plan.started_at < rung.at < plan.due.at for rung in plan.rungs), plan
        assert plan.due.at.tzinfo is UTC
        assert plan.kind in CLOCK_TITLES


@pytest.mark.clause("S1.1.4a")
def test_the_proof_of_a_working_day_clock_names_each_day_and_of_others_their_moments() -> None:
    days = proof(Span.WORKDAYS, 3, local("2026-09-30T10:00"), local("2026-10-11T00:00"), CALENDAR)
    hours = proof(Span.HOURS, 24, local("2026-11-20T10:00"), local("2026-11-21T10:00"), CALENDAR)

    assert days[-1].text == "10-10 周六 调休上班 计第3日"
    assert [line.text for line in hours][0::2] == ["2026-11-20 10:00 起算", "2026-11-21 10:00 截止"]


def test_midnight_is_shown_as_the_end_of_the_day_that_it_closes() -> None:
    assert local_text(local("2026-11-24T00:00")) == "2026-11-23 24:00"

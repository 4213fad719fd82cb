"""What an order adds to the figures: attribution, loops and boundaries, by table."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.facts.model import Fact
from services.analytics.facts.rules import fact_of
from services.analytics.figures.errors import BadWeek
from services.analytics.figures.model import DISTRICT, FigureKey, Measure, Week
from services.analytics.figures.policy import FIRST_PASS_WEIGHTS, SATISFIED_WEIGHTS, SOLVED_WEIGHTS
from services.analytics.figures.rules import day_of_deadline, difference, figures_of, rate_of
from shared.calendar import local_day
from tests.analytics.events import OrderEvents, interleaved, local, random_order
from tests.analytics.recount import recount

pytestmark = pytest.mark.clause("S3.2b")


def facts(order: OrderEvents) -> list[Fact]:
    return [fact for event in order.events if (fact := fact_of(event)) is not None]


def counted(order: OrderEvents) -> dict[tuple[str, str, str], int]:
    """The order's figures as (unit, MM-DD, measure) -> count."""
    return {
        (key.unit, key.day.strftime("%m-%d"), key.measure.value): count
        for key, count in figures_of(facts(order)).items()
    }


def of_unit(order: OrderEvents, unit: str) -> dict[str, str]:
    """What the order adds to a unit: measure -> MM-DD."""
    return {measure: day for (owner, day, measure) in counted(order) if owner == unit}


def test_an_ordinary_order_counts_once_in_everything():
    order = (
        OrderEvents()
        .received(local("11-23 23:59"))
        .assigned(local("11-24 00:00"), "zhujian")
        .submitted(local("11-25 09:00"), "zhujian")
        .approved(local("11-25 10:00"), "zhujian")
        .fed_back(local("11-25 10:01"))
        .revisited(local("11-30 07:30"), "mostly_solved", "satisfied")
        .closed(local("11-30 08:00"), "zhujian")
    )

    expected = {
        "received": "11-23",
        "assigned": "11-24",
        "first_passes": "11-25",
        "fed_back": "11-25",
        "revisits": "11-30",
        "revisits_valid": "11-30",
        "mostly_solved": "11-30",
        "satisfied": "11-30",
        "closed": "11-30",
    }
    assert of_unit(order, "zhujian") == expected
    assert of_unit(order, DISTRICT) == expected
    assert set(counted(order).values()) == {1}


@pytest.mark.parametrize(("at", "day"), [("11-23 00:00", "11-23"), ("11-23 00:30", "11-23"), ("11-23 07:30", "11-23"), ("11-23 23:59", "11-23")])  # fmt: skip
def test_a_day_is_counted_in_yantai_and_not_in_utc(at: str, day: str):
    assert of_unit(OrderEvents().received(local(at)), DISTRICT) == {"received": day}


@pytest.mark.clause("S1.1.4b")
@pytest.mark.parametrize(("due", "day"), [("11-27 00:00", "11-26"), ("11-27 00:01", "11-27"), ("11-26 17:30", "11-26")])
def test_a_deadline_of_24_hours_belongs_to_the_day_that_it_ends(due: str, day: str):
    assert day_of_deadline(local(due)).strftime("%m-%d") == day
    assert of_unit(OrderEvents().breached(local(due), "zhujian"), "zhujian") == {"overdue": day}


@pytest.mark.clause("S1.1.4b")
def test_an_excused_breach_is_not_overdue_and_a_second_one_is_on_its_own_day():
    excused = OrderEvents().breached(local("11-27 00:00"), "zhujian", clock="c").excused(local("11-28 00:00"), "c")
    assert counted(excused) == {}

    again = excused.breached(local("11-28 00:00"), "zhujian", clock="c")
    assert of_unit(again, "zhujian") == {"overdue": "11-27"}
    assert of_unit(again, DISTRICT) == {"overdue": "11-27"}


@pytest.mark.clause("S1.1.4b")
def test_the_breach_of_another_deadline_is_not_excused():
    order = (
        OrderEvents()
        .breached(local("11-27 00:00"), "zhujian", clock="c")
        .breached(local("11-27 00:00"), "zhujian", "district_final", clock="d")
        .excused(local("11-28 00:00"), "d", "district_final")
    )
    assert of_unit(order, "zhujian") == {"overdue": "11-26"}


def test_the_receipt_belongs_to_the_unit_that_got_the_order_first():
    waiting = OrderEvents().received(local("11-23 09:00"))
    assert counted(waiting) == {(DISTRICT, "11-23", "received"): 1}

    moved = (
        waiting.assigned(local("11-24 09:00"), "zhujian")
        .returned(local("11-25 09:00"), "zhujian")
        .assigned(local("11-26 09:00"), "chengguan")
    )
    assert of_unit(moved, "zhujian") == {"received": "11-23", "assigned": "11-24", "returned": "11-25"}
    assert of_unit(moved, "chengguan") == {"assigned": "11-26"}


def test_a_second_assignment_to_the_same_unit_on_the_same_day_counts_twice():
    order = OrderEvents().assigned(local("11-23 09:00"), "zhujian").returned(local("11-23 10:00"), "zhujian")
    order.assigned(local("11-23 11:00"), "zhujian")

    assert counted(order)["zhujian", "11-23", "assigned"] == 2


@pytest.mark.clause("S1.1.4b")
def test_an_order_is_overdue_once_per_unit_at_its_earliest_deadline():
    order = (
        OrderEvents()
        .breached(local("11-27 00:00"), "zhujian")
        .breached(local("11-26 00:00"), "zhujian")
        .breached(local("12-02 00:00"), "chengguan")
        .breached(local("11-25 00:00"), "zhujian", kind="first_contact")
    )

    assert counted(order) == {
        ("zhujian", "11-25", "overdue"): 1,
        ("chengguan", "12-01", "overdue"): 1,
        (DISTRICT, "11-25", "overdue"): 1,
        (DISTRICT, "12-01", "overdue"): 1,
    }


def answered(disposition: str = "solved") -> OrderEvents:
    order = OrderEvents().assigned(local("11-23 09:00"), "zhujian").submitted(local("11-23 10:00"), "zhujian")
    return order.approved(local("11-23 11:00"), "zhujian", disposition)


def rated(order: OrderEvents) -> dict[str, str]:
    measures = {measure.value for measure in (*SOLVED_WEIGHTS, *SATISFIED_WEIGHTS, Measure.EXCLUDED)}
    return {measure: day for measure, day in of_unit(order, "zhujian").items() if measure in measures}


def test_the_first_valid_revisit_decides_and_a_later_one_changes_nothing():
    order = answered().revisited(local("11-29 23:59"), None, None)
    order.revisited(local("11-30 00:00"), "unsolved", "unsatisfied").revisited(
        local("12-07 09:00"), "solved", "satisfied"
    )

    assert rated(order) == {"unsolved": "11-30", "unsatisfied": "11-30"}
    assert of_unit(order, "zhujian")["revisits_valid"] == "12-07"
    assert counted(order)["zhujian", "11-29", "revisits"] == 1


@pytest.mark.parametrize("disposition", ["out_of_scope", "not_true", "explanation", "planned"])
def test_an_approved_exclusion_keeps_the_revisit_out_of_both_rates(disposition: str):
    order = answered(disposition).revisited(local("11-30 09:00"), "unsolved", "unsatisfied")

    assert rated(order) == {"excluded": "11-30"}


def test_a_plan_that_is_carried_out_comes_back_into_the_rates():
    order = answered("planned").revisited(local("11-30 09:00"), "unsolved", "unsatisfied")
    order.submitted(local("12-20 09:00"), "zhujian").approved(local("12-20 10:00"), "zhujian", "solved")
    order.revisited(local("12-22 09:00"), "solved", "satisfied")

    assert rated(order) == {"excluded": "11-30", "solved": "12-22", "satisfied": "12-22"}


def test_a_cancelled_order_is_out_of_both_rates():
    order = answered().cancelled(local("11-24 09:00")).revisited(local("11-30 09:00"), "solved", "satisfied")

    assert rated(order) == {"excluded": "11-30"}


def test_a_revisit_belongs_to_the_unit_whose_answer_went_out():
    order = answered().assigned(local("11-28 09:00"), "chengguan")
    order.revisited(local("11-30 09:00"), "solved", "satisfied")

    assert of_unit(order, "chengguan") == {"assigned": "11-28"}
    assert rated(order) == {"solved": "11-30", "satisfied": "11-30"}


@pytest.mark.clause("S2.3d")
def test_only_the_centres_first_decision_counts_for_the_first_pass_rate():
    order = OrderEvents().assigned(local("11-23 09:00"), "zhujian").submitted(local("11-23 10:00"), "zhujian")
    order.rejected(local("11-23 11:00"), "zhujian").submitted(local("11-24 10:00"), "zhujian")
    order.approved(local("11-24 11:00"), "zhujian")

    assert of_unit(order, "zhujian") == {"assigned": "11-23", "first_fails": "11-23"}


@pytest.mark.clause("S1.1.4c", "S3.2b")
def test_an_approval_that_was_taken_back_answers_nothing_and_is_still_the_centres_first_decision():
    order = OrderEvents().received(local("11-23 08:00")).assigned(local("11-23 09:00"), "zhujian")
    order.submitted(local("11-23 10:00"), "zhujian").approved(local("11-23 11:00"), "zhujian", "planned")
    order.fed_back(local("11-23 11:00"))
    # What announced the plan went out, what was to complete it did not.
    order.submitted(local("11-24 10:00"), "chengguan").approved(local("11-24 11:00"), "chengguan")
    order.rejected(local("11-24 11:01"), "chengguan").revisited(local("11-25 09:00"), "solved", "satisfied")

    assert of_unit(order, "chengguan") == {}
    days = {"received": "11-23", "assigned": "11-23", "first_passes": "11-23", "fed_back": "11-23"}
    assert of_unit(order, "zhujian") == days | {"revisits": "11-25", "revisits_valid": "11-25", "excluded": "11-25"}


@pytest.mark.clause("S2.3b", "S3.2b")
@pytest.mark.parametrize("first", ["the approval", "that it was not sent"])
def test_an_approval_that_a_redo_overtook_answers_nothing_and_is_still_the_centres_first_decision(first: str):
    order = OrderEvents().received(local("11-23 08:00")).assigned(local("11-23 09:00"), "zhujian")
    order.submitted(local("11-23 10:00"), "zhujian").approved(local("11-23 11:00"), "zhujian", "planned")
    order.fed_back(local("11-23 11:00"))
    order.submitted(local("11-24 10:00"), "chengguan").approved(local("11-24 11:00"), "chengguan")
    order.not_sent(local("11-24 11:01"), "chengguan")
    if first != "the approval":
        order.events[-2:] = reversed(order.events[-2:])
    order.revisited(local("11-25 09:00"), "solved", "satisfied")

    assert of_unit(order, "chengguan") == {}
    days = {"received": "11-23", "assigned": "11-23", "first_passes": "11-23", "fed_back": "11-23"}
    assert of_unit(order, "zhujian") == days | {"revisits": "11-25", "revisits_valid": "11-25", "excluded": "11-25"}


@pytest.mark.clause("S2.3d")
def test_that_a_reply_was_not_sent_is_no_decision_of_the_centre():
    order = OrderEvents().assigned(local("11-23 09:00"), "zhujian").submitted(local("11-23 10:00"), "zhujian")
    order.not_sent(local("11-23 11:00"), "zhujian").approved(local("11-23 11:00"), "zhujian")

    assert of_unit(order, "zhujian") == {"assigned": "11-23", "first_passes": "11-23"}


def test_a_test_order_counts_for_nothing():
    order = OrderEvents().received(local("11-23 09:00"), is_test=True).assigned(local("11-23 10:00"), "zhujian")

    assert counted(order.breached(local("11-27 00:00"), "zhujian")) == {}


@pytest.mark.parametrize(
    ("counts", "weights", "expected"),
    [
        ({}, SOLVED_WEIGHTS, (0, 0, None)),
        ({Measure.UNSOLVED: 2}, SOLVED_WEIGHTS, (0, 2, 0.0)),
        ({Measure.SOLVED: 1, Measure.MOSTLY_SOLVED: 1, Measure.UNSOLVED: 1}, SOLVED_WEIGHTS, (2, 3, 0.6667)),
        ({Measure.SATISFIED: 1, Measure.SOLVED: 9}, SATISFIED_WEIGHTS, (1, 1, 1.0)),
        ({Measure.FIRST_PASSES: 1, Measure.FIRST_FAILS: 3}, FIRST_PASS_WEIGHTS, (1, 4, 0.25)),
    ],
)
def test_a_rate_shows_what_it_is_made_of_and_none_without_a_denominator(
    counts: dict[Measure, int], weights: dict[Measure, int], expected: tuple[int, int, float | None]
):
    assert rate_of(counts, weights) == expected


@pytest.mark.parametrize(
    ("text", "first_on"),
    [("2026-W01", date(2025, 12, 29)), ("2026-W48", date(2026, 11, 23)), ("2026-W53", date(2026, 12, 28))],
)
def test_a_week_runs_from_monday_to_sunday_also_across_the_year(text: str, first_on: date):
    week = Week.parse(text)

    assert (week.first_on(), week.last_on()) == (first_on, first_on + timedelta(days=6))
    assert Week.of(week.first_on()) == Week.of(week.last_on()) == week
    assert str(week) == text
    assert Week.of(week.first_on() - timedelta(days=1)) == week.before(1)


@pytest.mark.parametrize(
    "text", ["2025-W53", "2026-W00", "2026-W54", "1999-W52", "2100-W01", "2026-48", "", "２０２６-W48"]
)
def test_there_is_no_such_week(text: str):
    with pytest.raises(BadWeek) as refused:
        Week.parse(text)

    assert refused.value.week == text


def test_midnight_in_yantai_begins_the_new_day():
    assert local_day(local("11-23 00:00")) == date(2026, 11, 23)
    assert local_day(local("11-23 00:00") - timedelta(microseconds=1)) == date(2026, 11, 22)


@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=1, max_value=6))
@settings(max_examples=300, deadline=None)
def test_however_events_are_mixed_and_cut_the_changes_add_up_to_the_recount(seed: int, many: int):
    random = Random(seed)
    events = list(interleaved([random_order(random) for _ in range(many)], random))
    running: Counter[FigureKey] = Counter()
    known: dict[str, list[Fact]] = {}
    for event in events:
        if (fact := fact_of(event)) is None:
            continue
        before = known.setdefault(fact.order_id, [])
        for key, count in difference(figures_of(before), figures_of([*before, fact])).items():
            running[key] += count
        before.append(fact)

    found = {(key.unit, key.day.isoformat(), key.measure.value): count for key, count in running.items() if count}
    assert found == dict(recount(events))


@given(st.integers(min_value=0, max_value=2**32))
@settings(max_examples=100, deadline=None)
def test_the_units_add_up_to_the_district_except_for_what_no_unit_has_yet(seed: int):
    order = random_order(Random(seed))
    district: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for (unit, _, measure), count in counted(order).items():
        (units if unit else district)[measure] += count
    nobody_has_it = not any(event.type == "order.assigned.v1" for event in order.events)
    for measure in district.keys() | units.keys():
        if not nobody_has_it:
            assert units[measure] == district[measure]
    assert nobody_has_it <= (not units)


@pytest.mark.clause("S1.2.2c")
def test_a_late_first_reply_is_a_figure_of_its_own_beside_the_order_that_is_late():
    answered_late = OrderEvents().breached(local("11-26 00:00"), "zhujian", kind="first_reply", clock="f")
    assert of_unit(answered_late, "zhujian") == of_unit(answered_late, DISTRICT) == {"first_reply_overdue": "11-25"}

    both = answered_late.breached(local("12-11 00:00"), "zhujian", clock="z")
    assert of_unit(both, "zhujian") == {"first_reply_overdue": "11-25", "overdue": "12-10"}

    # A calendar that moves the first deadline excuses that breach and leaves the other.
    excused = both.excused(local("11-27 00:00"), "f", "first_reply")
    assert of_unit(excused, "zhujian") == {"overdue": "12-10"}


@pytest.mark.clause("S1.2.2c")
def test_an_order_that_was_answered_in_time_and_never_finished_is_late_in_one_figure_only():
    assert of_unit(OrderEvents().breached(local("12-11 00:00"), "zhujian"), "zhujian") == {"overdue": "12-10"}

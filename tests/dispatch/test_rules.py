"""The rules at their boundaries: last minute in, one minute late, each missing part."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from services.dispatch.accounts.errors import PasswordUnfit, RolesUnfit
from services.dispatch.accounts.rules import check_password, check_roles
from services.dispatch.assigning.errors import (
    DecisionNotYours,
    DeterminedOutside,
    PanelDecisionNeeded,
    ReassignReasonMissing,
    SameUnit,
)
from services.dispatch.assigning.rules import cause_of, check_assignment, is_confirmed
from services.dispatch.closing.model import Revisit
from services.dispatch.closing.rules import revisit_verdict
from services.dispatch.desk.rules import moves_of
from services.dispatch.directory.errors import UnitNotReady
from services.dispatch.directory.model import Duty, Profile, Readiness
from services.dispatch.directory.rules import check_unit_ready
from services.dispatch.handling.errors import ContactIncomplete, ContactOutside, PromiseNotAhead, PromiseTooFar
from services.dispatch.handling.model import Contact
from services.dispatch.handling.rules import (
    check_contact,
    check_promise,
    contact_counts,
    next_attempt_at,
    separate_attempts,
    why_not_counted,
)
from services.dispatch.orders.errors import IllegalMove
from services.dispatch.orders.model import ENDED, MOVE_TITLES, STATUS_TITLES, Case, Move, Status
from services.dispatch.orders.rules import MOVES, OPERATIONS, after
from services.dispatch.recommending.model import AcceptedReturn, Demand, Experience
from services.dispatch.recommending.rules import catalogue_of, recommend
from services.dispatch.replies.errors import (
    DispositionNotOffered,
    EvidenceMissing,
    ExplanationIncomplete,
    PlanIncomplete,
    PlanOutside,
    ReplyContactAhead,
    ReplyIncomplete,
    ResultContactMissing,
    StatementMissing,
)
from services.dispatch.replies.model import Reply
from services.dispatch.replies.rules import check_plan, check_reply
from services.dispatch.returns.errors import (
    RejectionReasonMissing,
    ReturnedBefore,
    ReturnForbidden,
    ReturnIncomplete,
    ReturnWindowClosed,
)
from services.dispatch.returns.model import ReturnRequest
from services.dispatch.returns.rules import accepted_return, check_return, check_return_decision, window_closes_at
from services.dispatch.rulesets.policy import CIRCULAR_2022, RuleSet
from services.dispatch.rulesets.rules import rule_set_of
from services.sla.rulesets.policy import CIRCULAR_2022 as SLAS
from services.sla.rulesets.rules import numbers_of
from shared.access import ACCESS
from shared.calendar import statutory_calendar
from shared.files.stored import StoredFile
from shared.identity import Person, Role

CALENDAR = statutory_calendar()
OTHER_RULES = rule_set_of(
    "circular-2027", {"return_window": {"count": 2, "warning": 1}, "plan": 60, "returns_to_panel": 3}
)
YANTAI = timezone(timedelta(hours=8))
MONDAY_0900 = datetime(2026, 11, 23, 9, 0, tzinfo=YANTAI)
FILE = StoredFile("0" * 64, 5, "application/pdf", "a.pdf")
CASE = Case(
    status=Status.HANDLING,
    unit="urban",
    level="municipal",
    scheme="ordinary",
    received_at=MONDAY_0900 - timedelta(hours=1),
    assigned_at=MONDAY_0900,
    first_assigned_at=MONDAY_0900,
    no_return=False,
    returned_by=(),
    answered_by=(),
    returns=0,
    turn_at=MONDAY_0900,
    counted_contacts=1,
)
RETURN = ReturnRequest("不属于本单位职责", "三定方案", "water", (FILE,))
CONTACT = Contact("reached", MONDAY_0900 + timedelta(minutes=5), "0535-1", "王科员", "已核实", None)
REPLY = Reply(
    disposition="solved",
    contact_person="王科员",
    contact_at=MONDAY_0900 + timedelta(minutes=5),
    contact_phone="0535-1",
    findings="已清运",
    satisfaction="satisfied",
    remarks=None,
    statement=None,
    legal_basis=None,
    site_record=None,
    plan_on=None,
    demand_version=None,
    evidence=(),
)
LATER = MONDAY_0900 + timedelta(hours=1)


def without(record: Any, part: str, nothing: object = None) -> Any:
    """The same request with one part left out."""
    return replace(record, **{part: nothing})


# --- the table of moves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "move"), [*product(Status, Move)])
def test_what_is_not_in_the_table_is_refused_by_name(status: Status, move: Move) -> None:
    if (status, move) in MOVES:
        assert after(status, move) is MOVES[status, move]
        return

    with pytest.raises(IllegalMove) as refused:
        after(status, move)

    assert (refused.value.order_status, refused.value.move) == (status, move)


def test_every_status_and_move_has_a_title_and_every_status_can_be_reached() -> None:
    assert set(STATUS_TITLES) == set(Status)
    assert set(MOVE_TITLES) == set(Move)
    assert {status for status, _ in MOVES} | ENDED == set(Status)
    assert set(MOVES.values()) | {Status.TRIAGE} == set(Status)


def test_a_cancelled_order_is_at_its_end_and_a_closed_one_may_only_be_reopened() -> None:
    assert [move for status, move in MOVES if status is Status.CANCELLED] == []
    assert [move for status, move in MOVES if status is Status.CLOSED] == [Move.REOPEN]


def moves_shown(
    case: Case, roles: set[str], unit: str | None, *, rules: RuleSet = CIRCULAR_2022, now: datetime = LATER
) -> tuple[Move, ...]:
    """What a person of these roles is offered, by the table of access."""
    person = Person(account="p", name="p", roles=frozenset(map(Role, roles)), unit=unit)
    allowed = {move for move, name in OPERATIONS.items() if ACCESS["dispatch"][name].allows(person)}
    return moves_of(case, allowed, unit, roles=person.roles, rules=rules, now=now, calendar=CALENDAR).can


@pytest.mark.parametrize(
    ("status", "roles", "unit", "can"),
    [
        (Status.TRIAGE, {"dispatcher"}, None, [Move.ASSIGN]),
        (Status.TRIAGE, {"caseworker"}, "urban", []),
        (Status.CONSULT, {"dispatcher"}, None, []),
        (Status.CONSULT, {"centre_head"}, None, [Move.ASSIGN]),
        (Status.ASSIGNED, {"dispatcher"}, None, [Move.REASSIGN]),
        (Status.ASSIGNED, {"caseworker"}, "urban", [Move.ACCEPT, Move.CONTACT, Move.NOTE, Move.REQUEST_RETURN]),
        (Status.ASSIGNED, {"caseworker"}, "water", []),
        (Status.HANDLING, {"unit_head"}, "urban", [Move.REQUEST_RETURN]),
        (Status.RETURN_PENDING, {"dispatcher"}, None, [Move.ACCEPT_RETURN, Move.REJECT_RETURN]),
        (Status.REWORK, {"caseworker"}, "urban", [Move.CONTACT, Move.NOTE, Move.SUBMIT]),
        (Status.CENTRE_REVIEW, {"reviewer"}, None, []),
        (Status.CLOSED, {"dispatcher", "centre_head"}, None, []),
    ],
)
def test_what_a_person_can_do_depends_on_role_unit_and_state(
    status: Status, roles: set[str], unit: str | None, can: list[Move]
) -> None:
    shown = moves_shown(replace(CASE, status=status), roles, unit)

    assert list(shown) == can


def test_a_return_is_not_offered_after_its_window() -> None:
    late = window_closes_at(MONDAY_0900, CIRCULAR_2022, CALENDAR) + timedelta(minutes=1)

    assert Move.REQUEST_RETURN not in moves_shown(CASE, {"caseworker"}, "urban", now=late)


@pytest.mark.clause("S3.1h")
@pytest.mark.parametrize(("returns", "move"), [(1, Move.ACCEPT_RETURN), (2, Move.CALL_PANEL), (3, Move.CALL_PANEL)])
def test_the_second_accepted_return_calls_the_panel(returns: int, move: Move) -> None:
    assert accepted_return(returns, CIRCULAR_2022) is move


@pytest.mark.clause("X3", "S3.1h")
@pytest.mark.parametrize(
    ("most", "returns", "panels"), [(1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False), (3, 3, True)]
)
def test_the_panel_is_called_by_the_number_of_the_orders_own_rule_set(most: int, returns: int, panels: bool) -> None:
    rules = replace(CIRCULAR_2022, returns_to_panel=CIRCULAR_2022.returns_to_panel._replace(value=most))
    at_unit = replace(CASE, returns=returns)

    assert accepted_return(returns, rules) is (Move.CALL_PANEL if panels else Move.ACCEPT_RETURN)
    if panels:
        with pytest.raises(PanelDecisionNeeded):
            _check(at_unit, rules=rules, reason="改派")
    else:
        _check(at_unit, rules=rules, reason="改派")


@pytest.mark.clause("X3")
def test_each_number_of_a_published_rule_set_keeps_its_clause() -> None:
    rules = OTHER_RULES

    assert (rules.return_window.value, rules.plan.value, rules.returns_to_panel.value) == (2, 60, 3)
    assert [figure.clause for figure in (rules.return_window, rules.plan, rules.returns_to_panel)] == [
        "S2.2.1f",
        "S2.2.2e",
        "S3.1h",
    ]


@pytest.mark.clause("X3")
def test_the_built_in_rule_set_is_the_same_in_dispatch_and_sla() -> None:
    told = rule_set_of(SLAS.version, {number.name: number.value for number in numbers_of(SLAS)})

    assert told == CIRCULAR_2022


@pytest.mark.parametrize(
    ("valid", "solved", "satisfied", "earlier", "verdict"),
    [
        (True, "solved", "satisfied", set(), "close"),
        (True, "mostly_solved", "mostly_satisfied", set(), "close"),
        (True, "unsolved", "satisfied", set(), "unsolved"),
        (True, "solved", "unsatisfied", set(), "unsatisfied"),
        (True, None, "satisfied", set(), "failed"),
        (False, None, None, set(), "failed"),
        (False, None, None, {"2026-11-23"}, "failed"),
        (False, None, None, {"2026-11-22"}, "close"),
    ],
)
def test_a_revisit_has_one_verdict(
    valid: bool, solved: str | None, satisfied: str | None, earlier: set[str], verdict: str
) -> None:
    assert revisit_verdict(Revisit(valid, solved, satisfied, MONDAY_0900), earlier) == verdict


def test_the_day_of_a_revisit_is_counted_in_yantai() -> None:
    # 23:30 UTC of the 22nd is 07:30 of the 23rd in Yantai.
    night = Revisit(False, None, None, datetime(2026, 11, 22, 23, 30, tzinfo=UTC))

    assert revisit_verdict(night, {"2026-11-23"}) == "failed"


# --- returns ----------------------------------------------------------------------------------------------------------


@pytest.mark.clause("S2.2.1f")
@pytest.mark.parametrize(
    ("assigned_at", "closes_at"),
    [
        (datetime(2026, 11, 23, 9, 0, tzinfo=YANTAI), datetime(2026, 11, 25, 0, 0, tzinfo=YANTAI)),
        (datetime(2026, 11, 27, 7, 30, tzinfo=YANTAI), datetime(2026, 12, 1, 0, 0, tzinfo=YANTAI)),  # a Friday morning
        (datetime(2026, 11, 28, 0, 30, tzinfo=YANTAI), datetime(2026, 12, 1, 0, 0, tzinfo=YANTAI)),  # a Saturday
        (datetime(2026, 9, 30, 23, 59, tzinfo=YANTAI), datetime(2026, 10, 9, 0, 0, tzinfo=YANTAI)),  # before 国庆
    ],
)
def test_the_window_ends_with_the_first_working_day_after_the_assignment(
    assigned_at: datetime, closes_at: datetime
) -> None:
    case = replace(CASE, assigned_at=assigned_at)

    assert window_closes_at(assigned_at, CIRCULAR_2022, CALENDAR) == closes_at
    check_return(case, RETURN, rules=CIRCULAR_2022, now=closes_at - timedelta(minutes=1), calendar=CALENDAR)
    with pytest.raises(ReturnWindowClosed) as refused:
        check_return(case, RETURN, rules=CIRCULAR_2022, now=closes_at + timedelta(minutes=1), calendar=CALENDAR)
    assert (refused.value.closed_at, refused.value.workdays) == (closes_at, 1)


@pytest.mark.clause("X3", "S2.2.1f")
@pytest.mark.parametrize(
    ("rules", "day", "taken"),
    [
        (CIRCULAR_2022, date(2026, 11, 24), True),
        (CIRCULAR_2022, date(2026, 11, 25), False),
        (OTHER_RULES, date(2026, 11, 25), True),
        (OTHER_RULES, date(2026, 11, 26), False),
    ],
)
def test_the_window_has_the_working_days_of_the_orders_own_rule_set(rules: RuleSet, day: date, taken: bool) -> None:
    last_minute = datetime(day.year, day.month, day.day, 23, 59, tzinfo=YANTAI)
    first_minute = last_minute.replace(hour=0, minute=1)
    shown = moves_shown(CASE, {"caseworker"}, "urban", rules=rules, now=last_minute)

    assert (Move.REQUEST_RETURN in shown) is taken
    if taken:
        check_return(CASE, RETURN, rules=rules, now=last_minute, calendar=CALENDAR)
    else:
        with pytest.raises(ReturnWindowClosed) as refused:
            check_return(CASE, RETURN, rules=rules, now=first_minute, calendar=CALENDAR)
        assert (refused.value.workdays, refused.value.clause) == (rules.return_window.value, "S2.2.1f")
        assert f"（{rules.return_window.value} 个工作日）" in refused.value.message


@pytest.mark.clause("S2.2.1g")
@pytest.mark.parametrize("part", ["reason", "policy_basis", "suggested_unit", "materials"])
def test_a_return_without_one_of_its_parts_names_it(part: str) -> None:
    request = without(RETURN, part, () if part == "materials" else None)

    with pytest.raises(ReturnIncomplete) as refused:
        check_return(CASE, request, rules=CIRCULAR_2022, now=LATER, calendar=CALENDAR)

    assert refused.value.missing == (part,)


@pytest.mark.clause("S3.1d")
def test_a_confirmed_order_is_not_returned() -> None:
    with pytest.raises(ReturnForbidden):
        check_return(replace(CASE, no_return=True), RETURN, rules=CIRCULAR_2022, now=LATER, calendar=CALENDAR)


@pytest.mark.clause("S3.1b")
def test_a_unit_returns_an_order_once() -> None:
    with pytest.raises(ReturnedBefore):
        check_return(replace(CASE, returned_by=("urban",)), RETURN, rules=CIRCULAR_2022, now=LATER, calendar=CALENDAR)
    check_return(replace(CASE, returned_by=("water",)), RETURN, rules=CIRCULAR_2022, now=LATER, calendar=CALENDAR)


@pytest.mark.clause("S2.2.1i")
def test_a_rejection_needs_a_reason_and_an_acceptance_does_not() -> None:
    check_return_decision(accepted=True, reason=None)
    check_return_decision(accepted=False, reason="属本单位职责")
    with pytest.raises(RejectionReasonMissing):
        check_return_decision(accepted=False, reason=None)


# --- assignment -------------------------------------------------------------------------------------------------------


def _check(case: Case, **changes: Any) -> None:
    usual: dict[str, Any] = {
        "unit": "water",
        "roles": {"dispatcher"},
        "determined_at": LATER,
        "reason": None,
        "decision": None,
        "rules": CIRCULAR_2022,
        "now": LATER,
    }
    check_assignment(case, **(usual | changes))


TRIAGE = replace(CASE, status=Status.TRIAGE, unit=None, assigned_at=None)


@pytest.mark.clause("S4.1a")
@pytest.mark.parametrize(
    ("part", "nothing"),
    [("active", False), ("first_responsible", ""), ("deputy", ""), ("office", ""), ("caseworkers", 0)],
)
def test_a_unit_that_lacks_one_of_its_people_is_not_assigned_to(part: str, nothing: object) -> None:
    ready = Readiness(active=True, first_responsible="张", deputy="李", office="办公室", caseworkers=1)
    check_unit_ready("urban", ready)

    with pytest.raises(UnitNotReady) as refused:
        check_unit_ready("urban", without(ready, part, nothing))

    assert refused.value.missing == (part,)


@pytest.mark.clause("S3.1h")
def test_after_two_returns_only_the_head_of_the_centre_assigns_and_with_the_decision() -> None:
    consult = replace(TRIAGE, status=Status.CONSULT, returns=2)

    with pytest.raises(PanelDecisionNeeded):
        _check(consult, roles={"dispatcher"})
    with pytest.raises(PanelDecisionNeeded):
        _check(consult, roles={"centre_head"})
    with pytest.raises(DecisionNotYours):
        _check(consult, roles={"dispatcher"}, decision="研判第7号")
    _check(consult, roles={"centre_head"}, decision="研判第7号")


@pytest.mark.clause("S2.2.1h")
def test_the_centre_takes_an_order_away_with_a_reason_and_not_for_the_same_unit() -> None:
    with pytest.raises(ReassignReasonMissing):
        _check(CASE)
    with pytest.raises(SameUnit):
        _check(CASE, unit="urban", reason="改派")
    _check(CASE, reason="职责在供水部门")


@pytest.mark.clause("S2.1b")
@pytest.mark.parametrize(
    ("determined_at", "fits"),
    [
        (CASE.received_at - timedelta(minutes=1), False),
        (CASE.received_at, True),
        (LATER, True),
        (LATER + timedelta(minutes=1), False),
    ],
)
def test_the_unit_is_determined_between_receipt_and_now(determined_at: datetime, fits: bool) -> None:
    if fits:
        _check(TRIAGE, determined_at=determined_at)
    else:
        with pytest.raises(DeterminedOutside):
            _check(TRIAGE, determined_at=determined_at)


@pytest.mark.clause("S3.1a")
def test_the_cause_of_an_assignment_is_known() -> None:
    assert cause_of(TRIAGE, assigned_before=False) == "first"
    assert cause_of(TRIAGE, assigned_before=True) == "returned"
    assert cause_of(CASE, assigned_before=True) == "reassigned"


@pytest.mark.clause("S3.1d")
@pytest.mark.parametrize(
    ("changes", "unit", "decision", "confirmed"),
    [
        ({}, "water", None, False),
        ({}, "water", "研判第7号", True),
        ({"returned_by": ("urban",)}, "urban", None, True),
        ({"returned_by": ("urban",)}, "water", None, False),
        ({"answered_by": ("urban",)}, "urban", None, True),
        ({"answered_by": ("urban",)}, "water", None, False),
        ({"no_return": True}, "water", None, True),
    ],
)
def test_what_the_centre_confirmed_cannot_be_returned(
    changes: dict[str, Any], unit: str, decision: str | None, confirmed: bool
) -> None:
    assert is_confirmed(replace(TRIAGE, **changes), unit, decision) is confirmed


# --- contact and reply ------------------------------------------------------------------------------------------------


@pytest.mark.clause("S1.2.2d")
@pytest.mark.parametrize(
    ("outcome", "part", "needed"),
    [
        ("reached", "phone", True),
        ("reached", "person", True),
        ("reached", "content", True),
        ("refused", "content", True),
        ("not_reached", "phone", True),
        ("not_reached", "content", False),
        ("not_reached", "person", False),
    ],
)
def test_a_contact_without_a_part_names_it(outcome: Any, part: str, needed: bool) -> None:
    contact = without(replace(CONTACT, outcome=outcome), part)
    if not needed:
        check_contact(CASE, contact, now=LATER, calendar=CALENDAR)
        return

    with pytest.raises(ContactIncomplete) as refused:
        check_contact(CASE, contact, now=LATER, calendar=CALENDAR)

    assert refused.value.missing == (part,)


@pytest.mark.clause("S2.2.1b")
@pytest.mark.parametrize(
    ("contacted_at", "fits"),
    [
        (MONDAY_0900 - timedelta(minutes=1), False),
        (MONDAY_0900, True),
        (LATER, True),
        (LATER + timedelta(seconds=1), False),
    ],
)
def test_a_contact_is_between_the_assignment_and_now(contacted_at: datetime, fits: bool) -> None:
    # The order was assigned in the middle of the minute; people write down the minute.
    case = replace(CASE, turn_at=MONDAY_0900 + timedelta(seconds=30))
    contact = replace(CONTACT, contacted_at=contacted_at)
    if fits:
        check_contact(case, contact, now=LATER, calendar=CALENDAR)
    else:
        with pytest.raises(ContactOutside):
            check_contact(case, contact, now=LATER, calendar=CALENDAR)


@pytest.mark.clause("S2.2.1b")
@pytest.mark.parametrize(
    ("outcome", "failed", "separate", "counts"),
    [
        ("reached", 0, True, True),
        ("refused", 0, True, True),
        ("not_reached", 1, True, False),
        ("not_reached", 2, True, True),
        ("not_reached", 1, False, False),
        ("not_reached", 2, False, False),
    ],
)
def test_one_failed_attempt_does_not_count_and_the_second_does(
    outcome: str, failed: int, separate: bool, counts: bool
) -> None:
    assert contact_counts(outcome, failed, separate=separate) is counts


NINE = timedelta(minutes=9, seconds=59)
TEN = timedelta(minutes=10)


@pytest.mark.clause("S2.2.1b")
@pytest.mark.parametrize(
    ("after", "attempts"),
    [
        ([timedelta()], 1),
        ([timedelta(), timedelta()], 1),
        ([timedelta(), timedelta(seconds=1)], 1),
        ([timedelta(), NINE], 1),
        ([timedelta(), TEN], 2),
        ([TEN, timedelta()], 2),
        # Each is compared with the last that was counted, and not with the last call.
        ([timedelta(), timedelta(minutes=5), TEN], 2),
        ([timedelta(), TEN, timedelta(minutes=15), timedelta(minutes=20)], 3),
        ([timedelta(minutes=5), timedelta(minutes=10), timedelta()], 2),
        # People write down the minute: the seconds of the first call do not make the second one too early.
        ([timedelta(seconds=59), TEN], 2),
    ],
)
def test_failed_calls_less_than_ten_minutes_apart_are_one_attempt(after: list[timedelta], attempts: int) -> None:
    assert len(separate_attempts(MONDAY_0900 + each for each in after)) == attempts


@pytest.mark.clause("S2.2.1b")
def test_the_next_attempt_counts_ten_minutes_after_the_last_that_counted() -> None:
    assert next_attempt_at([MONDAY_0900, MONDAY_0900 + NINE]) == MONDAY_0900 + TEN
    assert next_attempt_at([MONDAY_0900 + TEN, MONDAY_0900]) == MONDAY_0900 + 2 * TEN


@pytest.mark.clause("S2.2.1b")
@pytest.mark.parametrize(("separate", "code"), [(True, "attempt_failed"), (False, "attempt_too_soon")])
def test_a_failed_call_that_does_not_count_is_told_from_when_the_next_does(separate: bool, code: str) -> None:
    told, words = why_not_counted(separate=separate, next_at=MONDAY_0900 + TEN)

    assert told == code
    assert "2026-11-23 09:10 起" in words


@pytest.mark.clause("S2.2.1d")
def test_a_promised_contact_is_in_the_future() -> None:
    check_promise(LATER + timedelta(seconds=1), now=LATER, calendar=CALENDAR)
    with pytest.raises(PromiseNotAhead):
        check_promise(LATER, now=LATER, calendar=CALENDAR)
    with pytest.raises(PromiseNotAhead):
        check_contact(CASE, replace(CONTACT, promised_at=LATER), now=LATER, calendar=CALENDAR)


@pytest.mark.clause("S2.2.1d")
@pytest.mark.parametrize(
    ("now", "latest_on"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=YANTAI), date(2026, 12, 10)),
        (datetime(2026, 11, 23, 23, 59, tzinfo=YANTAI), date(2026, 12, 10)),
        (datetime(2026, 9, 19, 10, 0, tzinfo=YANTAI), date(2026, 10, 13)),  # two make-up days and both holidays between
    ],
)
def test_a_promised_contact_is_at_most_thirteen_working_days_ahead(now: datetime, latest_on: date) -> None:
    midnight = datetime(latest_on.year, latest_on.month, latest_on.day, tzinfo=YANTAI) + timedelta(days=1)
    contact = replace(CONTACT, contacted_at=now)
    case = replace(CASE, turn_at=now)

    check_promise(midnight, now=now, calendar=CALENDAR)
    check_contact(case, replace(contact, promised_at=midnight), now=now, calendar=CALENDAR)
    for late in (midnight + timedelta(seconds=1), datetime(2037, 1, 1, tzinfo=YANTAI)):
        with pytest.raises(PromiseTooFar) as refused:
            check_promise(late, now=now, calendar=CALENDAR)
        with pytest.raises(PromiseTooFar):
            check_contact(case, replace(contact, promised_at=late), now=now, calendar=CALENDAR)
        assert (refused.value.clause, refused.value.latest_on) == ("S2.2.1d", latest_on)


@pytest.mark.clause("S2.2.3b")
@pytest.mark.parametrize("element", ["contact_person", "contact_at", "contact_phone", "findings", "satisfaction"])
def test_a_reply_without_one_of_its_five_elements_names_it(element: str) -> None:
    with pytest.raises(ReplyIncomplete) as refused:
        check_reply(CASE, without(REPLY, element), now=LATER)

    assert refused.value.missing == (element,)


@pytest.mark.clause("S2.2.3b")
def test_the_contact_of_a_reply_has_happened() -> None:
    with pytest.raises(ReplyContactAhead):
        check_reply(CASE, replace(REPLY, contact_at=LATER + timedelta(minutes=1)), now=LATER)


@pytest.mark.clause("S2.2.3a")
def test_a_reply_without_a_contact_that_counts_is_refused() -> None:
    check_reply(CASE, REPLY, now=LATER)
    with pytest.raises(ResultContactMissing):
        check_reply(replace(CASE, counted_contacts=0), REPLY, now=LATER)


@pytest.mark.clause("S2.2.2b")
def test_outside_acceptance_needs_its_statement() -> None:
    reply = replace(REPLY, disposition="out_of_scope")

    check_reply(CASE, replace(reply, statement="属涉法涉诉事项"), now=LATER)
    with pytest.raises(StatementMissing):
        check_reply(CASE, reply, now=LATER)


@pytest.mark.clause("S2.2.2c")
def test_not_true_needs_evidence() -> None:
    reply = replace(REPLY, disposition="not_true")

    check_reply(CASE, replace(reply, evidence=(FILE,)), now=LATER)
    with pytest.raises(EvidenceMissing):
        check_reply(CASE, reply, now=LATER)


@pytest.mark.clause("S2.2.2d")
@pytest.mark.parametrize("part", ["legal_basis", "site_record"])
def test_an_explanation_needs_the_law_and_the_visit(part: str) -> None:
    reply = replace(REPLY, disposition="explanation", legal_basis="民法典", site_record="现场核查")

    check_reply(CASE, reply, now=LATER)
    with pytest.raises(ExplanationIncomplete) as refused:
        check_reply(CASE, without(reply, part), now=LATER)
    assert refused.value.missing == (part,)


@pytest.mark.clause("S2.2.2e")
@pytest.mark.parametrize(
    ("plan_on", "fits"),
    [
        (date(2026, 11, 22), False),  # yesterday
        (date(2026, 11, 23), False),  # today: its day would come at once
        (date(2026, 11, 24), True),
        (date(2027, 2, 21), True),  # day 90
        (date(2027, 2, 22), False),  # day 91
    ],
)
def test_a_plan_ends_within_ninety_days_of_the_first_assignment(plan_on: date, fits: bool) -> None:
    # A later assignment does not move the ninety days.
    case = replace(CASE, assigned_at=MONDAY_0900 + timedelta(days=3))
    if fits:
        check_plan(case, plan_on, rules=CIRCULAR_2022, now=LATER)
    else:
        with pytest.raises(PlanOutside) as refused:
            check_plan(case, plan_on, rules=CIRCULAR_2022, now=LATER)
        assert (refused.value.earliest_on, refused.value.latest_on) == (date(2026, 11, 24), date(2027, 2, 21))


@pytest.mark.clause("X3", "S2.2.2e")
@pytest.mark.parametrize(
    ("plan_on", "fits"),
    [(date(2026, 11, 23), False), (date(2026, 11, 24), True), (date(2027, 1, 22), True), (date(2027, 1, 23), False)],
)
def test_the_latest_day_of_a_plan_follows_the_rule_set_of_the_order(plan_on: date, fits: bool) -> None:
    if fits:
        check_plan(CASE, plan_on, rules=OTHER_RULES, now=LATER)
    else:
        with pytest.raises(PlanOutside) as refused:
            check_plan(CASE, plan_on, rules=OTHER_RULES, now=LATER)
        assert (refused.value.latest_on, refused.value.days) == (date(2027, 1, 22), 60)
        assert "不超过 60 天" in refused.value.message


@pytest.mark.clause("S2.2.2e")
@pytest.mark.parametrize("part", ["legal_basis", "plan_on"])
def test_a_plan_needs_the_law_and_a_date(part: str) -> None:
    reply = replace(REPLY, disposition="planned", legal_basis="条例", plan_on=date(2026, 12, 1))

    with pytest.raises(PlanIncomplete) as refused:
        check_reply(CASE, without(reply, part), now=LATER)
    assert refused.value.missing == (part,)


@pytest.mark.clause("S2.2.2g")
@pytest.mark.parametrize("disposition", ["explanation", "planned"])
@pytest.mark.parametrize(
    ("level", "scheme", "offered"),
    [
        ("municipal", "ordinary", True),
        ("provincial", "ordinary", True),
        ("provincial", "enterprise_fast", False),
        ("national", "national_report", False),
        ("national", "ordinary", False),
    ],
)
def test_explanation_and_plan_are_offered_to_ordinary_orders_only(
    disposition: Any, level: Any, scheme: Any, offered: bool
) -> None:
    reply = replace(
        REPLY, disposition=disposition, legal_basis="条例", site_record="现场核查", plan_on=date(2026, 12, 1)
    )
    case = replace(CASE, level=level, scheme=scheme)
    if offered:
        check_reply(case, reply, now=LATER)
    else:
        with pytest.raises(DispositionNotOffered):
            check_reply(case, reply, now=LATER)


# --- roles, passwords --------------------------------------------------------------------------------------------------


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize(
    ("roles", "unit", "fits"),
    [
        ({"caseworker"}, "urban", True),
        ({"caseworker", "unit_head"}, "urban", True),
        ({"dispatcher", "reviewer"}, None, True),
        ({"caseworker"}, None, False),
        ({"dispatcher"}, "urban", False),
        ({"dispatcher", "caseworker"}, "urban", False),
        ({"system"}, None, False),
        (set(), None, False),
    ],
)
def test_unit_roles_and_a_unit_go_together(roles: set[str], unit: str | None, fits: bool) -> None:
    if fits:
        check_roles(roles, unit)
    else:
        with pytest.raises(RolesUnfit):
            check_roles(roles, unit)


@pytest.mark.parametrize(
    ("password", "fits"), [("long-enough", True), ("1234567", False), ("12345678", True), ("x-Wang.Li-1", False)]
)
def test_a_password_is_long_enough_and_not_the_name(password: str, fits: bool) -> None:
    if fits:
        check_password("wang.li", password)
    else:
        with pytest.raises(PasswordUnfit):
            check_password("wang.li", password)


# --- recommendation ---------------------------------------------------------------------------------------------------

UNITS = (
    Profile("a-idle", "甲", "department", ()),
    Profile("urban", "城管", "department", (Duty("市容环境卫生", "duty", ("垃圾", "占道")),)),
    Profile("water", "水务", "department", (Duty("供水行业管理", "industry", ("停水",)),)),
    Profile("chujia", "初家街道", "street", (Duty("辖区事务", "territory", (), ("初家街道",)),)),
)


CATALOGUE = catalogue_of(UNITS)


def _codes(demand: Demand, category: str = "其他", street: str | None = None, **more: Any) -> list[str]:
    known = {"catalogue": CATALOGUE, "experience": (), **more}
    found = recommend(demand, category=category, street=street, **known)
    return [candidate.unit for candidate in found]


@pytest.mark.clause("S2.1a")
def test_a_keyword_weighs_more_than_a_street() -> None:
    found = recommend(
        Demand("垃圾成堆", "楼下垃圾"), category="其他", street="初家街道", catalogue=CATALOGUE, experience=()
    )

    assert [(c.unit, c.basis) for c in found[:2]] == [("urban", "duty"), ("chujia", "territory")]
    assert "垃圾" in found[0].evidence[0].text


@pytest.mark.clause("S2.1a")
def test_there_are_three_candidates_each_with_evidence_whatever_the_order_says() -> None:
    found = recommend(Demand("你好", "谢谢"), category="其他", street=None, catalogue=CATALOGUE, experience=())

    assert len(found) == 3
    assert all(candidate.evidence for candidate in found)
    assert [candidate.score for candidate in found] == [0, 0, 0]


@pytest.mark.clause("S2.1a")
def test_a_unit_that_closed_similar_orders_is_recommended_with_the_last_of_them() -> None:
    found = recommend(
        Demand("你好", "谢谢"),
        category="其他",
        street=None,
        catalogue=CATALOGUE,
        experience=(Experience("water", 15, "order-9"),),
    )

    assert found[0].unit == "water"
    assert (found[0].evidence[0].kind, found[0].evidence[0].order_id) == ("similar_orders", "order-9")
    assert "order-9" not in found[0].evidence[0].text


@pytest.mark.clause("S2.1a")
def test_a_word_that_many_units_have_does_not_win_over_the_duty_of_one() -> None:
    general = ("小区", "村", "路灯", "居民")
    streets = ("初家街道", "黄海路街道", "滨海路街道")
    catalogue = catalogue_of(
        (
            Profile("zhujian", "住建", "department", (Duty("供热供气", "duty", ("供暖",)),)),
            *(Profile(name, name, "street", (Duty("属地管理", "territory", general, (name,)),)) for name in streets),
        )
    )
    demand = Demand("小区居民反映供暖问题", "村里小区的居民家中供暖不热，路灯也不亮")

    found = recommend(demand, category="其他", street="初家街道", catalogue=catalogue, experience=())

    assert [(one.unit, one.basis) for one in found[:2]] == [("zhujian", "duty"), ("初家街道", "territory")]
    # Each says what was found, also the words that many have.
    assert found[0].evidence[0].text == "职责目录“供热供气”，命中：供暖"
    assert found[1].evidence[1].text == "属地目录“属地管理”，命中：小区、居民、路灯、村"
    # A word of one street alone is that street's.
    own = catalogue_of((*UNITS, Profile("laishan", "莱山街道", "street", (Duty("属地", "territory", ("古树",)),))))
    assert _codes(Demand("古树枯死", ""), catalogue=own)[0] == "laishan"


def test_the_title_weighs_more_than_the_text() -> None:
    assert _codes(Demand("停水", "垃圾"))[:2] == ["water", "urban"]
    assert _codes(Demand("垃圾", "停水"))[:2] == ["urban", "water"]


PROPOSED_WORDS = "回退单位建议"
RETURNED_WORDS = "此单已由该单位回退"
URBAN_TO_WATER = AcceptedReturn("urban", "water")


@pytest.mark.clause("S2.1a", "S2.2.1i")
@pytest.mark.parametrize(
    ("demand", "street", "returned", "ranked"),
    [
        # Nobody else has any duty: the proposed unit, and the two others; who returned the order is not among them.
        (Demand("垃圾成堆", "垃圾"), None, (URBAN_TO_WATER,), ["water", "a-idle", "chujia"]),
        # A street is no duty, whatever it scores.
        (Demand("垃圾成堆", "垃圾"), "初家街道", (URBAN_TO_WATER,), ["water", "chujia", "a-idle"]),
        # One keyword of another's own, in title and text, does not outweigh the proposal.
        (Demand("垃圾", "垃圾"), None, (AcceptedReturn("chujia", "water"),), ["water", "urban", "a-idle"]),
        # Two of them do.
        (Demand("垃圾占道", "垃圾占道"), None, (AcceptedReturn("chujia", "water"),), ["urban", "water", "a-idle"]),
        # Unless the proposed unit has as clear a duty itself.
        (
            Demand("停水，垃圾占道", "停水，垃圾占道"),
            None,
            (AcceptedReturn("chujia", "water"),),
            ["water", "urban", "a-idle"],
        ),
        # The last proposal counts first; an earlier one stays, and who was proposed and returned the order does not.
        (
            Demand("垃圾成堆", ""),
            None,
            (URBAN_TO_WATER, AcceptedReturn("water", "chujia")),
            ["chujia", "a-idle", "urban"],
        ),
        # A proposal that names no unit of the directory (any more) counts for nothing.
        (Demand("垃圾", ""), None, (AcceptedReturn("chujia", "gone"),), ["urban", "a-idle", "water"]),
        # Two proposals that nobody has returned.
        (
            Demand("垃圾", ""),
            None,
            (AcceptedReturn("chujia", "a-idle"), AcceptedReturn("gone", "water")),
            ["water", "a-idle", "urban"],
        ),
    ],
)
def test_after_a_return_the_proposed_unit_comes_first_and_the_one_that_returned_the_order_last(
    demand: Demand, street: str | None, returned: tuple[AcceptedReturn, ...], ranked: list[str]
) -> None:
    found = recommend(demand, category="其他", street=street, catalogue=CATALOGUE, experience=(), returned=returned)
    returners = {each.unit for each in returned}
    proposed = {each.suggested_unit for each in returned} - returners

    assert [one.unit for one in found] == ranked
    for one in found:
        texts = [line.text for line in one.evidence]
        assert (PROPOSED_WORDS in texts, RETURNED_WORDS in texts) == (one.unit in proposed, one.unit in returners)


@pytest.mark.clause("S2.1a")
def test_experience_is_no_duty_and_does_not_outweigh_the_proposal() -> None:
    known = (Experience("a-idle", 100_000, "order-9"),)

    assert _codes(Demand("垃圾", ""), experience=known, returned=(URBAN_TO_WATER,))[:2] == ["water", "a-idle"]


@pytest.mark.clause("S2.1a")
def test_the_proposed_unit_is_among_the_candidates_however_many_others_fit() -> None:
    many = catalogue_of(
        (
            *UNITS,
            *(Profile(f"b{n}", f"乙{n}", "department", (Duty("文", "duty", (f"甲{n}", f"乙{n}")),)) for n in range(6)),
        )
    )
    text = "".join(f"甲{n}乙{n}" for n in range(6))
    found = _codes(Demand(text, text), catalogue=many, returned=(URBAN_TO_WATER,))

    assert found == ["b0", "water", "b1", "b2", "b3"]


@pytest.mark.clause("S2.1a")
def test_who_returned_the_order_fills_up_when_fewer_than_three_others_exist() -> None:
    few = catalogue_of(UNITS[1:3])
    found = recommend(
        Demand("垃圾", "垃圾"), category="其他", street=None, catalogue=few, experience=(), returned=(URBAN_TO_WATER,)
    )

    assert [(one.unit, one.evidence[0].text) for one in found] == [
        ("water", PROPOSED_WORDS),
        ("urban", RETURNED_WORDS),
    ]

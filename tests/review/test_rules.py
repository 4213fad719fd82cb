"""Which decision a round allows, and what the pre-check finds in a reply: by table, at the boundaries."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest

from services.review.checks.errors import BlockingFindings
from services.review.checks.model import Contact, DemandChange, Element, Finding, Reply, Severity, Submission
from services.review.checks.policy import FORBIDDEN, SHORTEST_FINDINGS
from services.review.checks.rules import changes_after, check_findings, faults_of, with_demand
from services.review.rounds.errors import ChainIncomplete, OwnReply, WrongStep
from services.review.rounds.model import Move, State
from services.review.rounds.rules import (
    MOVES,
    after,
    check_centre_decision,
    check_chain,
    check_leader_decision,
    check_reviewer,
    moves_of,
)
from shared.errors import BusinessError
from tests.support.service import MONDAY_0900

REPLY = Reply(
    contact_person="住建局 于科长",
    contact_at=MONDAY_0900 - timedelta(hours=1),
    contact_phone="0535-6891234",
    findings="经现场核实，迎春大街路灯线路老化。已于当日更换线路和灯具，夜间照明恢复正常。",
    satisfaction="satisfied",
    remarks="",
)
CONTACT = Contact(reached=True, contacted_at=MONDAY_0900 - timedelta(hours=1), person="于科长", phone="6891234")
SUBMISSION = Submission(
    submitted_at=MONDAY_0900,
    received_at=MONDAY_0900 - timedelta(days=3),
    unchanged=False,
    contacts=(CONTACT,),
    changes=(),
)


def codes(reply: Reply, submission: Submission = SUBMISSION) -> list[tuple[str, Severity]]:
    """The findings of a reply whose contact is on record as it says."""
    at = reply.contact_at or MONDAY_0900
    submission = replace(submission, contacts=(Contact(True, at, reply.contact_person, reply.contact_phone),))
    return [(finding.code, finding.severity) for finding in faults_of(reply, submission)]


@pytest.mark.clause("S2.2.3c")
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_move_that_is_not_in_the_table_is_refused_with_its_facts(state: State, move: Move):
    if (state, move) in MOVES:
        assert after(state, move) is MOVES[state, move]
        return
    with pytest.raises(WrongStep) as refused:
        after(state, move)

    assert (refused.value.state, refused.value.move) == (state.value, move.value)


def test_no_round_reaches_the_centre_without_the_leader():
    assert [state for (state, _), target in MOVES.items() if target is State.CENTRE_REVIEW] == [State.LEADER_REVIEW]
    assert [state for (state, _), target in MOVES.items() if target is State.APPROVED] == [State.CENTRE_REVIEW]


@pytest.mark.clause("S2.2.3b")
def test_a_complete_reply_has_no_findings():
    assert codes(REPLY) == []


@pytest.mark.clause("S2.2.3b")
@pytest.mark.parametrize(
    ("element", "empty"),
    [
        (Element.CONTACT_PERSON, {"contact_person": ""}),
        (Element.CONTACT_AT, {"contact_at": None}),
        (Element.CONTACT_PHONE, {"contact_phone": ""}),
        (Element.FINDINGS, {"findings": ""}),
        (Element.SATISFACTION, {"satisfaction": ""}),
    ],
)
def test_each_of_the_five_elements_is_named_when_it_is_missing(element: Element, empty: dict[str, object]):
    found = faults_of(replace(REPLY, **empty), SUBMISSION)  # type: ignore[arg-type]

    assert [(f.code, f.severity, f.element) for f in found] == [("element_missing", Severity.BLOCKING, element)]


@pytest.mark.clause("S2.3a")
@pytest.mark.parametrize("word", FORBIDDEN)
@pytest.mark.parametrize("element", [Element.FINDINGS, Element.REMARKS])
def test_a_forbidden_word_blocks_and_its_sentence_is_quoted(word: str, element: Element):
    text = f"我单位已到现场查看路灯线路情况。此事我们{word}，请谅解。后续有进展再联系来电人。"
    found = faults_of(replace(REPLY, **{element.value: text}), SUBMISSION)  # type: ignore[arg-type]

    assert [(f.code, f.severity, f.element, f.sentence) for f in found] == [
        ("forbidden_word", Severity.BLOCKING, element, f"此事我们{word}，请谅解。")
    ]


@pytest.mark.clause("S2.3a")
def test_spaces_do_not_hide_a_forbidden_word():
    assert codes(replace(REPLY, findings=REPLY.findings + "这事 管 不 了。")) == [("forbidden_word", Severity.BLOCKING)]


@pytest.mark.clause("S2.2.3b")
@pytest.mark.parametrize(
    ("number", "likely"),
    [
        ("13812345678", True),
        ("138 1234 5678", True),
        ("12812345678", False),
        ("1381234567", False),
        ("138123456789", False),
        ("0535-6891234", True),
        ("05356891234", True),
        ("6891234", True),
        ("689123", False),
        ("12345", True),
        ("400-123-4567", True),
        ("见附件", False),
        ("0", False),
    ],
)
def test_the_phone_looks_like_a_phone_or_blocks(number: str, likely: bool):
    assert codes(replace(REPLY, contact_phone=number)) == ([] if likely else [("phone_unlikely", Severity.BLOCKING)])


@pytest.mark.clause("S2.3a")
@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (timedelta(0), []),
        (timedelta(seconds=1), [("contact_after_submission", Severity.BLOCKING)]),
        (timedelta(days=-3), []),
        (timedelta(days=-3, seconds=-1), [("contact_before_order", Severity.BLOCKING)]),
    ],
)
def test_the_contact_lies_between_the_orders_arrival_and_the_submission(
    shift: timedelta, expected: list[tuple[str, Severity]]
):
    assert codes(replace(REPLY, contact_at=MONDAY_0900 + shift)) == expected


@pytest.mark.clause("S2.3a")
@pytest.mark.parametrize(
    ("written", "early"),
    [("09:00:07", False), ("09:00:06", True), ("09:00:07.384", False), ("09:00:07.383", True), ("09:00:00", False)],
)
def test_a_contact_is_compared_with_the_arrival_as_exactly_as_it_is_written(written: str, early: bool) -> None:
    arrived = datetime.fromisoformat("2026-11-23T09:00:07.384512+08:00")
    reply = replace(REPLY, contact_at=datetime.fromisoformat(f"2026-11-23T{written}+08:00"))
    found = {finding.code for finding in faults_of(reply, replace(SUBMISSION, received_at=arrived))}

    assert ("contact_before_order" in found) == early


@pytest.mark.clause("S2.3a")
@pytest.mark.parametrize(
    ("length", "expected"), [(SHORTEST_FINDINGS, []), (SHORTEST_FINDINGS - 1, [("findings_short", Severity.ADVICE)])]
)
def test_short_findings_are_advice(length: int, expected: list[tuple[str, Severity]]):
    assert codes(replace(REPLY, findings="修" * length)) == expected


@pytest.mark.clause("S2.3a")
def test_findings_that_did_not_change_since_the_rejection_are_advice():
    found = faults_of(REPLY, replace(SUBMISSION, unchanged=True))

    assert [(f.code, f.severity, f.sentence) for f in found] == [
        ("unchanged", Severity.ADVICE, "经现场核实，迎春大街路灯线路老化。")
    ]


def test_blocking_findings_come_first():
    assert codes(replace(REPLY, findings="已修好", contact_phone="无", satisfaction="not_stated")) == [
        ("phone_unlikely", Severity.BLOCKING),
        ("findings_short", Severity.ADVICE),
        ("satisfaction_not_stated", Severity.ADVICE),
    ]


@pytest.mark.clause("S2.3a")
def test_blocking_findings_need_a_reason_and_advice_does_not():
    blocking = Finding("forbidden_word", Severity.BLOCKING, Element.FINDINGS, "尽量。", "")
    advice = Finding("findings_short", Severity.ADVICE, Element.FINDINGS, "已修好", "")
    with pytest.raises(BlockingFindings) as refused:
        check_findings((blocking, advice), None)

    assert refused.value.findings == ("forbidden_word",)
    assert check_findings((blocking, advice), "引用来电人原话") is True
    assert check_findings((advice,), None) is False


@pytest.mark.clause("S2.3a")
def test_nobody_reviews_what_he_handled():
    check_reviewer("reviewer-1", frozenset({"caseworker-1"}))
    with pytest.raises(OwnReply):
        check_reviewer("caseworker-1", frozenset({"caseworker-1"}))


@pytest.mark.clause("S1.1.1b")
@pytest.mark.parametrize("scheme", ["national_report", "enterprise_fast", None])
def test_only_an_ordinary_reply_ends_with_the_centres_approval(scheme: str | None):
    check_chain("ordinary")
    with pytest.raises(ChainIncomplete) as refused:
        check_chain(scheme)

    assert refused.value.scheme == scheme


LEADER = (Move.LEADER_APPROVE, Move.LEADER_REJECT)
CENTRE = (Move.APPROVE, Move.REJECT)


@pytest.mark.parametrize(
    ("state", "head", "reviewer", "own", "scheme", "expected"),
    [
        (State.LEADER_REVIEW, True, False, False, "ordinary", LEADER),
        (State.LEADER_REVIEW, False, True, False, "ordinary", ()),
        (State.LEADER_REVIEW, False, False, True, "ordinary", ()),
        (State.CENTRE_REVIEW, True, False, False, "ordinary", ()),
        (State.CENTRE_REVIEW, False, True, False, "ordinary", CENTRE),
        (State.CENTRE_REVIEW, False, True, True, "ordinary", ()),
        (State.CENTRE_REVIEW, False, True, False, "national_report", (Move.REJECT,)),
        (State.APPROVED, True, True, False, "ordinary", ()),
        (State.REJECTED, True, True, False, "ordinary", ()),
        (State.VOID, True, True, False, "ordinary", ()),
    ],
)
def test_everybody_is_shown_what_he_may_do(
    state: State, head: bool, reviewer: bool, own: bool, scheme: str, expected: tuple[Move, ...]
):
    moves = moves_of(
        state,
        leader=head,
        own_unit=True,
        reviewer=reviewer,
        account="somebody",
        involved=frozenset({"somebody"} if own else ()),
        scheme=scheme,
    )

    assert moves.can == expected
    assert {*moves.can, *(one.move for one in moves.cannot)} == {
        *(LEADER if head else ()),
        *(CENTRE if reviewer else ()),
    }


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("own_unit", [False, True])
@pytest.mark.parametrize("scheme", ["ordinary", "national_report", None])
@pytest.mark.parametrize("state", list(State))
def test_what_is_open_is_what_the_commands_do_not_refuse(state: State, scheme: str | None, own_unit: bool, own: bool):
    involved = frozenset({"me"} if own else ())

    moves = moves_of(
        state, leader=True, own_unit=own_unit, reviewer=True, account="me", involved=involved, scheme=scheme
    )

    refused = {}
    for move in (*LEADER, *CENTRE):
        try:
            if move in LEADER:
                check_leader_decision(state, move, own_unit=own_unit)
            else:
                check_centre_decision(state, move, account="me", involved=involved, scheme=scheme)
        except BusinessError as refusal:
            refused[move] = refusal.message
    assert {one.move: one.detail for one in moves.cannot} == refused
    assert set(moves.can) == {*LEADER, *CENTRE} - set(refused)


@pytest.mark.parametrize(
    ("state", "move", "code", "words"),
    [
        (State.LEADER_REVIEW, Move.APPROVE, "under_leader_review", "领导同意后方可"),
        (State.CENTRE_REVIEW, Move.LEADER_APPROVE, "under_centre_review", "正由中心审核"),
        (State.REJECTED, Move.APPROVE, "rejected", "重新提交后"),
        (State.VOID, Move.REJECT, "void", "已作废"),
    ],
)
def test_a_decision_that_is_not_open_says_what_is_next(state: State, move: Move, code: str, words: str):
    moves = moves_of(
        state, leader=True, own_unit=True, reviewer=True, account="me", involved=frozenset(), scheme="ordinary"
    )

    [closed] = [one for one in moves.cannot if one.move is move]
    assert closed.code == code
    assert words in closed.detail


@pytest.mark.parametrize("given", [[], 1, "x", None])
def test_a_reply_that_is_no_object_is_refused(given: object):
    with pytest.raises(TypeError):
        Reply.of(given)


@pytest.mark.parametrize("moment", ["2026-11-23T09:00:00", "yesterday", "", 1])
def test_a_moment_without_its_offset_counts_as_not_given(moment: object):
    assert Reply.of({"contact_at": moment}).contact_at is None


def test_a_finding_is_the_same_after_it_was_stored():
    found = faults_of(replace(REPLY, contact_phone=""), SUBMISSION)

    assert [Finding.of(asdict(finding)) for finding in found] == list(found)


# --- what is on record of the contact ---------------------------------------------------------------------------------

FAILED = replace(CONTACT, reached=False, person=None)
LATER = replace(CONTACT, contacted_at=MONDAY_0900 - timedelta(minutes=20), person="刘科员", phone="13800138000")


def about(reply: Reply, *contacts: Contact) -> list[tuple[str, Element]]:
    found = faults_of(reply, replace(SUBMISSION, contacts=contacts))
    return [(finding.code, finding.element) for finding in found]


@pytest.mark.clause("S2.2.3a")
@pytest.mark.parametrize("said", ["satisfied", "mostly_satisfied", "unsatisfied"])
def test_a_satisfaction_without_anybody_reached_is_found(said: str):
    claims = replace(REPLY, satisfaction=said)
    unfounded = ("satisfaction_unfounded", Element.SATISFACTION)

    assert about(claims, FAILED, FAILED) == [unfounded]
    assert about(claims, FAILED, CONTACT) == []
    silent = about(replace(REPLY, satisfaction="not_stated"), FAILED)
    assert silent == [("satisfaction_not_stated", Element.SATISFACTION)]


@pytest.mark.clause("S2.2.3a", "S2.2.3b")
@pytest.mark.parametrize(
    ("element", "other"),
    [
        (Element.CONTACT_PERSON, {"contact_person": "张局长"}),
        (Element.CONTACT_AT, {"contact_at": MONDAY_0900 - timedelta(hours=2)}),
        (Element.CONTACT_PHONE, {"contact_phone": "0535-6899999"}),
    ],
)
def test_a_reply_that_names_another_person_time_or_number_than_every_record_is_found(
    element: Element, other: dict[str, object]
):
    reply = replace(REPLY, **other)  # type: ignore[arg-type]
    [finding] = faults_of(reply, replace(SUBMISSION, contacts=(CONTACT, CONTACT)))

    assert (finding.code, finding.element, finding.severity) == ("contact_unrecorded", element, Severity.BLOCKING)
    assert finding.sentence != ""


@pytest.mark.clause("S2.2.3b")
def test_the_same_contact_written_otherwise_is_no_finding():
    at = MONDAY_0900 - timedelta(hours=1) + timedelta(seconds=42)
    written = replace(REPLY, contact_person="于 科长", contact_at=at, contact_phone="0535 689 1234")

    assert about(written, CONTACT, LATER) == []


@pytest.mark.clause("S2.2.3b")
def test_parts_of_two_different_contacts_are_pointed_out():
    mixed = replace(REPLY, contact_phone="13800138000")

    assert about(mixed, CONTACT, LATER) == [("contact_mixed", Element.CONTACT_AT)]


# --- a demand that changed -------------------------------------------------------------------------------------------

CHANGES = (
    DemandChange(3, ("address",), MONDAY_0900),
    DemandChange(2, ("title", "content"), MONDAY_0900 - timedelta(hours=1)),
)


@pytest.mark.clause("S1.1.4c", "S2.3a")
def test_a_reply_to_an_earlier_demand_has_one_blocking_finding_that_names_what_changed():
    found = faults_of(REPLY, replace(SUBMISSION, changes=changes_after(1, CHANGES)))
    again = with_demand(found, changes_after(1, CHANGES))

    assert [(one.code, one.severity, one.element) for one in found] == [
        ("demand_changed", Severity.BLOCKING, Element.DEMAND)
    ]
    assert found == again
    assert all(title in found[0].message for title in ("第 3 版", "诉求标题", "诉求内容", "详细发生地"))
    assert codes(REPLY, replace(SUBMISSION, changes=changes_after(3, CHANGES))) == []

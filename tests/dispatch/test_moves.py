"""What a person may do with an order now, and why not the rest: exactly what the commands say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest

from services.dispatch.assigning.rules import assigning_move, check_assignment
from services.dispatch.desk.model import Moves
from services.dispatch.desk.rules import moves_of
from services.dispatch.orders.errors import IllegalMove
from services.dispatch.orders.model import ENDED, Case, Move, Status
from services.dispatch.orders.rules import OF_THE_UNIT, OPERATIONS, after, why_not
from services.dispatch.replies.rules import check_reply
from services.dispatch.returns.rules import accepted_return, check_return
from services.dispatch.rulesets.policy import CIRCULAR_2022
from shared.access import ACCESS
from shared.errors import BusinessError
from shared.identity import Person, Role
from tests.dispatch.story import URBAN, WATER, Story
from tests.dispatch.test_rules import CALENDAR, CASE, LATER, MONDAY_0900, REPLY, RETURN

pytestmark = pytest.mark.clause("S4.2a")

TOO_LATE: Final = MONDAY_0900 + timedelta(days=3)
UNITED: Final = tuple(status for status in Status if status not in {Status.TRIAGE, Status.CONSULT})
PERSONS: Final = (
    Person(account="d", name="d", roles=frozenset({Role.DISPATCHER})),
    Person(account="h", name="h", roles=frozenset({Role.CENTRE_HEAD})),
    Person(account="c", name="c", roles=frozenset({Role.CASEWORKER}), unit=URBAN),
    Person(account="u", name="u", roles=frozenset({Role.UNIT_HEAD}), unit=URBAN),
    Person(account="w", name="w", roles=frozenset({Role.CASEWORKER}), unit=WATER),
    Person(account="r", name="r", roles=frozenset({Role.REVIEWER})),
)


def cases() -> Iterator[Case]:
    """Every combination of the facts that decide what is open."""
    for status, no_return, returned, answered, returns, contacts in product(
        Status, (False, True), (False, True), (False, True), (0, 1, 2, 3), (0, 1)
    ):
        yield replace(
            CASE,
            status=status,
            unit=URBAN if status in UNITED else None,
            no_return=no_return,
            returned_by=(URBAN,) if returned else (),
            answered_by=(URBAN,) if answered else (),
            returns=returns,
            counted_contacts=contacts,
        )


def allowed_to(person: Person) -> frozenset[Move]:
    return frozenset(move for move, name in OPERATIONS.items() if ACCESS["dispatch"][name].allows(person))


def moves_shown(case: Case, person: Person, now: datetime = LATER) -> Moves:
    return moves_of(
        case,
        allowed_to(person),
        person.unit,
        roles=person.roles,
        rules=CIRCULAR_2022,
        now=now,
        calendar=CALENDAR,
    )


class NotYours(BusinessError):
    """The command does not find the order (404)."""


def command(case: Case, move: Move, person: Person, now: datetime) -> None:
    """What the command of this move checks, told everything that it asks for."""
    if move in OF_THE_UNIT and person.unit != case.unit:
        raise NotYours("")
    if move in {Move.ASSIGN, Move.REASSIGN}:
        if assigning_move(case) is not move:
            raise IllegalMove(case.status, move, why="", reason="")
        after(case.status, move)
        head = Role.CENTRE_HEAD in person.roles
        check_assignment(
            case,
            unit=WATER,
            roles=person.roles,
            determined_at=now,
            reason="改派理由",
            decision="研判决定" if head else None,
            rules=CIRCULAR_2022,
            now=now,
        )
    elif move is Move.ACCEPT_RETURN:
        after(case.status, accepted_return(case.returns + 1, CIRCULAR_2022))
    else:
        after(case.status, move)
        if move is Move.REQUEST_RETURN:
            check_return(case, RETURN, rules=CIRCULAR_2022, now=now, calendar=CALENDAR)
        if move is Move.SUBMIT:
            check_reply(case, REPLY, now=now)


def is_refused(check: Callable[..., None], *facts: Any) -> bool:
    try:
        check(*facts)
    except BusinessError:
        return True
    return False


@pytest.mark.parametrize("person", PERSONS, ids=lambda person: str(person.account))
def test_what_is_open_is_exactly_what_the_commands_do_not_refuse(person: Person) -> None:
    for case, now in product(cases(), (LATER, TOO_LATE)):
        moves = moves_shown(case, person, now)

        assert [move for move in moves.can if is_refused(command, case, move, person, now)] == [], case
        assert [one.move for one in moves.cannot if not is_refused(command, case, one.move, person, now)] == [], case
        # Every move of the role is in one of the two, once.
        assert sorted([*moves.can, *(one.move for one in moves.cannot)]) == sorted(allowed_to(person))
        assert all(one.code and one.detail and "{" not in one.detail for one in moves.cannot)


CONFIRMED: Final = replace(CASE, no_return=True)
ASKING: Final = replace(CASE, status=Status.RETURN_PENDING, returned_by=(URBAN,))


@pytest.mark.parametrize(
    ("case", "now", "move", "code", "words"),
    [
        (replace(CASE, status=Status.ASSIGNED), LATER, Move.SUBMIT, "not_accepted", "须先认领"),
        (replace(CASE, counted_contacts=0), LATER, Move.SUBMIT, "result_contact_missing", "须先向来电人反馈"),
        (replace(CASE, status=Status.LEADER_REVIEW), LATER, Move.NOTE, "under_leader_review", "等待单位主要领导审阅"),
        (replace(CASE, status=Status.CENTRE_REVIEW), LATER, Move.SUBMIT, "under_centre_review", "等待中心审核"),
        (CASE, TOO_LATE, Move.REQUEST_RETURN, "return_window_closed", "已于 2026-11-24 24:00 截止"),
        (CASE, LATER, Move.ACCEPT, "accepted", "无需再次认领"),
        (CONFIRMED, LATER, Move.REQUEST_RETURN, "no_return", "不得回退"),
        (ASKING, LATER, Move.REQUEST_RETURN, "return_pending", "等待中心审定"),
        (ASKING, LATER, Move.SUBMIT, "return_pending", "等待中心审定"),
        # What holds for good is told before what passes.
        (replace(CONFIRMED, status=Status.CENTRE_REVIEW), LATER, Move.REQUEST_RETURN, "no_return", "不得回退"),
        (replace(CASE, status=Status.RETURN_PENDING), LATER, Move.NOTE, "return_pending", "驳回后方可登记办理进度"),
        (replace(CASE, status=Status.CLOSED), LATER, Move.CONTACT, "closed", "上级平台要求重办后方可"),
        (replace(CASE, status=Status.CANCELLED), LATER, Move.CONTACT, "cancelled", "已撤单"),
    ],
)
def test_a_caseworker_is_told_what_would_make_it_possible(
    case: Case, now: datetime, move: Move, code: str, words: str
) -> None:
    [closed] = [one for one in moves_shown(case, PERSONS[2], now).cannot if one.move is move]

    assert closed.code == code
    assert words in closed.detail


@pytest.mark.clause("S3.1h")
@pytest.mark.parametrize(
    ("status", "move"), [(Status.CONSULT, Move.ASSIGN), (Status.HANDLING, Move.REASSIGN)], ids=["consult", "handling"]
)
def test_a_dispatcher_is_told_that_the_head_decides_after_the_second_return(status: Status, move: Move) -> None:
    case = replace(CASE, status=status, returns=2)

    [closed] = [one for one in moves_shown(case, PERSONS[0]).cannot if one.move is move]

    assert closed.code == "panel_decision_needed"
    assert move in moves_shown(case, PERSONS[1]).can


@pytest.mark.parametrize("status", list(Status))
def test_a_refusal_of_a_state_says_what_would_make_the_move_possible(status: Status) -> None:
    for move in Move:
        code, reason = why_not(status, move)

        assert code
        assert "{" not in reason
        assert status in ENDED or any(word in reason for word in ("方可", "请", "无需", "撤单")), reason


async def test_the_order_shows_what_may_be_done_and_why_not_the_rest(story: Story) -> None:
    order_id, _ = await story.replied()

    seen = await story.order(order_id, story.caseworker())
    story.pass_time(minutes=5)
    refused = await story.contact(order_id)

    assert seen["can"] == []
    assert [one["move"] for one in seen["cannot"]] == ["accept", "contact", "note", "request_return", "submit"]
    closed = {one["move"]: one for one in seen["cannot"]}
    assert closed["contact"] == {
        "move": "contact",
        "code": "under_leader_review",
        "detail": "已提交答复，等待单位主要领导审阅；退回修改后方可登记联系记录",
    }
    # The command says the same.
    assert (refused.status_code, refused.json()["code"], refused.json()["facts"]["why"]) == (
        409,
        "illegal_move",
        closed["contact"]["code"],
    )
    assert refused.json()["detail"] == closed["contact"]["detail"]

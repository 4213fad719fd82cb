"""What a person can do with an order now, and why not the rest.

Whether a move is open is decided by the same checks that its command makes, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from services.dispatch.assigning.rules import check_assigner
from services.dispatch.desk.errors import NotTheLead
from services.dispatch.desk.model import ClosedMove, Moves
from services.dispatch.orders.errors import IllegalMove
from services.dispatch.orders.model import Case, Move, Status
from services.dispatch.orders.rules import OF_THE_UNIT, OPERATIONS, after
from services.dispatch.replies.rules import check_result_contact
from services.dispatch.returns.rules import check_return_open
from services.dispatch.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar
from shared.errors import BusinessError


def check_open(
    case: Case,
    move: Move,
    unit: str | None,
    *,
    roles: AbstractSet[str],
    rules: RuleSet,
    now: datetime,
    calendar: WorkCalendar,
) -> None:
    """Refuse a move that its command would refuse whatever it says: for the unit, the state, a window, or who decides."""
    if move in OF_THE_UNIT and (unit is None or unit != case.unit):
        raise NotTheLead
    if move is Move.REQUEST_RETURN and case.status is not Status.RETURN_PENDING:
        # Before the state: what refuses the return for good is told, although the state would refuse it too.  While the
        # centre decides on one, nothing is refused for good.
        check_return_open(case, rules=rules, now=now, calendar=calendar)
    after(case.status, move)
    if move in {Move.ASSIGN, Move.REASSIGN}:
        check_assigner(case, roles=roles, rules=rules)
    if move is Move.SUBMIT:
        check_result_contact(case)


def moves_of(
    case: Case,
    allowed: AbstractSet[Move],
    unit: str | None,
    *,
    roles: AbstractSet[str],
    rules: RuleSet,
    now: datetime,
    calendar: WorkCalendar,
) -> Moves:
    """The moves that the table of access allows the person: those that are open now, and why not the others."""
    can: list[Move] = []
    cannot: list[ClosedMove] = []
    for move in OPERATIONS:
        if move not in allowed:
            continue
        try:
            check_open(case, move, unit, roles=roles, rules=rules, now=now, calendar=calendar)
        except BusinessError as refusal:
            code = refusal.why if isinstance(refusal, IllegalMove) else refusal.code
            cannot.append(ClosedMove(move, code, refusal.message))
        else:
            can.append(move)
    return Moves(tuple(can), tuple(cannot))

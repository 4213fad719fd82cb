"""What a person can do with an order now."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from services.dispatch.orders.model import Case, Move, Status
from services.dispatch.orders.rules import MOVES, OF_THE_UNIT, OPERATIONS
from services.dispatch.returns.rules import return_is_open
from services.dispatch.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar


def moves_open_to(
    case: Case,
    allowed: AbstractSet[Move],
    unit: str | None,
    *,
    head: bool,
    rules: RuleSet,
    now: datetime,
    calendar: WorkCalendar,
) -> tuple[Move, ...]:
    """What a person can do with the order now, of the moves that the table of access allows; `head` leads the centre."""

    def is_open(move: Move) -> bool:
        if (case.status, move) not in MOVES or move not in allowed:
            return False
        if move in OF_THE_UNIT and (unit is None or unit != case.unit):
            return False
        if move is Move.ASSIGN and case.status is Status.CONSULT:
            return head
        if move is Move.REQUEST_RETURN:
            return return_is_open(case, rules=rules, now=now, calendar=calendar)
        return True

    return tuple(move for move in OPERATIONS if is_open(move))

"""Who may be given an order, and with which reason or decision."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal

from services.dispatch.assigning.errors import (
    DecisionNotYours,
    DeterminedOutside,
    PanelDecisionNeeded,
    ReassignReasonMissing,
    SameUnit,
)
from services.dispatch.orders.model import Case, Move, Status
from services.dispatch.rulesets.policy import RuleSet
from shared.calendar import as_written


def assigning_move(case: Case) -> Move:
    """A first or repeated assignment from the desk, or a reassignment away from a unit that has the order."""
    return Move.ASSIGN if case.status in {Status.TRIAGE, Status.CONSULT} else Move.REASSIGN


def needs_panel(case: Case, rules: RuleSet) -> bool:
    """Whether only the panel's decision gives the order to a unit (S3.1h)."""
    return case.status is Status.CONSULT or case.returns >= rules.returns_to_panel.value


def check_assigner(case: Case, *, roles: AbstractSet[str], rules: RuleSet) -> None:
    """Refuse whoever cannot enter the panel's decision, when the order needs one (S3.1h)."""
    if "centre_head" not in roles and needs_panel(case, rules):
        raise PanelDecisionNeeded(case.returns)


def check_assignment(
    case: Case,
    *,
    unit: str,
    roles: AbstractSet[str],
    determined_at: datetime,
    reason: str | None,
    decision: str | None,
    rules: RuleSet,
    now: datetime,
) -> None:
    """Refuse an assignment without the panel's decision after so many returns, or a reassignment without a reason.

    S3.1h, S2.2.1h; the moment at which the unit was determined lies between receipt and now (S2.1b, A11).
    """
    if decision is not None and "centre_head" not in roles:
        raise DecisionNotYours
    if decision is None and needs_panel(case, rules):
        raise PanelDecisionNeeded(case.returns)
    if assigning_move(case) is Move.REASSIGN:
        if unit == case.unit:
            raise SameUnit(unit)
        if not reason:
            raise ReassignReasonMissing
    if not as_written(case.received_at, determined_at) <= determined_at <= now:
        raise DeterminedOutside(case.received_at)


def cause_of(case: Case, *, assigned_before: bool) -> Literal["first", "returned", "reassigned"]:
    """Why the order is assigned now (S3.1a)."""
    if assigning_move(case) is Move.REASSIGN:
        return "reassigned"
    return "returned" if assigned_before else "first"


def is_confirmed(case: Case, unit: str, decision: str | None) -> bool:
    """Whether the unit may not return this assignment (S3.1d, S3.1h, A20).

    Confirmed once, decided by the panel, or given to a unit that returned or answered it before; what was confirmed
    stays so.
    """
    return case.no_return or decision is not None or unit in {*case.returned_by, *case.answered_by}

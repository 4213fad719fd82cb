"""When a unit may give an order back, and with what."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.orders.model import Case, Move
from services.dispatch.returns.errors import (
    AnsweredBefore,
    RejectionReasonMissing,
    ReturnedBefore,
    ReturnForbidden,
    ReturnIncomplete,
    ReturnWindowClosed,
)
from services.dispatch.returns.model import ReturnRequest
from services.dispatch.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar


def window_closes_at(assigned_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> datetime:
    """24:00 of the last working day of the window, by the circular the first after the assignment, in UTC (S2.2.1f, A14)."""
    return calendar.due_at(assigned_at, rules.return_window.value).at


def check_return_open(case: Case, *, rules: RuleSet, now: datetime, calendar: WorkCalendar) -> None:
    """Refuse a return after the centre's confirmation, a second one, one after an answer, and a late one (S3.1b, S2.2.1f)."""
    if case.no_return:
        raise ReturnForbidden
    if case.unit is not None and case.unit in case.returned_by:
        raise ReturnedBefore(case.unit)
    if case.unit is not None and case.unit in case.answered_by:
        raise AnsweredBefore(case.unit)
    assert case.assigned_at is not None, "only a unit that has the order comes here"
    closes_at = window_closes_at(case.assigned_at, rules, calendar)
    if now > closes_at:
        raise ReturnWindowClosed(closes_at, rules.return_window.value)


def check_return(case: Case, request: ReturnRequest, *, rules: RuleSet, now: datetime, calendar: WorkCalendar) -> None:
    """Refuse a return that may not be asked for any more, or lacks one of its four parts (S2.2.1f-h)."""
    check_return_open(case, rules=rules, now=now, calendar=calendar)
    parts = {
        "reason": request.reason,
        "policy_basis": request.policy_basis,
        "suggested_unit": request.suggested_unit,
        "materials": request.materials,
    }
    missing = tuple(name for name, value in parts.items() if not value)
    if missing:
        raise ReturnIncomplete(missing)


def check_return_decision(*, accepted: bool, reason: str | None) -> None:
    """A rejection says why (S2.2.1i)."""
    if not accepted and not reason:
        raise RejectionReasonMissing


def accepted_return(returns: int, rules: RuleSet) -> Move:
    """What accepting makes of this many returns, the new one included: back to triage, or to the panel (S3.1h)."""
    return Move.CALL_PANEL if returns >= rules.returns_to_panel.value else Move.ACCEPT_RETURN

"""Events of an order, with usual values for what a test does not name.

Each function is called like `assigned(order_id, unit, at, number=2, first_unit="water")`: whose order it is, which unit
is concerned, when it happened, and by name whatever the test wants different. Words of citizens and units are sealed; a
service that opens them must be given what its own sealer made (`demand=`, `reply=`, `opinion=`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from shared.contracts import Event
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderClosed,
    OrderPlanned,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
    ReturnAccepted,
    ReturnRejected,
    ReturnRequested,
    UnitChanged,
)
from shared.contracts.intake import (
    OrderCancelled,
    OrderFedBack,
    OrderReceived,
    OrderRedoRequested,
    OrderRevisited,
    OrderUpdated,
    OrderUrged,
    ReplyNotSent,
    ReplyOutdated,
)
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected

Fact = TypeVar("Fact", bound=Event)

PLATFORM: Final = "city_12345"
SEALED: Final = "s1.sealed"
"""Stands for sealed words that the service under test never opens."""


def _made(kind: type[Fact], usual: Mapping[str, Any], changes: Mapping[str, Any]) -> Fact:
    # An event ignores fields that it does not know, so a misspelt name in a test must be an error here.
    if unknown := changes.keys() - kind.model_fields.keys():
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind.model_validate({**usual, **changes})


# --- intake -----------------------------------------------------------------------------------------------------------


def received(order_id: str, at: datetime, **changes: Any) -> OrderReceived:
    """An ordinary municipal order of a person."""
    usual = {
        "order_id": order_id,
        "platform": PLATFORM,
        "platform_no": f"YT{order_id[-6:]}",
        "level": "municipal",
        "subject": "person",
        "scheme": "ordinary",
        "category": "城市管理",
        "demand": SEALED,
        "received_at": at,
    }
    return _made(OrderReceived, usual, changes)


def updated(order_id: str, at: datetime, **changes: Any) -> OrderUpdated:
    """The platform has changed the text of the order."""
    usual = {
        "order_id": order_id,
        "version": 2,
        "changed": ("content",),
        "category": "城市管理",
        "demand": SEALED,
        "updated_at": at,
    }
    return _made(OrderUpdated, {"flags_version": changes.get("version", 2), **usual}, changes)


def cancelled(order_id: str, at: datetime, **changes: Any) -> OrderCancelled:
    """The platform has cancelled the order."""
    return _made(OrderCancelled, {"order_id": order_id, "reason": "来电人撤单", "cancelled_at": at}, changes)


def urged(order_id: str, at: datetime) -> OrderUrged:
    """The platform urges the order."""
    return OrderUrged(order_id=order_id, urged_at=at)


def redo_requested(order_id: str, at: datetime, **changes: Any) -> OrderRedoRequested:
    """The platform has rejected the first reply and wants the order handled again."""
    return _made(OrderRedoRequested, {"order_id": order_id, "reason": "市民再次反映", "requested_at": at}, changes)


def fed_back(order_id: str, at: datetime, *, reply_id: str, **changes: Any) -> OrderFedBack:
    """The platform has taken the reply, at the first attempt."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "disposition": "solved",
        "platform": PLATFORM,
        "attempts": 1,
        "fed_back_at": at,
    }
    return _made(OrderFedBack, usual, changes)


def revisited(
    order_id: str, at: datetime, solved: str | None = "solved", satisfied: str | None = "satisfied", **changes: Any
) -> OrderRevisited:
    """The caller was asked for the first time; without opinions he was not reached."""
    usual = {
        "order_id": order_id,
        "revisit": 1,
        "valid": (solved, satisfied) != (None, None),
        "solved": solved,
        "satisfied": satisfied,
        "revisited_at": at,
    }
    return _made(OrderRevisited, usual, changes)


def reply_outdated(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyOutdated:
    """The platform had changed the text of the order before the reply to the first version was approved."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "demand_version": 1,
        "known_version": 1,
        "version": 2,
        "changed": ("content",),
        "outdated_at": at,
    }
    return _made(ReplyOutdated, usual, changes)


def reply_not_sent(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyNotSent:
    """The platform had cancelled the order before the approval of the reply was heard."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "reason": "cancelled",
        "not_sent_at": at,
    }
    return _made(ReplyNotSent, usual, changes)


# --- dispatch ---------------------------------------------------------------------------------------------------------


def unit_changed(code: str, at: datetime, **changes: Any) -> UnitChanged:
    """A department that is in the directory and takes orders."""
    usual = {
        "code": code,
        "name": f"单位{code}",
        "group": "department",
        "active": True,
        "ready": True,
        "version": 1,
        "changed_at": at,
    }
    return _made(UnitChanged, usual, changes)


def assigned(order_id: str, unit: str, at: datetime, *, number: int = 1, **changes: Any) -> OrderAssigned:
    """The centre has assigned the order; from the second assignment on because the unit before returned it."""
    usual = {
        "order_id": order_id,
        "assignment": number,
        "unit": unit,
        "first_unit": unit,
        "cause": "first" if number == 1 else "returned",
        "basis": "duty",
        "no_return": False,
        "determined_at": at,
        "assigned_at": at,
        "assigned_by": "dispatcher",
    }
    return _made(OrderAssigned, usual, changes)


def accepted(order_id: str, unit: str, at: datetime) -> OrderAccepted:
    """The unit has accepted the order."""
    return OrderAccepted(order_id=order_id, unit=unit, accepted_at=at)


def contacted(
    order_id: str, unit: str, at: datetime, outcome: str = "reached", *, attempt: int = 1, **changes: Any
) -> CallerContacted:
    """The unit has called the caller; a call that reached nobody counts from the second attempt on."""
    usual = {
        "order_id": order_id,
        "contact_id": f"{order_id}-contact-{attempt}",
        "unit": unit,
        "turn": 1,
        "attempt": attempt,
        "outcome": outcome,
        "counts": outcome != "not_reached" or attempt > 1,
        "contacted_at": at,
        "recorded_at": at,
        "contact": SEALED,
    }
    return _made(CallerContacted, usual, changes)


def noted(order_id: str, unit: str, at: datetime, *, promised_at: datetime) -> ProgressNoted:
    """The unit has recorded its progress and promises the next contact for `promised_at`."""
    return ProgressNoted(order_id=order_id, unit=unit, promised_at=promised_at, noted_at=at)


def return_requested(order_id: str, unit: str, at: datetime, *, suggested_unit: str) -> ReturnRequested:
    """The unit asks to return the order."""
    return ReturnRequested(order_id=order_id, unit=unit, suggested_unit=suggested_unit, requested_at=at)


def return_accepted(order_id: str, unit: str, at: datetime, *, returns: int = 1) -> ReturnAccepted:
    """The centre has taken the order back."""
    return ReturnAccepted(order_id=order_id, unit=unit, returns=returns, decided_by="dispatcher", decided_at=at)


def return_rejected(order_id: str, unit: str, at: datetime, **changes: Any) -> ReturnRejected:
    """The centre has refused the return."""
    usual = {
        "order_id": order_id,
        "return_id": "return-1",
        "unit": unit,
        "reason": SEALED,
        "decided_by": "dispatcher",
        "decided_at": at,
    }
    return _made(ReturnRejected, usual, changes)


def submitted(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplySubmitted:
    """The unit has submitted a reply, `number` counting its rounds."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "disposition": "solved",
        "demand_version": 1,
        "reply": SEALED,
        "submitted_by": "caseworker",
        "submitted_at": at,
    }
    return _made(ReplySubmitted, usual, changes)


def planned(
    order_id: str, unit: str, at: datetime, *, reply_id: str, plan_on: date, first_assigned_at: datetime
) -> OrderPlanned:
    """The matter needs until `plan_on`."""
    return OrderPlanned(
        order_id=order_id,
        unit=unit,
        reply_id=reply_id,
        plan_on=plan_on,
        first_assigned_at=first_assigned_at,
        planned_at=at,
    )


def closed(order_id: str, unit: str, at: datetime, **changes: Any) -> OrderClosed:
    """The order is closed as solved."""
    usual = {"order_id": order_id, "unit": unit, "disposition": "solved", "redos": 0, "closed_at": at}
    return _made(OrderClosed, usual, changes)


def reopened(order_id: str, unit: str, at: datetime, **changes: Any) -> OrderReopened:
    """The caller said that nothing was solved: the unit has to do it again."""
    usual = {"order_id": order_id, "unit": unit, "redos": 1, "reason": "unsolved", "reopened_at": at}
    return _made(OrderReopened, usual, changes)


# --- review -----------------------------------------------------------------------------------------------------------


def leader_approved(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyLeaderApproved:
    """The unit's leader has approved the reply."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "approved_by": "head",
        "approved_at": at,
    }
    return _made(ReplyLeaderApproved, usual, changes)


def leader_rejected(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyLeaderRejected:
    """The unit's leader has rejected the reply."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "opinion": SEALED,
        "rejected_by": "head",
        "rejected_at": at,
    }
    return _made(ReplyLeaderRejected, usual, changes)


def approved(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyApproved:
    """The centre has approved the reply."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "disposition": "solved",
        "demand_version": 1,
        "known_version": changes.get("demand_version", 1),
        "reply": SEALED,
        "leader_name": SEALED,
        "leader_at": at,
        "approved_by": "reviewer",
        "approved_at": at,
    }
    return _made(ReplyApproved, usual, changes)


def rejected(
    order_id: str, unit: str, at: datetime, *, reply_id: str, number: int = 1, **changes: Any
) -> ReplyRejected:
    """The centre has rejected the reply."""
    usual = {
        "order_id": order_id,
        "reply_id": reply_id,
        "round": number,
        "unit": unit,
        "opinion": SEALED,
        "rejected_by": "reviewer",
        "rejected_at": at,
    }
    return _made(ReplyRejected, usual, changes)

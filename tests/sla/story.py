"""The facts that other services tell of one order, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.calendar import SHANGHAI
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
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderUpdated
from shared.contracts.review import ReplyLeaderApproved, ReplyRejected
from tests.support import facts

ORDER = "00000000-0000-7000-8000-000000000001"
OTHER = "00000000-0000-7000-8000-000000000002"
UNIT, SECOND = "housing", "street-chujia"


def local(text: str) -> datetime:
    """A moment in Yantai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def numbered(number: int) -> str:
    """The id of the nth order."""
    return str(UUID(int=number))


def listed(code: str = UNIT, **more: Any) -> UnitChanged:
    """A unit of the directory."""
    return facts.unit_changed(code, local("2026-11-20T09:00"), **{"name": "区住房和城乡建设局", **more})


def received(at: str = "2026-11-23T09:00", order_id: str = ORDER, **more: Any) -> OrderReceived:
    return facts.received(order_id, local(at), **{"platform_no": order_id, "category": "物业管理", **more})


def updated(at: str, version: int = 2, order_id: str = ORDER, **more: Any) -> OrderUpdated:
    return facts.updated(order_id, local(at), **{"version": version, "category": "物业管理", **more})


def assigned(at: str = "2026-11-23T10:00", assignment: int = 1, unit: str = UNIT, **more: Any) -> OrderAssigned:
    changes = {"order_id": ORDER, "first_unit": UNIT, **more}
    return facts.assigned(changes.pop("order_id"), unit, local(at), number=assignment, **changes)


def contacted(at: str, outcome: str = "reached", *, unit: str = UNIT, **more: Any) -> CallerContacted:
    changes = {"order_id": ORDER, **more}
    return facts.contacted(changes.pop("order_id"), unit, local(at), outcome, **changes)


def noted(at: str, promised_at: str) -> ProgressNoted:
    return facts.noted(ORDER, UNIT, local(at), promised_at=local(promised_at))


def return_requested(at: str) -> ReturnRequested:
    return facts.return_requested(ORDER, UNIT, local(at), suggested_unit=SECOND)


def return_accepted(at: str, returns: int = 1) -> ReturnAccepted:
    return facts.return_accepted(ORDER, UNIT, local(at), returns=returns)


def fed_back(at: str, reply_id: str = "r1", **more: Any) -> OrderFedBack:
    return facts.fed_back(ORDER, local(at), reply_id=reply_id, **more)


def announced(at: str, reply_id: str = "r1", **more: Any) -> OrderFedBack:
    """The platform has the reply that announces a plan."""
    return fed_back(at, reply_id, disposition="planned", **more)


def cancelled(at: str) -> OrderCancelled:
    return facts.cancelled(ORDER, local(at))


def planned(at: str, plan_on: str, reply_id: str = "r1", first: str = "2026-11-23T10:00") -> OrderPlanned:
    day, first_assigned_at = date.fromisoformat(plan_on), local(first)
    return facts.planned(ORDER, UNIT, local(at), reply_id=reply_id, plan_on=day, first_assigned_at=first_assigned_at)


def accepted(at: str, unit: str = UNIT) -> OrderAccepted:
    return facts.accepted(ORDER, unit, local(at))


def submitted(at: str, reply_id: str = "r1") -> ReplySubmitted:
    return facts.submitted(ORDER, UNIT, local(at), reply_id=reply_id)


def leader_approved(at: str, reply_id: str = "r1", number: int = 1) -> ReplyLeaderApproved:
    return facts.leader_approved(ORDER, UNIT, local(at), reply_id=reply_id, number=number)


def rejected(at: str, reply_id: str = "r1", number: int = 1) -> ReplyRejected:
    return facts.rejected(ORDER, UNIT, local(at), reply_id=reply_id, number=number)


def return_rejected(at: str) -> ReturnRejected:
    return facts.return_rejected(ORDER, UNIT, local(at))


def closed(at: str, **more: Any) -> OrderClosed:
    return facts.closed(ORDER, UNIT, local(at), **more)


def reopened(at: str, redos: int = 1, **more: Any) -> OrderReopened:
    return facts.reopened(ORDER, UNIT, local(at), redos=redos, **more)

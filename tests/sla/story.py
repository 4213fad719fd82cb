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
    facts: dict[str, Any] = {
        "code": code,
        "name": "区住房和城乡建设局",
        "group": "department",
        "active": True,
        "ready": True,
        "changed_at": local("2026-11-20T09:00"),
        "version": 1,
    }
    return UnitChanged(**facts | more)


def received(at: str = "2026-11-23T09:00", order_id: str = ORDER, **more: Any) -> OrderReceived:
    facts: dict[str, Any] = {
        "order_id": order_id,
        "platform": "yantai12345",
        "platform_no": order_id,
        "level": "municipal",
        "subject": "person",
        "scheme": "ordinary",
        "category": "物业管理",
        "demand": "s1.sealed",
        "received_at": local(at),
    }
    return OrderReceived(**facts | more)


def updated(at: str, version: int = 2, order_id: str = ORDER, **more: Any) -> OrderUpdated:
    facts: dict[str, Any] = {
        "order_id": order_id,
        "version": version,
        "changed": ("content",),
        "category": "物业管理",
        "demand": "s1.sealed",
        "updated_at": local(at),
    }
    return OrderUpdated(**facts | more)


def assigned(at: str = "2026-11-23T10:00", assignment: int = 1, unit: str = UNIT, **more: Any) -> OrderAssigned:
    facts: dict[str, Any] = {
        "order_id": ORDER,
        "assignment": assignment,
        "unit": unit,
        "first_unit": UNIT,
        "cause": "first" if assignment == 1 else "returned",
        "basis": "duty",
        "no_return": False,
        "determined_at": local(at),
        "assigned_at": local(at),
        "assigned_by": "dispatcher",
    }
    return OrderAssigned(**facts | more)


def contacted(at: str, outcome: str = "reached", *, unit: str = UNIT, **more: Any) -> CallerContacted:
    facts: dict[str, Any] = {
        "order_id": ORDER,
        "unit": unit,
        "attempt": 1,
        "outcome": outcome,
        "counts": outcome != "not_reached",
        "contacted_at": local(at),
        "recorded_at": local(at),
    }
    return CallerContacted(**facts | more)


def noted(at: str, promised_at: str) -> ProgressNoted:
    return ProgressNoted(order_id=ORDER, unit=UNIT, promised_at=local(promised_at), noted_at=local(at))


def return_requested(at: str) -> ReturnRequested:
    return ReturnRequested(order_id=ORDER, unit=UNIT, suggested_unit=SECOND, requested_at=local(at))


def return_accepted(at: str, returns: int = 1) -> ReturnAccepted:
    return ReturnAccepted(order_id=ORDER, unit=UNIT, returns=returns, decided_by="dispatcher", decided_at=local(at))


def fed_back(at: str, reply_id: str = "r1") -> OrderFedBack:
    return OrderFedBack(order_id=ORDER, reply_id=reply_id, platform="yantai12345", attempts=1, fed_back_at=local(at))


def cancelled(at: str) -> OrderCancelled:
    return OrderCancelled(order_id=ORDER, reason="重复", cancelled_at=local(at))


def planned(at: str, plan_on: str, reply_id: str = "r1", first: str = "2026-11-23T10:00") -> OrderPlanned:
    return OrderPlanned(
        order_id=ORDER,
        unit=UNIT,
        reply_id=reply_id,
        plan_on=date.fromisoformat(plan_on),
        first_assigned_at=local(first),
        planned_at=local(at),
    )


def accepted(at: str, unit: str = UNIT) -> OrderAccepted:
    return OrderAccepted(order_id=ORDER, unit=unit, accepted_at=local(at))


def submitted(at: str, reply_id: str = "r1") -> ReplySubmitted:
    return ReplySubmitted(
        order_id=ORDER,
        reply_id=reply_id,
        round=1,
        unit=UNIT,
        disposition="solved",
        reply="s1.sealed",
        submitted_by="caseworker",
        submitted_at=local(at),
    )


def leader_approved(at: str, reply_id: str = "r1", number: int = 1) -> ReplyLeaderApproved:
    return ReplyLeaderApproved(
        order_id=ORDER, reply_id=reply_id, round=number, unit=UNIT, approved_by="head", approved_at=local(at)
    )


def rejected(at: str, reply_id: str = "r1", number: int = 1) -> ReplyRejected:
    return ReplyRejected(
        order_id=ORDER,
        reply_id=reply_id,
        round=number,
        unit=UNIT,
        opinion="s1.sealed",
        rejected_by="reviewer",
        rejected_at=local(at),
    )


def return_rejected(at: str) -> ReturnRejected:
    return ReturnRejected(order_id=ORDER, unit=UNIT, reason="确属职责", decided_by="dispatcher", decided_at=local(at))


def closed(at: str) -> OrderClosed:
    return OrderClosed(order_id=ORDER, unit=UNIT, disposition="solved", redos=0, closed_at=local(at))


def reopened(at: str, redos: int = 1) -> OrderReopened:
    return OrderReopened(order_id=ORDER, unit=UNIT, redos=redos, reason="unsolved", reopened_at=local(at))

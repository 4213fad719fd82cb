"""From an event to a fact. Pure."""

from __future__ import annotations

from services.analytics.facts.model import Fact, Kind
from services.analytics.facts.policy import OVERDUE_CLOCKS
from shared.contracts import Event
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReturnAccepted
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderRevisited, ReplyNotSent
from shared.contracts.review import ReplyApproved, ReplyRejected
from shared.contracts.sla import BreachExcused, ClockBreached


def fact_of(event: Event) -> Fact | None:
    """What the figures need of an event; None when they need nothing of it."""
    match event:
        case OrderReceived():
            weight = 0 if event.is_test else 1
            return Fact(order_id=event.order_id, kind=Kind.RECEIVED, at=event.received_at, weight=weight)
        case OrderCancelled():
            return Fact(order_id=event.order_id, kind=Kind.CANCELLED, at=event.cancelled_at)
        case OrderAssigned():
            return Fact(order_id=event.order_id, kind=Kind.ASSIGNED, at=event.assigned_at, unit=event.unit)
        case ReturnAccepted():
            return Fact(order_id=event.order_id, kind=Kind.RETURNED, at=event.decided_at, unit=event.unit)
        case OrderReopened():
            return Fact(order_id=event.order_id, kind=Kind.REOPENED, at=event.reopened_at, unit=event.unit)
        case OrderClosed():
            return Fact(order_id=event.order_id, kind=Kind.CLOSED, at=event.closed_at, unit=event.unit)
        case _:
            return _answer_of(event)


def _answer_of(event: Event) -> Fact | None:
    match event:
        case ReplyApproved():
            return Fact(
                order_id=event.order_id,
                kind=Kind.APPROVED,
                at=event.approved_at,
                unit=event.unit,
                disposition=event.disposition,
                reply=event.reply_id,
            )
        case ReplyRejected():
            return Fact(
                order_id=event.order_id,
                kind=Kind.REJECTED,
                at=event.rejected_at,
                unit=event.unit,
                reply=event.reply_id,
            )
        case ReplyNotSent():
            return Fact(
                order_id=event.order_id,
                kind=Kind.NOT_SENT,
                at=event.not_sent_at,
                unit=event.unit,
                reply=event.reply_id,
            )
        case OrderFedBack():
            return Fact(order_id=event.order_id, kind=Kind.FED_BACK, at=event.fed_back_at)
        case OrderRevisited(valid=True):
            return Fact(
                order_id=event.order_id,
                kind=Kind.REVISITED,
                at=event.revisited_at,
                solved=event.solved,
                satisfied=event.satisfied,
            )
        case OrderRevisited():
            return Fact(order_id=event.order_id, kind=Kind.REVISIT_INVALID, at=event.revisited_at)
        case ClockBreached() if event.kind in OVERDUE_CLOCKS:
            kind = OVERDUE_CLOCKS[event.kind]
            return Fact(order_id=event.order_id, kind=kind, at=event.due_at, unit=event.unit, clock=event.clock_id)
        case BreachExcused() if event.kind in OVERDUE_CLOCKS:
            return Fact(order_id=event.order_id, kind=Kind.EXCUSED, at=event.due_at, clock=event.clock_id)
        case _:
            return None

"""The smaller requests of a platform: cancel, urge, revisit result, redo.  Each once per webhook-id (R34)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.intake.errors import NotYetAnswered, OrderOver, RequestIdReused, UnknownOrder
from services.intake.policy import CHANNELS
from services.intake.rules import check_happened, revisit_result
from services.intake.store import orders
from services.intake.store.acceptance import KnownReceipt
from services.intake.store.deliveries import was_answered
from services.intake.store.quarantine import claim_receipt, settle_receipt
from services.intake.tables import Revisit, UpstreamOrderRecord
from shared.contracts.intake import OrderCancelled, OrderRedoRequested, OrderRevisited, OrderUrged
from shared.personal.numbers import without_numbers
from shared.telemetry import logger
from shared.work import Work

log = logger("intake.notices")

_ANSWERED: Final = frozenset({"fed_back", "closed"})


async def take_request(
    work: Work, *, channel: str, webhook_id: str, body_hash: bytes, status: int = 200
) -> KnownReceipt | None:
    """Take a request's id in this transaction; its former answer if there is one, RequestIdReused for another body."""
    known = await claim_receipt(
        work.session, channel=channel, webhook_id=webhook_id, body_hash=body_hash, status=status, at=work.now
    )
    if known is not None and known.body_hash != body_hash:
        raise RequestIdReused(webhook_id)
    return known


async def answer_request(work: Work, *, channel: str, webhook_id: str, order_id: str) -> None:
    """Remember that a request was answered with this order."""
    await settle_receipt(work.session, channel=channel, webhook_id=webhook_id, status=200, order_id=order_id)


async def _order(work: Work, platform: str, platform_no: str, happened_at: datetime) -> UpstreamOrderRecord:
    """The order that a platform speaks of, locked; UnknownOrder, HappenedBeforeCall."""
    record = await orders.numbered_for_update(work.session, platform, platform_no)
    if record is None:
        raise UnknownOrder
    told = (await orders.present_version(work.session, record)).details.get("called_at")
    check_happened(CHANNELS[platform], happened_at, called_at=None if told is None else datetime.fromisoformat(told))
    return record


async def cancel_order(work: Work, platform: str, platform_no: str, *, reason: str, happened_at: datetime) -> str:
    """The platform takes the order back; a second time does nothing. OrderOver when its answer is there already."""
    record = await _order(work, platform, platform_no, happened_at)
    if record.state == "cancelled":
        return record.order_id
    if record.state in _ANSWERED:
        raise OrderOver(record.state)
    before, record.state = record.state, "cancelled"
    work.emit(OrderCancelled(order_id=record.order_id, reason=without_numbers(reason), cancelled_at=work.now))
    after = {"state": "cancelled", "told_at": happened_at.isoformat()}
    work.audit(
        "order.cancelled", record.order_id, before={"state": before}, after=after, reason=without_numbers(reason)
    )
    log.info("order cancelled", order_id=record.order_id, channel=platform)
    return record.order_id


async def urge_order(work: Work, platform: str, platform_no: str, *, happened_at: datetime) -> str:
    """The platform urges the order."""
    record = await _order(work, platform, platform_no, happened_at)
    if record.state == "cancelled" or record.state in _ANSWERED:
        raise OrderOver(record.state)
    record.urges += 1
    work.emit(OrderUrged(order_id=record.order_id, urged_at=work.now))
    work.audit("order.urged", record.order_id, after={"urges": record.urges, "told_at": happened_at.isoformat()})
    return record.order_id


async def record_revisit(
    work: Work,
    platform: str,
    platform_no: str,
    *,
    connected: bool,
    solved: str | None,
    satisfied: str | None,
    opinion: str | None,
    happened_at: datetime,
) -> str:
    """What came of the platform's call to the person (A31, A32); the opinion stays sealed.

    NotYetAnswered before a reply was ever approved: the first result is the one that ranks (A34), and it would be about
    nothing. One approved reply is enough, also if nobody knows that it arrived: its acknowledgement may have been lost.
    """
    record = await _order(work, platform, platform_no, happened_at)
    if record.state == "cancelled":
        raise OrderOver(record.state)
    if not await was_answered(work.session, record.order_id):
        raise NotYetAnswered
    result = revisit_result(connected=connected, solved=solved, satisfied=satisfied)
    record.revisits += 1
    number = record.revisits
    await orders.store_revisit(
        work.session,
        Revisit(
            order_id=record.order_id,
            revisit=number,
            valid=result.valid,
            solved=result.solved,
            satisfied=result.satisfied,
            opinion=None if opinion is None else work.sealer.seal(opinion, f"order:{record.order_id}:revisit:{number}"),
            revisited_at=happened_at,
            received_at=work.now,
        ),
    )
    work.emit(
        OrderRevisited(
            order_id=record.order_id,
            revisit=number,
            valid=result.valid,
            solved=result.solved,
            satisfied=result.satisfied,
            revisited_at=happened_at,
        )
    )
    after = {"revisit": number, "valid": result.valid, "solved": result.solved, "satisfied": result.satisfied}
    work.audit("order.revisited", record.order_id, after=after)
    return record.order_id


async def request_redo(work: Work, platform: str, platform_no: str, *, reason: str, happened_at: datetime) -> str:
    """The platform wants the matter handled once more (重办)."""
    record = await _order(work, platform, platform_no, happened_at)
    if record.state == "cancelled":
        raise OrderOver(record.state)
    work.emit(OrderRedoRequested(order_id=record.order_id, reason=without_numbers(reason), requested_at=happened_at))
    work.audit("order.redo_requested", record.order_id, reason=without_numbers(reason))
    return record.order_id

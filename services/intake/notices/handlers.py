"""The smaller requests of a platform take effect: cancel, urge, revisit result, redo."""

from __future__ import annotations

from typing import Final

from services.intake.channels.policy import CHANNELS
from services.intake.feedback.store import was_answered
from services.intake.notices import rules
from services.intake.notices.errors import NotYetAnswered, OrderOver, UnknownOrder
from services.intake.notices.model import Cancellation, Notice, Redo, RevisitCall, Urge
from services.intake.notices.tables import Revisit
from services.intake.orders.model import State
from services.intake.orders.store import called_at_of, numbered_for_update
from services.intake.orders.tables import UpstreamOrderRecord
from shared.contracts.intake import OrderCancelled, OrderRedoRequested, OrderRevisited, OrderUrged
from shared.contracts.places import REVISIT
from shared.personal.numbers import without_numbers
from shared.telemetry import logger
from shared.work import Work

log = logger("intake.notices")

_ANSWERED: Final = frozenset({State.FED_BACK, State.CLOSED})


async def apply_notice(work: Work, platform: str, notice: Notice) -> str:
    """Apply a notice of a platform about one of its orders; the order's id.  UnknownOrder, HappenedBeforeCall, OrderOver."""
    record = await numbered_for_update(work.session, platform, notice.upstream_no)
    if record is None:
        raise UnknownOrder
    called_at = await called_at_of(work.session, record)
    rules.check_happened(CHANNELS[platform], notice.happened_at, called_at=called_at)
    match notice:
        case Cancellation():
            _cancel_order(work, record, notice)
        case Urge():
            _urge_order(work, record, notice)
        case RevisitCall():
            await _record_revisit(work, record, notice)
        case Redo():
            _request_redo(work, record, notice)
    return record.order_id


def _cancel_order(work: Work, record: UpstreamOrderRecord, notice: Cancellation) -> None:
    """The platform takes the order back; a second time changes nothing.  OrderOver when its answer was fed back."""
    if record.state is State.CANCELLED:
        return
    if record.state in _ANSWERED:
        raise OrderOver(record.state)
    before, record.state = record.state, State.CANCELLED
    reason = without_numbers(notice.reason)
    work.emit(OrderCancelled(order_id=record.order_id, reason=reason, cancelled_at=work.now))
    after = {"state": State.CANCELLED, "told_at": notice.happened_at.isoformat()}
    work.audit("order.cancelled", record.order_id, before={"state": before}, after=after, reason=reason)
    log.info("order cancelled", order_id=record.order_id, channel=record.platform)


def _urge_order(work: Work, record: UpstreamOrderRecord, notice: Urge) -> None:
    """The platform urges the order."""
    if record.state is State.CANCELLED or record.state in _ANSWERED:
        raise OrderOver(record.state)
    record.urges += 1
    work.emit(OrderUrged(order_id=record.order_id, urged_at=work.now))
    after = {"urges": record.urges, "told_at": notice.happened_at.isoformat()}
    work.audit("order.urged", record.order_id, after=after)


async def _record_revisit(work: Work, record: UpstreamOrderRecord, call: RevisitCall) -> None:
    """The result of the platform's call to the person (A31, A32); the opinion stays sealed.

    NotYetAnswered before a reply was ever approved: the first result is the one that ranks (A34), and without a reply
    it would be about nothing.  An approved reply is enough, acknowledged or not: the acknowledgement may have been lost.
    """
    if record.state is State.CANCELLED:
        raise OrderOver(record.state)
    if not await was_answered(work.session, record.order_id):
        raise NotYetAnswered
    result = rules.revisit_result(connected=call.connected, solved=call.solved, satisfied=call.satisfied)
    record.revisits += 1
    number = record.revisits
    place = REVISIT.at(order_id=record.order_id, number=number)
    work.session.add(
        Revisit(
            order_id=record.order_id,
            revisit=number,
            valid=result.valid,
            solved=result.solved,
            satisfied=result.satisfied,
            opinion=work.sealer.seal_if_any(call.opinion, place),
            revisited_at=call.happened_at,
            received_at=work.now,
        )
    )
    work.emit(
        OrderRevisited(
            order_id=record.order_id,
            revisit=number,
            valid=result.valid,
            solved=result.solved,
            satisfied=result.satisfied,
            revisited_at=call.happened_at,
        )
    )
    after = {"revisit": number, "valid": result.valid, "solved": result.solved, "satisfied": result.satisfied}
    work.audit("order.revisited", record.order_id, after=after)


def _request_redo(work: Work, record: UpstreamOrderRecord, notice: Redo) -> None:
    """The platform wants the matter handled once more (重办)."""
    if record.state is State.CANCELLED:
        raise OrderOver(record.state)
    reason = without_numbers(notice.reason)
    work.emit(OrderRedoRequested(order_id=record.order_id, reason=reason, requested_at=notice.happened_at))
    work.audit("order.redo_requested", record.order_id, reason=reason)

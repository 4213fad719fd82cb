"""The smaller requests of a platform take effect: cancel, urge, revisit result, redo.

How each ends in each state of its order says the table of endings, and nothing here decides it a second time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.intake.channels.policy import CHANNELS
from services.intake.endings.errors import RevisitRecordedOtherwise
from services.intake.endings.model import Ending, Standing, Way
from services.intake.endings.policy import CONTRADICTS
from services.intake.endings.rules import ending_of, refusal_of, standing_of
from services.intake.feedback.handlers import cancel_deliveries, take_as_acknowledged
from services.intake.feedback.model import AckedBy, Approved
from services.intake.feedback.store import approved_replies
from services.intake.notices import rules
from services.intake.notices.errors import UnknownOrder
from services.intake.notices.model import Cancellation, Notice, Redo, RevisitCall, Urge
from services.intake.notices.store import told_before
from services.intake.notices.tables import Revisit, ToldNotice
from services.intake.orders.handlers import follow, known_words
from services.intake.orders.model import State
from services.intake.orders.store import caller_of_order, numbered_for_update, present_version
from services.intake.orders.tables import UpstreamOrderRecord
from shared.contracts.intake import NoticeRepeated, OrderCancelled, OrderRedoRequested, OrderRevisited, OrderUrged
from shared.contracts.places import REVISIT
from shared.personal.confidential import without_caller
from shared.personal.numbers import without_numbers
from shared.personal.sealing import Sealer
from shared.telemetry import logger
from shared.work import Work

log = logger("intake.notices")


async def apply_notice(work: Work, platform: str, notice: Notice, *, arrived_at: datetime | None = None) -> str:
    """Apply a notice of a platform about one of its orders; the order's id.

    What it does counts from its arrival, also when it waited in quarantine since `arrived_at` (A04).
    UnknownOrder, HappenedBeforeCall and RevisitContradicts for what cannot be about the order, a Refusal for what its
    state does not allow.
    """
    channel, told, at = CHANNELS[platform], rules.told_by(notice), arrived_at or work.now
    record = await numbered_for_update(work.session, platform, notice.upstream_no)
    replies = [] if record is None else await approved_replies(work.session, record.order_id)
    answered = max((one.redos for one in replies), default=None)
    meant = rules.reply_meant(replies, notice.happened_at)
    standing = Standing.UNKNOWN if record is None else standing_of(record.state, redos=record.redos, answered=answered)
    ending = ending_of(standing, told, earlier=meant is not None and meant.redos < (answered or 0))
    if isinstance(notice, RevisitCall) and ending.code == CONTRADICTS:
        raise rules.contradiction(channel, notice)
    if record is None:
        raise UnknownOrder
    kind, content = rules.KINDS[type(notice)], work.sealer.fingerprint(rules.content_of(notice))
    called_at, before = await told_before(work.session, record, kind, notice.happened_at)
    if content in before:
        return record.order_id
    rules.check_happened(channel, notice.happened_at, called_at=called_at)
    refusal = refusal_of(ending, record.state)
    if refusal is not None:
        raise refusal
    if before and isinstance(notice, RevisitCall):
        raise RevisitRecordedOtherwise(record.state)
    work.session.add(
        ToldNotice(order_id=record.order_id, kind=kind, happened_at=notice.happened_at, content=content, received_at=at)
    )
    match notice:
        case Cancellation():
            await _cancel_order(work, record, notice, ending, at=at)
        case Urge():
            await _urge_order(work, record, notice, at=at)
        case RevisitCall() if meant is not None:
            await _record_revisit(work, record, notice, meant, earlier=meant is not replies[-1], at=at)
        case Redo() if meant is not None:
            await _request_redo(work, record, notice, ending, meant, at=at)
    return record.order_id


async def _cancel_order(
    work: Work, record: UpstreamOrderRecord, notice: Cancellation, ending: Ending, *, at: datetime
) -> None:
    """The platform takes the order back; a second time changes nothing."""
    reason = await _without_personal_data(work, record, notice.reason)
    if ending.way is Way.KNOWN:
        _tell_repeated(work, record, "cancellation", reason, at=at)
        return
    before, record.state = record.state, State.CANCELLED
    work.emit(OrderCancelled(order_id=record.order_id, reason=reason, cancelled_at=at))
    await cancel_deliveries(work, record)  # told after its cause
    after = {"state": State.CANCELLED, "told_at": notice.happened_at.isoformat()}
    work.audit("order.cancelled", record.order_id, before={"state": before}, after=after, reason=reason)
    log.info("order cancelled", order_id=record.order_id, channel=record.platform)


async def _urge_order(work: Work, record: UpstreamOrderRecord, notice: Urge, *, at: datetime) -> None:
    """The platform urges the order."""
    record.urges += 1
    reason = await _without_personal_data(work, record, notice.reason) if notice.reason else None
    work.emit(OrderUrged(order_id=record.order_id, urged_at=at, reason=reason))
    after = {"urges": record.urges, "told_at": notice.happened_at.isoformat()}
    work.audit("order.urged", record.order_id, after=after, reason=reason)


def _tell_repeated(
    work: Work, record: UpstreamOrderRecord, notice: Literal["cancellation", "redo"], reason: str, *, at: datetime
) -> None:
    """What the platform asks for holds already: nothing moves, and its reason is kept where everybody reads it."""
    work.emit(NoticeRepeated(order_id=record.order_id, notice=notice, reason=reason, told_at=at))
    work.audit("order.notice_repeated", record.order_id, after={"notice": notice}, reason=reason)


async def _record_revisit(
    work: Work, record: UpstreamOrderRecord, call: RevisitCall, meant: Approved, *, earlier: bool, at: datetime
) -> None:
    """The result of the platform's call to the person (A31, A32); the opinion stays sealed.

    It is about the reply that is `meant`, and proves that the platform has that one; `earlier`: a newer one was approved.
    """
    result = rules.revisit_result(call)
    number = record.revisits + 1
    revisit = Revisit(
        order_id=record.order_id,
        revisit=number,
        redos=meant.redos,
        valid=result.valid,
        solved=result.solved,
        satisfied=result.satisfied,
        opinion=work.sealer.seal_if_any(call.opinion, REVISIT.at(order_id=record.order_id, number=number)),
        revisited_at=call.happened_at,
        received_at=at,
    )
    await take_as_acknowledged(work, record, AckedBy.REVISIT, of=meant, at=at)
    record.revisits = number
    work.session.add(revisit)
    work.emit(
        OrderRevisited(
            order_id=record.order_id,
            revisit=number,
            valid=result.valid,
            solved=result.solved,
            satisfied=result.satisfied,
            revisited_at=call.happened_at,
            redos=meant.redos,
            of_earlier_reply=earlier,
            reply_id=meant.reply_id,
        )
    )
    after = {"revisit": number, "valid": result.valid, "solved": result.solved, "satisfied": result.satisfied}
    work.audit("order.revisited", record.order_id, after=after)


def opinion_of(revisit: Revisit, sealer: Sealer) -> str | None:
    """What the person said, opened."""
    return sealer.open_if_any(revisit.opinion, REVISIT.at(order_id=revisit.order_id, number=revisit.revisit))


async def _request_redo(
    work: Work, record: UpstreamOrderRecord, notice: Redo, ending: Ending, meant: Approved, *, at: datetime
) -> None:
    """The platform wants the matter handled once more (重办); `meant` is the reply that it rejects.

    The order is open from this moment on, so that the platform may push its changes at once.
    """
    reason = await _without_personal_data(work, record, notice.reason)
    if ending.way is Way.KNOWN:
        _tell_repeated(work, record, "redo", reason, at=at)
        return
    await take_as_acknowledged(work, record, AckedBy.REDO, of=meant, at=at)
    work.emit(
        OrderRedoRequested(order_id=record.order_id, reason=reason, requested_at=notice.happened_at, redos=meant.redos)
    )
    work.audit("order.redo_requested", record.order_id, reason=reason)
    if record.state in {State.FED_BACK, State.CLOSED}:
        follow(work, record, State.ASSIGNED, record.holder_unit)


async def _without_personal_data(work: Work, record: UpstreamOrderRecord, reason: str) -> str:
    """A platform's reason as events and the audit trail may have it in clear; of a confidential order without its caller (X2)."""
    if not record.confidential:
        return without_numbers(reason)
    caller = await caller_of_order(work.session, record.order_id)
    version = await present_version(work.session, record)
    return without_caller(reason, known_words(caller, version, work.sealer))

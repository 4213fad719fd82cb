"""Replies back to the platforms: at once, in order per order, until acknowledged or shown as failed (S2.3b, P8).

The delivery's id is the webhook-id of every attempt.  So an attempt whose result nobody knows (a crash between sending
and storing the result) is repeated under the same id, and the platform takes it once.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Final

import orjson

from services.intake.channels.policy import CHANNELS
from services.intake.feedback import rules, store
from services.intake.feedback.clients import FeedbackClient
from services.intake.feedback.errors import DeliveryNotWaiting
from services.intake.feedback.model import AckedBy, Answer, Approved, DeliveryState, Outcome
from services.intake.feedback.store import Claimed
from services.intake.feedback.tables import Delivery
from services.intake.orders.handlers import follow
from services.intake.orders.model import State
from services.intake.orders.store import fields_changed_since, order_for_update
from services.intake.orders.tables import UpstreamOrderRecord
from services.intake.settings import ChannelSecrets, key_of
from shared.contracts.dispatch import Disposition
from shared.contracts.intake import FeedbackFailed, NotSentReason, OrderFedBack, ReplyNotSent, ReplyOutdated
from shared.contracts.places import LEADER, REPLY
from shared.contracts.review import ReplyApproved
from shared.personal.sealing import SealBroken
from shared.telemetry import logger
from shared.work import Work, Works

log = logger("intake.feedback")

DUE: Final = "feedback"
"""What the sending job waits for: a commit that made a delivery due."""


async def queue_feedback(work: Work, approved: ReplyApproved) -> None:
    """The reply is to be sent to the platform at once (S2.3b); a repeated approval changes nothing.

    A reply of a cycle that was reopened, or of an order that was cancelled, before the centre could know of it is void:
    it is not sent, and the others are told.  Nor is one sent to a demand that the platform had changed before the centre
    could know of that (`_is_outdated`).
    """
    record = await order_for_update(work, approved.order_id)
    if record.state is State.CANCELLED or approved.redos < record.redos:
        with work.by_itself():
            work.audit("feedback.void", record.order_id, after={"reply_id": approved.reply_id, "state": record.state})
        if not await store.is_queued(work.session, approved.reply_id):
            _tell_not_sent(work, approved, "cancelled" if record.state is State.CANCELLED else "reopened")
        return
    if await _is_outdated(work, record, approved):
        return
    added = await store.add_delivery(
        work.session,
        id=str(work.ids()),
        order_id=record.order_id,
        reply_id=approved.reply_id,
        platform=record.platform,
        round=approved.round,
        redos=approved.redos,
        unit=approved.unit,
        disposition=approved.disposition,
        demand_version=approved.demand_version,
        reply=approved.reply,
        leader_name=approved.leader_name,
        leader_at=approved.leader_at,
        approved_at=approved.approved_at,
        created_at=work.now,
        next_at=work.now,
    )
    if added:
        work.audit("feedback.queued", record.order_id, after={"reply_id": approved.reply_id})
        work.wake(DUE)
    if record.state not in {State.CLOSED, State.FED_BACK}:
        follow(work, record, State.APPROVED, record.holder_unit)


async def _is_outdated(work: Work, order: UpstreamOrderRecord, approved: ReplyApproved) -> bool:
    """Whether the centre did not know the demand as it is now: then the reply goes back, and the others are told (S1.1.4c).

    `order` is locked, as it is while its platform changes it: a change that was answered before is seen here, and one that
    comes later finds the reply on its way.  A reply that is queued stays so: an attempt may have reached the platform, and
    each says which version it answers.
    """
    if order.version <= approved.known_version:
        return False
    since = await fields_changed_since(work.session, order.order_id, approved.demand_version)
    changed = rules.unknown_changes(since, known_version=approved.known_version)
    if not changed or await store.is_queued(work.session, approved.reply_id):
        return False
    after = {"reply_id": approved.reply_id, "known_version": approved.known_version, "version": order.version}
    with work.by_itself():
        work.emit(
            ReplyOutdated(
                order_id=order.order_id,
                reply_id=approved.reply_id,
                round=approved.round,
                unit=approved.unit,
                demand_version=approved.demand_version,
                known_version=approved.known_version,
                version=order.version,
                changed=changed,
                outdated_at=work.now,
            )
        )
        work.audit("feedback.outdated", order.order_id, after={**after, "changed": list(changed)})
    return True


async def take_as_acknowledged(
    work: Work, order: UpstreamOrderRecord, by: AckedBy, *, of: Approved, at: datetime
) -> None:
    """A revisit or a redo proves that the platform has the reply, although its acknowledgement never came (S2.3b).

    A reply that was sent at least once is not sent again, and the outcome of an attempt that is still under way changes
    nothing.  One that was never sent still is, because nobody else tells the platform its words.  `order` is locked,
    `of` is the reply that it is about, of later ones it proves nothing; `at` the moment at which the proof arrived, and
    it proves nothing of a time before the reply was approved.
    """
    if of.acked:
        return  # as always when the platform answers; an acknowledgement is never taken back
    for delivery in await store.not_acknowledged(work.session, order.order_id):
        if delivery.approved_at > of.at:
            continue
        delivery.acked_at, delivery.acked_by = max(at, delivery.created_at), by
        if delivery.attempts:
            delivery.state, delivery.next_at = DeliveryState.ACKED, None
            delivery.lease = delivery.leased_until = None
        _tell_fed_back(
            work,
            order,
            delivery.reply_id,
            delivery.disposition,
            attempts=delivery.attempts,
            redos=delivery.redos,
            by=by,
            at=delivery.acked_at,
        )
        work.wake(DUE)  # a later reply of the same order may go now


async def cancel_deliveries(work: Work, order: UpstreamOrderRecord) -> None:
    """The platform took the locked order back: no reply is sent to it any more.

    An attempt under way may still reach the platform; its outcome is stored with the attempt and changes nothing.  Of a
    reply that was never attempted, and that no notice has proved, it is certain that the platform does not have it.
    """
    for delivery in await store.unfinished(work.session, order.order_id):
        if not delivery.attempts and delivery.acked_at is None:
            _tell_not_sent(work, delivery, "cancelled")
        before = {"state": delivery.state}
        delivery.state, delivery.next_at = DeliveryState.CANCELLED, None
        delivery.lease = delivery.leased_until = None
        after = {"state": delivery.state, "reply_id": delivery.reply_id}
        with work.by_itself():
            work.audit("feedback.cancelled", order.order_id, before=before, after=after)


def _tell_not_sent(work: Work, reply: ReplyApproved | Delivery, reason: NotSentReason) -> None:
    with work.by_itself():
        work.emit(
            ReplyNotSent(
                order_id=reply.order_id,
                reply_id=reply.reply_id,
                round=reply.round,
                unit=reply.unit,
                reason=reason,
                not_sent_at=work.now,
                redos=reply.redos,
            )
        )


def _tell_fed_back(
    work: Work,
    order: UpstreamOrderRecord,
    reply_id: str,
    disposition: Disposition,
    *,
    attempts: int,
    redos: int,
    by: AckedBy,
    at: datetime,
) -> None:
    if redos >= order.redos and order.state not in {State.CLOSED, State.CANCELLED}:
        order.state = State.FED_BACK
    work.emit(
        OrderFedBack(
            order_id=order.order_id,
            reply_id=reply_id,
            disposition=disposition,
            platform=order.platform,
            attempts=attempts,
            fed_back_at=at,
            redos=redos,
            by=by.value,
        )
    )
    work.audit("feedback.acked", order.order_id, after={"reply_id": reply_id, "attempts": attempts, "by": by})


async def retry(work: Work, delivery_id: str) -> None:
    """A person starts a delivery again, at once and with the whole schedule before it."""
    delivery = await store.delivery_of(work.session, delivery_id, lock=True)
    if delivery.state not in {DeliveryState.WAITING, DeliveryState.FAILED}:
        raise DeliveryNotWaiting(delivery.state)
    before = {"state": delivery.state, "attempts": delivery.attempts}
    delivery.state, delivery.next_at, delivery.scheduled = DeliveryState.WAITING, work.now, 0
    work.audit("feedback.retried", delivery.order_id, before=before, after={"delivery_id": delivery.id})
    work.wake(DUE)


async def attempt(works: Works, client: FeedbackClient, secrets: ChannelSecrets | None, claimed: Claimed) -> None:
    """Send one claimed delivery, outside of any transaction, and store how it ended."""
    outcome = await _sent(works, client, secrets, claimed)
    async with works.begin() as work:
        await _record(work, claimed, outcome)
    log.info(
        "feedback attempted",
        order_id=claimed.order_id,
        channel=claimed.platform,
        attempt=claimed.attempts,
        outcome=outcome.word,
    )


async def _sent(works: Works, client: FeedbackClient, secrets: ChannelSecrets | None, claimed: Claimed) -> Outcome:
    if secrets is None or secrets.url is None or secrets.outgoing is None:
        return Outcome("no_address")
    try:
        ids = {"order_id": claimed.order_id, "reply_id": claimed.reply_id}
        answer = Answer(
            order_no=claimed.platform_no,
            demand_version=claimed.demand_version,
            reply_id=claimed.reply_id,
            round=claimed.round,
            unit_name=claimed.unit_name,
            leader_name=works.sealer.open(claimed.leader_name, LEADER.at(**ids)),
            leader_at=claimed.leader_at,
            disposition=claimed.disposition,
            reply=works.sealer.open_json(claimed.reply, REPLY.at(**ids)),
        )
        body = rules.feedback_body(CHANNELS[claimed.platform], answer)
    except (SealBroken, ValueError, TypeError, AttributeError):
        return Outcome("unreadable")
    return await client.send(
        secrets.url,
        key_of(secrets.outgoing),
        webhook_id=claimed.id,
        attempt=claimed.lease,
        body=orjson.dumps(body),
        now=works.clock.now(),
        success=CHANNELS[claimed.platform].success,
    )


async def _record(work: Work, claimed: Claimed, outcome: Outcome) -> None:
    # The order first, as everywhere: its events take their numbers in the order of its commits (R7).
    order = await order_for_update(work, claimed.order_id)
    again_at = None
    if not outcome.acked and not outcome.gone:
        again_at = rules.next_attempt_at(
            claimed.scheduled, now=work.now, jitter=random.random(), retry_after=outcome.retry_after
        )
    state = DeliveryState.ACKED if outcome.acked else DeliveryState.WAITING if again_at else DeliveryState.FAILED
    try:
        others, by = await store.end_attempt(work.session, claimed, outcome, at=work.now, state=state, next_at=again_at)
    except store.Superseded:
        return
    if others and state is not DeliveryState.WAITING:
        work.wake(DUE)  # a later reply of the same order may go now
    if outcome.acked:
        if by is AckedBy.ANSWER:  # otherwise a notice proved it before, and said so
            _tell_fed_back(
                work,
                order,
                claimed.reply_id,
                claimed.disposition,
                attempts=claimed.attempts,
                redos=claimed.redos,
                by=AckedBy.ANSWER,
                at=work.now,
            )
        return
    work.emit(
        FeedbackFailed(
            order_id=order.order_id,
            reply_id=claimed.reply_id,
            platform=claimed.platform,
            attempt=claimed.attempts,
            reason=outcome.word,
            final=again_at is None,
            failed_at=work.now,
        )
    )
    after = {"attempt": claimed.attempts, "outcome": outcome.word, "why": outcome.reason, "final": again_at is None}
    work.audit("feedback.failed", order.order_id, after=after)

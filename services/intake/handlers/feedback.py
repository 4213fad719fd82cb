"""Replies back to the platforms: at once, in order per order, until acknowledged or visibly dead (S2.3b, P8).

The delivery's id is the webhook-id of every attempt.  So an attempt whose end nobody knows (a crash between the
sending and the writing down) is made again under the same id, and the platform takes it once.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from services.intake.clients import FeedbackClient
from services.intake.errors import DeliveryNotWaiting
from services.intake.model import Outcome
from services.intake.policy import CHANNELS
from services.intake.rules import feedback_body, next_attempt_at
from services.intake.settings import ChannelSecrets, key_of
from services.intake.store import deliveries, orders
from services.intake.store.deliveries import Claimed
from services.intake.tables import UpstreamOrderRecord
from shared.contracts.intake import FeedbackFailed, OrderFedBack
from shared.contracts.review import ReplyApproved
from shared.personal.sealing import SealBroken
from shared.telemetry import logger
from shared.work import Work, Works

log = logger("intake.feedback")

# Which bell wakes the sender of which database: the handler of an event knows its session and nothing else.
_BELLS: Final[WeakKeyDictionary[Engine | Connection, asyncio.Event]] = WeakKeyDictionary()


def bell_of(works: Works) -> asyncio.Event:
    """The event that is set after each commit that put something on its way."""
    return _BELLS.setdefault(works.engine.sync_engine, asyncio.Event())


def _ring_after_commit(work: Work) -> None:
    """After, not inside: the sender must find the row (R53 forbids telling it through the transaction)."""

    def ring(session: Session) -> None:
        bell = _BELLS.get(session.get_bind())
        if bell is not None:
            bell.set()

    event.listen(work.session.sync_session, "after_commit", ring, once=True)


async def enqueue(work: Work, record: UpstreamOrderRecord, approved: ReplyApproved) -> None:
    """Put an approved reply on its way; a repeated approval changes nothing."""
    added = await deliveries.add_delivery(
        work.session,
        id=str(work.ids()),
        order_id=record.order_id,
        reply_id=approved.reply_id,
        platform=record.platform,
        round=approved.round,
        unit=approved.unit,
        disposition=approved.disposition,
        reply=approved.reply,
        created_at=work.now,
        next_at=work.now,
    )
    if added:
        work.audit("feedback.queued", record.order_id, after={"reply_id": approved.reply_id})
        _ring_after_commit(work)


async def retry(work: Work, delivery_id: str) -> None:
    """A person lets a delivery start again, at once and with a whole schedule before it."""
    delivery = await deliveries.delivery_of(work.session, delivery_id, lock=True)
    if delivery.state not in {"waiting", "failed"}:
        raise DeliveryNotWaiting(delivery.state)
    before = {"state": delivery.state, "attempts": delivery.attempts}
    delivery.state, delivery.next_at, delivery.scheduled = "waiting", work.now, 0
    work.audit("feedback.retried", delivery.order_id, before=before, after={"delivery_id": delivery.id})
    _ring_after_commit(work)


async def attempt(works: Works, client: FeedbackClient, secrets: ChannelSecrets | None, claimed: Claimed) -> None:
    """Send one claimed delivery, outside of any transaction, and write down how it ended."""
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
        reply = orjson.loads(works.sealer.open(claimed.reply, f"order:{claimed.order_id}:reply:{claimed.reply_id}"))
        body = feedback_body(
            CHANNELS[claimed.platform],
            claimed.platform_no,
            claimed.reply_id,
            claimed.round,
            claimed.unit,
            claimed.disposition,
            reply,
        )
    except (SealBroken, ValueError, TypeError, AttributeError):
        return Outcome("unreadable")
    return await client.send(
        secrets.url,
        key_of(secrets.outgoing),
        webhook_id=claimed.id,
        attempt=claimed.lease,
        body=orjson.dumps(body),
        now=works.clock.now(),
    )


async def _record(work: Work, claimed: Claimed, outcome: Outcome) -> None:
    await deliveries.end_attempt(work.session, claimed.lease, at=work.now, word=outcome.word, status=outcome.status)
    # The order first, as everywhere: its events take their numbers in the order of its commits (R7).
    order = await orders.order_for_update(work.session, claimed.order_id)
    delivery = await deliveries.leased(work.session, claimed)
    if delivery is None:
        return  # the lease ran out meanwhile, and another attempt under the same id decides
    delivery.lease = delivery.leased_until = None
    if outcome.acked:
        delivery.state, delivery.acked_at, delivery.next_at = "acked", work.now, None
        if order.state not in {"closed", "cancelled"}:
            order.state = "fed_back"
        work.emit(
            OrderFedBack(
                order_id=order.order_id,
                reply_id=delivery.reply_id,
                platform=delivery.platform,
                attempts=delivery.attempts,
                fed_back_at=work.now,
            )
        )
        work.audit("feedback.acked", order.order_id, after={"attempts": delivery.attempts})
        _ring_after_commit(work)  # a later reply of the same order may go now
        return
    again_at = None
    if not outcome.gone:
        again_at = next_attempt_at(
            delivery.scheduled, now=work.now, jitter=random.random(), retry_after=outcome.retry_after
        )
    delivery.state, delivery.next_at = ("failed", None) if again_at is None else ("waiting", again_at)
    work.emit(
        FeedbackFailed(
            order_id=order.order_id,
            reply_id=delivery.reply_id,
            platform=delivery.platform,
            attempt=delivery.attempts,
            reason=outcome.word,
            final=again_at is None,
            failed_at=work.now,
        )
    )
    after = {"attempt": delivery.attempts, "outcome": outcome.word, "final": again_at is None}
    work.audit("feedback.failed", order.order_id, after=after)

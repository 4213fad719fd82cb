"""A person releases a quarantined request: it is accepted as if it had been understood at once (S1.1.1a)."""

from __future__ import annotations

import hashlib

from services.intake.acceptance.handlers import Acceptance
from services.intake.acceptance.schemas import order_of
from services.intake.channels.handlers import keep_unknown
from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import decoded, unknown_fields
from services.intake.channels.store import settle_receipt
from services.intake.notices.handlers import apply_notice
from services.intake.notices.schemas import notice_of, unknown_of
from services.intake.quarantine.handlers import bytes_of, decide, waiting_request
from services.intake.quarantine.model import QuarantineState
from services.intake.quarantine.tables import Quarantined
from services.intake.releases.errors import ChannelNeeded, Overtaken
from shared.work import Work


async def release(
    work: Work, acceptance: Acceptance, quarantine_id: str, *, channel: str | None, payload: bytes | None, reason: str
) -> tuple[str, int | None]:
    """Accept a request, with the channel and the content that the person corrected; the order's id and version.

    The order is durable before the release is; a release that breaks in between can be made again and finds the order.
    """
    record = await waiting_request(work, quarantine_id)
    of_channel = CHANNELS.get(channel or record.channel)
    if of_channel is None:
        raise ChannelNeeded(record.channel)
    content = bytes_of(work, record) if payload is None else payload
    order_id, version = await _accepted(work, acceptance, record, of_channel, content)
    decide(work, record, QuarantineState.RELEASED, reason)
    record.order_id = order_id
    if record.verified and record.webhook_id is not None:
        # The platform that sends the same request again is answered with the order.
        await settle_receipt(
            work.session,
            channel=record.channel,
            webhook_id=record.webhook_id,
            status=200,
            order_id=order_id,
            version=version,
            quarantine_id=record.id,
        )
    after = {"order_id": order_id, "channel": of_channel.code, "corrected": payload is not None}
    work.audit("quarantine.released", record.id, after=after, reason=reason)
    return order_id, version


async def _accepted(
    work: Work, acceptance: Acceptance, record: Quarantined, channel: Channel, content: bytes
) -> tuple[str, int | None]:
    raw = decoded(content)
    if record.kind != "orders":
        notice, unknown = notice_of(channel, record.kind, raw, now=work.now), unknown_of(channel, record.kind, raw)
        order_id = await apply_notice(work, channel.code, notice, arrived_at=record.received_at)
        request = {"channel": channel.code, "kind": record.kind, "webhook_id": f"release-{record.id}"}
        keep_unknown(work, unknown, order_id=order_id, **request)
        return order_id, None
    digest = hashlib.sha256(content).digest()
    order, unknown = order_of(channel, raw, now=work.now), unknown_fields(channel.order, raw)
    answered = await acceptance.accept(
        channel,
        f"release-{record.id}-{digest.hex()[:16]}",
        digest,
        order,
        unknown,
        arrived_at=record.received_at,
    )
    if answered.not_applied is not None:
        raise Overtaken
    return str(answered.order_id), answered.version

"""A person releases a quarantined request: it is accepted as if it had been understood at once (S1.1.1a)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from services.intake.acceptance.handlers import Acceptance
from services.intake.acceptance.schemas import order_of
from services.intake.channels.errors import NotUnderstood
from services.intake.channels.handlers import keep_unknown
from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import decoded, unknown_fields
from services.intake.channels.store import settle_receipt
from services.intake.notices.handlers import apply_notice
from services.intake.notices.schemas import notice_of, unknown_of
from services.intake.quarantine import policy
from services.intake.quarantine.handlers import bytes_of, decide, keep_waiting, waiting_request
from services.intake.quarantine.model import Cause, QuarantineState
from services.intake.quarantine.store import count_waiting, waiting_of
from services.intake.quarantine.tables import Quarantined
from services.intake.releases.errors import ChannelNeeded, Overtaken
from services.intake.releases.model import Outcome
from shared.errors import BusinessError, NotListed, Unavailable
from shared.work import Work


async def release(
    work: Work, acceptance: Acceptance, quarantine_id: str, *, channel: str | None, payload: bytes | None, reason: str
) -> tuple[str, int | None] | BusinessError:
    """Accept a request, with the channel and the content that the person corrected; the order's id and version.

    A request that is refused again as it came stays, with its new reason: the refusal is returned, because raising it
    would take the reason back.  What stands against a corrected content is no reason of the request and is raised.
    The order is durable before the release is; a release that breaks in between can be made again and finds the order.
    """
    record = await waiting_request(work, quarantine_id)
    of_channel = CHANNELS.get(channel or record.channel)
    if of_channel is None:
        raise ChannelNeeded(record.channel)
    try:
        return await _release(work, acceptance, record, of_channel, payload, reason)
    except Unavailable:
        raise
    except BusinessError as refusal:
        if payload is not None:
            raise
        _keep(record, refusal)
        work.audit("quarantine.refused_again", record.id, after={"reason": record.reason}, reason=reason)
        return refusal


async def release_group(
    work: Work, acceptance: Acceptance, cause: Cause, *, channel: str | None, reason: str
) -> tuple[Sequence[Outcome], int]:
    """Accept the requests of one cause as they came, each for itself; how each ended, and how many are left.

    A request that is refused again stays, with its new reason.  NotListed when none of this cause waits.
    """
    of_channel = CHANNELS.get(channel or cause.channel)
    if of_channel is None:
        raise ChannelNeeded(cause.channel)
    records = await waiting_of(work.session, cause, policy.RELEASED_TOGETHER)
    if not records:
        raise NotListed("隔离请求", cause.cause)
    outcomes = [await _release_or_keep(work, acceptance, record, of_channel, reason) for record in records]
    await work.session.flush()
    after = {
        "kind": cause.kind,
        "channel": of_channel.code,
        "released": [one.quarantine_id for one in outcomes if one.code is None],
        "refused": {one.quarantine_id: one.code for one in outcomes if one.code is not None},
    }
    work.audit("quarantine.group_released", cause.channel, after=after, reason=reason)
    return outcomes, await count_waiting(work.session, cause)


async def _release_or_keep(
    work: Work, acceptance: Acceptance, record: Quarantined, channel: Channel, reason: str
) -> Outcome:
    try:
        order_id, version = await _release(work, acceptance, record, channel, None, reason)
    except Unavailable as away:
        # Nothing stands against the request: it is to be released again later, for the reason that it has.
        return Outcome(record.id, code=away.code, message=away.message)
    except BusinessError as refusal:
        faults = _keep(record, refusal)
        return Outcome(record.id, code=record.reason, message=refusal.message, faults=faults)
    return Outcome(record.id, order_id, version)


def _keep(record: Quarantined, refusal: BusinessError) -> list[dict[str, str]]:
    """It waits for what stands against it now; the faults.

    A refusal comes before the first change of a request, so that nothing of it has to be taken back.
    """
    faults = refusal.faults if isinstance(refusal, NotUnderstood) else []
    keep_waiting(record, refusal.reason if isinstance(refusal, NotUnderstood) else refusal.code, faults)
    return faults


async def _release(
    work: Work, acceptance: Acceptance, record: Quarantined, of_channel: Channel, payload: bytes | None, reason: str
) -> tuple[str, int | None]:
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
        by=work.person,
    )
    if answered.not_applied is not None:
        raise Overtaken
    return str(answered.order_id), answered.version

"""Requests that could not be understood: kept with their bytes, released or dropped by a person (S1.1.1a)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.errors import NothingToRelease, UnknownChannelNotKept
from services.intake.handlers.notices import take_request
from services.intake.policy import CHANNELS, limits
from services.intake.store import quarantine as store
from services.intake.store.acceptance import KnownReceipt
from services.intake.tables import Quarantined
from shared.contracts.intake import RequestQuarantined
from shared.telemetry import logger
from shared.work import Work

log = logger("intake.quarantine")


async def keep_verified(
    work: Work,
    *,
    channel: str,
    kind: str,
    webhook_id: str,
    body_hash: bytes,
    body: bytes,
    source: str,
    reason: str,
    faults: Sequence[Mapping[str, str]],
    signed_by: str | None = None,
) -> str | KnownReceipt:
    """Keep an authentic request: its quarantine id, or what the very same request was answered before.

    `signed_by` is whose key signed it where the address names another channel, or none.
    """
    known = await take_request(work, channel=channel, webhook_id=webhook_id, body_hash=body_hash, status=422)
    if known is not None:
        return known
    told = signed_by or channel
    kept = _keep(work, channel, kind, source, reason, faults, body, webhook_id=webhook_id, told=told)
    await work.session.flush()
    await store.settle_receipt(work.session, channel=channel, webhook_id=webhook_id, status=422, quarantine_id=kept)
    return kept


async def keep_unverified(work: Work, *, channel: str, kind: str, body: bytes, source: str) -> str:
    """Keep an unsigned request of an unknown channel; UnknownChannelNotKept when it is beyond a bound."""
    of_source, of_all = await store.unverified_waiting(work.session, source)
    if len(body) > limits.UNVERIFIED_BYTES:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "bytes", limits.UNVERIFIED_BYTES)
    if of_source >= limits.UNVERIFIED_PER_SOURCE:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "source", limits.UNVERIFIED_PER_SOURCE)
    if of_all >= limits.UNVERIFIED_TOTAL:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "total", limits.UNVERIFIED_TOTAL)
    # What an unsigned request calls its channel may be anything, a name among others: only its own row holds it (X2).
    return _keep(work, channel, kind, source, "unknown_channel", (), body, webhook_id=None, told="unknown")


def _keep(
    work: Work,
    channel: str,
    kind: str,
    source: str,
    reason: str,
    faults: Sequence[Mapping[str, str]],
    body: bytes,
    *,
    webhook_id: str | None,
    told: str,
) -> str:
    kept = str(work.ids())
    work.session.add(
        Quarantined(
            id=kept,
            channel=channel,
            kind=kind,
            verified=webhook_id is not None,
            source=source,
            webhook_id=webhook_id,
            reason=reason,
            faults=[dict(fault) for fault in faults],
            body=work.sealer.seal(base64.b64encode(body).decode(), _place_of(kept)),
            size=len(body),
            received_at=work.now,
        )
    )
    work.emit(RequestQuarantined(quarantine_id=kept, channel=told, reason=reason, quarantined_at=work.now))
    work.audit("request.quarantined", kept, after={"channel": told, "kind": kind, "reason": reason})
    log.warning("request quarantined", quarantine_id=kept, channel=told, kind=kind, fault=reason)
    return kept


def signer_of(record: Quarantined) -> str | None:
    """Whose key signed the request: that of its channel, or the one that fitted where the address named none."""
    if not record.verified:
        return None
    return next((fault["signed_by"] for fault in record.faults if "signed_by" in fault), record.channel)


def bytes_of(work: Work, record: Quarantined) -> bytes:
    """The very bytes of a request."""
    return base64.b64decode(work.sealer.open(record.body, _place_of(record.id)))


def _place_of(quarantine_id: str) -> str:
    return f"quarantine:{quarantine_id}:body"


async def waiting_request(work: Work, quarantine_id: str) -> Quarantined:
    """The request, locked for a decision; NothingToRelease when it was decided."""
    record = await store.quarantined(work.session, quarantine_id, lock=True)
    if record.state != "waiting":
        raise NothingToRelease(record.state)
    return record


async def mark_released(
    work: Work, record: Quarantined, *, order_id: str | None, version: int | None, changes: dict[str, Any], reason: str
) -> None:
    """Its content was accepted: the platform that sends the very request again is told of the order."""
    _decide(work, record, "released", reason)
    record.order_id = order_id
    if record.verified and record.webhook_id is not None:
        await store.settle_receipt(
            work.session,
            channel=record.channel,
            webhook_id=record.webhook_id,
            status=200,
            order_id=order_id,
            version=version,
            quarantine_id=record.id,
        )
    work.audit("quarantine.released", record.id, after={"order_id": order_id, **changes}, reason=reason)


async def drop(work: Work, quarantine_id: str, reason: str) -> None:
    """It is no order of anybody; its bytes stay."""
    _decide(work, await waiting_request(work, quarantine_id), "dropped", reason)
    work.audit("quarantine.dropped", quarantine_id, reason=reason)


def _decide(work: Work, record: Quarantined, state: str, reason: str) -> None:
    record.state, record.why = state, reason
    record.decided_by, record.decided_at = work.person.account, work.now

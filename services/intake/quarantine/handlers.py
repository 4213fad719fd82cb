"""Requests that could not be understood: kept with their bytes until a person decides (S1.1.1a)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from services.intake.channels.handlers import take_request
from services.intake.channels.model import Answered
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import number_in, number_key
from services.intake.channels.store import settle_receipt
from services.intake.quarantine import policy, rules, store
from services.intake.quarantine.errors import NothingToRelease, UnknownChannelNotKept
from services.intake.quarantine.model import QuarantineState
from services.intake.quarantine.tables import Quarantined
from shared.contracts.intake import RequestQuarantined
from shared.contracts.places import QUARANTINED
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
) -> str | Answered:
    """Keep an authentic request: its quarantine id, or what the same request was answered before.

    `signed_by` is the channel whose key signed it, where the address does not name a channel.
    """
    known = await take_request(work, channel=channel, webhook_id=webhook_id, body_hash=body_hash, status=422)
    if known is not None:
        return known
    signer = signed_by or channel
    kept = _keep(work, channel, kind, source, reason, faults, body, webhook_id=webhook_id, signed_by=signer)
    await work.session.flush()
    await settle_receipt(work.session, channel=channel, webhook_id=webhook_id, status=422, quarantine_id=kept)
    return kept


async def keep_unverified(work: Work, *, channel: str, kind: str, body: bytes, source: str) -> str:
    """Keep an unsigned request of an unknown channel; UnknownChannelNotKept when a limit is reached."""
    of_source, of_all = await store.unverified_waiting(work.session, source)
    if len(body) > policy.UNVERIFIED_BYTES:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "bytes", policy.UNVERIFIED_BYTES)
    if of_source >= policy.UNVERIFIED_PER_SOURCE:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "source", policy.UNVERIFIED_PER_SOURCE)
    if of_all >= policy.UNVERIFIED_TOTAL:
        raise UnknownChannelNotKept(channel, tuple(CHANNELS), "total", policy.UNVERIFIED_TOTAL)
    # What an unsigned request calls its channel may be anything, also a person's name: only its own row holds it (X2).
    return _keep(work, channel, kind, source, "unknown_channel", (), body, webhook_id=None, signed_by=None)


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
    signed_by: str | None,
) -> str:
    kept, reported = str(work.ids()), signed_by or "unknown"
    number_print, revision = (None, None) if signed_by is None else _number_of(work, kind, signed_by, body)
    work.session.add(
        Quarantined(
            id=kept,
            channel=channel,
            kind=kind,
            signed_by=signed_by,
            source=source,
            webhook_id=webhook_id,
            number_print=number_print,
            platform_revision=revision,
            reason=reason,
            faults=[dict(fault) for fault in faults],
            cause=rules.cause_of(reason, faults),
            body=work.sealer.seal(base64.b64encode(body).decode(), QUARANTINED.at(quarantine_id=kept)),
            size=len(body),
            received_at=work.now,
        )
    )
    work.emit(RequestQuarantined(quarantine_id=kept, channel=reported, reason=reason, quarantined_at=work.now))
    work.audit("request.quarantined", kept, after={"channel": reported, "kind": kind, "reason": reason})
    log.warning("request quarantined", quarantine_id=kept, channel=reported, kind=kind, fault=reason)
    return kept


def _number_of(work: Work, kind: str, platform: str, body: bytes) -> tuple[str | None, int | None]:
    """Of an order as far as it can be read: the keyed hash of its number, and the number of its revision."""
    found = number_in(CHANNELS[platform], body) if kind == "orders" and platform in CHANNELS else None
    if found is None:
        return None, None
    number, revision = found
    return work.sealer.fingerprint(number_key(platform, number)), revision


def bytes_of(work: Work, record: Quarantined) -> bytes:
    """The exact bytes of a request."""
    return base64.b64decode(work.sealer.open(record.body, QUARANTINED.at(quarantine_id=record.id)))


async def waiting_request(work: Work, quarantine_id: str) -> Quarantined:
    """The request, locked for a decision; NothingToRelease when it was decided."""
    record = await store.quarantined(work.session, quarantine_id, lock=True)
    if record.state is not QuarantineState.WAITING:
        raise NothingToRelease(record.state)
    return record


async def drop(work: Work, quarantine_id: str, reason: str) -> None:
    """It is no order; its bytes stay."""
    decide(work, await waiting_request(work, quarantine_id), QuarantineState.DROPPED, reason)
    work.audit("quarantine.dropped", quarantine_id, reason=reason)


def keep_waiting(record: Quarantined, reason: str, faults: Sequence[Mapping[str, str]]) -> None:
    """It stays in quarantine, for what stands against it now."""
    record.reason, record.faults = reason, [dict(fault) for fault in faults]
    record.cause, record.tries = rules.cause_of(reason, faults), record.tries + 1


def decide(work: Work, record: Quarantined, state: QuarantineState, reason: str) -> None:
    """Store who decided on a request, and why."""
    record.state, record.why = state, reason
    record.decided_by, record.decided_at = work.person.account, work.now

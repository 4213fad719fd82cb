"""Who sent a request, and whether it was answered before (R34, R35)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter

from services.intake.channels import rules, store
from services.intake.channels.errors import RequestIdReused, SignatureRefused
from services.intake.channels.model import Answered
from services.intake.channels.rules import Signing
from services.intake.channels.tables import UnknownFields
from shared.contracts.places import UNKNOWN
from shared.telemetry import logger
from shared.work import Work

log = logger("intake.channels")


class Signatures:
    """The channels' keys, and the count of the requests that they did not sign."""

    def __init__(self, keys: Mapping[str, tuple[bytes, ...]], registry: CollectorRegistry) -> None:
        self._keys = keys
        self.refused = Counter(
            "gongdan_intake_signatures_refused",
            "webhooks without a valid signature",
            ["channel", "reason"],
            registry=registry,
        )

    def check(self, channel: str, signing: Signing, body: bytes, *, now: datetime, source: str) -> str:
        """The webhook-id of an authentic request; a refused one is counted and logged, and nothing of it is stored."""
        try:
            return rules.check_signature(self._keys.get(channel, ()), **signing, body=body, now=now)
        except SignatureRefused as refusal:
            self.refused.labels(channel, refusal.reason).inc()
            log.warning("signature refused", channel=channel, fault=refusal.reason, source=source)
            raise

    def signer_of(self, signing: Signing, body: bytes, *, now: datetime) -> tuple[str, str] | None:
        """The channel whose key signed a request, and its webhook-id; None when none of the keys did."""
        return rules.signer_of(self._keys, **signing, body=body, now=now)


async def take_request(
    work: Work, *, channel: str, webhook_id: str, body_hash: bytes, status: int = 200
) -> Answered | None:
    """Take a request's id in this transaction; its former answer if there is one, RequestIdReused for another body."""
    known = await store.claim_receipt(
        work.session, channel=channel, webhook_id=webhook_id, body_hash=body_hash, status=status, at=work.now
    )
    if known is None:
        return None
    if known.body_hash != body_hash:
        raise RequestIdReused(webhook_id)
    return known.answer


async def answer_request(work: Work, *, channel: str, webhook_id: str, order_id: str) -> None:
    """Remember that a request was answered with this order."""
    await store.settle_receipt(work.session, channel=channel, webhook_id=webhook_id, status=200, order_id=order_id)


def keep_unknown(
    work: Work, unknown: Mapping[str, str], *, channel: str, kind: str, webhook_id: str, order_id: str
) -> None:
    """Keep the fields of a request about this order that we do not know."""
    if unknown:
        place = UNKNOWN.at(order_id=order_id, webhook_id=webhook_id)
        work.session.add(
            UnknownFields(
                channel=channel,
                webhook_id=webhook_id,
                order_id=order_id,
                kind=kind,
                fields=work.sealer.seal_json(dict(unknown), place),
                received_at=work.now,
            )
        )

"""Signatures of requests, by Standard Webhooks 1.0.0 (R34, R35)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypedDict

from services.intake.channels import policy
from services.intake.channels.errors import SignatureRefused

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_WEBHOOK_ID: Final = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


class Signing(TypedDict):
    """What the headers of a request say about its signature."""

    webhook_id: str
    timestamp: str
    signatures: str


def signature(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256>` over id, timestamp and the exact bytes of the body."""
    return "v1," + b64encode(hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")).decode()


def request_hash(kind: str, body: bytes) -> bytes:
    """What a request says: the same bytes as another kind of notice say something else."""
    return hashlib.sha256(f"{kind}\n".encode() + body).digest()


def check_signature(
    keys: Sequence[bytes],
    *,
    webhook_id: str | None,
    timestamp: str | None,
    signatures: str | None,
    body: bytes,
    now: datetime,
) -> str:
    """The webhook-id of an authentic request; SignatureRefused, and no other error, for everything else (R35).

    Each live key is tried on each signature in constant time; the timestamp may be five minutes off either way.
    """
    if not webhook_id or not timestamp or not signatures:
        raise SignatureRefused("missing")
    if not _WEBHOOK_ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("malformed")
    if abs(int(timestamp) - now.timestamp()) > policy.SIGNATURE_WINDOW.total_seconds():
        raise SignatureRefused("stale")
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = [hmac.digest(key, signed, "sha256") for key in keys]
    matches = False
    for given in _given(signatures):
        for digest in expected:
            matches |= hmac.compare_digest(digest, given)
    if not matches:
        raise SignatureRefused("mismatch")
    return webhook_id


def signer_of(
    keys: Mapping[str, Sequence[bytes]],
    *,
    webhook_id: str | None,
    timestamp: str | None,
    signatures: str | None,
    body: bytes,
    now: datetime,
) -> tuple[str, str] | None:
    """The channel whose key signed a request that names no channel, and its webhook-id; None when no key did."""
    for channel, of_channel in keys.items():
        try:
            known = check_signature(
                of_channel, webhook_id=webhook_id, timestamp=timestamp, signatures=signatures, body=body, now=now
            )
        except SignatureRefused as refusal:
            if refusal.reason != "mismatch":
                return None
        else:
            return channel, known
    return None


def _given(signatures: str) -> Iterable[bytes]:
    """The v1 signatures of the header; other parts are ignored, and a list that is too long is cut."""
    for part in signatures.split(" ")[: policy.SIGNATURES_READ]:
        version, _, encoded = part.partition(",")
        if version != "v1":
            continue
        try:
            yield b64decode(encoded, validate=True)
        except (BadBase64, ValueError):
            continue

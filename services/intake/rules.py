"""What intake decides: flags of a text, the street of a place, masks, revisit results, when to send again."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.errors import HappenedBeforeCall, SignatureRefused
from services.intake.model import (
    DETAILS,
    NAMES,
    PRIVATE,
    Channel,
    Flags,
    RevisitResult,
    Satisfied,
    Solved,
    Spelling,
    UpstreamOrder,
)
from services.intake.policy import limits
from services.intake.policy.words import (
    DISPOSITIONS,
    DISTRICT,
    OTHER_DISTRICTS,
    OUT_OF_SCOPE,
    SATISFACTIONS,
    STREETS,
    URGENT,
)
from shared.calendar import SHANGHAI
from shared.contracts.intake import Urgency

# --- Signatures (Standard Webhooks 1.0.0) ---------------------------------------------------------------------------

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_WEBHOOK_ID: Final = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


def signature(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256>` over id, timestamp and the very bytes of the body."""
    return "v1," + b64encode(hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")).decode()


def check_signature(
    keys: Sequence[bytes],
    *,
    webhook_id: str | None,
    timestamp: str | None,
    signatures: str | None,
    body: bytes,
    now: datetime,
) -> str:
    """The webhook-id of an authentic request; SignatureRefused, and nothing else, for whatever else is sent (R35).

    Each live key is tried on each signature in constant time; the timestamp may be five minutes off either way.
    """
    if not webhook_id or not timestamp or not signatures:
        raise SignatureRefused("missing")
    if not _WEBHOOK_ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("malformed")
    if abs(int(timestamp) - now.timestamp()) > limits.SIGNATURE_WINDOW.total_seconds():
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
    """Whose key signed a request that names no channel, and its webhook-id; None when nobody's did."""
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
    """The v1 signatures of the header; what is none of them is passed by, and an endless list is cut."""
    for part in signatures.split(" ")[: limits.SIGNATURES_READ]:
        version, _, encoded = part.partition(",")
        if version != "v1":
            continue
        try:
            yield b64decode(encoded, validate=True)
        except (BadBase64, ValueError):
            continue


# --- What the text says ---------------------------------------------------------------------------------------------


def _any_of(kinds: Mapping[Any, Sequence[str]]) -> re.Pattern[str]:
    """All their words as one pattern: most texts hold none of them, and one look says so."""
    return re.compile("|".join(re.escape(word) for words in kinds.values() for word in words))


_ANY_URGENT: Final = _any_of(URGENT)
_ANY_OUT_OF_SCOPE: Final = _any_of(OUT_OF_SCOPE)


def flags_of(order: UpstreamOrder) -> Flags:
    """Urgency (S1.3.1a), suspicion that it is out of scope with its class (S2.2.2a), and the street."""
    text = f"{order.title}\n{order.content}"
    return Flags(urgent=urgency_of(text), out_of_scope=scope_suspicion(text), street=street_of(order))


def urgency_of(text: str) -> tuple[Urgency, ...]:
    """The urgent classes whose words stand in the text (S1.3.1a)."""
    if not _ANY_URGENT.search(text):
        return ()
    return tuple(kind for kind, words in URGENT.items() if any(word in text for word in words))


def scope_suspicion(text: str) -> str | None:
    """The first class of matters outside the hotline's scope that the text speaks of; it never refuses (S2.2.2a)."""
    if not _ANY_OUT_OF_SCOPE.search(text):
        return None
    return next((kind for kind, words in OUT_OF_SCOPE.items() if any(word in text for word in words)), None)


def street_of(order: UpstreamOrder) -> str | None:
    """The street of 莱山区 where it happened: as the platform says, else by the address, else unknown."""
    if order.street in STREETS:
        return order.street
    place = "".join(part for part in (order.area, order.street, order.community, order.spot, order.address) if part)
    if not place or (DISTRICT not in place and any(other in place for other in OTHER_DISTRICTS)):
        return None
    full = next((street for street in STREETS if street in place), None)
    # 莱山 alone is the district's name and 滨海路 a road of three districts: the short form must say 办, 镇 or 社区.
    return full or next(
        (
            street
            for street in STREETS
            for tail in ("办事处", "街办", "镇")
            if f"{street.removesuffix('街道')}{tail}" in place
        ),
        None,
    )


# --- Versions -------------------------------------------------------------------------------------------------------


def details_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that name nobody, without the empty ones."""
    return _told(order, DETAILS)


def private_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that may name a person and have no column of their own, without the empty ones."""
    return _told(order, PRIVATE)


def _told(order: UpstreamOrder, names: Iterable[str]) -> dict[str, Any]:
    return {
        name: value
        for name in names
        if (value := getattr(order, name)) is not None and value is not False and value != ()
    }


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the fields whose content differs, in the order of the model (S1.1.4c)."""
    return tuple(name for name in NAMES if (before.get(name) or None) != (after.get(name) or None))


_MOBILE_DIGITS: Final = 11
_SHORTEST_ID: Final = 15
# --- Masks (X2, R45) ------------------------------------------------------------------------------------------------


def masked_phone(phone: str | None) -> str | None:
    """138****8000; short numbers keep their last two digits."""
    if not phone:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= _MOBILE_DIGITS else f"****{phone[-2:]}"


def masked_name(name: str | None) -> str | None:
    """张**: the family name and nothing else."""
    return f"{name[0]}**" if name else None


def masked_id_number(number: str | None) -> str | None:
    """The first six and the last four: district and check digits."""
    if not number:
        return None
    return f"{number[:6]}********{number[-4:]}" if len(number) >= _SHORTEST_ID else "********"


def masked_email(email: str | None) -> str | None:
    """The first letter and the domain."""
    return f"{email[0]}***@{email.rpartition('@')[2]}" if email else None


def masked_address(address: str | None) -> str | None:
    """Up to the road: numbers and what follows the first of them are left out."""
    if not address:
        return None
    cut = re.search(r"[0-9０-９]", address)
    return f"{address[: cut.start()]}***" if cut else f"{address[:6]}***"


# --- Revisits (A31, A32) --------------------------------------------------------------------------------------------

_SOLVED: Final[Mapping[str, Solved]] = {
    "解决": "solved",
    "已解决": "solved",
    "基本解决": "mostly_solved",
    "未解决": "unsolved",
}
_SATISFIED: Final[Mapping[str, Satisfied]] = {
    "满意": "satisfied",
    "非常满意": "satisfied",
    "基本满意": "mostly_satisfied",
    "不满意": "unsatisfied",
    "非常不满意": "unsatisfied",
}
# In this order in the OpenAPI document: a set would give another one at each start.
NOT_REACHED: Final = ("无法回访", "无人接听", "未接通")
SOLVED_WORDS: Final = (*_SOLVED, *NOT_REACHED)
SATISFIED_WORDS: Final = (*_SATISFIED, *NOT_REACHED)


def revisit_result(*, connected: bool, solved: str | None, satisfied: str | None) -> RevisitResult:
    """What the platform's words mean; a person who was not reached has no opinion, good or bad (A32)."""
    if not connected or solved in NOT_REACHED or satisfied in NOT_REACHED or solved is None or satisfied is None:
        return RevisitResult(valid=False, solved=None, satisfied=None)
    return RevisitResult(valid=True, solved=_SOLVED[solved], satisfied=_SATISFIED[satisfied])


def check_happened(channel: Channel, happened_at: datetime, *, called_at: datetime | None) -> None:
    """Nobody urges, calls back, or takes back an order before its caller called."""
    if called_at is not None and happened_at < called_at:
        raise HappenedBeforeCall(next(theirs for theirs, ours in channel.notices.items() if ours == "happened_at"))


# --- Feedback (S2.3b, R37) ------------------------------------------------------------------------------------------


def next_attempt_at(attempts: int, *, now: datetime, jitter: float, retry_after: timedelta | None) -> datetime | None:
    """When to send again after `attempts` failures; None when the schedule is at its end.

    `jitter` (0 to 1) stretches the wait by up to a tenth, so that a platform that comes back is not met by all at
    once; what the platform asks for in Retry-After is honoured up to a day.
    """
    if attempts >= len(limits.FEEDBACK_SCHEDULE):
        return None
    wait = limits.FEEDBACK_SCHEDULE[attempts] * (1 + limits.FEEDBACK_JITTER * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(days=1)))
    return now + wait


def feedback_body(
    channel: Channel, order_no: str, reply_id: str, round_: int, unit: str, disposition: str, reply: Mapping[str, Any]
) -> dict[str, Any]:
    """A reply in the words of its platform; empty elements are left out."""
    contact_at = reply.get("contact_at")
    values = {
        "order_no": order_no,
        "reply_id": reply_id,
        "round": round_,
        "unit": unit,
        "disposition": DISPOSITIONS.get(disposition, disposition),
        "contact_person": reply.get("contact_person"),
        "contact_at": None if not contact_at else spelled(datetime.fromisoformat(contact_at), channel.spelling),
        "contact_phone": reply.get("contact_phone"),
        "findings": reply.get("findings"),
        "satisfaction": SATISFACTIONS.get(str(reply.get("satisfaction")), reply.get("satisfaction")),
        "remarks": reply.get("remarks"),
    }
    return {theirs: values[ours] for ours, theirs in channel.feedback.items() if values[ours] is not None}


def spelled(moment: datetime, spelling: Spelling) -> str | int:
    """A moment as a platform writes it, of Yantai."""
    if spelling == "millis":
        return int(moment.timestamp() * 1000)
    local = moment.astimezone(SHANGHAI).replace(microsecond=0)
    return local.isoformat() if spelling == "iso" else local.strftime("%Y-%m-%d %H:%M:%S")

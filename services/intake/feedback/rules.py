"""When a reply is sent again, and how its platform writes it (S2.3b, R37)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.intake.channels.model import Channel, Spelling
from services.intake.feedback import policy
from shared.calendar import SHANGHAI


def next_attempt_at(attempts: int, *, now: datetime, jitter: float, retry_after: timedelta | None) -> datetime | None:
    """When to send again after `attempts` failures; None when the schedule is at its end.

    `jitter` (0 to 1) stretches the wait by up to a tenth, so that not everything is sent at once to a platform that comes
    back; what the platform asks for in Retry-After is honoured up to a day.
    """
    if attempts >= len(policy.FEEDBACK_SCHEDULE):
        return None
    wait = policy.FEEDBACK_SCHEDULE[attempts] * (1 + policy.FEEDBACK_JITTER * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(days=1)))
    return now + wait


def feedback_body(
    channel: Channel, order_no: str, reply_id: str, round_: int, unit: str, disposition: str, reply: Mapping[str, Any]
) -> dict[str, Any]:
    """A reply in the field names and words of its platform; empty elements are left out."""
    contact_at = reply.get("contact_at")
    values = {
        "order_no": order_no,
        "reply_id": reply_id,
        "round": round_,
        "unit": unit,
        "disposition": policy.DISPOSITIONS.get(disposition, disposition),
        "contact_person": reply.get("contact_person"),
        "contact_at": None if not contact_at else spelled(datetime.fromisoformat(contact_at), channel.spelling),
        "contact_phone": reply.get("contact_phone"),
        "findings": reply.get("findings"),
        "satisfaction": policy.SATISFACTIONS.get(str(reply.get("satisfaction")), reply.get("satisfaction")),
        "remarks": reply.get("remarks"),
    }
    return {theirs: values[ours] for ours, theirs in channel.feedback.items() if values[ours] is not None}


def spelled(moment: datetime, spelling: Spelling) -> str | int:
    """A moment as a platform writes it, in local time."""
    if spelling == "millis":
        return int(moment.timestamp() * 1000)
    local = moment.astimezone(SHANGHAI).replace(microsecond=0)
    return local.isoformat() if spelling == "iso" else local.strftime("%Y-%m-%d %H:%M:%S")

"""What is sent to a platform, how far a delivery is, and how an attempt to send it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from shared.contracts.dispatch import Disposition

_GONE: Final = 410


class DeliveryState(StrEnum):
    """How far a reply is on its way to its platform."""

    WAITING = "waiting"
    SENDING = "sending"
    ACKED = "acked"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """The platform took the order back before it had the reply: it is not sent any more."""


class AckedBy(StrEnum):
    """How it is known that the platform has a reply: its answer, or a notice that only makes sense with the reply."""

    ANSWER = "answer"
    REVISIT = "revisit"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved reply of an order: the cycle that it answers, and when the centre approved it."""

    redos: int
    at: datetime
    acked: bool
    """Whether it is known that the platform has this reply and all that were approved before it."""
    reply_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An approved reply, opened, with what its platform is told beside it."""

    order_no: str
    """The platform's own number of the order."""
    demand_version: int
    """Which version of the order's content the unit answers; 1 is the first, as the answer to each push says."""
    reply_id: str
    round: int
    unit_name: str
    leader_name: str
    """The unit's leader who let the reply go to the centre (审阅人)."""
    leader_at: datetime
    disposition: Disposition
    reply: Mapping[str, Any]
    """contact_person, contact_at, contact_phone, findings, satisfaction, remarks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt to send a reply ended: the status of the answer, or a fixed word for why there was none."""

    word: str
    status: int | None = None
    retry_after: timedelta | None = None
    reason: str | None = None
    """Why an answer with 2xx is no acknowledgement: a fixed word, for `says_failure` with the field and its value."""

    @property
    def acked(self) -> bool:
        """Whether the platform said that it has the reply: rules.refutation found nothing against it (R37)."""
        return self.word == "acked"

    @property
    def gone(self) -> bool:
        """410: the platform will never take it."""
        return self.status == _GONE

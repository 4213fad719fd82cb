"""How far a delivery is, and how an attempt to send it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

_GONE: Final = 410


class DeliveryState(StrEnum):
    """How far a reply is on its way to its platform."""

    WAITING = "waiting"
    SENDING = "sending"
    ACKED = "acked"
    FAILED = "failed"


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

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

    @property
    def acked(self) -> bool:
        """Only 2xx is an acknowledgement (R37)."""
        return self.word == "acked"

    @property
    def gone(self) -> bool:
        """410: the platform will never take it."""
        return self.status == _GONE

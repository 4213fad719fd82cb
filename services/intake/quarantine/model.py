"""The states of a quarantined request, and requests of one cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Kind = Literal["orders", "cancellations", "urges", "revisits", "redos"]


class QuarantineState(StrEnum):
    """Whether a person has decided on a quarantined request, and how."""

    WAITING = "waiting"
    RELEASED = "released"
    DROPPED = "dropped"
    OVERTAKEN = "overtaken"
    """Its platform itself sent the same order later, in this revision or a higher one, so that it was understood."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What requests of one group have in common."""

    channel: str
    kind: str
    cause: str


@dataclass(frozen=True, slots=True)
class WaitingOfOrder:
    """What waits of one order, and may change it: how many requests, and when the first of them came."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """The waiting requests of one cause."""

    cause: Cause
    reason: str
    waiting: int
    first_received_at: datetime
    last_received_at: datetime

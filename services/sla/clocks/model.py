"""Where a clock stands, and what its events contain."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from shared.contracts.sla import ClockKind


class State(StrEnum):
    """Where a clock stands; a breach does not end it: the order can still be answered (S1.1.4b)."""

    RUNNING = "running"
    MET = "met"  # what it asked for happened, up to and including the due moment
    LATE = "late"  # it happened afterwards
    VOID = "void"  # what it asked for no longer applies: returned, reassigned, cancelled, or a window that closed


class NamedClock(Protocol):
    """Which clock it is and when it is due, whether it was read as a record or by a statement."""

    @property
    def id(self) -> UUID:
        """The clock itself."""

    @property
    def order_id(self) -> str:
        """Whose clock it is."""

    @property
    def kind(self) -> ClockKind:
        """What it asks for."""

    @property
    def due_at(self) -> datetime:
        """By when."""


class KnownClock(NamedClock, Protocol):
    """All that events contain of a clock."""

    @property
    def unit(self) -> str | None:
        """Who answers for it; None is the centre."""

    @property
    def original_due_at(self) -> datetime:
        """By when it was at its start."""

    @property
    def breached_at(self) -> datetime | None:
        """When its due moment was found to have passed."""

    @property
    def provisional(self) -> bool:
        """Whether a calendar to come may move the due moment."""

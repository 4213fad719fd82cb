"""What a unit records of its contact with the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["reached", "not_reached", "refused"]
Uncounted = Literal["attempt_failed", "attempt_too_soon"]
"""Why a call in vain does not count: it is the only attempt so far, or none of its own (A39)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One attempt to speak with the caller (S2.2.1b)."""

    outcome: Outcome
    contacted_at: datetime
    phone: str | None
    person: str | None
    content: str | None
    promised_at: datetime | None

    def words(self) -> dict[str, str | None]:
        """Who, by which number and what: stored sealed."""
        return {"phone": self.phone, "person": self.person, "content": self.content}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A contact as it was recorded: which attempt it is, and whether it counts (S2.2.1b)."""

    contact_id: str
    attempt: int
    counts: bool
    separate: bool
    """Whether it is an attempt of its own: not a failed call too soon after another one (A39)."""
    next_attempt_at: datetime | None
    """Of a failed call that does not count: from when on another one is an attempt of its own."""
    known: bool = False
    """Whether it was on record already: one call is one record, however often it is sent."""

"""What a unit records of its contact with the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["reached", "not_reached", "refused"]


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

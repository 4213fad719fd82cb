"""A clock of sla as dispatch remembers it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shared.contracts.sla import ClockKind


@dataclass(frozen=True, slots=True)
class KnownClock:
    """One clock of an order, as sla told it last."""

    clock_id: str
    kind: ClockKind
    due_at: datetime
    provisional: bool
    running: bool
    told_at: datetime
    """The moment of the event that it is from: an older one changes nothing."""

    def stored(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "due_at": self.due_at.isoformat(), "told_at": self.told_at.isoformat()}

    @classmethod
    def of(cls, given: dict[str, Any]) -> KnownClock:
        """From the JSON object that it is stored as."""
        moments = {name: datetime.fromisoformat(given[name]) for name in ("due_at", "told_at")}
        return cls(**{**given, **moments})

"""What came of a revisit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Revisit:
    """What came of the upstream's call to the person (A31, A32)."""

    valid: bool
    solved: str | None
    satisfied: str | None
    revisited_at: datetime

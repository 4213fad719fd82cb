"""What the clocks need to know of an assignment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the clocks need to know of an assignment."""

    assignment: int
    unit: str
    no_return: bool
    determined_at: datetime
    assigned_at: datetime

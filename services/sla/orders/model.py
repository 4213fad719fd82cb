"""What the clocks need to know of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.urgency import ORDINARY


@dataclass(frozen=True, slots=True)
class Received:
    """What the clocks need to know of a received order."""

    order_id: str
    scheme: str
    urgent: bool
    received_at: datetime
    upstream_due_at: datetime | None
    queue: int = ORDINARY
    """Its place among orders by their urgent class (shared/urgency.py)."""
    safety: bool = False  # a safety emergency: its warnings do not wait for the end of the quiet hours
    urgent_since: datetime | None = None  # when an urgent order was found to be one; None is its receipt

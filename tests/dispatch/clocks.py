"""What sla tells of the clocks of an order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.sla import ClockChanged, ClockStarted, ClockStopped


def started(order_id: str, clock_id: str, due_at: datetime, kind: str = "final", **changes: Any) -> ClockStarted:
    facts = {
        "order_id": order_id,
        "clock_id": clock_id,
        "kind": kind,
        "unit": "urban",
        "started_at": due_at - timedelta(days=3),
        "due_at": due_at,
        "provisional": False,
        "rules": "circular-2022",
    }
    return ClockStarted.model_validate({**facts, **changes})


def moved(order_id: str, clock_id: str, was: datetime, due_at: datetime, **changes: Any) -> ClockChanged:
    facts = {
        "order_id": order_id,
        "clock_id": clock_id,
        "kind": "final",
        "was_due_at": was,
        "due_at": due_at,
        "provisional": False,
        "reason": "extension",
        "calendar": "statutory-2026.1",
        "excused": False,
    }
    return ClockChanged.model_validate({**facts, **changes})


def ended(order_id: str, clock_id: str, due_at: datetime, **changes: Any) -> ClockStopped:
    facts = {
        "order_id": order_id,
        "clock_id": clock_id,
        "kind": "final",
        "unit": "urban",
        "due_at": due_at,
        "stopped_at": due_at - timedelta(hours=1),
        "met": True,
        "void": False,
        "original_due_at": None,
    }
    return ClockStopped.model_validate({**facts, **changes})

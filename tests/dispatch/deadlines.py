"""Events of sla about the deadlines of an order, with usual values for what a test does not name."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from shared.contracts.sla import (
    BreachExcused,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    WarnedClock,
    WarningsDigested,
)
from tests.dispatch.story import URBAN

CLOCK: Final = "00000000-0000-7000-8000-00000000c10c"


def started(order_id: str, at: datetime, due_at: datetime, **changes: Any) -> ClockStarted:
    """The unit's deadline for its first contact began to run."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "unit": URBAN,
        "started_at": at,
        "due_at": due_at,
        "provisional": False,
        "rules": "2022",
    }
    return ClockStarted(**{**usual, **changes})


def stopped(order_id: str, at: datetime, due_at: datetime, **changes: Any) -> ClockStopped:
    """It ended in time."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "unit": URBAN,
        "due_at": due_at,
        "stopped_at": at,
        "met": True,
        "void": False,
        "original_due_at": None,
    }
    return ClockStopped(**{**usual, **changes})


def warned(order_id: str, at: datetime, due_at: datetime, **changes: Any) -> ClockWarned:
    """It is near."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "unit": URBAN,
        "rung": "half",
        "due_at": due_at,
        "warned_at": at,
        "provisional": False,
        "late_by_seconds": 0.0,
        "fired_late": False,
    }
    return ClockWarned(**{**usual, **changes})


def breached(order_id: str, at: datetime, due_at: datetime, **changes: Any) -> ClockBreached:
    """It passed."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "unit": URBAN,
        "due_at": due_at,
        "breached_at": at,
        "late_by_seconds": 0.0,
        "provisional": False,
        "fired_late": False,
        "original_due_at": None,
    }
    return ClockBreached(**{**usual, **changes})


def excused(order_id: str, at: datetime, due_at: datetime, **changes: Any) -> BreachExcused:
    """It does not count any more."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "unit": URBAN,
        "due_at": due_at,
        "breached_at": due_at,
        "cause": "calendar",
        "reason": "日历变更",
        "now_due_at": None,
        "excused_at": at,
    }
    return BreachExcused(**{**usual, **changes})


def digested(at: datetime, *warnings: WarnedClock, unit: str | None = URBAN) -> WarningsDigested:
    """Several warnings of one unit in one event."""
    return WarningsDigested(unit=unit, count=len(warnings), warnings=warnings, warned_at=at)


def one_of_digest(order_id: str, due_at: datetime, **changes: Any) -> WarnedClock:
    """One of them."""
    usual: dict[str, Any] = {
        "order_id": order_id,
        "clock_id": CLOCK,
        "kind": "first_contact",
        "rung": "half",
        "due_at": due_at,
        "late_by_seconds": 0.0,
        "fired_late": False,
    }
    return WarnedClock(**{**usual, **changes})

"""What the clocks of an order are after another fact of sla, and which of them presses most.

Facts may be told twice, late, and before the one that they follow: a stop before its start, an older move after a newer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.dispatch.pressing.model import KnownClock
from services.dispatch.pressing.policy import WINDOWS
from shared.contracts.sla import ClockChanged, ClockStarted, ClockStopped


def started(known: KnownClock | None, event: ClockStarted, told_at: datetime) -> KnownClock:
    """The clock after its start, which is its first fact: what is known of it already happened later."""
    if known is not None:
        return known
    return KnownClock(event.clock_id, event.kind, event.due_at, event.provisional, running=True, told_at=told_at)


def changed(known: KnownClock | None, event: ClockChanged, told_at: datetime) -> KnownClock:
    """The clock after a move; one that does not follow what is known, and is older than it, changes nothing."""
    if known is None:
        return KnownClock(event.clock_id, event.kind, event.due_at, event.provisional, running=True, told_at=told_at)
    if known.due_at != event.was_due_at and told_at < known.told_at:
        return known
    running = known.running or event.reopened
    return replace(known, due_at=event.due_at, provisional=event.provisional, running=running, told_at=told_at)


def stopped(known: KnownClock | None, event: ClockStopped, told_at: datetime) -> KnownClock:
    """The clock after its end; an end from before it was opened again changes nothing."""
    if known is None:
        return KnownClock(event.clock_id, event.kind, event.due_at, provisional=False, running=False, told_at=told_at)
    if known.due_at != event.due_at and told_at < known.told_at:
        return known
    return replace(known, due_at=event.due_at, running=False, told_at=told_at)


def most_pressing(clocks: Iterable[KnownClock]) -> KnownClock | None:
    """The running clock that is due first; None when none runs that asks for something."""
    running = (clock for clock in clocks if clock.running and clock.kind not in WINDOWS)
    return min(running, key=lambda clock: (clock.due_at, clock.clock_id), default=None)

"""What a rule set is: every number that a clock is started by, each with its clause (X3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Workdays:
    """A number of statutory working days."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A number of hours; where it is used says whether all hours count or only working time."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class SameDay:
    """Until the end of the day; what starts after the cut-off has until `next_day_until` of the next day."""

    clause: str
    warn_at: time
    cut_off: time | None = None
    next_day_until: time = time(12)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Every number that a clock is started by."""

    version: str
    document: str
    final: Workdays
    final_enterprise: Workdays
    first_reply: Workdays
    caller_reply: Hours
    return_window: Workdays
    first_contact: SameDay
    first_contact_warn: Hours
    same_day_dispatch: SameDay
    determined_dispatch: SameDay
    work_from: time
    work_until: time
    upstream_clause: str = "S1.1.1a"
    promise_clause: str = "S2.2.1e"

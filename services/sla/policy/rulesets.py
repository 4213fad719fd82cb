"""What a rule set is: every number that a clock is started by, each with its clause (X3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Workdays:
    """A number of statutory working days; the clock turns yellow when `warn_left` of them are left."""

    count: int
    clause: str
    warn_left: int = 1


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """A number of calendar days: 天, not 工作日."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Count:
    """A plain number: a cap, or how often something has to happen."""

    count: int
    clause: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A number of hours; where it is used says whether all hours count or only working time.

    A clock of hours turns yellow when `warn_percent` of them have passed.
    """

    count: int
    clause: str
    warn_percent: int = 50


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
    returns_to_panel: Count
    first_contact: SameDay
    first_contact_warn: Hours
    same_day_dispatch: SameDay
    determined_dispatch: SameDay
    work_from: time
    work_until: time
    upstream_clause: str = "S1.1.1a"
    promise_clause: str = "S2.2.1e"
    accept: SameDay
    accept_warn: Hours
    progress_note: SameDay
    consult: Workdays
    consult_panel: Workdays
    review_turnaround: Workdays
    revisit: Workdays
    plan: CalendarDays
    extension_most: Workdays
    extension_times: Count
    redos_before_supervision: Count
    concentration_top: Count
    concentration_weeks: Count
    chain_centre: Hours
    chain_office: Hours
    chain_deputy_leader: Hours
    chain_head_leader: Hours
    chain_seal: Hours
    quiet_from: time
    quiet_until: time
    digest_above: Count
    red_daily_at: time

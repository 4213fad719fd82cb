"""How a clock by hand is counted, and which lengths are refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.sla.by_hand.errors import DueNotAhead, DueTooFar, SpanMissing
from services.sla.by_hand.model import ManualClock
from services.sla.by_hand.policy import HAND_CLAUSES
from services.sla.counting.model import ClockPlan
from services.sla.counting.rules import moment_clock, workday_clock
from services.sla.rulesets.policy import RuleSet, Workdays
from shared.calendar import WorkCalendar, local_day
from shared.contracts.sla import ClockKind


def clock_by_hand(
    kind: ClockKind,
    occasion: str,
    unit: str | None,
    at: datetime,
    *,
    due_at: datetime | None,
    workdays: int | None,
    rules: RuleSet,
    calendar: WorkCalendar,
) -> ClockPlan:
    """A clock that an operator starts: co-unit task (S3.1f), panel (S3.3h), chain step (S2.2.3i), 挂牌督办 (S3.4b), 整改承诺 (S3.2g).

    It ends at the moment that was named, or after so many working days; without either after the rule set's own number,
    which only the panel has.
    """
    clause = HAND_CLAUSES[kind]
    if due_at is not None:
        return moment_clock(kind, occasion, unit, at, due_at, calendar, clause)
    count = rules.consult.count if workdays is None else workdays
    return workday_clock(kind, occasion, unit, at, Workdays(count, clause), calendar)


def check_span(wanted: ManualClock, now: datetime) -> None:
    """Refuse a clock without a length, with two, or with one that is over (S1.1.4a)."""
    if wanted.due_at is not None and wanted.workdays is not None:
        raise SpanMissing
    if wanted.due_at is None and wanted.workdays is None and wanted.kind != "consult":
        raise SpanMissing
    if wanted.due_at is not None and wanted.due_at <= now:
        raise DueNotAhead


def check_reach(plan: ClockPlan, now: datetime, rule_set: RuleSet) -> None:
    """The circular has no longer time than a plan's days (S2.2.2e): neither has what a person starts."""
    latest = local_day(now) + timedelta(days=rule_set.plan.count)
    if plan.due.on > latest:
        raise DueTooFar(plan.clause, latest, rule_set.plan.count)

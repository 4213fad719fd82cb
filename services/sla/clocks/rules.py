"""How a clock ends, what a moved due moment does to its breach, and the events about it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from services.sla.clocks.model import KnownClock, State
from services.sla.counting.rules import final_of
from services.sla.rulesets.policy import RuleSet, SameDay
from shared.calendar import local_day
from shared.contracts import Event
from shared.contracts.sla import ClockBreached, ClockKind, ClockStopped, PlanBroken, PromiseBroken

FIRED_LATE_AFTER: Final = timedelta(seconds=5)
"""An event that is published later than this is marked `fired_late`: the loop was down or behind."""

DETERMINED: Final = "determined:"
"""How the occasion of the clock begins that runs from the determination of the unit."""


def ended(due_at: datetime, stopped_at: datetime) -> State:
    """In time is up to and including the due moment."""
    return State.MET if stopped_at <= due_at else State.LATE


def is_excused(clock: KnownClock, due_at: datetime) -> bool:
    """Whether this due moment takes the clock's breach back: each other one does, wherever it lies (A38).

    A breach belongs to the due moment that was missed. When the new one is missed too, that is a breach of its own: when
    a breach was published decides nothing.
    """
    return clock.breached_at is not None and due_at != clock.due_at


def warn_left(kind: str, scheme: str, rules: RuleSet) -> int:
    """With how many working days left a clock of this kind turns yellow."""
    final = final_of(scheme, rules)
    by_kind = {
        "final": final,
        "district_final": final,
        "first_reply": rules.first_reply,
        "return_window": rules.return_window,
        "review_turnaround": rules.review_turnaround,
        "revisit": rules.revisit,
        "consult": rules.consult_panel,
    }
    rule = by_kind.get(kind)
    return 1 if rule is None else rule.warn_left


def same_day_rule(kind: ClockKind, occasion: str, rules: RuleSet) -> SameDay:
    """The rule that a same-day clock was counted by (S2.1b, S2.2.1d, S3.1d); a first contact is counted otherwise (A12)."""
    if kind == "same_day_dispatch":
        return rules.determined_dispatch if occasion.startswith(DETERMINED) else rules.same_day_dispatch
    return rules.accept if kind == "accept" else rules.progress_note


def breaking(clock: KnownClock, now: datetime) -> list[Event]:
    """The breach; a promise or a plan that is not kept is a fact of its own beside it (S2.2.1e, S2.2.2f)."""
    events: list[Event] = [breached(clock, now)]
    facts = {"order_id": clock.order_id, "clock_id": str(clock.id), "unit": clock.unit or ""}
    if clock.kind == "next_contact":
        events.append(PromiseBroken(**facts, promised_at=clock.due_at, broken_at=now))
    elif clock.kind == "plan":
        events.append(PlanBroken(**facts, plan_on=plan_day(clock), broken_at=now))
    return events


def plan_day(clock: KnownClock) -> date:
    """The day that a plan named: the one that its deadline ends."""
    return local_day(clock.due_at - timedelta(microseconds=1))


def stopped(clock: KnownClock, at: datetime, *, met: bool, void: bool = False) -> ClockStopped:
    """The fact that a clock ended."""
    return ClockStopped(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=clock.kind,
        unit=clock.unit,
        due_at=clock.due_at,
        stopped_at=at,
        met=met,
        void=void,
        original_due_at=_original(clock),
    )


def breached(clock: KnownClock, now: datetime) -> ClockBreached:
    """The fact that a clock passed its due moment."""
    return ClockBreached(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=clock.kind,
        unit=clock.unit,
        due_at=clock.due_at,
        breached_at=now,
        late_by_seconds=(now - clock.due_at).total_seconds(),
        provisional=clock.provisional,
        fired_late=now - clock.due_at > FIRED_LATE_AFTER,
        original_due_at=_original(clock),
    )


def _original(clock: KnownClock) -> datetime | None:
    return None if clock.original_due_at == clock.due_at else clock.original_due_at

"""What every handler does to clocks: start, stop, void, move, each with its event.

Handlers lock the order's row first. A clock starts once per occasion, so a second run does no harm. Moments are those
at which the platform recorded the fact: a contact entered on day three does not stop a clock on day one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, cast
from uuid import UUID

from services.sla import rules
from services.sla.handlers.sealed import change_context, clock_context, seal_words
from services.sla.model import ClockPlan, Lapse, Received, Rung, State
from services.sla.policy import RuleSet
from services.sla.store import clocks as store
from services.sla.store.candidates import add_candidate
from services.sla.store.clocks import Armed, rung_row
from services.sla.store.firing import Claimed
from services.sla.store.rulesets import rules_at, rules_of
from services.sla.tables import ClockChange, ClockRecord, OrderRecord
from shared.calendar import SHANGHAI, Due
from shared.contracts import Event
from shared.contracts.sla import (
    ClockBreached,
    ClockChanged,
    ClockKind,
    ClockStarted,
    ClockStopped,
    PlanBroken,
    PromiseBroken,
    PromiseKept,
    SupervisionCandidateRaised,
    SupervisionCause,
)
from shared.work import Work

FIRED_LATE_AFTER: Final = timedelta(seconds=5)  # the loop was down or behind: whoever reads the event should know


async def rules_for(work: Work, order: OrderRecord) -> RuleSet:
    """The rule set that was in force when the order was received: it keeps it to its end (X3)."""
    return await rules_of(work.session, order.rules)


def facts_of(order: OrderRecord) -> Received:
    """What the rules need to know of an order."""
    return Received(
        order.order_id, order.scheme, order.urgent, order.received_at, order.upstream_due_at, safety=order.safety
    )


def kinds_of(clocks: Iterable[ClockRecord]) -> frozenset[ClockKind]:
    """The kinds among these clocks."""
    return frozenset(cast("ClockKind", clock.kind) for clock in clocks)


async def start(
    work: Work, order: Received, plans: Sequence[ClockPlan], rule_set: RuleSet, *, note: str | None = None
) -> Sequence[UUID]:
    """Write the plans as running clocks of this rule set and tell those that are new; their ids."""
    return await start_many(work, [(order, plan) for plan in plans], rule_set, note=note)


async def start_many(
    work: Work, plans: Sequence[tuple[Received, ClockPlan]], rule_set: RuleSet, *, note: str | None = None
) -> Sequence[UUID]:
    """The same for clocks of many orders, in one statement."""
    armed = [_armed(work, order, plan, rule_set, note) for order, plan in plans]
    added = await store.add_clocks(work.session, armed, rules=rule_set.version, calendar=work.calendar.version)
    new = [clock for clock in armed if clock.id in added]
    for clock in new:
        plan = clock.plan
        # Every value is ours and was checked when it came in: to check it again would cost more than all the rest.
        started = ClockStarted.model_construct(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=plan.kind,
            unit=plan.unit,
            started_at=plan.started_at,
            due_at=plan.due.at,
            provisional=plan.due.provisional,
            rules=rule_set.version,
        )
        work.emit(started)
    return [clock.id for clock in new]


def _armed(work: Work, order: Received, plan: ClockPlan, rule_set: RuleSet, note: str | None) -> Armed:
    rungs = rules.quietened_rungs(plan.rungs, plan.started_at, plan.due.at, rule_set, safety=order.safety)
    clock_id = work.ids()
    if note is not None:
        note = work.sealer.seal(note, clock_context(order.order_id, clock_id, "note"))
    return Armed(clock_id, order.order_id, plan, rungs, note)


async def stop_for(
    work: Work, order_id: str, kinds: Collection[ClockKind], at: datetime, *, unit: str | None = None
) -> OrderRecord:
    """Stop an order's clocks of these kinds, with `unit` only those that it answers for; the locked order."""
    order = await store.order_for_update(work.session, order_id)
    clocks = await store.running_clocks(work.session, order_id)
    stop(work, [c for c in clocks if unit is None or c.unit == unit], kinds, at)
    await name_overdue(work, clocks, at)
    return order


def stop(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    """What the clocks of these kinds asked for has happened; a promise that was kept is told as such (S2.2.1e)."""
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            _breach_if_missed(work, clock, at)
            clock.state, clock.next_at, clock.stopped_at = rules.ended(clock.due_at, at), None, at
            met = clock.state == State.MET
            work.emit(stopped(clock, at, met=met))
            if clock.kind == "next_contact" and met and clock.breached_at is None:
                kept = PromiseKept(
                    order_id=clock.order_id,
                    clock_id=str(clock.id),
                    unit=clock.unit or "",
                    promised_at=clock.due_at,
                    kept_at=at,
                )
                work.emit(kept)


def void(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    """What the clocks of these kinds asked for no longer applies."""
    for clock in clocks:
        if clock.kind in kinds and clock.state == State.RUNNING:
            _breach_if_missed(work, clock, at)
            clock.state, clock.next_at, clock.stopped_at = State.VOID, None, at
            work.emit(stopped(clock, at, met=False, void=True))


def _breach_if_missed(work: Work, clock: ClockRecord, at: datetime) -> None:
    """A deadline that passed while the loop was down is a breach all the same, though the news came first (S1.1.4b)."""
    if at <= clock.due_at or clock.breached_at is not None or clock.lapse != Lapse.BREACH:
        return
    clock.breached_at = work.now
    for event in breaking(clock, work.now):
        work.emit(event)


def breaking(clock: ClockRecord | Claimed, now: datetime) -> list[Event]:
    """The breach; a promise or a plan that is not kept is a fact of its own beside it (S2.2.1e, S2.2.2f)."""
    events: list[Event] = [breached(clock, now)]
    facts = {"order_id": clock.order_id, "clock_id": str(clock.id), "unit": clock.unit or ""}
    if clock.kind == "next_contact":
        events.append(PromiseBroken(**facts, promised_at=clock.due_at, broken_at=now))
    elif clock.kind == "plan":
        events.append(PlanBroken(**facts, plan_on=plan_day(clock), broken_at=now))
    return events


def plan_day(clock: ClockRecord | Claimed) -> date:
    """The day that a plan named: the one that its deadline ends."""
    return (clock.due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def stopped(clock: ClockRecord | Claimed, at: datetime, *, met: bool, void: bool = False) -> ClockStopped:
    """The fact that a clock ended."""
    return ClockStopped(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=cast("ClockKind", clock.kind),
        unit=clock.unit,
        due_at=clock.due_at,
        stopped_at=at,
        met=met,
        void=void,
        original_due_at=_original(clock),
    )


def breached(clock: ClockRecord | Claimed, now: datetime) -> ClockBreached:
    """The fact that a clock passed its due moment."""
    return ClockBreached(
        order_id=clock.order_id,
        clock_id=str(clock.id),
        kind=cast("ClockKind", clock.kind),
        unit=clock.unit,
        due_at=clock.due_at,
        breached_at=now,
        late_by_seconds=(now - clock.due_at).total_seconds(),
        provisional=clock.provisional,
        fired_late=now - clock.due_at > FIRED_LATE_AFTER,
        original_due_at=_original(clock),
    )


def _original(clock: ClockRecord | Claimed) -> datetime | None:
    return None if clock.original_due_at == clock.due_at else clock.original_due_at


def end_the_quiet(clock: ClockRecord, now: datetime) -> None:
    """The order turned out to be a safety emergency: its warnings no longer wait for the morning."""
    waiting = clock.rungs[clock.fired :]
    if not any("wanted" in rung for rung in waiting):
        return
    moved = [{**rung, "at": max(rung.pop("wanted", rung["at"]), now.isoformat())} for rung in map(dict, waiting)]
    clock.rungs = [*clock.rungs[: clock.fired], *moved]
    # A breached clock has warnings that wait only when it was breached in the night.
    beside = clock.due_at if clock.breached_at is None else clock.next_at
    clock.next_at = min(
        at for at in (*(datetime.fromisoformat(rung["at"]) for rung in moved), beside) if at is not None
    )


def rearm(clock: ClockRecord, rungs: Sequence[Rung], fired: int) -> None:
    """Give a running clock that was not breached other warnings, of which the first so many have been told."""
    clock.rungs, clock.fired = [rung_row(rung) for rung in rungs], fired
    clock.next_at = min([*(rung.at for rung in rungs[fired:]), clock.due_at])


def move(work: Work, clock: ClockRecord, plan: ClockPlan, reason: str, rule_set: RuleSet, *, safety: bool) -> None:
    """Give a running clock another due moment and keep the old one with the reason.

    A breach that came no later than the new due moment is taken back, and the clock is armed anew.
    """
    rungs = rules.quietened_rungs(plan.rungs, plan.started_at, plan.due.at, rule_set, safety=safety)
    move_to(work, clock, plan.due, rungs, reason)


def move_to(
    work: Work, clock: ClockRecord, due: Due, rungs: Sequence[Rung], reason: str, *, words: str | None = None
) -> None:
    """The same with the due moment and the warnings alone.

    `words` are what a person wrote: they stay with the clock, sealed, and go into no event and no audit.
    """
    if due.at <= clock.started_at or due.at == clock.due_at:
        return
    was = clock.due_at
    excused = rules.is_excused(clock.breached_at, due.at, work.now)
    change_id = work.ids()
    change = ClockChange(
        id=change_id,
        clock_id=clock.id,
        changed_at=work.now,
        was_due_at=was,
        due_at=due.at,
        reason=reason,
        words=seal_words(work.sealer, words, change_context(clock.order_id, change_id)),
        calendar=work.calendar.version,
        excused_breach_at=clock.breached_at if excused else None,
    )
    work.session.add(change)
    work.audit(
        "clock.changed",
        clock.order_id,
        before={"clock": str(clock.id), "due_at": was.isoformat()},
        after={"clock": str(clock.id), "due_at": due.at.isoformat()},
        reason=reason,
    )
    clock.due_at, clock.due_on, clock.provisional = due.at, due.on, due.provisional
    clock.calendar = work.calendar.version
    if excused:
        clock.excused, clock.breached_at = True, None
    if clock.breached_at is None:
        rearm(clock, rungs, 0)
    work.emit(
        ClockChanged(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=cast("ClockKind", clock.kind),
            was_due_at=was,
            due_at=due.at,
            provisional=due.provisional,
            reason=reason,
            calendar=work.calendar.version,
            excused=excused,
        )
    )


async def raise_candidate(
    work: Work, unit: str, cause: SupervisionCause, occasion: str, facts: str, *, order_id: str | None = None
) -> None:
    """Name a unit for supervision, once per occasion (S3.4a): the office decides what follows."""
    candidate_id = work.ids()
    if not await add_candidate(
        work.session,
        candidate_id,
        unit=unit,
        cause=cause,
        occasion=occasion,
        facts=facts,
        order_id=order_id,
        at=work.now,
    ):
        return
    work.emit(
        SupervisionCandidateRaised(
            candidate_id=str(candidate_id),
            unit=unit,
            cause=cause,
            order_id=order_id,
            facts=facts,
            raised_at=work.now,
        )
    )


async def raise_overdue(work: Work, clock: ClockRecord | Claimed, facts: str) -> None:
    """Name the unit whose deadline passed (超期未办), once per due moment."""
    assert clock.unit is not None
    # With its moment: a clock whose breach was taken back may be overdue a second time.
    occasion = f"clock:{clock.id}:{clock.due_at.isoformat()}"
    await raise_candidate(work, clock.unit, "overdue", occasion, facts, order_id=clock.order_id)


async def name_overdue(work: Work, clocks: Iterable[ClockRecord], at: datetime, *, leaves: bool = False) -> None:
    """Name the units of breached final clocks that have ended before they could remind (S3.4a).

    A unit that the order `leaves` after its deadline is named at once: on the next morning it would have nothing to be
    reminded of.
    Otherwise that morning must be over: who answers before it has done what he was to be reminded of.
    """
    ended = [c for c in clocks if c.kind == "final" and c.unit and c.breached_at and c.state != State.RUNNING]
    unnamed = [clock for clock in ended if clock.fired <= len(clock.rungs)]
    if not unnamed:
        return
    rule_set = await rules_at(work.session, work.now)
    for clock in unnamed:
        # Not from the breach alone: the news of an order that was left in time may come after it.
        if (leaves and clock.due_at < at) or clock.due_at < rules.last_red(at, rule_set):
            since = rules.local_text(clock.due_at)
            said = (
                f"至 {rules.local_text(at)} 仍未办结" if clock.state == State.VOID else f"{rules.local_text(at)} 才办结"
            )
            await raise_overdue(work, clock, f"办结时限 {since} 已过，{said}")

"""What is done to clocks: start, stop, void, move, each with its event.

Whoever calls this has locked the order's row. A clock starts once per occasion, so a second run does no harm. Moments
are those at which the platform recorded the fact: a contact entered on day three does not stop a clock on day one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from services.sla.clocks import rules, store
from services.sla.clocks.model import KnownClock, State
from services.sla.clocks.policy import STEP_KINDS
from services.sla.clocks.tables import ClockChange, ClockRecord
from services.sla.counting.model import ClockPlan, Lapse, Rung
from services.sla.counting.rules import next_red, quiet_of, quietened_rungs
from services.sla.orders.tables import OrderRecord
from services.sla.rulesets.policy import RuleSet
from shared.calendar import Due, local_text
from shared.contracts.places import CLOCK, CLOCK_CHANGE
from shared.contracts.sla import BreachExcused, ClockChanged, ClockKind, ClockStarted, Excuse, PromiseKept
from shared.work import Work


def kinds_of(clocks: Iterable[ClockRecord]) -> frozenset[ClockKind]:
    """The kinds among these clocks."""
    return frozenset(clock.kind for clock in clocks)


def start(
    work: Work, order: OrderRecord, plans: Sequence[ClockPlan], rule_set: RuleSet, *, note: str | None = None
) -> Sequence[ClockRecord]:
    """Write the plans as running clocks of this rule set, each kind once per occasion, and emit what is new."""
    new: list[ClockRecord] = []
    known = set(order.occasions)
    for plan in plans:
        occasion = f"{plan.kind} {plan.occasion}"
        if occasion in known:
            continue
        known.add(occasion)
        order.occasions = [*order.occasions, occasion]
        clock = _clock(work, order, plan, rule_set, note)
        work.add(clock)
        new.append(clock)
        # Every value is ours and was checked when it came in: to check it again would cost more than all the rest.
        started = ClockStarted.model_construct(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=clock.kind,
            unit=clock.unit,
            started_at=clock.started_at,
            due_at=clock.due_at,
            provisional=clock.provisional,
            rules=rule_set.version,
        )
        work.emit(started)
    return new


def _clock(work: Work, order: OrderRecord, plan: ClockPlan, rule_set: RuleSet, note: str | None) -> ClockRecord:
    """The row; every column is given, so that nothing has to be read back."""
    clock_id = work.ids()
    rungs = _quietened(work, order, plan, rule_set)
    return ClockRecord(
        id=clock_id,
        order_id=order.order_id,
        kind=plan.kind,
        occasion=plan.occasion,
        unit=plan.unit,
        started_at=plan.started_at,
        span=plan.span,
        amount=plan.amount,
        due_at=plan.due.at,
        due_on=plan.due.on,
        original_due_at=plan.due.at,
        provisional=plan.due.provisional,
        lapse=plan.lapse,
        clause=plan.clause,
        rules=rule_set.version,
        calendar=work.calendar.version,
        rungs=[rung.as_row() for rung in rungs],
        fired=0,
        next_at=min([*(rung.at for rung in rungs), plan.due.at]),
        queue=order.queue,
        state=State.RUNNING,
        breached_at=None,
        excused=False,
        stopped_at=None,
        extended_workdays=0,
        kept_by=None,
        note=work.sealer.seal_if_any(note, CLOCK.at(order_id=order.order_id, clock_id=clock_id, part="note")),
    )


def _quietened(work: Work, order: OrderRecord, plan: ClockPlan, rule_set: RuleSet) -> tuple[Rung, ...]:
    quiet = quiet_of(plan.span, rule_set, urgent=order.urgent, safety=order.safety)
    return quietened_rungs(plan.rungs, plan.started_at, plan.due.at, rule_set, work.calendar, quiet)


async def requeue(work: Work, order: OrderRecord) -> None:
    """Show the order's clocks on the boards at the place of its present urgent class, the ended ones too."""
    for clock in await work.rows(ClockRecord, order.order_id):
        clock.queue = order.queue
    await store.requeue_ended(work.session, order.order_id, order.queue)


def stop(work: Work, clocks: Iterable[ClockRecord], kinds: Collection[ClockKind], at: datetime) -> None:
    """What the clocks of these kinds asked for has happened; a promise that was kept has an event of its own (S2.2.1e)."""
    for clock in clocks:
        if clock.kind in kinds and clock.state is State.RUNNING:
            _judge_end(work, clock, at)
            clock.state, clock.next_at, clock.stopped_at = rules.ended(clock.due_at, at), None, at
            met = clock.state is State.MET
            if clock.kind in STEP_KINDS:
                work.forget(store.step_spans)
            work.emit(rules.stopped(clock, at, met=met))
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
        if clock.kind in kinds and clock.state is State.RUNNING:
            _judge_end(work, clock, at)
            clock.state, clock.next_at, clock.stopped_at = State.VOID, None, at
            work.emit(rules.stopped(clock, at, met=False, void=True))


def _judge_end(work: Work, clock: ClockRecord, at: datetime) -> None:
    """Make a breach agree with the moment at which the clock ended, whatever was heard first (S1.1.4b).

    A deadline that passed while the loop was down is a breach, also when the clock is stopped first. One that was
    breached because the fact that ended it in time came late was not missed.
    """
    if clock.breached_at is not None:
        if at <= clock.due_at:
            excuse(work, clock, "in_time", "截止时刻之前已经办理或不再适用，平台随后才得知")
    elif at > clock.due_at and clock.lapse is Lapse.BREACH:
        clock.breached_at = work.now
        for event in rules.breaking(clock, work.now):
            work.emit(event)


def excuse(work: Work, clock: ClockRecord, cause: Excuse, reason: str) -> None:
    """Take back the breach of a clock that ends and keeps its due moment; it stays on the record with the reason."""
    assert clock.breached_at is not None
    change = ClockChange(
        id=work.ids(),
        clock_id=clock.id,
        changed_at=work.now,
        was_due_at=clock.due_at,
        due_at=clock.due_at,
        reason=reason,
        calendar=clock.calendar,
        excused_breach_at=clock.breached_at,
    )
    work.session.add(change)
    _tell_excuse(work, clock, clock.breached_at, cause, reason, now_due_at=None)
    before = {"clock": str(clock.id), "breached_at": local_text(clock.breached_at)}
    work.audit("clock.breach_excused", clock.order_id, before=before, reason=reason)
    clock.excused, clock.breached_at = True, None


def _tell_excuse(
    work: Work,
    clock: KnownClock,
    breached_at: datetime,
    cause: Excuse,
    reason: str,
    *,
    now_due_at: datetime | None,
) -> None:
    work.emit(
        BreachExcused(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=clock.kind,
            unit=clock.unit,
            due_at=clock.due_at,
            breached_at=breached_at,
            cause=cause,
            reason=reason,
            now_due_at=now_due_at,
            excused_at=work.now,
        )
    )


async def annul(
    work: Work,
    order: OrderRecord,
    kind: ClockKind,
    at: datetime,
    cause: Excuse,
    reason: str,
    *,
    ended_since: datetime | None = None,
    started_at: datetime | None = None,
) -> None:
    """The clocks of this kind should not have run: they are void from `at` on, and no breach of theirs counts.

    Also of those that have ended, with `ended_since` not before it: whether the order's other facts were heard before or
    after makes no difference.  With `started_at` only of the one that began then.
    """
    for clock in await store.running_clocks(work, order.order_id):
        if clock.kind == kind and started_at in {None, clock.started_at}:
            if clock.breached_at is not None:
                excuse(work, clock, cause, reason)
            clock.state, clock.next_at, clock.stopped_at = State.VOID, None, at
            work.emit(rules.stopped(clock, at, met=False, void=True))
    await work.session.flush()
    for clock in await store.ended_breaches(work.session, order.order_id, kind):
        if started_at not in {None, clock.started_at}:
            continue
        if ended_since is None or (clock.stopped_at is not None and clock.stopped_at >= ended_since):
            excuse(work, clock, cause, reason)
            clock.state = State.VOID


async def excuse_after(work: Work, order: OrderRecord, at: datetime, reason: str) -> None:
    """No deadline from `at` on applied, it is heard now: what has ended since as a breach does not count (S1.1.4b)."""
    await work.session.flush()
    for clock in await store.ended_breaches(work.session, order.order_id):
        if clock.due_at >= at:
            excuse(work, clock, "in_time", reason)
            clock.state = State.VOID


def requieten(work: Work, clock: ClockRecord, order: OrderRecord, rule_set: RuleSet) -> None:
    """The order's urgent classes have changed: its warnings to come keep the quiet times of these, and no others."""
    now, calendar = work.now, work.calendar
    quiet = quiet_of(clock.span, rule_set, urgent=order.urgent, safety=order.safety)
    if clock.breached_at is not None and clock.fired >= len(clock.rungs):
        if clock.next_at is not None and clock.next_at > now:
            clock.next_at = next_red(now, rule_set, calendar, quiet)
        return
    waiting = [Rung.of(row) for row in clock.rungs[clock.fired :]]
    moved: list[Rung] = []
    for rung in waiting:
        wanted = rung._replace(at=rung.wanted or rung.at, wanted=None)
        [kept] = quietened_rungs((wanted,), clock.started_at, clock.due_at, rule_set, calendar, quiet)
        # What waited for the end of quiet times that hold no more is due now.
        moved.append(kept if rung.wanted is None else kept._replace(at=max(kept.at, now)))
    rungs = sorted(moved, key=lambda rung: rung.at)
    if rungs == waiting:
        return
    clock.rungs = [*clock.rungs[: clock.fired], *(rung.as_row() for rung in rungs)]
    # A breached clock has waiting warnings only when it was breached in the quiet times.
    beside = clock.due_at if clock.breached_at is None else clock.next_at
    clock.next_at = min(at for at in (*(rung.at for rung in rungs), beside) if at is not None)


def rearm(clock: ClockRecord, rungs: Sequence[Rung], fired: int) -> None:
    """Give a running clock that was not breached other warnings, of which the first `fired` have fired."""
    clock.rungs, clock.fired = [rung.as_row() for rung in rungs], fired
    clock.next_at = min([*(rung.at for rung in rungs[fired:]), clock.due_at])


def move(work: Work, order: OrderRecord, clock: ClockRecord, plan: ClockPlan, reason: str, rule_set: RuleSet) -> None:
    """Give a running clock the due moment that the upstream names now, and keep the old one with the reason.

    A breach of the old one is taken back, and the clock starts to count anew: it fires at once when the new one has passed.
    """
    move_to(work, clock, plan.due, _quietened(work, order, plan, rule_set), "upstream", reason)


def move_to(
    work: Work,
    clock: ClockRecord,
    due: Due,
    rungs: Sequence[Rung],
    cause: Excuse,
    reason: str,
    *,
    words: str | None = None,
) -> None:
    """The same with the due moment and the warnings alone; `cause` is why, should a breach be taken back by it.

    `words` are what a person wrote: they stay with the clock, sealed, and go into no event and no audit.
    """
    if due.at <= clock.started_at or due.at == clock.due_at:
        return
    was = clock.due_at
    excused = rules.is_excused(clock, due.at)
    change_id = work.ids()
    change = ClockChange(
        id=change_id,
        clock_id=clock.id,
        changed_at=work.now,
        was_due_at=was,
        due_at=due.at,
        reason=reason,
        words=work.sealer.seal_if_any(words, CLOCK_CHANGE.at(order_id=clock.order_id, change_id=change_id)),
        calendar=work.calendar.version,
        excused_breach_at=clock.breached_at if excused else None,
    )
    work.session.add(change)
    tell_move(work, clock, due, cause, reason=reason, calendar=work.calendar.version, excused=excused)
    clock.due_at, clock.due_on, clock.provisional = due.at, due.on, due.provisional
    clock.calendar = work.calendar.version
    if excused:
        clock.excused, clock.breached_at = True, None
    if clock.breached_at is None:
        rearm(clock, rungs, 0)


def run_again(work: Work, order: OrderRecord, clock: ClockRecord, reason: str, rule_set: RuleSet) -> None:
    """What made a clock void does not hold: it runs until its due moment, as if it had never ended."""
    clock.state, clock.stopped_at = State.RUNNING, None
    if clock.breached_at is None:
        rearm(clock, [Rung.of(row) for row in clock.rungs], clock.fired)
    else:
        quiet = quiet_of(clock.span, rule_set, urgent=order.urgent, safety=order.safety)
        clock.next_at = next_red(work.now, rule_set, work.calendar, quiet)
    due = Due(clock.due_at, clock.due_on, clock.provisional)
    tell_move(work, clock, due, "in_time", reason=reason, calendar=clock.calendar, excused=False, reopened=True)


def use_closed_window(work: Work, window: ClockRecord, at: datetime) -> None:
    """The unit asked to return the order, and the window had closed before its request was heard.

    Either the request comes late, and lies inside the window, or dispatch knows a calendar by which the window was open:
    then it is late until this calendar comes here as well and the clock is counted anew.
    """
    window.state, window.stopped_at = rules.ended(window.due_at, at), at
    work.emit(rules.stopped(window, at, met=window.state is State.MET))


def tell_move(
    work: Work,
    clock: KnownClock,
    due: Due,
    cause: Excuse,
    *,
    reason: str,
    calendar: str,
    excused: bool,
    reopened: bool = False,
    ended: bool = False,
) -> None:
    """The events and the audit entry of a clock that still has its old due moment and breach, and gets this one.

    It runs on, or again if it is `reopened`; one that has `ended` stays so.
    """
    if excused and clock.breached_at is not None:
        _tell_excuse(work, clock, clock.breached_at, cause, reason, now_due_at=None if ended else due.at)
    work.emit(
        ClockChanged(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=clock.kind,
            was_due_at=clock.due_at,
            due_at=due.at,
            provisional=due.provisional,
            reason=reason,
            calendar=calendar,
            excused=excused,
            reopened=reopened,
        )
    )
    work.audit(
        "clock.changed",
        clock.order_id,
        before={"clock": str(clock.id), "due_at": local_text(clock.due_at)},
        after={"clock": str(clock.id), "due_at": local_text(due.at)},
        reason=reason,
    )

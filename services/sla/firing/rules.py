"""Which events a clock emits whose moment has come, what waits for the end of the quiet hours, and how it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict
from uuid import UUID

from services.sla.clocks.rules import FIRED_LATE_AFTER, breaking, plan_day, stopped
from services.sla.counting.model import Lapse
from services.sla.counting.rules import RED, WAKE, next_red, quiet_ends
from services.sla.firing.model import Claimed, Due, Fired, Planned
from services.sla.rulesets.policy import RuleSet
from shared.calendar import WorkCalendar
from shared.contracts.sla import ClockWarned, PlanWoken, WarnedClock, WarningsDigested

MINUTE: Final = timedelta(minutes=1)

MISSED: Final = "missed"  # of a rung that waits for the end of the quiet hours: the moment it should have fired


def due_of_clock(clock: Claimed, until: datetime) -> Due:
    """What a clock is due for, of that which lies before `until`."""
    if clock.breached_at == clock.next_at:
        # Breached so late that its unit is to be named at once: nothing else is due now.
        return Due(clock, [], False, False, False, clock.fired)
    if clock.breached_at is not None and clock.fired >= len(clock.rungs):
        number = clock.fired - len(clock.rungs) + 1
        return Due(clock, [(f"{RED}:{number}", clock.next_at)], False, False, True, clock.fired + 1)
    rungs: list[tuple[str, datetime]] = []
    wakes, fired = False, clock.fired
    while fired < len(clock.rungs):
        rung: dict[str, Any] = clock.rungs[fired]
        at = datetime.fromisoformat(rung["at"])
        if at > until:
            break
        if rung["name"] == WAKE:
            wakes = True
        else:
            rungs.append((rung["name"], datetime.fromisoformat(rung.get(MISSED, rung["at"]))))
        fired += 1
    return Due(clock, rungs, wakes, clock.breached_at is None and clock.due_at <= until, False, fired)


def hold_back(due: Sequence[Due], rule_set: RuleSet, calendar: WorkCalendar, now: datetime) -> dict[UUID, datetime]:
    """Let warnings that were missed wait for the end of the quiet times; the reminders that wait, with that moment.

    A warning whose deadline ends before the quiet times do, or has passed, does not wait: it is published before the
    breach, which does not wait either.
    """
    ends_of = {quiet: quiet_ends(now, rule_set, calendar, quiet) for quiet in {one.quiet for one in due}}
    reminders: dict[UUID, datetime] = {}
    for one in due:
        ends = ends_of[one.quiet]
        if not one.rungs or not ends:
            continue
        if one.reminds:
            # A reminder that was missed comes with the next day's: two within hours would be no use.
            following = next_red(now, rule_set, calendar, one.quiet)
            quiet = quiet_ends(following, rule_set, calendar, one.quiet)
            reminders[one.clock.id] = ends[0] if quiet else following
        elif (until := next((end for end in ends if end < one.clock.due_at), None)) is not None:
            _let_wait(one, until)
        else:
            continue
        one.rungs = []
    return reminders


def _let_wait(one: Due, until: datetime) -> None:
    """Move the clock's rungs that are due to that moment; a planned order wakes all the same."""
    rungs = one.clock.rungs
    passing, rest = rungs[one.clock.fired : one.fired], rungs[one.fired :]
    woken = [rung for rung in passing if rung["name"] == WAKE]
    moved = [
        {"wanted": rung["at"], MISSED: rung["at"], **rung, "at": until.isoformat()}
        for rung in passing
        if rung["name"] != WAKE
    ]
    waiting = sorted([*moved, *rest], key=lambda rung: datetime.fromisoformat(rung["at"]))
    one.fired = one.clock.fired + len(woken)
    one.held = [*rungs[: one.clock.fired], *woken, *waiting]


def next_digest(digested_at: datetime | None, now: datetime) -> datetime | None:
    """When the unit may be sent the next digest; None when it may be now."""
    if digested_at is None or not timedelta() <= now - digested_at < MINUTE:
        return None
    return digested_at + MINUTE


def cannot_wait(one: Due, following: datetime) -> bool:
    """Whether the clock cannot wait until then: it wakes, or its due moment comes before."""
    return one.wakes or (not one.reminds and one.clock.due_at <= following)


def digest_of(ones: Sequence[Due], count: int, now: datetime) -> Planned:
    """The warnings of one unit in one event."""
    named = sorted(((at, one, name) for one in ones for name, at in one.rungs), key=lambda each: each[0])
    digest = WarningsDigested(
        unit=ones[0].clock.unit,
        count=count,
        warnings=tuple(
            WarnedClock(
                order_id=one.clock.order_id,
                clock_id=str(one.clock.id),
                kind=one.clock.kind,
                rung=name,
                due_at=one.clock.due_at,
                **_lateness(at, now),
            )
            for at, one, name in named
        ),
        warned_at=now,
    )
    return named[0][0], digest


class _Lateness(TypedDict):
    late_by_seconds: float
    fired_late: bool


def _lateness(at: datetime, now: datetime) -> _Lateness:
    """How late a warning is that was for that moment and is published now."""
    return {"late_by_seconds": (now - at).total_seconds(), "fired_late": now - at > FIRED_LATE_AFTER}


def warnings_of(one: Due, now: datetime) -> list[Planned]:
    """The warnings of one clock, each by itself."""
    clock = one.clock
    return [
        (
            at,
            ClockWarned(
                order_id=clock.order_id,
                clock_id=str(clock.id),
                kind=clock.kind,
                unit=clock.unit,
                rung=name,
                due_at=clock.due_at,
                warned_at=now,
                provisional=clock.provisional,
                **_lateness(at, now),
            ),
        )
        for name, at in one.rungs
    ]


def outcome_of(one: Due, now: datetime) -> list[Planned]:
    """The events beside warnings: a plan wakes, a window closed, a deadline passed."""
    clock = one.clock
    told: list[Planned] = []
    if one.wakes:
        [at] = [datetime.fromisoformat(rung["at"]) for rung in clock.rungs if rung["name"] == WAKE]
        woken = PlanWoken(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            unit=clock.unit or "",
            plan_on=plan_day(clock),
            woken_at=now,
        )
        told.append((at, woken))
    if one.lapses and clock.lapse == Lapse.CLOSE:
        # Not used, not missed: nobody had to return the order.
        told.append((clock.due_at, stopped(clock, clock.due_at, met=False, void=True)))
    elif one.lapses:
        told += [(clock.due_at, event) for event in breaking(clock, now)]
    return told


def after_firing(one: Due, rule_set: RuleSet, calendar: WorkCalendar, now: datetime) -> Fired:
    """How the clock goes on: when the loop looks at it next, and whether it is breached or closed."""
    clock = one.clock
    if one.reminds:
        return Fired(clock.id, one.fired, next_red(now, rule_set, calendar, one.quiet), None, closed=False)
    waiting = [datetime.fromisoformat(rung["at"]) for rung in (one.held or clock.rungs)[one.fired :]]
    if clock.breached_at is not None:
        # Warnings that waited for the end of the quiet hours are published: from now on it reminds.
        following = min(waiting, default=next_red(clock.breached_at, rule_set, calendar, one.quiet))
        return Fired(clock.id, one.fired, following, None, closed=False, rungs=one.held)
    if not one.lapses:
        return Fired(clock.id, one.fired, min([*waiting, clock.due_at]), None, closed=False, rungs=one.held)
    if clock.lapse == Lapse.CLOSE:
        return Fired(clock.id, one.fired, None, None, closed=True)
    following = min([*waiting, next_red(now, rule_set, calendar, one.quiet)])
    return Fired(clock.id, one.fired, following, now, closed=False, rungs=one.held)

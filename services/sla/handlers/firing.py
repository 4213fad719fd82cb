"""What the loop does with the clocks whose moment has come: warn, breach, wake, close, remind; each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict
from uuid import UUID

import orjson

from services.sla import rules
from services.sla.handlers.pieces import FIRED_LATE_AFTER, breaking, plan_day, raise_candidate, raise_overdue, stopped
from services.sla.model import Lapse
from services.sla.policy import RuleSet
from services.sla.store import firing as store
from services.sla.store.firing import Claimed, Fired, Storm
from services.sla.store.rulesets import rules_at
from shared.contracts import Event
from shared.contracts.sla import ClockWarned, PlanWoken, WarnedClock, WarningsDigested
from shared.work import Work

MINUTE: Final = timedelta(minutes=1)
DISTRICT: Final = "district"
Word = tuple[datetime, Event]
"""Something that is to be told, with the moment that it is for."""
MISSED: Final = "missed"  # of a rung that waits for the end of the quiet hours: the moment it should have fired


async def breach_plain_clocks(work: Work, limit: int, *, lane: int | None = None) -> int:
    """Breach what does nothing but breach, oldest first, by one statement; how many clocks there were.

    With a `lane`, only those of its half of the units.

    The events are what `work.emit` would write; a test compares the two. None while another replica fires them.
    """
    if not await store.take_turn(work.session, store.LANES if lane is None else (lane,)):
        return 0
    now = work.now
    rule_set = await rules_at(work.session, now)
    # The first 48 bits of a UUIDv7 are the milliseconds; they and the version are the first 15 characters.
    millis = f"{int(now.timestamp() * 1000):012x}"
    return await store.breach_plain(
        work.session,
        now,
        limit,
        red=rules.next_red(now, rule_set),
        overdue=rules.last_red(now, rule_set),
        late_before=now - FIRED_LATE_AFTER,
        prefix=f"{millis[:8]}-{millis[8:]}-7",
        headers=orjson.dumps({"correlationid": work.correlation, "actor": work.person.account}).decode(),
        lane=lane,
    )


@dataclass(slots=True)
class Due:
    """A clock whose moment has come, with the warnings that are to be told and whether it ends now.

    `held` are the clock's rungs when some that are due wait for the end of the quiet hours.
    """

    clock: Claimed
    rungs: list[tuple[str, datetime]]
    wakes: bool
    lapses: bool
    reminds: bool
    fired: int
    held: list[dict[str, Any]] | None = None


async def fire_due_clocks(work: Work, limit: int) -> int:
    """Warn, wake, breach, close and remind what is due by now, oldest first, each once; how many clocks were looked at.

    After a standstill everything that was missed fires in the order of the moments that it was for, with the moment it
    really fired, marked late; in the quiet hours a warning waits for their end. None while another replica fires.
    """
    now = work.now
    if not await store.take_turn(work.session, store.LANES):
        return 0
    claimed, until = await store.claim_due(work.session, now, limit)
    if not claimed:
        return 0
    rule_set = await rules_at(work.session, now)
    due = [_due(clock, until) for clock in claimed]
    safe = await store.safety_orders(work.session, {one.clock.order_id for one in due if one.rungs})
    later = _hold([one for one in due if one.clock.order_id not in safe], rule_set, now)
    # A safety emergency is told at once and by itself, however much else there is to tell its unit (S1.3.1b).
    together, waiting, words = await _digest(work, [d for d in due if d.clock.order_id not in safe], rule_set, now)
    later |= waiting
    accepts = {d.clock.order_id for d in due if d.clock.kind == "accept" and d.lapses}
    locked = await store.no_return_orders(work.session, accepts)
    written: list[Fired] = []
    for one in due:
        if one.clock.id in later:
            written.append(Fired(one.clock.id, one.clock.fired, later[one.clock.id], None, closed=False))
            continue
        if one.clock.id not in together:
            words += _warnings(one, now)
        words += _outcome(one, now)
        written.append(_go_on(one, rule_set, now))
    for _, event in sorted(words, key=lambda word: word[0]):
        work.emit(event)
    for one in due:
        if one.clock.id not in later:
            await _propose(work, one, locked, rule_set, now)
    await store.move_on(work.session, written)
    return len(claimed)


def _due(clock: Claimed, until: datetime) -> Due:
    if clock.breached_at == clock.next_at:
        # Breached after the morning on which its unit was to be named: that is all there is to do for now.
        return Due(clock, [], False, False, False, clock.fired)
    if clock.breached_at is not None and clock.fired >= len(clock.rungs):
        number = clock.fired - len(clock.rungs) + 1
        return Due(clock, [(f"{rules.RED}:{number}", clock.next_at)], False, False, True, clock.fired + 1)
    rungs: list[tuple[str, datetime]] = []
    wakes, fired = False, clock.fired
    while fired < len(clock.rungs):
        rung: dict[str, Any] = clock.rungs[fired]
        at = datetime.fromisoformat(rung["at"])
        if at > until:
            break
        if rung["name"] == rules.WAKE:
            wakes = True
        else:
            rungs.append((rung["name"], datetime.fromisoformat(rung.get(MISSED, rung["at"]))))
        fired += 1
    return Due(clock, rungs, wakes, clock.breached_at is None and clock.due_at <= until, False, fired)


# -- quiet hours --------------------------------------------------------------------------------------------------------


def _hold(due: Sequence[Due], rule_set: RuleSet, now: datetime) -> dict[UUID, datetime]:
    """Let warnings that were missed wait for the end of the quiet hours; the reminders that wait, with that moment.

    One whose deadline ends before the morning, or has passed, is told in the night: while it is of use, or at least
    before the breach, which does not wait. Safety emergencies, which know no quiet hours, are not among these.
    """
    if not rules.is_quiet(now, rule_set):
        return {}
    until = rules.quiet_ends(now, rule_set)
    # A reminder that was missed comes with the next day's: two in one morning say no more than one.
    following = rules.next_red(now, rule_set)
    morning = until if rules.is_quiet(following, rule_set) else following
    late = [one for one in due if one.rungs and (one.reminds or one.clock.due_at > until)]
    reminders: dict[UUID, datetime] = {}
    for one in late:
        if one.reminds:
            reminders[one.clock.id] = morning
        else:
            _let_wait(one, until)
        one.rungs = []
    return reminders


def _let_wait(one: Due, until: datetime) -> None:
    """Move the clock's rungs that are due to that moment; a planned order wakes all the same."""
    rungs = one.clock.rungs
    passing, rest = rungs[one.clock.fired : one.fired], rungs[one.fired :]
    woken = [rung for rung in passing if rung["name"] == rules.WAKE]
    moved = [
        {"wanted": rung["at"], MISSED: rung["at"], **rung, "at": until.isoformat()}
        for rung in passing
        if rung["name"] != rules.WAKE
    ]
    waiting = sorted([*moved, *rest], key=lambda rung: datetime.fromisoformat(rung["at"]))
    one.fired = one.clock.fired + len(woken)
    one.held = [*rungs[: one.clock.fired], *woken, *waiting]


# -- digests ------------------------------------------------------------------------------------------------------------


async def _digest(
    work: Work, due: Sequence[Due], rule_set: RuleSet, now: datetime
) -> tuple[set[UUID], dict[UUID, datetime], list[Word]]:
    """Tell a unit's warnings together when there are too many of them in a minute, and at most once a minute.

    The clocks that a digest names, those that wait for the next minute with the moment they wait for, and the digests.
    """
    groups: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        if one.rungs:
            groups[one.clock.unit or DISTRICT].append(one)
    if not groups:
        return set(), {}, []
    storms = await store.storms_of(work.session, groups, now)
    together: set[UUID] = set()
    later: dict[UUID, datetime] = {}
    words: list[Word] = []
    for unit, ones in groups.items():
        storm, count = storms[unit], sum(len(one.rungs) for one in ones)
        # A clock that was set back must not leave a unit in a minute that lies ahead.
        if not timedelta() <= now - storm.since < MINUTE:
            storm.since, storm.told = now, 0
        if storm.told + count <= rule_set.digest_above.count:
            storm.told += count
        elif (following := _next_digest(storm, now)) and not any(_presses(one, following) for one in ones):
            later |= {one.clock.id: following for one in ones}
        else:
            storm.digested_at = now
            together |= {one.clock.id for one in ones}
            words.append(_digest_of(ones, count, now))
    await store.keep_storms(work.session, storms)
    return together, later, words


def _next_digest(storm: Storm, now: datetime) -> datetime | None:
    """When the unit may be told the next digest; None when it may be now."""
    if storm.digested_at is None or not timedelta() <= now - storm.digested_at < MINUTE:
        return None
    return storm.digested_at + MINUTE


def _presses(one: Due, following: datetime) -> bool:
    """Whether the clock cannot wait until then: it wakes, or its due moment comes before."""
    return one.wakes or (not one.reminds and one.clock.due_at <= following)


def _digest_of(ones: Sequence[Due], count: int, now: datetime) -> Word:
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
    """What a warning that was for that moment says of being told now."""
    return {"late_by_seconds": (now - at).total_seconds(), "fired_late": now - at > FIRED_LATE_AFTER}


# -- one clock ----------------------------------------------------------------------------------------------------------


def _warnings(one: Due, now: datetime) -> list[Word]:
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


def _outcome(one: Due, now: datetime) -> list[Word]:
    """What is told beside warnings: that a plan wakes, that a window closed, that a deadline passed."""
    clock = one.clock
    words: list[Word] = []
    if one.wakes:
        [at] = [datetime.fromisoformat(rung["at"]) for rung in clock.rungs if rung["name"] == rules.WAKE]
        woken = PlanWoken(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            unit=clock.unit or "",
            plan_on=plan_day(clock),
            woken_at=now,
        )
        words.append((at, woken))
    if one.lapses and clock.lapse == Lapse.CLOSE:
        # Not used, not missed: nobody had to return the order.
        words.append((clock.due_at, stopped(clock, clock.due_at, met=False, void=True)))
    elif one.lapses:
        words += [(clock.due_at, event) for event in breaking(clock, now)]
    return words


def _go_on(one: Due, rule_set: RuleSet, now: datetime) -> Fired:
    clock = one.clock
    if one.reminds:
        return Fired(clock.id, one.fired, rules.next_red(now, rule_set), None, closed=False)
    waiting = [datetime.fromisoformat(rung["at"]) for rung in (one.held or clock.rungs)[one.fired :]]
    if clock.breached_at is not None:
        # Warnings that waited for the morning were told: from now on it reminds.
        following = min(waiting, default=rules.next_red(clock.breached_at, rule_set))
        return Fired(clock.id, one.fired, following, None, closed=False, rungs=one.held)
    if not one.lapses:
        return Fired(clock.id, one.fired, min([*waiting, clock.due_at]), None, closed=False, rungs=one.held)
    if clock.lapse == Lapse.CLOSE:
        return Fired(clock.id, one.fired, None, None, closed=True)
    following = min([*waiting, rules.next_red(now, rule_set)])
    return Fired(clock.id, one.fired, following, now, closed=False, rungs=one.held)


async def _propose(work: Work, one: Due, locked: frozenset[str], rule_set: RuleSet, now: datetime) -> None:
    """超期未办 when a unit's deadline begins to remind; 拒不承办 when a locked order is not taken up.

    A breach that is told only after the morning of its first reminder, because of a standstill, names its unit at once:
    so nobody gains a day by it. Until that morning a breach may still be taken back.
    """
    clock = one.clock
    if clock.unit is None:
        return
    first = one.reminds and one.fired == len(clock.rungs) + 1
    missed = (one.lapses or clock.breached_at == clock.next_at) and clock.due_at < rules.last_red(now, rule_set)
    if clock.kind == "final" and (first or missed):
        facts = f"办结时限 {rules.local_text(clock.due_at)} 已过，仍未办结"
        await raise_overdue(work, clock, facts)
    if one.lapses and clock.kind == "accept" and clock.order_id in locked:
        facts = f"不得回退的工单在 {rules.local_text(clock.due_at)} 前未认领"
        await raise_candidate(work, clock.unit, "refused", f"clock:{clock.id}", facts, order_id=clock.order_id)

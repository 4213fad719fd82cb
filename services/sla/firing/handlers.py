"""What the loop does with the clocks whose moment has come: warn, breach, wake, close, remind; each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.sla.candidates.handlers import overdue, raise_candidates
from services.sla.candidates.model import Proposal
from services.sla.clocks.rules import FIRED_LATE_AFTER
from services.sla.counting.model import DAILY, Span
from services.sla.counting.rules import last_red, next_red, quiet_of
from services.sla.firing import rules, store
from services.sla.firing.model import Due, Fired, Planned, Reminders
from services.sla.rulesets.policy import RuleSet
from services.sla.rulesets.store import rules_at
from shared.calendar import WorkCalendar, local_text
from shared.wakes import EVENTS_WRITTEN
from shared.work import Work

DISTRICT: Final = "district"


async def breach_plain_clocks(work: Work, limit: int, *, lane: int | None = None) -> int:
    """Breach what does nothing but breach, oldest first, by one statement; how many clocks there were.

    With a `lane`, only those of its half of the units.

    The events are what `work.emit` would write; a test compares the two. 0 while another replica fires them.
    """
    if not await store.take_turn(work.session, store.LANES if lane is None else (lane,)):
        return 0
    now = work.now
    rule_set = await rules_at(work, now)
    rests = quiet_of(Span.DAY, rule_set, urgent=False, safety=False)
    # The first 48 bits of a UUIDv7 are the milliseconds; they and the version are the first 15 characters.
    millis = f"{int(now.timestamp() * 1000):012x}"
    breached = await store.breach_plain(
        work.session,
        now,
        limit,
        daily=Reminders(next_red(now, rule_set, work.calendar, DAILY), last_red(now, rule_set, work.calendar, DAILY)),
        resting=Reminders(next_red(now, rule_set, work.calendar, rests), last_red(now, rule_set, work.calendar, rests)),
        late_before=now - FIRED_LATE_AFTER,
        prefix=f"{millis[:8]}-{millis[8:]}-7",
        headers=work.headers,
        lane=lane,
    )
    if breached:
        # The statement wrote its events past the unit of work, which knows of none.
        work.wake(EVENTS_WRITTEN)
    return breached


async def fire_due_clocks(work: Work, limit: int) -> int:
    """Warn, wake, breach, close and remind what is due by now, oldest first, each once; how many clocks were looked at.

    After a standstill everything that was missed fires in the order of the moments that it was for, with the moment it
    really fired, marked late; in the quiet times a warning waits for their end. 0 while another replica fires.
    """
    now = work.now
    if not await store.take_turn(work.session, store.LANES):
        return 0
    claimed, until = await store.claim_due(work.session, now, limit)
    if not claimed:
        return 0
    rule_set = await rules_at(work, now)
    due = [rules.due_of_clock(clock, until) for clock in claimed]
    urgent, safe = await store.urgent_orders(work.session, {one.clock.order_id for one in due})
    for one in due:
        order_id = one.clock.order_id
        one.quiet = quiet_of(one.clock.span, rule_set, urgent=order_id in urgent, safety=order_id in safe)
    later = rules.hold_back(due, rule_set, work.calendar, now)
    # The warning of a safety emergency is sent at once and by itself, however many others its unit gets (S1.3.1b).
    together, waiting, planned = await _digest(work, [d for d in due if d.clock.order_id not in safe], rule_set, now)
    later |= waiting
    accepts = {d.clock.order_id for d in due if d.clock.kind == "accept" and d.lapses}
    locked = await store.no_return_orders(work.session, accepts)
    written: list[Fired] = []
    for one in due:
        if one.clock.id in later:
            written.append(Fired(one.clock.id, one.clock.fired, later[one.clock.id], None, closed=False))
            continue
        if one.clock.id not in together:
            planned += rules.warnings_of(one, now)
        planned += rules.outcome_of(one, now)
        written.append(rules.after_firing(one, rule_set, work.calendar, now))
    for _, event in sorted(planned, key=lambda one: one[0]):
        work.emit(event)
    fired = [one for one in due if one.clock.id not in later]
    named = [proposal for one in fired for proposal in _proposals(one, locked, rule_set, work.calendar, now)]
    await raise_candidates(work, named)
    await store.move_on(work.session, written)
    return len(claimed)


async def _digest(
    work: Work, due: Sequence[Due], rule_set: RuleSet, now: datetime
) -> tuple[set[UUID], dict[UUID, datetime], list[Planned]]:
    """Send a unit its warnings in one event when there are too many in a minute, and at most one such event a minute.

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
    planned: list[Planned] = []
    for unit, ones in groups.items():
        storm, count = storms[unit], sum(len(one.rungs) for one in ones)
        # A clock that was set back must not leave a unit in a minute that lies ahead.
        if not timedelta() <= now - storm.since < rules.MINUTE:
            storm.since, storm.told = now, 0
        if storm.told + count <= rule_set.digest_above.count:
            storm.told += count
        elif (following := rules.next_digest(storm.digested_at, now)) and not any(
            rules.cannot_wait(one, following) for one in ones
        ):
            later |= {one.clock.id: following for one in ones}
        else:
            storm.digested_at = now
            together |= {one.clock.id for one in ones}
            planned.append(rules.digest_of(ones, count, now))
    return together, later, planned


def _proposals(
    one: Due, locked: frozenset[str], rule_set: RuleSet, calendar: WorkCalendar, now: datetime
) -> Iterator[Proposal]:
    """超期未办 when a unit's deadline begins to remind; 拒不承办 when a locked order is not taken up.

    A breach that is published only after its first reminder would have been due, because of a standstill, names its unit
    at once, so that nobody gains a day by it. Until that reminder a breach may still be taken back.
    """
    clock = one.clock
    if clock.unit is None:
        return
    first = one.reminds and one.fired == len(clock.rungs) + 1
    reminded = last_red(now, rule_set, calendar, one.quiet)
    missed = (one.lapses or clock.breached_at == clock.next_at) and clock.due_at < reminded
    if clock.kind == "final" and (first or missed):
        yield overdue(clock, f"办结时限 {local_text(clock.due_at)} 已过，仍未办结")
    if one.lapses and clock.kind == "accept" and clock.order_id in locked:
        facts = f"不得回退的工单在 {local_text(clock.due_at)} 前未认领"
        yield Proposal(clock.unit, "refused", f"clock:{clock.id}", facts, clock.order_id)

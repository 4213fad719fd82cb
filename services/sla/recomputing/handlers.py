"""A change of the calendar: what it would move, and the clocks counted anew after it.

The running ones, and those that ended by the calendar of then against their unit: breached, or a window that closed.

They are counted in batches, restartable, with an event per moved deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.calendar import handlers as calendar_changes
from services.sla.calendar import store as calendar
from services.sla.calendar.model import Changed, Reach, Version, YearFile
from services.sla.chain_plans.rules import observed_hours
from services.sla.clocks.handlers import tell_move
from services.sla.clocks.model import State
from services.sla.clocks.rules import breached, stopped
from services.sla.clocks.store import step_spans
from services.sla.counting.rules import CHAIN
from services.sla.recomputing import rules, store
from services.sla.recomputing.model import Applied, Batch, ChangedDay, Counted, Moved, Preview
from services.sla.recomputing.store import Position
from services.sla.rulesets import store as rule_sets
from services.sla.rulesets.store import rules_of
from shared.calendar import DayChange, WorkCalendar, revised
from shared.web import cursor_of
from shared.work import Work

_CHUNK: Final = 5_000

# -- preview ------------------------------------------------------------------------------------------------------------


async def preview_import(
    session: AsyncSession, file: YearFile, *, now: datetime, cursor: str | None, limit: int
) -> Preview:
    """What importing the year would move; nothing is changed."""
    base = await calendar.version_in_force(session)
    wanted = base.calendar.with_year(calendar_changes.arrangement_for(base.calendar, file), version="preview")
    return await _preview(session, base, wanted, now=now, cursor=cursor, limit=limit)


async def preview_edit(
    session: AsyncSession, changes: Iterable[DayChange], *, now: datetime, cursor: str | None, limit: int
) -> Preview:
    """What changing these days would move; nothing is changed."""
    base = await calendar.version_in_force(session)
    wanted = revised(base.calendar, changes, version="preview")
    return await _preview(session, base, wanted, now=now, cursor=cursor, limit=limit)


async def _preview(
    session: AsyncSession, base: Version, wanted: WorkCalendar, *, now: datetime, cursor: str | None, limit: int
) -> Preview:
    changed = base.calendar.changed_days(wanted)
    days = tuple(ChangedDay(base.calendar.day(day), wanted.day(day)) for day in changed)
    if not changed:
        return Preview(base, days, [], None, 0, 0, 0)
    reach = Reach(changed[0], changed[-1])
    page: list[Moved] = []
    published = await rule_sets.published(session)
    counting, following = cursor is None, cursor
    looked_at = moving = settled = 0
    while counting or len(page) <= limit:
        clocks = await store.touched(session, reach, cursor=following, limit=_CHUNK)
        for clock in clocks.rows:
            rule_set = published.of(clock.rules)
            if clock.state is State.RUNNING:
                move = rules.recounted(clock, rule_set, wanted, now=now)
            else:
                move = rules.put_right(clock, rule_set, wanted, now=now)
            if move is None:
                continue
            if len(page) <= limit:
                page.append(move)
            moving += move.due.at != clock.due_at
            settled += move.due.at == clock.due_at
        looked_at += len(clocks.rows)
        following = clocks.next
        if following is None:
            break
    last = page[limit - 1].clock if len(page) > limit else None
    after = None if last is None else cursor_of(last.due_at.isoformat(), str(last.id))
    counts = (looked_at, moving, settled) if counting else (None, None, None)
    return Preview(base, days, page[:limit], after, *counts)


# -- applying -----------------------------------------------------------------------------------------------------------


async def import_year(work: Work, file: YearFile, *, reason: str, base: str | None) -> Applied:
    """Take a year's arrangement in as a new version of the calendar, and have the clocks counted anew by it."""
    return await _recount(work, await calendar_changes.import_year(work, file, reason=reason, base=base))


async def edit_days(
    work: Work, changes: Sequence[DayChange], *, reason: str, document: str | None, base: str | None
) -> Applied:
    """Change single days as a new version of the calendar, and have the clocks counted anew by it."""
    changed = await calendar_changes.edit_days(work, changes, reason=reason, document=document, base=base)
    return await _recount(work, changed)


async def seed(work: Work) -> Version:
    """The calendar in force; the clocks are counted anew when the platform brought a year along that was missing."""
    changed = await calendar_changes.seed(work)
    await _recount(work, changed)
    return changed.version


async def _recount(work: Work, changed: Changed) -> Applied:
    expected = 0
    if changed.reach is not None:
        expected = await store.open_recomputation(work.session, changed.version.number, changed.reach, work.now)
    return Applied(changed.version.version, changed.version.number, changed.days, expected)


# -- counting anew ------------------------------------------------------------------------------------------------------


async def recompute_batch(
    work: Work, target: Version, outdated: str, *, after: Position | None, limit: int, ended: bool = False
) -> Batch | None:
    """Count the next clocks of an older version anew, the running ones or those that `ended` against their unit.

    None when another replica is at it, or all is done.

    A clock that was looked at bears the new version (one that stays ended beside its own) and is not found again, so that
    a batch which was lost with its process is done again by the next, and nothing twice.
    """
    job = await store.take_recomputation(work.session)
    reach = await store.reach_of_open(work.session)
    if job is None or reach is None or job.number > target.number:
        return None
    reason = (await calendar.version_record(work.session, target.version)).reason
    clocks = await store.claim_outdated(work.session, outdated, reach, ended=ended, after=after, limit=limit)
    now = work.now
    found = await _recounted(work, clocks, target.calendar)
    moves = {work.ids(): move for move in found if move.moves}
    why = f"工作日历更新：{reason}"
    await store.write_moves(work.session, moves, now=now, reason=why, calendar=target.version)
    await store.write_warnings(work.session, [move for move in found if not move.moves], calendar=target.version)
    moved = {move.clock.id for move in found}
    await store.keep_due(
        work.session, [c.id for c in clocks if c.id not in moved], calendar=target.version, ended=ended
    )
    for move in moves.values():
        _tell(work, move, why, target.version)
    job.started_at = job.started_at or now
    job.seen += len(clocks)
    job.moved += sum(move.due.at != move.clock.due_at for move in moves.values())
    job.excused += sum(move.excused for move in moves.values())
    last = (clocks[-1].due_at, clocks[-1].id) if clocks else None
    return Batch(last, len(clocks), len(moves))


def _tell(work: Work, move: Moved, why: str, version: str) -> None:
    clock = move.clock
    tell_move(
        work,
        clock,
        move.due,
        "calendar",
        reason=why,
        calendar=version,
        excused=move.excused,
        reopened=move.reopened,
        ended=move.state is not State.RUNNING,
    )
    if move.state is State.RUNNING or move.stopped_at is None:
        return
    now_due = replace(clock, due_at=move.due.at, provisional=move.due.provisional, breached_at=move.breached_at)
    if move.breached_at is not None and move.excused:
        work.emit(breached(now_due, work.now))
    met, void = move.state is State.MET, move.state is State.VOID
    work.emit(stopped(now_due, move.stopped_at, met=met, void=void))


async def _recounted(work: Work, clocks: Sequence[Counted], calendar: WorkCalendar) -> list[Moved]:
    found: list[Moved] = []
    observed: dict[str, Mapping[str, Sequence[float]]] = {}
    for clock in clocks:
        rule_set = await rules_of(work, clock.rules)
        if clock.rules not in observed and any(rung["name"] == CHAIN for rung in clock.rungs):
            observed[clock.rules] = observed_hours(await work.once(step_spans), rule_set, calendar)
        hours = observed.get(clock.rules)
        if clock.state is State.RUNNING:
            move = rules.recounted(clock, rule_set, calendar, now=work.now, observed=hours, warnings=True)
        else:
            move = rules.put_right(clock, rule_set, calendar, now=work.now, observed=hours)
        if move is not None:
            found.append(move)
    return found


async def finish_recomputation(work: Work, target: Version) -> bool:
    """Close the open recomputations when no clock is left; False when some are, held by others just now."""
    job = await store.take_recomputation(work.session)
    reach = await store.reach_of_open(work.session)
    if job is None or reach is None or job.number > target.number:
        return True
    older = await calendar.older_versions(work.session, target.number)
    if await store.any_outdated(work.session, older, reach):
        return False
    await store.close_recomputations(work.session, work.now)
    work.audit("calendar.recomputed", target.version, after={"seen": job.seen, "moved": job.moved})
    return True


async def sweep(work: Work, target: Version) -> bool:
    """Whether clocks started by an older version, in a replica that did not know this one yet; then open it once more."""
    reach = await calendar.latest_reach(work.session)
    if reach is None or await store.is_open(work.session):
        return False
    older = await calendar.older_versions(work.session, target.number)
    if not older or not await store.any_outdated(work.session, older, reach):
        return False
    await store.reopen_recomputation(work.session, target.number)
    return True

"""Counting the running clocks anew after a change of the calendar: in batches, restartable, an event per moved deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.sla import rules
from services.sla.handlers.chains import observed_hours
from services.sla.rules.recounting import Counted, Moved, recounted
from services.sla.store import calendar as store
from services.sla.store.calendar import Position, Version
from services.sla.store.rulesets import rules_of
from shared.calendar import WorkCalendar
from shared.contracts.sla import ClockChanged
from shared.work import Work


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction of a recomputation did: where it came to, and how many clocks it looked at and moved."""

    position: Position | None
    seen: int
    moved: int


async def recompute_batch(
    work: Work, target: Version, outdated: str, *, after: Position | None, limit: int
) -> Batch | None:
    """Count the next clocks of an older version anew; None when another replica is at it, or all is done.

    A clock that was looked at bears the new version and is not found again, so that a batch which was lost with its
    process is done again by the next, and nothing twice.
    """
    job = await store.take_recomputation(work.session)
    reach = await store.reach_of_open(work.session)
    if job is None or reach is None or job.number > target.number:
        return None
    reason = (await store.version_record(work.session, target.version)).reason
    clocks = await store.claim_outdated(work.session, outdated, reach, after=after, limit=limit)
    now = work.now
    found = await _recounted(work, clocks, target.calendar)
    moves = {work.ids(): move for move in found if move.moves}
    why = f"工作日历更新为 {target.version}：{reason}"
    await store.write_moves(work.session, moves, now=now, reason=why, calendar=target.version)
    await store.write_warnings(work.session, [move for move in found if not move.moves], calendar=target.version)
    moved = {move.clock.id for move in found}
    await store.keep_due(work.session, [c.id for c in clocks if c.id not in moved], calendar=target.version)
    for move in moves.values():
        _tell(work, move, why, target.version)
    job.started_at = job.started_at or now
    job.seen += len(clocks)
    job.moved += sum(move.due.at != move.clock.due_at for move in moves.values())
    job.excused += sum(move.excused for move in moves.values())
    last = (clocks[-1].due_at, clocks[-1].id) if clocks else None
    return Batch(last, len(clocks), len(moves))


async def _recounted(work: Work, clocks: Sequence[Counted], calendar: WorkCalendar) -> list[Moved]:
    found: list[Moved] = []
    observed: dict[str, Mapping[str, Sequence[float]]] = {}
    for clock in clocks:
        rule_set = await rules_of(work.session, clock.rules)
        if clock.rules not in observed and any(rung["name"] == rules.CHAIN for rung in clock.rungs):
            observed[clock.rules] = await observed_hours(work.session, rule_set, calendar)
        hours = observed.get(clock.rules)
        move = recounted(clock, rule_set, calendar, now=work.now, observed=hours, warnings=True)
        if move is not None:
            found.append(move)
    return found


async def finish_recomputation(work: Work, target: Version) -> bool:
    """Close the open recomputations when no clock is left; False when some are, held by others just now."""
    job = await store.take_recomputation(work.session)
    reach = await store.reach_of_open(work.session)
    if job is None or reach is None or job.number > target.number:
        return True
    older = await store.older_versions(work.session, target.number)
    if await store.any_outdated(work.session, older, reach):
        return False
    await store.close_recomputations(work.session, work.now)
    work.audit("calendar.recomputed", target.version, after={"seen": job.seen, "moved": job.moved})
    return True


async def sweep(work: Work, target: Version) -> bool:
    """Whether a replica that had not heard yet armed clocks by an older version; then its recomputation is opened again."""
    reach = await store.latest_reach(work.session)
    if reach is None or await store.is_open(work.session):
        return False
    older = await store.older_versions(work.session, target.number)
    if not older or not await store.any_outdated(work.session, older, reach):
        return False
    await store.reopen_recomputation(work.session, target.number)
    return True


def _tell(work: Work, move: Moved, reason: str, version: str) -> None:
    clock = move.clock
    work.emit(
        ClockChanged(
            order_id=clock.order_id,
            clock_id=str(clock.id),
            kind=clock.kind,
            was_due_at=clock.due_at,
            due_at=move.due.at,
            provisional=move.due.provisional,
            reason=reason,
            calendar=version,
            excused=move.excused,
        )
    )
    work.audit(
        "clock.changed",
        clock.order_id,
        before={"clock": str(clock.id), "due_at": rules.local_text(clock.due_at)},
        after={"clock": str(clock.id), "due_at": rules.local_text(move.due.at)},
        reason=reason,
    )

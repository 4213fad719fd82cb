"""Recomputations, and the clocks that a change of the calendar touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import orjson
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    Text,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.calendar.model import Reach
from services.sla.calendar.store import version_record
from services.sla.calendar.tables import CalendarVersionRecord
from services.sla.clocks.model import State
from services.sla.clocks.tables import ENDED_AGAINST, LOOKED_AT_BY, ClockRecord
from services.sla.counting.model import Span
from services.sla.counting.rules import moment_on
from services.sla.orders.tables import OrderRecord
from services.sla.recomputing.model import Counted, Moved, Progress
from services.sla.recomputing.tables import RecomputationRecord
from shared.calendar import MIDNIGHT
from shared.lists import Keyset, Listed

_VERSIONS: Final = Keyset(CalendarVersionRecord.number, descending=True)

_BY_DUE: Final = Keyset(ClockRecord.due_at, ClockRecord.id)

Position = tuple[datetime, UUID]


_RUNNING: Final = ClockRecord.state == State.RUNNING

# Written out, so that every plan of a statement may use the index that has these clocks alone.
_ENDED: Final[ColumnElement[bool]] = literal_column(f"({ENDED_AGAINST})", Boolean)
_ENDED_BY: Final[ColumnElement[str]] = literal_column(LOOKED_AT_BY, Text)


def _holds(reach: Reach) -> ColumnElement[bool]:
    """Whether a clock ends after the first of the days began and started before the last was over."""
    begins = moment_on(reach.first, MIDNIGHT)
    ends = moment_on(reach.last + timedelta(days=1), MIDNIGHT)
    return (ClockRecord.due_at > begins) & (ClockRecord.started_at < ends)


# -- recomputations -----------------------------------------------------------------------------------------------------


async def version_with_recomputation(
    session: AsyncSession, version: str
) -> tuple[CalendarVersionRecord, RecomputationRecord | None]:
    """The version with its recomputation; CalendarVersionUnknown when there is none of this name."""
    record = await version_record(session, version)
    return record, await session.get(RecomputationRecord, record.number)


async def versions_with_recomputation(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> Listed[tuple[CalendarVersionRecord, RecomputationRecord | None]]:
    """Every version with its recomputation, the latest first."""
    versions = await _VERSIONS.page(session, select(CalendarVersionRecord), cursor=cursor, limit=limit)
    numbers = [record.number for record in versions.rows]
    found = await session.scalars(select(RecomputationRecord).where(RecomputationRecord.number.in_(numbers)))
    by_number = {job.number: job for job in found}
    return Listed([(record, by_number.get(record.number)) for record in versions.rows], versions.next)


async def open_recomputation(session: AsyncSession, number: int, reach: Reach, now: datetime) -> int:
    """Write down that the clocks are to be counted anew, the running and those that ended wrongly; how many may move."""
    expected = await session.scalar(
        select(func.count()).select_from(ClockRecord).where(or_(_RUNNING, _ENDED), _holds(reach))
    )
    session.add(
        RecomputationRecord(
            number=number,
            state=Progress.OPEN,
            expected=expected or 0,
            seen=0,
            moved=0,
            excused=0,
            created_at=now,
            started_at=None,
            finished_at=None,
        )
    )
    return expected or 0


async def is_open(session: AsyncSession) -> bool:
    """Whether a recomputation waits or is under way."""
    return bool(await session.scalar(select(func.count()).where(RecomputationRecord.state == Progress.OPEN)))


async def take_recomputation(session: AsyncSession) -> RecomputationRecord | None:
    """The newest open recomputation, locked to the end of the transaction; None when another replica has it."""
    return await session.scalar(
        select(RecomputationRecord)
        .where(RecomputationRecord.state == Progress.OPEN)
        .order_by(RecomputationRecord.number.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )


async def reach_of_open(session: AsyncSession) -> Reach | None:
    """The days that all open recomputations touch together; None when there is none."""
    row = (
        await session.execute(
            select(func.min(CalendarVersionRecord.first_day), func.max(CalendarVersionRecord.last_day))
            .join(RecomputationRecord, RecomputationRecord.number == CalendarVersionRecord.number)
            .where(RecomputationRecord.state == Progress.OPEN)
        )
    ).one()
    return None if row[0] is None or row[1] is None else Reach(row[0], row[1])


async def close_recomputations(session: AsyncSession, now: datetime) -> None:
    """Every open recomputation is done: clocks are counted by the newest version, which holds what the others brought."""
    await session.execute(
        update(RecomputationRecord)
        .where(RecomputationRecord.state == Progress.OPEN)
        .values(state=Progress.DONE, finished_at=now, started_at=func.coalesce(RecomputationRecord.started_at, now))
    )


async def reopen_recomputation(session: AsyncSession, number: int) -> None:
    """Let the clocks be looked at once more."""
    await session.execute(
        update(RecomputationRecord)
        .where(RecomputationRecord.number == number)
        .values(state=Progress.OPEN, finished_at=None)
    )


# -- clocks -------------------------------------------------------------------------------------------------------------

_OF_ORDER: Final = {"scheme", "urgent", "safety", "received_at", "upstream_due_at"}


# A redo follows an answer: the order cannot be returned any more.
_REDONE: Final[ColumnElement[bool]] = literal_column(
    """jsonb_path_exists(clocked_order.occasions, '$[*] ? (@ starts with "final redo:")')""", Boolean
)

# The unit's leader has let a reply go: the unit cannot return it any more, by whatever calendar (S3.1b).
_ANSWERED: Final[ColumnElement[bool]] = literal_column(
    """jsonb_path_exists(clocked_order.released, '$[*] ? (@.unit == $unit)', jsonb_build_object('unit', clock.unit))""",
    Boolean,
)

_STANDS: Final = func.coalesce(
    (OrderRecord.unit == ClockRecord.unit)
    & (OrderRecord.assigned_at == ClockRecord.started_at)
    & OrderRecord.ended_at.is_(None)
    & ~OrderRecord.no_return
    & ~_REDONE
    & ~_ANSWERED,
    false(),
)


def _counted() -> Select[Any]:
    columns: list[Any] = [
        _STANDS if name == "stands" else getattr(OrderRecord if name in _OF_ORDER else ClockRecord, name)
        for name in Counted.__dataclass_fields__
    ]
    return select(*columns).join(OrderRecord, OrderRecord.order_id == ClockRecord.order_id)


async def claim_outdated(
    session: AsyncSession, version: str, reach: Reach, *, ended: bool, after: Position | None, limit: int
) -> list[Counted]:
    """Clocks that are still counted by this older version, locked; what another transaction holds is left.

    The running ones, or those that `ended` against their unit: these with their orders, because nothing else holds back
    what ends an order while its window is opened again.
    """
    which, by = (_ENDED, _ENDED_BY) if ended else (_RUNNING, ClockRecord.calendar)
    query = _counted().where(which, by == version, _holds(reach))
    if after is not None:
        query = query.where(tuple_(ClockRecord.due_at, ClockRecord.id) > after)
    query = query.order_by(ClockRecord.due_at, ClockRecord.id).limit(limit)
    held = (ClockRecord, OrderRecord) if ended else (ClockRecord,)
    rows = await session.execute(query.with_for_update(of=held, skip_locked=True))
    return [Counted(*row) for row in rows]


async def any_outdated(session: AsyncSession, versions: Sequence[str], reach: Reach) -> bool:
    """Whether a clock that is to be looked at is still counted by one of these versions."""
    for which, by in ((_RUNNING, ClockRecord.calendar), (_ENDED, _ENDED_BY)):
        query = select(ClockRecord.id).where(which, by.in_(versions), _holds(reach))
        if await session.scalar(query.limit(1)) is not None:
            return True
    return False


async def touched(session: AsyncSession, reach: Reach, *, cursor: str | None, limit: int) -> Listed[Counted]:
    """Clocks of working days or working time whose span holds one of the days, by due moment: for a preview."""
    counts = (ClockRecord.span == Span.WORKDAYS) | (ClockRecord.kind == "first_contact")
    query = _counted().where(or_(_RUNNING, _ENDED), counts, _holds(reach))
    found = await _BY_DUE.page(session, query, cursor=cursor, limit=limit)
    return Listed([Counted(*row) for row in found.rows], found.next)


_MOVE = text(
    """
with moved as (
  select * from unnest(cast(:ids as uuid[]), cast(:changes as uuid[]), cast(:was as timestamptz[]),
    cast(:due as timestamptz[]), cast(:due_on as date[]), cast(:provisional as bool[]), cast(:rungs as text[]),
    cast(:fired as int[]), cast(:next_at as timestamptz[]), cast(:excused as timestamptz[]), cast(:state as text[]),
    cast(:stopped as timestamptz[]), cast(:breached as timestamptz[]))
    as t(id, change, was, due_at, due_on, provisional, rungs, fired, next_at, excused_breach_at, state, stopped_at,
      breached_at)
), changed as (
  insert into clock_change (id, clock_id, changed_at, was_due_at, due_at, reason, calendar, excused_breach_at)
  select change, id, :now, was, due_at, :reason, :calendar, excused_breach_at from moved
)
update clock set due_at = m.due_at, due_on = m.due_on, provisional = m.provisional, rungs = m.rungs::jsonb,
  fired = m.fired, next_at = m.next_at, calendar = :calendar, kept_by = null, excused = clock.excused or m.excused_breach_at is not null,
  state = m.state, stopped_at = m.stopped_at, breached_at = m.breached_at
from moved m where clock.id = m.id
"""
)

_KEEP_DUE = text("update clock set calendar = :calendar where id = any(cast(:ids as uuid[]))")

_KEEP_ENDED = text("update clock set kept_by = :calendar where id = any(cast(:ids as uuid[]))")


async def write_moves(
    session: AsyncSession, moves: Mapping[UUID, Moved], *, now: datetime, reason: str, calendar: str
) -> None:
    """Move the clocks and keep the old due moment with the reason, in one statement; the keys are the changes' ids."""
    if not moves:
        return
    values = list(moves.values())
    await session.execute(
        _MOVE,
        {
            "now": now,
            "reason": reason,
            "calendar": calendar,
            "changes": list(moves),
            "ids": [move.clock.id for move in values],
            "was": [move.clock.due_at for move in values],
            "due": [move.due.at for move in values],
            "due_on": [move.due.on for move in values],
            "provisional": [move.due.provisional for move in values],
            "rungs": [orjson.dumps([rung.as_row() for rung in move.rungs]).decode() for move in values],
            "fired": [move.fired for move in values],
            "next_at": [move.next_at for move in values],
            "excused": [move.clock.breached_at if move.excused else None for move in values],
            "state": [move.state.value for move in values],
            "stopped": [move.stopped_at for move in values],
            "breached": [move.breached_at for move in values],
        },
    )


_REARM = text(
    """
update clock set rungs = t.rungs::jsonb, fired = t.fired, next_at = t.next_at, calendar = :calendar
from unnest(cast(:ids as uuid[]), cast(:rungs as text[]), cast(:fired as int[]), cast(:next_at as timestamptz[]))
  as t(id, rungs, fired, next_at)
where clock.id = t.id
"""
)


async def write_warnings(session: AsyncSession, moves: Sequence[Moved], *, calendar: str) -> None:
    """Move the warnings of these clocks, which are due as before."""
    if moves:
        await session.execute(
            _REARM,
            {
                "calendar": calendar,
                "ids": [move.clock.id for move in moves],
                "rungs": [orjson.dumps([rung.as_row() for rung in move.rungs]).decode() for move in moves],
                "fired": [move.fired for move in moves],
                "next_at": [move.next_at for move in moves],
            },
        )


async def keep_due(session: AsyncSession, ids: Sequence[UUID], *, calendar: str, ended: bool) -> None:
    """These clocks were looked at and are due as before by this calendar too, or are left as they `ended`."""
    if ids:
        await session.execute(_KEEP_ENDED if ended else _KEEP_DUE, {"ids": list(ids), "calendar": calendar})


async def provisional_clocks(session: AsyncSession) -> int:
    """How many running clocks were counted through a year that is not published."""
    found = await session.scalar(
        select(func.count()).select_from(ClockRecord).where(ClockRecord.state == State.RUNNING, ClockRecord.provisional)
    )
    return cast("int", found)

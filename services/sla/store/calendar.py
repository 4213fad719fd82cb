"""The versions of the calendar, and the clocks that a change of it touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.errors import CalendarVersionUnknown
from services.sla.model import Span, State
from services.sla.rules.counting import moment_on
from services.sla.rules.recounting import Counted, Moved
from services.sla.store.clocks import rung_row
from services.sla.tables import (
    CalendarVersionRecord,
    CalendarYearRecord,
    ClockRecord,
    OrderRecord,
    RecomputationRecord,
)
from shared.calendar import MIDNIGHT, STATUTORY_VERSION, WorkCalendar, YearArrangement

_ONE_WRITER: Final = text("select pg_advisory_xact_lock(:key)")
_KEY: Final = 0x63616C656E  # "calen": one change of the calendar at a time

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Version:
    """A version with the calendar that it means."""

    number: int
    version: str
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True)
class Reach:
    """Between which days a calendar counts differently: a clock whose span holds none of them cannot move."""

    first: date
    last: date

    def holds(self) -> ColumnElement[bool]:
        """Whether a clock ends after the first of the days began and started before the last was over."""
        begins = moment_on(self.first, MIDNIGHT)
        ends = moment_on(self.last + timedelta(days=1), MIDNIGHT)
        return (ClockRecord.due_at > begins) & (ClockRecord.started_at < ends)


# -- versions -----------------------------------------------------------------------------------------------------------


async def lock_calendar(session: AsyncSession) -> None:
    """Let one transaction at a time change the calendar."""
    await session.execute(_ONE_WRITER, {"key": _KEY})


async def current_version(session: AsyncSession) -> Version | None:
    """The version that holds; None on an empty database."""
    record = await session.scalar(select(CalendarVersionRecord).order_by(CalendarVersionRecord.number.desc()).limit(1))
    return None if record is None else await _loaded(session, record)


async def current_number(session: AsyncSession) -> int:
    """The number of the version that holds; 0 on an empty database."""
    return await session.scalar(select(func.coalesce(func.max(CalendarVersionRecord.number), 0))) or 0


async def version_of(session: AsyncSession, version: str) -> Version:
    """The version of this name, as it was; CalendarVersionUnknown when there is none."""
    return await _loaded(session, await version_record(session, version))


async def version_record(session: AsyncSession, version: str) -> CalendarVersionRecord:
    """Who entered the version, when, why; CalendarVersionUnknown when there is none."""
    record = await session.scalar(select(CalendarVersionRecord).where(CalendarVersionRecord.version == version))
    if record is None:
        raise CalendarVersionUnknown(version)
    return record


async def version_with_recomputation(
    session: AsyncSession, version: str
) -> tuple[CalendarVersionRecord, RecomputationRecord | None]:
    """The version with its recomputation; CalendarVersionUnknown when there is none of this name."""
    record = await version_record(session, version)
    return record, await session.get(RecomputationRecord, record.number)


async def version_records(
    session: AsyncSession, *, before: int | None, limit: int
) -> Sequence[tuple[CalendarVersionRecord, RecomputationRecord | None]]:
    """Every version with its recomputation, the latest first."""
    query = (
        select(CalendarVersionRecord, RecomputationRecord)
        .outerjoin(RecomputationRecord, RecomputationRecord.number == CalendarVersionRecord.number)
        .order_by(CalendarVersionRecord.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(CalendarVersionRecord.number < before)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def add_version(session: AsyncSession, record: CalendarVersionRecord, years: Iterable[YearArrangement]) -> None:
    """Write a version and the years that it brings."""
    session.add(record)
    await session.flush()
    rows = [
        {
            "number": record.number,
            "year": year.year,
            "source_notice": year.source_notice,
            "off_days": _named_days(year.off_days),
            "make_up_days": _named_days(year.make_up_days),
        }
        for year in years
    ]
    if rows:
        await session.execute(insert(CalendarYearRecord).values(rows))


async def _loaded(session: AsyncSession, record: CalendarVersionRecord) -> Version:
    newest = (
        select(CalendarYearRecord)
        .where(CalendarYearRecord.number <= record.number)
        .ext(distinct_on(CalendarYearRecord.year))
        .order_by(CalendarYearRecord.year, CalendarYearRecord.number.desc())
    )
    years = {
        row.year: YearArrangement(row.year, row.source_notice, _days(row.off_days), _days(row.make_up_days))
        for row in await session.scalars(newest)
    }
    return Version(record.number, record.version, WorkCalendar(record.version, years))


def _named_days(days: Mapping[date, str]) -> dict[str, str]:
    return {day.isoformat(): holiday for day, holiday in days.items()}


def _days(days: Mapping[str, str]) -> dict[date, str]:
    return {date.fromisoformat(day): holiday for day, holiday in days.items()}


# -- recomputations -----------------------------------------------------------------------------------------------------


async def open_recomputation(session: AsyncSession, number: int, reach: Reach, now: datetime) -> int:
    """Write down that the running clocks are to be counted anew; how many may move."""
    expected = await session.scalar(
        select(func.count()).select_from(ClockRecord).where(ClockRecord.state == State.RUNNING, reach.holds())
    )
    session.add(
        RecomputationRecord(
            number=number,
            state="open",
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
    return bool(await session.scalar(select(func.count()).where(RecomputationRecord.state == "open")))


async def take_recomputation(session: AsyncSession) -> RecomputationRecord | None:
    """The newest open recomputation, locked to the end of the transaction; None when another replica has it."""
    return await session.scalar(
        select(RecomputationRecord)
        .where(RecomputationRecord.state == "open")
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
            .where(RecomputationRecord.state == "open")
        )
    ).one()
    return None if row[0] is None or row[1] is None else Reach(row[0], row[1])


async def latest_reach(session: AsyncSession) -> Reach | None:
    """The days that the version in force changed; None when it changed none."""
    row = (
        await session.execute(
            select(CalendarVersionRecord.first_day, CalendarVersionRecord.last_day)
            .order_by(CalendarVersionRecord.number.desc())
            .limit(1)
        )
    ).one()
    return None if row[0] is None or row[1] is None else Reach(row[0], row[1])


async def close_recomputations(session: AsyncSession, now: datetime) -> None:
    """Every open recomputation is done: clocks are counted by the newest version, which holds what the others brought."""
    await session.execute(
        update(RecomputationRecord)
        .where(RecomputationRecord.state == "open")
        .values(state="done", finished_at=now, started_at=func.coalesce(RecomputationRecord.started_at, now))
    )


async def reopen_recomputation(session: AsyncSession, number: int) -> None:
    """Let the clocks be looked at once more."""
    await session.execute(
        update(RecomputationRecord).where(RecomputationRecord.number == number).values(state="open", finished_at=None)
    )


async def older_versions(session: AsyncSession, number: int) -> Sequence[str]:
    """The versions that clocks may still be counted by, the latest first."""
    found = await session.scalars(
        select(CalendarVersionRecord.version)
        .where(CalendarVersionRecord.number < number)
        .order_by(CalendarVersionRecord.number.desc())
    )
    return found.all()


_OF_ORDER: Final = {"scheme", "safety", "received_at", "upstream_due_at"}


def _counted() -> Select[Any]:
    columns: list[Any] = [
        getattr(OrderRecord if name in _OF_ORDER else ClockRecord, name) for name in Counted.__dataclass_fields__
    ]
    return select(*columns).join(OrderRecord, OrderRecord.order_id == ClockRecord.order_id)


async def claim_outdated(
    session: AsyncSession, version: str, reach: Reach, *, after: Position | None, limit: int
) -> list[Counted]:
    """Running clocks that are still counted by this older version, locked; what another transaction holds is left."""
    query = _counted().where(ClockRecord.state == State.RUNNING, ClockRecord.calendar == version, reach.holds())
    if after is not None:
        query = query.where(tuple_(ClockRecord.due_at, ClockRecord.id) > after)
    query = query.order_by(ClockRecord.due_at, ClockRecord.id).limit(limit)
    rows = await session.execute(query.with_for_update(of=ClockRecord, skip_locked=True))
    return [Counted(*row) for row in rows]


async def any_outdated(session: AsyncSession, versions: Sequence[str], reach: Reach) -> bool:
    """Whether a running clock is still counted by one of these versions."""
    query = select(ClockRecord.id).where(
        ClockRecord.state == State.RUNNING, ClockRecord.calendar.in_(versions), reach.holds()
    )
    return await session.scalar(query.limit(1)) is not None


async def touched(session: AsyncSession, reach: Reach, *, after: Position | None, limit: int) -> list[Counted]:
    """Running clocks of working days whose span holds one of the days, by due moment: for a preview."""
    query = _counted().where(ClockRecord.state == State.RUNNING, ClockRecord.span == Span.WORKDAYS.value, reach.holds())
    if after is not None:
        query = query.where(tuple_(ClockRecord.due_at, ClockRecord.id) > after)
    rows = await session.execute(query.order_by(ClockRecord.due_at, ClockRecord.id).limit(limit))
    return [Counted(*row) for row in rows]


_MOVE = text(
    """
with moved as (
  select * from unnest(cast(:ids as uuid[]), cast(:changes as uuid[]), cast(:was as timestamptz[]),
    cast(:due as timestamptz[]), cast(:due_on as date[]), cast(:provisional as bool[]), cast(:rungs as text[]),
    cast(:fired as int[]), cast(:next_at as timestamptz[]), cast(:excused as timestamptz[]))
    as t(id, change, was, due_at, due_on, provisional, rungs, fired, next_at, excused_breach_at)
), changed as (
  insert into clock_change (id, clock_id, changed_at, was_due_at, due_at, reason, calendar, excused_breach_at)
  select change, id, :now, was, due_at, :reason, :calendar, excused_breach_at from moved
)
update clock set due_at = m.due_at, due_on = m.due_on, provisional = m.provisional, rungs = m.rungs::jsonb,
  fired = m.fired, next_at = m.next_at, calendar = :calendar, excused = clock.excused or m.excused_breach_at is not null,
  breached_at = case when m.excused_breach_at is null then clock.breached_at end
from moved m where clock.id = m.id
"""
)
_KEEP_DUE = text("update clock set calendar = :calendar where id = any(cast(:ids as uuid[]))")


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
            "rungs": [orjson.dumps([rung_row(rung) for rung in move.rungs]).decode() for move in values],
            "fired": [move.fired for move in values],
            "next_at": [move.next_at for move in values],
            "excused": [move.clock.breached_at if move.excused else None for move in values],
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
                "rungs": [orjson.dumps([rung_row(rung) for rung in move.rungs]).decode() for move in moves],
                "fired": [move.fired for move in moves],
                "next_at": [move.next_at for move in moves],
            },
        )


async def keep_due(session: AsyncSession, ids: Sequence[UUID], *, calendar: str) -> None:
    """These clocks were looked at and are due as before by this calendar too."""
    if ids:
        await session.execute(_KEEP_DUE, {"ids": list(ids), "calendar": calendar})


async def provisional_clocks(session: AsyncSession) -> int:
    """How many running clocks were counted through a year that is not published."""
    found = await session.scalar(
        select(func.count()).select_from(ClockRecord).where(ClockRecord.state == State.RUNNING, ClockRecord.provisional)
    )
    return cast("int", found)


def seed_record(now: datetime) -> CalendarVersionRecord:
    """The first version: what the platform brings along."""
    return CalendarVersionRecord(
        number=1,
        version=STATUTORY_VERSION,
        source="statutory",
        reason="平台内置的法定工作日历",
        document=None,
        created_at=now,
        created_by="system",
        first_day=None,
        last_day=None,
    )

"""A change of the calendar as people see it: what it moves, how far it is, and what is missing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.calendar.tables import CalendarVersionRecord
from services.sla.recomputing.model import Applied, ChangedDay, Moved, Preview
from services.sla.recomputing.tables import RecomputationRecord
from shared.calendar import DayKind
from shared.contracts.sla import CLOCK_TITLES, ClockKind


class AppliedOut(BaseModel):
    """A new version of the calendar."""

    version: str
    number: int
    changed_days: Annotated[int, Field(description="计算方式改变的天数")]
    clocks_to_check: Annotated[int, Field(description="将重新计算的时限数：运行中的，以及按原日历已截止或已超期的")]

    @classmethod
    def of(cls, applied: Applied) -> AppliedOut:
        """The handler's answer."""
        return cls(
            version=applied.version,
            number=applied.number,
            changed_days=applied.days,
            clocks_to_check=applied.expected,
        )


class ChangedDayOut(BaseModel):
    """A day that would count differently."""

    on: date
    was: DayKind
    becomes: DayKind
    holiday: str | None
    was_known: Annotated[bool, Field(description="原先是否已公布")]

    @classmethod
    def of(cls, changed: ChangedDay) -> ChangedDayOut:
        """The same, typed."""
        return cls(
            on=changed.before.on,
            was=changed.before.kind,
            becomes=changed.after.kind,
            holiday=changed.after.holiday or changed.before.holiday,
            was_known=changed.before.known,
        )


class MoveOut(BaseModel):
    """A clock that would move, or become certain, or run again."""

    clock_id: str
    order_id: str
    kind: ClockKind
    title: str
    unit: str | None
    due_at: datetime
    new_due_at: datetime
    provisional: Annotated[bool, Field(description="更新后是否仍为暂定")]
    excused: Annotated[bool, Field(description="原时限的超期将撤回；按新时限仍超期的，按新时限另计")]
    reopened: Annotated[bool, Field(description="按原日历已截止，按新日历恢复计时")]

    @classmethod
    def of(cls, move: Moved) -> MoveOut:
        """The same, typed."""
        clock = move.clock
        return cls(
            clock_id=str(clock.id),
            order_id=clock.order_id,
            kind=clock.kind,
            title=CLOCK_TITLES[clock.kind],
            unit=clock.unit,
            due_at=clock.due_at,
            new_due_at=move.due.at,
            provisional=move.due.provisional,
            excused=move.excused,
            reopened=move.reopened,
        )


class PreviewOut(BaseModel):
    """What a change of the calendar would do; nothing has been changed."""

    base_version: str
    changed_days: Annotated[list[ChangedDayOut], Field(description="放假或上班有变化的日期（至多 400 天）")]
    clocks_looked_at: Annotated[
        int | None, Field(description="涉及的时限数（运行中的，以及按原日历已截止或已超期的）；仅首页给出")
    ]
    clocks_moving: Annotated[int | None, Field(description="截止时刻将变化的时限数；仅首页给出")]
    clocks_settled: Annotated[int | None, Field(description="截止时刻不变、不再暂定的时限数；仅首页给出")]
    items: list[MoveOut]
    next: Annotated[str | None, Field(description="下一页标记；为空表示已到末页")] = None

    @classmethod
    def of(cls, preview: Preview) -> PreviewOut:
        """The handler's answer."""
        return cls(
            base_version=preview.base.version,
            changed_days=[ChangedDayOut.of(day) for day in preview.days[:400]],
            clocks_looked_at=preview.looked_at,
            clocks_moving=preview.moving,
            clocks_settled=preview.settled,
            items=[MoveOut.of(move) for move in preview.moves],
            next=preview.following,
        )


class RecomputationOut(BaseModel):
    """How far the clocks have been counted anew."""

    state: Annotated[str, Field(description="open 进行中；done 已完成")]
    expected: int
    seen: int
    moved: int
    excused: Annotated[int, Field(description="撤回的原时限超期数；按新时限仍超期的，按新时限另计")]
    started_at: datetime | None
    finished_at: datetime | None


class VersionOut(BaseModel):
    """One version of the calendar: who, when, why, by which document."""

    version: str
    number: int
    source: str
    reason: str
    document: str | None
    created_at: datetime
    created_by: str
    first_day: date | None
    last_day: date | None
    recomputation: RecomputationOut | None

    @classmethod
    def of(cls, record: CalendarVersionRecord, job: RecomputationRecord | None) -> VersionOut:
        """The records' public side."""
        return cls(
            version=record.version,
            number=record.number,
            source=record.source,
            reason=record.reason,
            document=record.document,
            created_at=record.created_at,
            created_by=record.created_by,
            first_day=record.first_day,
            last_day=record.last_day,
            recomputation=None
            if job is None
            else RecomputationOut(
                state=job.state,
                expected=job.expected,
                seen=job.seen,
                moved=job.moved,
                excused=job.excused,
                started_at=job.started_at,
                finished_at=job.finished_at,
            ),
        )


class Alarm(BaseModel):
    """Something about the calendar that an administrator has to do."""

    code: str
    clause: str
    year: int
    since: Annotated[date, Field(description="应已导入的日期")]
    message: str
    provisional_clocks: Annotated[int, Field(description="当前因此暂定的运行中时限数")]

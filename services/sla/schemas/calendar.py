"""What sla answers about the calendar: its years, one year, and a deadline that was only asked for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema

from services.sla.handlers.calendar import Applied, ChangedDay, Form, Preview, YearFile
from services.sla.policy import TITLES
from services.sla.rules.recounting import Moved
from services.sla.schemas.clocks import Line as ProofLine
from services.sla.tables import CalendarVersionRecord, RecomputationRecord
from shared.calendar import DayChange, DayKind, Due, Wanted, WorkCalendar
from shared.contracts.sla import ClockKind
from shared.web import Body, Line, YesNo, cursor_of

DayWanted = Wanted
# JSON Schema's "time" has an offset; this one is of the district, whatever its offset.
_LOCAL_TIME = WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}$"})


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("NUL")
    return value


CalendarName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""A calendar version: statutory-2026.1, calendar-2."""
FileText = Annotated[str, StringConstraints(min_length=1, max_length=300_000), AfterValidator(_storable)]
"""A file's content: a year has about ten kilobytes."""


class Deadline(BaseModel):
    """A deadline that was only asked for: nothing runs."""

    started_at: datetime
    workdays: int
    due_at: datetime
    due_on: date
    provisional: bool
    calendar: str
    lines: list[ProofLine]

    @classmethod
    def of(cls, started_at: datetime, workdays: int, due: Due, lines: list[ProofLine], version: str) -> Deadline:
        """The answer of the calendar."""
        return cls(
            started_at=started_at,
            workdays=workdays,
            due_at=due.at,
            due_on=due.on,
            provisional=due.provisional,
            calendar=version,
            lines=lines,
        )


class CalendarState(BaseModel):
    """Which years the calendar holds, and which one should be in by now."""

    version: str
    years: list[int]
    end_of_day: Annotated[time, _LOCAL_TIME, Field(description="时限截止时点；00:00 即当日 24:00")]
    missing_year: Annotated[int | None, Field(description="应已导入而尚未导入的年份中最早的一年，请尽快导入")]
    missing_years: Annotated[list[int], Field(description="应已导入而尚未导入的全部年份")]


class ListedDay(BaseModel):
    """A day that the notice names."""

    on: date
    kind: DayKind
    holiday: str | None


class CalendarYear(BaseModel):
    """One year: published with its days, or not yet, which is a state of its own (A01)."""

    year: int
    published: bool
    source_notice: Annotated[str | None, Field(description="国务院办公厅通知文号")]
    workdays: Annotated[int, Field(description="全年工作日数；未公布时按周一至周五暂计")]
    days: list[ListedDay]
    calendar: str

    @classmethod
    def of(cls, year: int, calendar: WorkCalendar) -> CalendarYear:
        """What the calendar knows of a year, days of it that a neighbouring year's notice names included."""
        arrangement = calendar.years.get(year)
        neighbours = [calendar.years[y] for y in (year - 1, year, year + 1) if y in calendar.years]
        named = {day for a in neighbours for day in (*a.off_days, *a.make_up_days) if day.year == year}
        days = [calendar.day(day) for day in sorted(named)]
        return cls(
            year=year,
            published=arrangement is not None,
            source_notice=arrangement.source_notice if arrangement else None,
            workdays=calendar.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)),
            days=[ListedDay(on=day.on, kind=day.kind, holiday=day.holiday) for day in days],
            calendar=calendar.version,
        )


# -- versions, previews, alarms -----------------------------------------------------------------------------------------


class DayEdit(Body):
    """One day of an edit."""

    on: Annotated[date, Field(title="日期", ge=date(2001, 1, 1), le=date(2099, 12, 31))]
    wanted: Annotated[
        DayWanted, Field(title="放假或上班", description="off 放假；worked 上班；plain 恢复为普通日（周一至周五上班）")
    ]
    holiday: Annotated[Line, Field(title="节日名称", description="节日名称，例如：春节")] = "临时安排"

    def as_change(self) -> DayChange:
        """The same for the calendar."""
        return DayChange(self.on, self.wanted, self.holiday)


class YearImport(Body):
    """A year's arrangement as a file or as the notice's own text."""

    year: Annotated[int, Field(ge=2001, le=2099, title="年份")]
    form: Annotated[
        Form,
        Field(title="文件形式", description="holiday-cn 年度 JSON；icalendar 日历文件；notice 国务院办公厅通知原文"),
    ]
    content: Annotated[FileText, Field(title="文件内容", description="文件内容或通知原文")]
    document: Annotated[Line | None, Field(title="国务院办公厅通知文号")] = None
    confirm_incomplete: Annotated[
        YesNo, Field(title="确认缺少节日", description="已核对通知原文，确认缺少的节日确未安排")
    ] = False

    confirm_unbalanced: Annotated[
        YesNo,
        Field(
            title="确认天数不符",
            description="已核对通知原文，确认放假与调休上班天数确与法定天数不符（当年增加或延长了假期）",
        ),
    ] = False

    def as_file(self) -> YearFile:
        """The same for the handler."""
        return YearFile(
            self.year,
            self.form,
            self.content,
            self.document,
            complete=not self.confirm_incomplete,
            balanced=not self.confirm_unbalanced,
        )


class ImportBody(YearImport):
    """An import that takes effect."""

    reason: Annotated[Line, Field(title="更新原因")]
    base_version: Annotated[
        CalendarName | None, Field(title="预览所依据的日历版本", description="预览所依据的日历版本；不一致时拒绝")
    ] = None


class EditPreviewBody(Body):
    """Days to be changed."""

    days: Annotated[list[DayEdit], Field(min_length=1, max_length=100, title="更改的日期")]


class EditBody(EditPreviewBody):
    """An edit that takes effect."""

    reason: Annotated[Line, Field(title="更改原因")]
    document: Annotated[Line | None, Field(title="依据文号")] = None
    base_version: Annotated[
        CalendarName | None, Field(title="预览所依据的日历版本", description="预览所依据的日历版本；不一致时拒绝")
    ] = None


class AppliedOut(BaseModel):
    """A new version of the calendar."""

    version: str
    number: int
    changed_days: Annotated[int, Field(description="计算方式改变的天数")]
    clocks_to_check: Annotated[int, Field(description="将重新计算的运行中时限数")]

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
    """A running clock that would move, or become certain."""

    clock_id: str
    order_id: str
    kind: ClockKind
    title: str
    unit: str | None
    due_at: datetime
    new_due_at: datetime
    provisional: Annotated[bool, Field(description="更新后是否仍为暂定")]
    excused: Annotated[bool, Field(description="原超期按新日历不成立")]

    @classmethod
    def of(cls, move: Moved) -> MoveOut:
        """The same, typed."""
        clock = move.clock
        return cls(
            clock_id=str(clock.id),
            order_id=clock.order_id,
            kind=clock.kind,
            title=TITLES[clock.kind],
            unit=clock.unit,
            due_at=clock.due_at,
            new_due_at=move.due.at,
            provisional=move.due.provisional,
            excused=move.excused,
        )


class PreviewOut(BaseModel):
    """What a change of the calendar would do; nothing has been changed."""

    base_version: str
    changed_days: Annotated[list[ChangedDayOut], Field(description="放假或上班有变化的日期（至多 400 天）")]
    clocks_looked_at: Annotated[int | None, Field(description="涉及的运行中时限数；仅首页给出")]
    clocks_moving: Annotated[int | None, Field(description="截止时刻将变化的时限数；仅首页给出")]
    clocks_settled: Annotated[int | None, Field(description="截止时刻不变、不再暂定的时限数；仅首页给出")]
    items: list[MoveOut]
    next: Annotated[str | None, Field(description="下一页标记；为空表示已到末页")] = None

    @classmethod
    def of(cls, preview: Preview) -> PreviewOut:
        """The handler's answer."""
        following = preview.following
        return cls(
            base_version=preview.base.version,
            changed_days=[ChangedDayOut.of(day) for day in preview.days[:400]],
            clocks_looked_at=preview.looked_at,
            clocks_moving=preview.moving,
            clocks_settled=preview.settled,
            items=[MoveOut.of(move) for move in preview.moves],
            next=cursor_of(following[0].isoformat(), str(following[1])) if following else None,
        )


class RecomputationOut(BaseModel):
    """How far the running clocks have been counted anew."""

    state: Annotated[str, Field(description="open 进行中；done 已完成")]
    expected: int
    seen: int
    moved: int
    excused: Annotated[int, Field(description="按新日历不成立的超期数")]
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

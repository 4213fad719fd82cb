"""What sla answers about the calendar: its years, one year, and a deadline that was only asked for."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.schemas.clocks import Line
from shared.calendar import DayKind, Due, WorkCalendar


class Deadline(BaseModel):
    """A deadline that was only asked for: nothing runs."""

    started_at: datetime
    workdays: int
    due_at: datetime
    due_on: date
    provisional: bool
    calendar: str
    lines: list[Line]

    @classmethod
    def of(cls, started_at: datetime, workdays: int, due: Due, lines: list[Line], version: str) -> Deadline:
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
    end_of_day: Annotated[time, Field(description="时限截止时点；00:00 即当日 24:00")]
    missing_year: Annotated[int | None, Field(description="应已导入而尚未导入的年份，请尽快导入")]


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

"""What people ask of the calendar: its years, one year, and when a deadline would end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.sla import rules
from services.sla.model import Span
from services.sla.schemas.calendar import CalendarState, CalendarYear, Deadline
from services.sla.schemas.clocks import Line
from shared.calendar import SHANGHAI
from shared.deps import ThisRuntime, allow
from shared.identity import Role
from shared.web import SaneMoment

router = APIRouter(prefix="/v1")


# The calendar and the rules are the same for everybody who is logged in, and name nobody.
ANYBODY = Depends(allow(*Role))


@router.get("/deadlines", operation_id="count_deadline", summary="试算时限", tags=["日历"], dependencies=[ANYBODY])
async def count_deadline(
    runtime: ThisRuntime,
    started_at: Annotated[SaneMoment, Query(description="起算时刻，须带时区偏移")],
    workdays: Annotated[int, Query(ge=0, le=250, description="工作日数")] = 3,
) -> Deadline:
    """When so many working days from a moment end, and why; nothing is started (S1.1.4a)."""
    calendar = runtime.works.calendar
    due = calendar.due_at(started_at, workdays)
    lines = rules.proof(Span.WORKDAYS, workdays, started_at, due.at, calendar)
    return Deadline.of(started_at, workdays, due, [Line.of(line) for line in lines], calendar.version)


@router.get("/calendar", operation_id="calendar_state", summary="工作日历概况", tags=["日历"], dependencies=[ANYBODY])
async def calendar_state(runtime: ThisRuntime) -> CalendarState:
    """Which years are in, and which is missing: from 1 November the next one should be (A01)."""
    calendar = runtime.works.calendar
    today = runtime.clock.now().astimezone(SHANGHAI).date()
    return CalendarState(
        version=calendar.version,
        years=list(calendar.years),
        end_of_day=calendar.end_of_day,
        missing_year=calendar.missing_year(today),
    )


@router.get(
    "/calendar/{year}", operation_id="calendar_year", summary="某年的放假与调休", tags=["日历"], dependencies=[ANYBODY]
)
async def calendar_year(
    runtime: ThisRuntime, year: Annotated[int, Path(ge=2001, le=2099, description="年份")]
) -> CalendarYear:
    """The days that the notice names; a year not yet published says so (A01)."""
    return CalendarYear.of(year, runtime.works.calendar)

"""What people ask of the calendar: its years, and one year."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from services.sla.calendar.schemas import CalendarState, CalendarYear
from shared.calendar import local_day
from shared.deps import ThisRuntime
from shared.web import CommandRoute

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["日历"])

# The calendar is the same for everybody who is logged in, and names nobody.


@router.get("/calendar", operation_id="calendar_state", summary="工作日历概况")
async def calendar_state(runtime: ThisRuntime) -> CalendarState:
    """Which years are in, and which is missing: from 1 November the next one should be (A01)."""
    calendar, today = runtime.works.calendar, local_day(runtime.clock.now())
    return CalendarState(
        version=calendar.version,
        years=list(calendar.years),
        end_of_day=calendar.end_of_day,
        missing_year=calendar.missing_year(today),
        missing_years=list(calendar.missing_years(today)),
    )


@router.get("/calendar/{year}", operation_id="calendar_year", summary="某年的放假与调休")
async def calendar_year(
    runtime: ThisRuntime, year: Annotated[int, Path(ge=2001, le=2099, title="年份", description="年份")]
) -> CalendarYear:
    """The days that the notice names; a year not yet published says so (A01)."""
    return CalendarYear.of(year, runtime.works.calendar)

"""What people ask of the calendar: its years, one year, when a deadline would end, its versions, and a change of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla import rules
from services.sla.errors import BadPosition
from services.sla.handlers import calendar as handlers
from services.sla.model import Span
from services.sla.schemas.calendar import (
    Alarm,
    AppliedOut,
    CalendarName,
    CalendarState,
    CalendarYear,
    Deadline,
    EditBody,
    EditPreviewBody,
    ImportBody,
    PreviewOut,
    VersionOut,
    YearImport,
)
from services.sla.schemas.clocks import Line
from services.sla.store import calendar as store
from services.sla.store.calendar import Position
from shared.calendar import MAY_MOVE_FROM, SHANGHAI, WorkCalendar
from shared.deps import Cursor, InRead, InWork, Limit, ThisRuntime, allow
from shared.identity import Role
from shared.web import CommandRoute, Page, SaneMoment, cursor_of, position_of

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["日历"])

# The calendar is the same for everybody who is logged in, and names nobody.
ANYBODY = Depends(allow(*Role))
# A change moves deadlines of the whole district: one role makes it, and the audit trail names the person (R42).
ADMINISTRATOR = Depends(allow(Role.ADMIN))
_CALENDARS = "calendars"  # versions that were opened once; they never change
_TO_VERSION = {
    201: {
        "links": {"version": {"operationId": "calendar_version", "parameters": {"version": "$response.body#/version"}}}
    }
}


@router.get("/deadlines", operation_id="count_deadline", summary="试算时限", dependencies=[ANYBODY])
async def count_deadline(
    runtime: ThisRuntime,
    started_at: Annotated[SaneMoment, Query(title="起算时刻", description="起算时刻，须带时区偏移")],
    workdays: Annotated[int, Query(ge=0, le=250, title="工作日数", description="工作日数")] = 3,
) -> Deadline:
    """When so many working days from a moment end, and why; nothing is started (S1.1.4a)."""
    calendar = runtime.works.calendar
    due = calendar.due_at(started_at, workdays)
    lines = rules.proof(Span.WORKDAYS, workdays, started_at, due.at, calendar)
    return Deadline.of(started_at, workdays, due, [Line.of(line) for line in lines], calendar.version)


@router.get("/calendar", operation_id="calendar_state", summary="工作日历概况", dependencies=[ANYBODY])
async def calendar_state(runtime: ThisRuntime) -> CalendarState:
    """Which years are in, and which is missing: from 1 November the next one should be (A01)."""
    calendar, today = runtime.works.calendar, _today(runtime)
    return CalendarState(
        version=calendar.version,
        years=list(calendar.years),
        end_of_day=calendar.end_of_day,
        missing_year=calendar.missing_year(today),
        missing_years=list(calendar.missing_years(today)),
    )


@router.get("/calendar/alarms", operation_id="calendar_alarms", summary="日历告警", dependencies=[ANYBODY])
async def calendar_alarms(session: InRead, runtime: ThisRuntime) -> list[Alarm]:
    """What has to be done about the calendar, a line for each missing year; empty when none is missing (A01)."""
    missing = runtime.works.calendar.missing_years(_today(runtime))
    if not missing:
        return []
    provisional = await store.provisional_clocks(session)
    month, day = MAY_MOVE_FROM
    return [
        Alarm(
            code="calendar_missing_year",
            clause="S1.1.4a",
            year=year,
            since=date(year - 1, 11, 1),
            message=(
                f"{year} 年放假安排尚未导入，计至 {year - 1} 年 {month} 月 {day} 日及以后的时限均为暂定，"
                "请在国务院办公厅通知发布后尽快导入"
            ),
            provisional_clocks=provisional,
        )
        for year in missing
    ]


@router.get("/calendar/versions", operation_id="list_calendar_versions", summary="日历版本", dependencies=[ANYBODY])
async def list_calendar_versions(session: InRead, cursor: Cursor = None, limit: Limit = 50) -> Page[VersionOut]:
    """Every version with who, when, why and by which document, the latest first."""
    position = position_of(cursor, int)
    before = None if position is None else int(position[0])
    rows = await store.version_records(session, before=before, limit=limit)
    following = cursor_of(rows[-1][0].number) if len(rows) == limit else None
    return Page(items=[VersionOut.of(record, job) for record, job in rows], next=following)


@router.get(
    "/calendar/versions/{version}", operation_id="calendar_version", summary="某一日历版本", dependencies=[ANYBODY]
)
async def calendar_version(
    session: InRead, version: Annotated[CalendarName, Path(title="日历版本", description="日历版本")]
) -> VersionOut:
    """One version and how far the clocks have been counted anew by it."""
    return VersionOut.of(*await store.version_with_recomputation(session, version))


@router.post(
    "/calendar/imports/preview",
    operation_id="preview_calendar_import",
    summary="预览年度放假安排的导入",
    dependencies=[ADMINISTRATOR],
)
async def preview_calendar_import(
    body: YearImport, session: InRead, runtime: ThisRuntime, cursor: Cursor = None, limit: Limit = 50
) -> PreviewOut:
    """Which open deadlines would move; nothing is changed (S1.1.4a)."""
    preview = await handlers.preview_import(
        session, body.as_file(), now=runtime.clock.now(), after=_position(cursor), limit=limit
    )
    return PreviewOut.of(preview)


@router.post(
    "/calendar/imports",
    operation_id="import_calendar_year",
    summary="导入年度放假安排",
    status_code=201,
    dependencies=[ADMINISTRATOR],
    responses=_TO_VERSION,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def import_calendar_year(body: ImportBody, work: InWork) -> AppliedOut:
    """A new version of the calendar; every running clock that it touches is counted anew (S1.1.4a)."""
    applied = await handlers.import_year(work, body.as_file(), reason=body.reason, base=body.base_version)
    return AppliedOut.of(applied)


@router.post(
    "/calendar/edits/preview",
    operation_id="preview_calendar_edit",
    summary="预览单日调整",
    dependencies=[ADMINISTRATOR],
)
async def preview_calendar_edit(
    body: EditPreviewBody, session: InRead, runtime: ThisRuntime, cursor: Cursor = None, limit: Limit = 50
) -> PreviewOut:
    """Which open deadlines would move; nothing is changed (S1.1.4a)."""
    changes = [day.as_change() for day in body.days]
    preview = await handlers.preview_edit(
        session, changes, now=runtime.clock.now(), after=_position(cursor), limit=limit
    )
    return PreviewOut.of(preview)


@router.post(
    "/calendar/edits",
    operation_id="edit_calendar_days",
    summary="调整单日放假或上班",
    status_code=201,
    dependencies=[ADMINISTRATOR],
    responses=_TO_VERSION,  # type: ignore[arg-type]
)
async def edit_calendar_days(body: EditBody, work: InWork) -> AppliedOut:
    """A new version of the calendar; every running clock that it touches is counted anew (S1.1.4a)."""
    changes = [day.as_change() for day in body.days]
    applied = await handlers.edit_days(
        work, changes, reason=body.reason, document=body.document, base=body.base_version
    )
    return AppliedOut.of(applied)


@router.get("/calendar/{year}", operation_id="calendar_year", summary="某年的放假与调休", dependencies=[ANYBODY])
async def calendar_year(
    runtime: ThisRuntime, year: Annotated[int, Path(ge=2001, le=2099, title="年份", description="年份")]
) -> CalendarYear:
    """The days that the notice names; a year not yet published says so (A01)."""
    return CalendarYear.of(year, runtime.works.calendar)


async def calendar_of(runtime: ThisRuntime, session: AsyncSession, version: str) -> WorkCalendar:
    """The calendar of this version as it was: what was counted by it is explained by it."""
    if version == runtime.works.calendar.version:
        return runtime.works.calendar
    known: dict[str, WorkCalendar] = runtime.parts.setdefault(_CALENDARS, {})
    if version not in known:
        known[version] = (await store.version_of(session, version)).calendar
    return known[version]


def _today(runtime: ThisRuntime) -> date:
    return runtime.clock.now().astimezone(SHANGHAI).date()


def _position(cursor: str | None) -> Position | None:
    found = position_of(cursor, str, str)
    if found is None:
        return None
    try:
        at, clock_id = datetime.fromisoformat(str(found[0])), UUID(str(found[1]))
    except ValueError:
        raise BadPosition from None
    if at.tzinfo is None:
        raise BadPosition
    return at, clock_id

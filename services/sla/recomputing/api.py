"""A change of the calendar: previewed, made, followed until every clock is counted anew; and the year that is missing."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path

from services.sla.calendar.schemas import CalendarName, EditBody, EditPreviewBody, ImportBody, YearImport
from services.sla.recomputing import handlers, store
from services.sla.recomputing.schemas import Alarm, AppliedOut, PreviewOut, VersionOut
from shared.calendar import MAY_MOVE_FROM, local_day
from shared.deps import Cursor, InRead, InWork, Limit, ThisRuntime
from shared.web import CommandRoute, Page

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["日历"])

# A change moves deadlines of the whole district: one role makes it, and the audit trail names the person (R42).

_TO_VERSION = {
    201: {
        "links": {"version": {"operationId": "calendar_version", "parameters": {"version": "$response.body#/version"}}}
    }
}


@router.get("/calendar/alarms", operation_id="calendar_alarms", summary="日历告警")
async def calendar_alarms(session: InRead, runtime: ThisRuntime) -> list[Alarm]:
    """What has to be done about the calendar, a line for each missing year; empty when none is missing (A01)."""
    missing = runtime.works.calendar.missing_years(local_day(runtime.clock.now()))
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


@router.get("/calendar/versions", operation_id="list_calendar_versions", summary="日历版本")
async def list_calendar_versions(session: InRead, cursor: Cursor = None, limit: Limit = 50) -> Page[VersionOut]:
    """Every version with who, when, why and by which document, the latest first."""
    listed = await store.versions_with_recomputation(session, cursor=cursor, limit=limit)
    return Page(items=[VersionOut.of(record, job) for record, job in listed.rows], next=listed.next)


@router.get("/calendar/versions/{version}", operation_id="calendar_version", summary="某一日历版本")
async def calendar_version(
    session: InRead, version: Annotated[CalendarName, Path(title="日历版本", description="日历版本")]
) -> VersionOut:
    """One version and how far the clocks have been counted anew by it."""
    return VersionOut.of(*await store.version_with_recomputation(session, version))


@router.post(
    "/calendar/imports/preview",
    operation_id="preview_calendar_import",
    summary="预览年度放假安排的导入",
)
async def preview_calendar_import(
    body: YearImport, session: InRead, runtime: ThisRuntime, cursor: Cursor = None, limit: Limit = 50
) -> PreviewOut:
    """Which open deadlines would move; nothing is changed (S1.1.4a)."""
    preview = await handlers.preview_import(
        session, body.as_file(), now=runtime.clock.now(), cursor=cursor, limit=limit
    )
    return PreviewOut.of(preview)


@router.post(
    "/calendar/imports",
    operation_id="import_calendar_year",
    summary="导入年度放假安排",
    status_code=201,
    responses=_TO_VERSION,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def import_calendar_year(body: ImportBody, work: InWork) -> AppliedOut:
    """A new version of the calendar; every clock that it touches is counted anew, a window that closed or a breach by the old one put right (S1.1.4a)."""
    applied = await handlers.import_year(work, body.as_file(), reason=body.reason, base=body.base_version)
    return AppliedOut.of(applied)


@router.post(
    "/calendar/edits/preview",
    operation_id="preview_calendar_edit",
    summary="预览单日调整",
)
async def preview_calendar_edit(
    body: EditPreviewBody, session: InRead, runtime: ThisRuntime, cursor: Cursor = None, limit: Limit = 50
) -> PreviewOut:
    """Which open deadlines would move; nothing is changed (S1.1.4a)."""
    changes = [day.as_change() for day in body.days]
    preview = await handlers.preview_edit(session, changes, now=runtime.clock.now(), cursor=cursor, limit=limit)
    return PreviewOut.of(preview)


@router.post(
    "/calendar/edits",
    operation_id="edit_calendar_days",
    summary="调整单日放假或上班",
    status_code=201,
    responses=_TO_VERSION,  # type: ignore[arg-type]
)
async def edit_calendar_days(body: EditBody, work: InWork) -> AppliedOut:
    """A new version of the calendar; every clock that it touches is counted anew, a window that closed or a breach by the old one put right (S1.1.4a)."""
    changes = [day.as_change() for day in body.days]
    applied = await handlers.edit_days(
        work, changes, reason=body.reason, document=body.document, base=body.base_version
    )
    return AppliedOut.of(applied)

"""What people ask of the counting: when a deadline would end, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.sla.counting import rules
from services.sla.counting.model import Span
from services.sla.counting.schemas import Deadline, Line
from shared.deps import ThisRuntime
from shared.web import CommandRoute, SaneMoment

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["日历"])


@router.get("/deadlines", operation_id="count_deadline", summary="试算时限")
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

"""What people ask sla: the clocks of an order, the list by urgency, a deadline's proof, the calendar, the rules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.sla import rules, store
from services.sla.errors import BadPosition
from services.sla.model import Span, State
from services.sla.policy import CIRCULAR_2022, RULE_SETS
from services.sla.schemas import (
    CalendarState,
    CalendarYear,
    Change,
    Clock,
    Deadline,
    Explanation,
    Line,
    OrderClocks,
    Rules,
)
from services.sla.store import Position, Wanted
from shared.calendar import SHANGHAI
from shared.contracts.sla import ClockKind
from shared.deps import CurrentScope, Cursor, InRead, Limit, ThisRuntime, allow
from shared.identity import Role
from shared.web import Code, Identifier, Page, SaneMoment, cursor_of, position_of

router = APIRouter(prefix="/v1")

# The calendar and the rules are the same for everybody who is logged in, and name nobody.
ANYBODY = Depends(allow(*Role))

OrderId = Annotated[Identifier, Path(description="工单编号")]
ClockId = Annotated[Identifier, Path(description="时限编号")]
_TO_EXPLANATION = {
    200: {
        "links": {
            "explanation": {"operationId": "explain_clock", "parameters": {"clock_id": "$response.body#/items/0/id"}}
        }
    }
}
_FROM_ORDER = {
    200: {
        "links": {
            "explanation": {"operationId": "explain_clock", "parameters": {"clock_id": "$response.body#/clocks/0/id"}}
        }
    }
}


@router.get(
    "/orders/{order_id}/clocks",
    operation_id="clocks_of_order",
    summary="工单的全部时限",
    tags=["时限"],
    responses=_FROM_ORDER,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def clocks_of_order(order_id: OrderId, session: InRead, scope: CurrentScope) -> OrderClocks:
    """The clocks of an order that is with the caller's unit, or of any order for the centre (S4.2a)."""
    records = await store.clocks_of_order(session, order_id, scope)
    running = [record.due_at for record in records if record.state == State.RUNNING]
    return OrderClocks(
        order_id=order_id,
        earliest_due_at=min(running, default=None),
        clocks=[Clock.of(record) for record in records],
    )


@router.get(
    "/clocks",
    operation_id="list_clocks",
    summary="时限列表（最紧急在前）",
    tags=["时限"],
    responses=_TO_EXPLANATION,  # type: ignore[arg-type]
)
async def list_clocks(
    session: InRead,
    scope: CurrentScope,
    *,
    state: Annotated[State | None, Query(description="时限状态")] = None,
    kind: Annotated[ClockKind | None, Query(description="时限种类")] = None,
    unit: Annotated[Code | None, Query(description="承担单位")] = None,
    due_before: Annotated[SaneMoment | None, Query(description="截止时刻不晚于")] = None,
    provisional: Annotated[bool, Query(description="只看暂定时限")] = False,
    breached: Annotated[bool, Query(description="只看已超期的时限")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Clock]:
    """Clocks by due moment; a unit sees its own."""
    wanted = Wanted(state, kind, unit, due_before, provisional, breached)
    records = await store.clocks_by_due(session, scope, wanted, after=_position(cursor), limit=limit)
    more = len(records) == limit
    following = cursor_of(records[-1].due_at.isoformat(), str(records[-1].id)) if more else None
    return Page(items=[Clock.of(record) for record in records], next=following)


@router.get(
    "/breaches",
    operation_id="list_breaches",
    summary="最近的超期",
    tags=["时限"],
    responses=_TO_EXPLANATION,  # type: ignore[arg-type]
)
async def list_breaches(
    session: InRead,
    scope: CurrentScope,
    kind: Annotated[ClockKind | None, Query(description="时限种类")] = None,
    unit: Annotated[Code | None, Query(description="承担单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Clock]:
    """Clocks that were breached, the latest first; a unit sees its own (S1.1.4b)."""
    wanted = Wanted(kind=kind, unit=unit)
    records = await store.latest_breaches(session, scope, wanted, before=_position(cursor), limit=limit)
    last = records[-1] if len(records) == limit else None
    following = cursor_of(last.breached_at.isoformat(), str(last.id)) if last and last.breached_at else None
    return Page(items=[Clock.of(record) for record in records], next=following)


@router.get("/clocks/{clock_id}/explain", operation_id="explain_clock", summary="时限的逐日依据", tags=["时限"])
async def explain_clock(clock_id: ClockId, session: InRead, scope: CurrentScope, runtime: ThisRuntime) -> Explanation:
    """Why the clock is due when it is, day by day, with every change and its reason (S1.1.4a)."""
    record, changes = await store.clock_with_changes(session, UUID(clock_id), scope)
    span, calendar = Span(record.span), runtime.works.calendar
    lines = rules.proof(span, record.amount, record.started_at, record.due_at, calendar)
    return Explanation(
        clock=Clock.of(record),
        span=span,
        amount=record.amount,
        document=RULE_SETS[record.rules].document,
        lines=[Line.of(line) for line in lines],
        changes=[Change.of(change) for change in changes],
    )


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


@router.get("/rules", operation_id="rules_in_force", summary="时限规则", tags=["规则"], dependencies=[ANYBODY])
async def rules_in_force() -> Rules:
    """Every number that new clocks are started by, with its clause (X3)."""
    return Rules.of(CIRCULAR_2022)


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

"""Boards by unit, candidates of supervision, and the plan of a signature chain."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.sla import rules
from services.sla.api.positions import moment_cursor, moment_position
from services.sla.errors import OrderHasNoClocks
from services.sla.handlers.chains import observed_hours
from services.sla.schemas.boards import BoardPage, Candidate, ChainPlan, Step, UnitCount
from services.sla.schemas.clocks import Clock
from services.sla.store import boards, candidates
from services.sla.store.boards import Board
from services.sla.store.rulesets import rules_of
from shared.calendar import WorkCalendar
from shared.contracts.sla import SupervisionCause
from shared.deps import CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.web import Code, DeskRoute, Identifier, Page

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["看板"])


@router.get("/boards/{board}", operation_id="show_board", summary="看板：今日到期、超期、暂定、失约、不过夜")
async def show_board(
    board: Annotated[Board, Path(title="看板", description="看板")],
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    unit: Annotated[Code | None, Query(title="承担单位", description="承担单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BoardPage:
    """What needs somebody today, the most urgent first, with a count per unit; a unit sees its own (S4.2a)."""
    now = runtime.clock.now()
    day_ends = _day_ends(now, runtime.works.calendar)
    records = await boards.clocks_on_board(
        session, board, scope, unit, now=now, day_ends=day_ends, after=moment_position(cursor), limit=limit
    )
    counts = await boards.counts_on_board(session, board, scope, unit, now=now, day_ends=day_ends)
    last = records[-1] if len(records) == limit else None
    return BoardPage(
        items=[Clock.of(record, now) for record in records],
        next=moment_cursor(last.due_at, last.id) if last else None,
        as_of=now,
        units=[UnitCount(unit=found, count=many) for found, many in counts],
    )


@router.get("/supervision-candidates", operation_id="list_candidates", summary="督办建议名单")
async def list_candidates(
    session: InRead,
    scope: CurrentScope,
    cause: Annotated[SupervisionCause | None, Query(title="情形", description="情形")] = None,
    unit: Annotated[Code | None, Query(title="单位", description="单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Candidate]:
    """Units that have come under a trigger of supervision, the latest first; the office decides (S3.4a)."""
    records = await candidates.candidates(
        session, scope, cause=cause, unit=unit, before=moment_position(cursor), limit=limit
    )
    last = records[-1] if len(records) == limit else None
    following = moment_cursor(last.raised_at, last.id) if last else None
    return Page(items=[Candidate.of(record) for record in records], next=following)


@router.get("/orders/{order_id}/chain-plan", operation_id="chain_plan", summary="签批链倒排工期")
async def chain_plan(
    order_id: Annotated[Identifier, Path(title="工单编号", description="工单编号")],
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
) -> ChainPlan:
    """The latest start of each step, counted backwards from the deadline by what such steps took (S2.2.3i)."""
    order = await boards.order_in_scope(session, order_id, scope)
    due_at = await boards.chain_deadline(session, order_id)
    if order is None or due_at is None:
        raise OrderHasNoClocks(order_id)
    rule_set, calendar, now = await rules_of(session, order.rules), runtime.works.calendar, runtime.clock.now()
    observed = await observed_hours(session, rule_set, calendar)
    steps = rules.backward_plan(rules.chain_of(order.scheme, observed, rule_set), due_at, rule_set, calendar)
    submit_by = steps[0].latest_start
    return ChainPlan(
        order_id=order_id,
        due_at=due_at,
        submit_by=submit_by,
        at_risk=submit_by < now <= due_at,
        steps=[Step.of(step, now) for step in steps],
    )


def _day_ends(now: datetime, calendar: WorkCalendar) -> datetime:
    return calendar.due_at(now, 0).at

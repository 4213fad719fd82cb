"""Boards by unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.sla.boards import store
from services.sla.boards.model import Board
from services.sla.boards.schemas import BoardPage, UnitCount
from services.sla.clocks.schemas import Clock
from shared.deps import CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.web import Code, DeskRoute

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["看板"])


@router.get(
    "/boards/{board}", operation_id="show_board", summary="看板：今日到期、超期、暂定、失约、不过夜、撤回的超期"
)
async def show_board(
    board: Annotated[Board, Path(title="看板", description="看板")],
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    unit: Annotated[Code | None, Query(title="承担单位", description="承担单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> BoardPage:
    """What needs somebody today, with a count per unit; a unit sees its own (S4.2a).

    Safety before livelihood before policy before ordinary orders, then the earliest deadline (S1.3.1b).
    """
    now = runtime.clock.now()
    day_ends = runtime.works.calendar.due_at(now, 0).at
    listed = await store.clocks_on_board(
        session, board, scope, unit, now=now, day_ends=day_ends, cursor=cursor, limit=limit
    )
    counts = await store.counts_on_board(session, board, scope, unit, now=now, day_ends=day_ends)
    return BoardPage(
        items=[Clock.of(record, now) for record in listed.rows],
        next=listed.next,
        as_of=now,
        units=[UnitCount(unit=found, count=many) for found, many in counts],
    )

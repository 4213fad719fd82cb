"""Boards: which deadlines of the district need somebody today, with a count per unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.boards.model import Board
from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord
from services.sla.counting.model import Lapse
from shared.access import Scope
from shared.lists import Keyset, Listed

_BY_URGENCY: Final = Keyset(ClockRecord.queue, ClockRecord.due_at, ClockRecord.id)


def _conditions(
    board: Board, scope: Scope, unit: str | None, *, now: datetime, day_ends: datetime
) -> list[ColumnElement[bool]]:
    running = ClockRecord.state == State.RUNNING
    shown: dict[Board, list[ColumnElement[bool]]] = {
        Board.DUE_TODAY: [running, ClockRecord.due_at > now, ClockRecord.due_at <= day_ends],
        Board.OVERDUE: [running, ClockRecord.due_at < now, ClockRecord.lapse == Lapse.BREACH],
        Board.PROVISIONAL: [running, ClockRecord.provisional.is_(True)],
        Board.BROKEN_PROMISES: [
            ClockRecord.kind.in_(("next_contact", "rectify_promise")),
            ClockRecord.breached_at.is_not(None),
        ],
        # 不过夜 (S2.2.1c): neither a reply nor a progress note yet, and the day is about to end or has ended.
        # Whatever became of them since: a clock that was breached again is on both boards.
        Board.EXCUSED: [ClockRecord.excused.is_(True)],
        Board.OVERNIGHT: [running, ClockRecord.kind == "progress_note", ClockRecord.due_at <= day_ends],
    }
    found = shown[board]
    if not scope.everything:
        found.append(ClockRecord.unit == scope.unit)
    if unit is not None:
        found.append(ClockRecord.unit == unit)
    return found


async def clocks_on_board(
    session: AsyncSession,
    board: Board,
    scope: Scope,
    unit: str | None,
    *,
    now: datetime,
    day_ends: datetime,
    cursor: str | None,
    limit: int,
) -> Listed[ClockRecord]:
    """The board's clocks by urgent class, then by due moment; a unit sees its own (S1.3.1b, S4.2a)."""
    query = select(ClockRecord).where(*_conditions(board, scope, unit, now=now, day_ends=day_ends))
    return await _BY_URGENCY.page(session, query, cursor=cursor, limit=limit)


async def counts_on_board(
    session: AsyncSession, board: Board, scope: Scope, unit: str | None, *, now: datetime, day_ends: datetime
) -> Sequence[tuple[str | None, int]]:
    """How many clocks each unit has on the board, the most first."""
    rows = await session.execute(
        select(ClockRecord.unit, func.count())
        .where(*_conditions(board, scope, unit, now=now, day_ends=day_ends))
        .group_by(ClockRecord.unit)
        .order_by(func.count().desc(), ClockRecord.unit)
    )
    return [(found, many) for found, many in rows]

"""Boards: which deadlines of the district need somebody today, with a count per unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.model import State
from services.sla.tables import ClockRecord, OrderRecord
from shared.identity import Scope


class Board(StrEnum):
    """What a board shows."""

    DUE_TODAY = "due-today"
    OVERDUE = "overdue"
    PROVISIONAL = "provisional"
    BROKEN_PROMISES = "broken-promises"
    OVERNIGHT = "overnight"


def _conditions(
    board: Board, scope: Scope, unit: str | None, *, now: datetime, day_ends: datetime
) -> list[ColumnElement[bool]]:
    running = ClockRecord.state == State.RUNNING
    shown: dict[Board, list[ColumnElement[bool]]] = {
        Board.DUE_TODAY: [running, ClockRecord.due_at > now, ClockRecord.due_at <= day_ends],
        Board.OVERDUE: [running, ClockRecord.due_at < now, ClockRecord.lapse == "breach"],
        Board.PROVISIONAL: [running, ClockRecord.provisional.is_(True)],
        Board.BROKEN_PROMISES: [
            ClockRecord.kind.in_(("next_contact", "rectify_promise")),
            ClockRecord.breached_at.is_not(None),
        ],
        # 不过夜 (S2.2.1c): neither a reply nor a progress note yet, and the night is near or was let through.
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
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[ClockRecord]:
    """The board's clocks by due moment, the most urgent first; a unit sees its own (S4.2a)."""
    query = select(ClockRecord).where(*_conditions(board, scope, unit, now=now, day_ends=day_ends))
    if after is not None:
        query = query.where(tuple_(ClockRecord.due_at, ClockRecord.id) > after)
    return (await session.scalars(query.order_by(ClockRecord.due_at, ClockRecord.id).limit(limit))).all()


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


async def order_in_scope(session: AsyncSession, order_id: str, scope: Scope) -> OrderRecord | None:
    """The order, when it is the caller's to see (S4.2a)."""
    order = await session.get(OrderRecord, order_id)
    return order if order is not None and (scope.everything or order.unit == scope.unit) else None


async def chain_deadline(session: AsyncSession, order_id: str) -> datetime | None:
    """By when the whole chain has to be through: the earliest running deadline of the order itself."""
    moment: datetime | None = await session.scalar(
        select(func.min(ClockRecord.due_at)).where(
            ClockRecord.order_id == order_id,
            ClockRecord.state == State.RUNNING,
            ClockRecord.kind.in_(("upstream_due", "district_final", "final")),
        )
    )
    return moment


async def step_spans(session: AsyncSession, *, limit: int) -> dict[str, list[tuple[datetime, datetime]]]:
    """From when to when the latest steps of chains took, by their names."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for kind in ("review_turnaround", "chain_step"):
        rows = await session.execute(
            select(ClockRecord.occasion, ClockRecord.started_at, ClockRecord.stopped_at)
            # Written out, so that every plan of the statement may use the index that has these kinds alone.
            .where(ClockRecord.kind == literal_column(f"'{kind}'"), literal_column("state in ('met', 'late')"))
            .order_by(ClockRecord.stopped_at.desc())
            .limit(limit)
        )
        for occasion, started_at, stopped_at in rows:
            name = "centre" if kind == "review_turnaround" else occasion.split(":", 1)[0]
            if stopped_at is not None:
                found.setdefault(name, []).append((started_at, stopped_at))
    return found

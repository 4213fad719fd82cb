"""Orders: one locked for a change, one to read, the lists, and the history.

What a unit may see is decided here and nowhere else: `_is_visible` and `_within` (S4.2a).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.orders.errors import OrderUnknown
from services.dispatch.orders.model import Status
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.record import Record
from shared.identity import Scope
from shared.lists import Keyset, Listed
from shared.work import Work

EVERYTHING: Final = Scope(unit=None, everything=True)
"""What the events of other services may change: every order."""

_AUDIT: Final = Record.metadata.tables["audit"]
# Built once: forty columns take longer to put into a statement than PostgreSQL takes to read them.
_CASE: Final = select(CaseRecord).where(CaseRecord.order_id == bindparam("of"))
_QUEUE: Final = Keyset(CaseRecord.queue, CaseRecord.received_at, CaseRecord.order_id)
_HISTORY: Final = Keyset(_AUDIT.c.id)


def _is_visible(record: CaseRecord, scope: Scope) -> bool:
    """Whether the caller may see the order: everybody's, or what the unit has now (S4.2a)."""
    return scope.everything or (record.unit is not None and record.unit == scope.unit)


def _within(scope: Scope) -> ColumnElement[bool] | None:
    """The same as a condition of a list (S4.2a)."""
    return None if scope.everything else CaseRecord.unit == scope.unit


async def case_for_update(work: Work, order_id: str, scope: Scope) -> CaseRecord:
    """The order, locked until the end of the transaction; OrderUnknown when it is not visible to the caller."""
    return _visible(await work.locked(CaseRecord, order_id), order_id, scope)


async def case_of(session: AsyncSession, order_id: str, scope: Scope) -> CaseRecord:
    """The order as it is; OrderUnknown when it is not visible to the caller."""
    return _visible(await session.scalar(_CASE, {"of": order_id}), order_id, scope)


def _visible(record: CaseRecord | None, order_id: str, scope: Scope) -> CaseRecord:
    if record is None or not _is_visible(record, scope):
        raise OrderUnknown(order_id)
    return record


async def orders_waiting(
    session: AsyncSession,
    scope: Scope,
    *,
    statuses: Sequence[Status],
    unit: str | None,
    urgent: bool | None,
    cursor: str | None,
    limit: int,
) -> Listed[CaseRecord]:
    """The queue: urgent orders first, then the oldest (S1.3.1b).  Without `statuses` those that are not at their end."""
    query = select(CaseRecord)
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    query = query.where(CaseRecord.status.in_(statuses)) if statuses else query.where(CaseRecord.ended_at.is_(None))
    if unit is not None:
        query = query.where(CaseRecord.unit == unit)
    if urgent is not None:
        query = query.where(CaseRecord.queue == (0 if urgent else 1))
    return await _QUEUE.page(session, query, cursor=cursor, limit=limit)


async def count_by_status(session: AsyncSession, scope: Scope) -> dict[str, int]:
    """How many orders are in each state, of those that are not at their end."""
    query = select(CaseRecord.status, func.count()).where(CaseRecord.ended_at.is_(None)).group_by(CaseRecord.status)
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    return {str(status): int(count) for status, count in (await session.execute(query)).all()}


async def history_of(session: AsyncSession, subject: str, *, cursor: str | None, limit: int) -> Listed[Row[Any]]:
    """Who did what to the order, from the audit trail (X1), the first first."""
    names = ("id", "at", "actor", "role", "unit", "action", "before", "after", "reason")
    query = select(*(_AUDIT.c[name] for name in names)).where(_AUDIT.c.subject == subject)
    return await _HISTORY.page(session, query, cursor=cursor, limit=limit)

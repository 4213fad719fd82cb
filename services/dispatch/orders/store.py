"""Orders: one locked for a change, one to read, the lists, and the history.

What a unit may see of orders is decided here and nowhere else (S4.2a): `case_for_update` for those that it has, `seen`
for those in which it has or had a part, `_within` for lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.orders.errors import OrderUnknown
from services.dispatch.orders.model import ENDED, Status
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.record import Record
from shared.access import Part, Scope, Sight
from shared.following.confidential import callers_kept_back
from shared.following.parts import part_of
from shared.lists import Counted, Keyset, Listed, counted
from shared.personal.sealing import Sealer
from shared.urgency import ORDINARY
from shared.work import Work

_AUDIT: Final = Record.metadata.tables["audit"]
# Built once: forty columns take longer to put into a statement than PostgreSQL takes to read them.
_CASE: Final = select(CaseRecord).where(CaseRecord.order_id == bindparam("of"))
_QUEUE: Final = Keyset(CaseRecord.queue, CaseRecord.received_at, CaseRecord.order_id)
_HISTORY: Final = Keyset(_AUDIT.c.id)


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as one person reaches it."""

    record: CaseRecord
    part: Part | None
    """What the person's unit has to do with it."""
    sight: Sight
    """How its words are shown."""
    only: str | None
    """The unit whose rows alone are shown of it; None for all: a former unit sees its own part and nothing later."""


def _within(scope: Scope) -> ColumnElement[bool] | None:
    """The condition of a list: what the unit has now (S4.2a)."""
    return None if scope.everything else CaseRecord.unit == scope.unit


async def case_for_update(work: Work, order_id: str, scope: Scope) -> CaseRecord:
    """The order, locked until the end of the transaction; OrderUnknown when the caller's unit does not have it."""
    record = await work.locked(CaseRecord, order_id)
    if record is None or not scope.sees(record.unit):
        raise OrderUnknown(order_id)
    return record


async def seen(session: AsyncSession, order_id: str, scope: Scope, sealer: Sealer) -> SeenOrder:
    """The order as it is, and what of it the reader may see; OrderUnknown when the operation does not reach it."""
    record = await session.scalar(_CASE, {"of": order_id})
    if record is None:
        raise OrderUnknown(order_id)
    leads = scope.unit is not None and record.unit == scope.unit
    part = Part.LEAD if leads else await part_of(session, order_id, scope.unit)
    if not scope.reaches(part):
        raise OrderUnknown(order_id)
    only = scope.unit if part is Part.FORMER and not scope.everything else None
    kept_back = await callers_kept_back(session, sealer, scope, (order_id,)) if record.confidential else {}
    return SeenOrder(record, part, Sight(scope.words(part), kept_back.get(order_id)), only)


async def sights_of(
    session: AsyncSession, sealer: Sealer, scope: Scope, records: Sequence[CaseRecord]
) -> dict[str, Sight]:
    """How the words of each order of a list are shown, by the order's id."""
    confidential = [record.order_id for record in records if record.confidential]
    kept_back = await callers_kept_back(session, sealer, scope, confidential)
    return {record.order_id: Sight(scope.words_for(record.unit), kept_back.get(record.order_id)) for record in records}


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
    """The queue: safety, livelihood, policy, then the others, the oldest first (S1.3.1b).  Without `statuses` those that are not at their end."""
    query = select(CaseRecord)
    if (visible := _within(scope)) is not None:
        query = query.where(visible)
    query = query.where(CaseRecord.status.in_(statuses)) if statuses else query.where(CaseRecord.ended_at.is_(None))
    if unit is not None:
        query = query.where(CaseRecord.unit == unit)
    if urgent is not None:
        query = query.where(CaseRecord.queue < ORDINARY if urgent else CaseRecord.queue == ORDINARY)
    return await _QUEUE.page(session, query, cursor=cursor, limit=limit)


async def count_by_status(session: AsyncSession, scope: Scope) -> dict[Status, Counted]:
    """How many orders are in each state that is no end, without those in which none is."""
    found = {}
    for status in Status:
        if status in ENDED:
            continue
        query = select(CaseRecord.order_id).where(CaseRecord.status == status)
        if (visible := _within(scope)) is not None:
            query = query.where(visible)
        found[status] = await counted(session, query)
    return {status: count for status, count in found.items() if count.number}


async def history_of(session: AsyncSession, subject: str, *, cursor: str | None, limit: int) -> Listed[Row[Any]]:
    """Who did what to the order, from the audit trail (X1), the first first."""
    names = ("id", "at", "actor", "role", "unit", "action", "before", "after", "reason")
    query = select(*(_AUDIT.c[name] for name in names)).where(_AUDIT.c.subject == subject)
    return await _HISTORY.page(session, query, cursor=cursor, limit=limit)

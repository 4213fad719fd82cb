"""Requests for more working days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord
from services.sla.counting.model import Span
from services.sla.extensions.errors import ExtensionUnknown
from services.sla.extensions.model import ExtensionState, Used
from services.sla.extensions.tables import ExtensionRecord
from services.sla.orders.tables import OrderRecord
from shared.access import Scope
from shared.lists import Keyset, Listed

_USED: Final = (ExtensionState.REQUESTED, ExtensionState.GRANTED)

_LONGEST_WAITING: Final = Keyset(ExtensionRecord.requested_at, ExtensionRecord.id)


async def extension_for_update(session: AsyncSession, extension_id: UUID) -> ExtensionRecord:
    """The request, locked; ExtensionUnknown when there is none."""
    record = await session.get(ExtensionRecord, extension_id, with_for_update=True)
    if record is None:
        raise ExtensionUnknown(str(extension_id))
    return record


async def order_of_extension(session: AsyncSession, extension_id: UUID) -> str:
    """Whose request it is, so that the order can be locked first."""
    order_id: str | None = await session.scalar(
        select(ExtensionRecord.order_id).where(ExtensionRecord.id == extension_id)
    )
    if order_id is None:
        raise ExtensionUnknown(str(extension_id))
    return order_id


async def used_extensions(session: AsyncSession, order_id: str) -> Used:
    """How many of an order's requests were granted, and how many wait for their answer (A10)."""
    rows = await session.execute(
        select(ExtensionRecord.state, func.count())
        .where(ExtensionRecord.order_id == order_id, ExtensionRecord.state.in_(_USED))
        .group_by(ExtensionRecord.state)
    )
    count = {ExtensionState(state): number for state, number in rows}
    return Used(count.get(ExtensionState.GRANTED, 0), count.get(ExtensionState.REQUESTED, 0))


async def final_due_at(session: AsyncSession, order: OrderRecord) -> datetime | None:
    """The deadline of the order's unit that an extension moves; None when none runs."""
    due_at: datetime | None = await session.scalar(
        select(func.max(ClockRecord.due_at)).where(
            ClockRecord.order_id == order.order_id,
            ClockRecord.state == State.RUNNING,
            ClockRecord.kind == "final",
            ClockRecord.unit == order.unit,
            ClockRecord.span == Span.WORKDAYS,
        )
    )
    return due_at


async def running_among(session: AsyncSession, records: Sequence[ExtensionRecord]) -> frozenset[UUID]:
    """Which of the clocks that these requests are about still run, as far as the requests wait for their answer."""
    wanted = {record.clock_id for record in records if record.state is ExtensionState.REQUESTED}
    if not wanted:
        return frozenset()
    query = select(ClockRecord.id).where(ClockRecord.id.in_(wanted), ClockRecord.state == State.RUNNING)
    return frozenset(await session.scalars(query))


async def last_refusal(session: AsyncSession, order_id: str) -> datetime | None:
    """When the caller last said no to more time for this order, as far as that was recorded (S1.3.2c)."""
    moment: datetime | None = await session.scalar(
        select(func.max(ExtensionRecord.consented_at)).where(
            ExtensionRecord.order_id == order_id, ExtensionRecord.state == ExtensionState.DECLINED
        )
    )
    return moment


async def extensions_of_order(session: AsyncSession, order_id: str, scope: Scope) -> Sequence[ExtensionRecord]:
    """Every request of an order, first asked first; a unit sees its own (S4.2a)."""
    query = select(ExtensionRecord).where(ExtensionRecord.order_id == order_id)
    if not scope.everything:
        query = query.where(ExtensionRecord.unit == scope.unit)
    return (await session.scalars(query.order_by(ExtensionRecord.requested_at, ExtensionRecord.id))).all()


async def extensions(
    session: AsyncSession, scope: Scope, *, state: ExtensionState | None, cursor: str | None, limit: int
) -> Listed[ExtensionRecord]:
    """The requests of the district, the longest waiting first; a unit sees its own (S4.2a).

    Those in the state `declined` are hints for the review: the caller did not want to wait any longer (S1.3.2c).
    """
    query = select(ExtensionRecord)
    if not scope.everything:
        query = query.where(ExtensionRecord.unit == scope.unit)
    if state is not None:
        query = query.where(ExtensionRecord.state == state)
    return await _LONGEST_WAITING.page(session, query, cursor=cursor, limit=limit)

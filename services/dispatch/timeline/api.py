"""The timeline of an order."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from services.dispatch.timeline import store
from services.dispatch.timeline.rules import named_units
from services.dispatch.timeline.schemas import TimelineEntry, entries_out
from services.dispatch.timeline.tables import TimelineRecord
from shared.deps import CurrentPerson, CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.web import DeskRoute, Page

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=DeskRoute, tags=["工单查询"])


@router.get("/timeline", operation_id="show_timeline", summary="工单时间线")
async def show_timeline(
    order_id: OrderPath,
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TimelineEntry]:
    """各服务对该工单的全部记录，按发生时间先后，每条一句话；曾承办的单位只见承办期间本单位的部分。"""
    found = await seen(session, order_id, scope, runtime.works.sealer)
    listed = await store.entries_of_order(session, found, scope.unit, cursor=cursor, limit=limit)
    names = await names_for(session, listed.rows)
    return Page(items=entries_out(listed.rows, names, found.sight, person), next=listed.next)


async def names_for(session: AsyncSession, rows: Sequence[TimelineRecord]) -> store.Names:
    """What the units and people of these entries are called."""
    units = {code for row in rows for code in (row.unit, *named_units(row.facts)) if code is not None}
    return await store.names_of(session, units=units, accounts={row.actor for row in rows})

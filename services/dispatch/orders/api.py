"""The lists of orders, the history of one, and its recommendation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.dispatch.orders import store
from services.dispatch.orders.model import Status
from services.dispatch.orders.schemas import DeskOut, HistoryOut, OrderOut, order_out
from services.dispatch.recommending.schemas import RecommendationOut
from services.dispatch.recommending.store import recommendation_of
from shared.deps import CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.web import Code, DeskRoute, Identifier, Page

router = APIRouter(prefix="/v1/orders", route_class=DeskRoute, tags=["工单查询"])
OrderPath = Annotated[Identifier, Path(title="工单编号", description="工单标识")]

_FROM_LIST = {
    name: {"operationId": name, "parameters": {"order_id": "$response.body#/items/0/order_id"}}
    for name in (
        "show_order",
        "list_history",
        "show_recommendations",
        "list_assignments",
        "list_contacts",
        "list_notes",
        "list_returns",
        "list_replies",
        "list_attachments",
        "assign_order",
        "accept_order",
        "record_contact",
        "note_progress",
        "submit_reply",
        "request_return",
        "decide_return",
    )
}


@router.get("", operation_id="list_orders", summary="工单列表", responses={200: {"links": _FROM_LIST}})
async def list_orders(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    status: Annotated[
        list[Status] | None, Query(max_length=12, title="状态", description="状态；不填为未办结的工单")
    ] = None,
    unit: Annotated[Code | None, Query(title="当前承办单位", description="当前承办单位")] = None,
    urgent: Annotated[bool | None, Query(title="是否特殊紧急事项", description="是否特殊紧急事项")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderOut]:
    """安全紧急在前，其次民生紧急、政策咨询，再次普通工单，同类按接收时间先后；承办单位只看到本单位的工单。"""
    found = await store.orders_waiting(
        session, scope, statuses=status or (), unit=unit, urgent=urgent, cursor=cursor, limit=limit
    )
    sealer = runtime.works.sealer
    sights = await store.sights_of(session, sealer, scope, found.rows)
    return Page(items=[order_out(sealer, record, sights[record.order_id]) for record in found.rows], next=found.next)


@router.get("/counts", operation_id="count_orders", summary="各状态件数")
async def count_orders(session: InRead, scope: CurrentScope) -> DeskOut:
    """未办结工单按状态计数；超过一万件的为估计数。"""
    found = await store.count_by_status(session, scope)
    return DeskOut(
        counts={status: count.number for status, count in found.items()},
        estimated=[status for status, count in found.items() if not count.exact],
    )


@router.get("/{order_id}/history", operation_id="list_history", summary="流转记录")
async def list_history(
    order_id: OrderPath,
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[HistoryOut]:
    """何人何时做了何事，先后为序。延期由时限服务记录，见其工单延期一览。"""
    await store.seen(session, order_id, scope, runtime.works.sealer)
    found = await store.history_of(session, order_id, cursor=cursor, limit=limit)
    items = [HistoryOut(**{name: getattr(row, name) for name in HistoryOut.model_fields}) for row in found.rows]
    return Page(items=items, next=found.next)


@router.get("/{order_id}/recommendations", operation_id="show_recommendations", summary="推荐承办单位")
async def show_recommendations(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> RecommendationOut:
    """至少三个候选单位，各附依据类型与佐证。"""
    await store.seen(session, order_id, scope, runtime.works.sealer)
    return RecommendationOut.of(await recommendation_of(session, order_id))

"""The lists of orders, the history of one, and its recommendation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.dispatch.orders import store
from services.dispatch.orders.model import Group, Sort, Status, Today, Wanted
from services.dispatch.orders.schemas import DeskOut, HistoryOut, NamedOrder, OrderOut, order_out
from services.dispatch.recommending.schemas import RecommendationOut
from services.dispatch.recommending.store import recommendation_of
from shared.deps import CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.service import Runtime
from shared.web import Code, DeskRoute, Identifier, Line, Page, SaneMoment

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


async def wanted_orders(
    *,
    status: Annotated[
        list[Status] | None, Query(max_length=12, title="状态", description="状态；不填为未办结的工单")
    ] = None,
    group: Annotated[
        Group | None,
        Query(
            title="列表",
            description="未办结工单的列表：new 待认领 / to_contact 待联系 / in_progress 办理中 / sent_back 退回重办 / "
            "return_rejected 回退被驳回 / "
            "to_assign 待研判 / consult 会商研判 / returns 回退待审 / leader_review 待单位领导审阅 / "
            "centre_review 待中心审核 / with_upstream 待反馈、待回访 / planned 列入计划 / overdue 超期 / "
            "due_today 今日到期 / urgent 特殊紧急 / urged 已催办 / changed 上级已变更、尚未答复",
        ),
    ] = None,
    unit: Annotated[Code | None, Query(title="当前承办单位", description="当前承办单位")] = None,
    platform: Annotated[Code | None, Query(title="平台代码", description="上级平台代码")] = None,
    urgent: Annotated[bool | None, Query(title="是否特殊紧急事项", description="是否特殊紧急事项")] = None,
    urged: Annotated[bool | None, Query(title="是否催办过", description="是否催办过")] = None,
    category: Annotated[Line | None, Query(title="诉求类别", description="诉求类别，完全相同")] = None,
    street: Annotated[Line | None, Query(title="街道、园区", description="街道、园区，完全相同")] = None,
    due_before: Annotated[
        SaneMoment | None, Query(title="截止时刻不晚于", description="最紧迫的时限不晚于此时")
    ] = None,
    received_from: Annotated[SaneMoment | None, Query(title="接收时间起", description="接收时间不早于此时")] = None,
    received_before: Annotated[SaneMoment | None, Query(title="接收时间止", description="接收时间早于此时")] = None,
    changed_since: Annotated[
        SaneMoment | None, Query(title="变更时间起", description="上级平台在此时或以后变更过")
    ] = None,
    sort: Annotated[
        Sort,
        Query(
            title="排序",
            description="紧急类别在先；同类按 received 接收先后，或 pressing 最紧迫的时限先后（只列未办结的）",
        ),
    ] = Sort.RECEIVED,
) -> Wanted:
    """Which orders a list or its export has."""
    return Wanted(
        statuses=tuple(status or ()),
        group=group,
        unit=unit,
        platform=platform,
        urgent=urgent,
        urged=urged,
        category=category,
        street=street,
        due_before=due_before,
        received_from=received_from,
        received_before=received_before,
        changed_since=changed_since,
        sort=sort,
    )


WantedOrders = Annotated[Wanted, Depends(wanted_orders)]


def today_of(runtime: Runtime) -> Today:
    """What is overdue and what is due today, at this moment."""
    now = runtime.clock.now()
    return Today(now, runtime.works.calendar.due_at(now, 0).at)


@router.get("", operation_id="list_orders", summary="工单列表", responses={200: {"links": _FROM_LIST}})
async def list_orders(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    wanted: WantedOrders,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderOut]:
    """安全紧急在前，其次民生紧急、政策咨询，再次普通工单，同类按接收时间或最紧迫的时限先后；承办单位只看到本单位的工单。"""
    today = today_of(runtime)
    found = await store.orders_waiting(session, scope, wanted, today=today, cursor=cursor, limit=limit)
    sealer = runtime.works.sealer
    sights = await store.sights_of(session, sealer, scope, found.rows)
    items = [order_out(sealer, record, sights[record.order_id], today.now) for record in found.rows]
    return Page(items=items, next=found.next)


@router.get("/counts", operation_id="count_orders", summary="各状态、各列表件数")
async def count_orders(session: InRead, scope: CurrentScope, runtime: ThisRuntime) -> DeskOut:
    """本人所见未办结工单的件数：按状态（超过一万件的为估计数），以及按列表（group）。"""
    today = today_of(runtime)
    found = await store.count_by_status(session, scope)
    groups, complete = await store.count_by_group(session, scope, today)
    return DeskOut(
        counts={status: count.number for status, count in found.items()},
        estimated=[status for status, count in found.items() if not count.exact],
        groups=groups,
        groups_complete=complete,
        as_of=today.now,
    )


@router.get("/names", operation_id="name_orders", summary="工单编号、标题与时限（供其他列表显示）")
async def name_orders(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    order_id: Annotated[
        list[Identifier], Query(min_length=1, max_length=200, title="工单编号", description="工单标识，至多 200 个")
    ],
) -> list[NamedOrder]:
    """答复、延期、时限、反馈等列表只有工单标识：一次取得一页工单的编号、标题、单位和最紧迫的时限。无权查看的不列。"""
    sealer, now = runtime.works.sealer, runtime.clock.now()
    found = await store.orders_named(session, sealer, scope, order_id)
    return [NamedOrder.of(one, sealer, now) for one in found]


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
    """至少三个候选单位，各附依据类型与佐证。回退获同意后重新推荐：回退单位建议的单位居首，另有单位的职责明显更相符的除外。"""
    await store.seen(session, order_id, scope, runtime.works.sealer)
    return RecommendationOut.of(await recommendation_of(session, order_id))

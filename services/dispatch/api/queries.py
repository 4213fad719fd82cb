"""What is shown of orders: the queue, one order, and what hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response

from services.dispatch.model import Status
from services.dispatch.rules.lifecycle import moves_open_to
from services.dispatch.rules.returns import window_closes_at
from services.dispatch.schemas.orders import (
    AssignmentOut,
    AttachmentOut,
    ContactOut,
    DeskOut,
    HistoryOut,
    NoteOut,
    OrderDetail,
    OrderOut,
    RecommendationOut,
    ReplyOut,
    ReturnOut,
    order_detail,
    order_out,
)
from services.dispatch.store import cases as store
from services.dispatch.store.rulesets import rules_at
from shared.deps import CurrentPerson, CurrentScope, Cursor, InRead, Limit, ThisRuntime
from shared.identity import Person, Role
from shared.web import Code, DeskRoute, Identifier, Page, cursor_of, position_of
from shared.web.paging import BadCursor

router = APIRouter(prefix="/v1/orders", route_class=DeskRoute, tags=["工单查询"])

OrderPath = Annotated[Identifier, Path(title="工单编号", description="工单标识")]
# What callers and units said to each other is for those who handle, dispatch, review or revisit it; the others see
# that and when it was said (X2).
_READERS = (
    Role.DISPATCHER,
    Role.REVIEWER,
    Role.REVISITOR,
    Role.CENTRE_HEAD,
    Role.HANDLER,
    Role.UNIT_DEPUTY,
    Role.UNIT_HEAD,
)
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
_FROM_FILES = {
    "download_attachment": {
        "operationId": "download_attachment",
        "parameters": {"order_id": "$request.path.order_id", "attachment_id": "$response.body#/0/attachment_id"},
    }
}


def _reads_words(person: Person) -> bool:
    return person.has(*_READERS)


def _place(cursor: str | None) -> store.Position | None:
    position = position_of(cursor, int, str, str)
    if position is not None:
        try:
            moment = datetime.fromisoformat(str(position[1]))
        except ValueError as fault:
            raise BadCursor from fault
        if moment.tzinfo is None:
            raise BadCursor
    return position


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
    """紧急工单在前，其余按接收时间先后；承办单位只看到本单位的工单。"""
    found = await store.orders_waiting(
        session, scope, statuses=status or (), unit=unit, urgent=urgent, after=_place(cursor), limit=limit + 1
    )
    sealer = runtime.works.sealer
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[order_out(sealer, record) for record in found[:limit]],
        next=None if last is None else cursor_of(last.queue, last.received_at.isoformat(), last.order_id),
    )


@router.get("/counts", operation_id="count_orders", summary="各状态件数")
async def count_orders(session: InRead, scope: CurrentScope) -> DeskOut:
    """未办结工单按状态计数。"""
    return DeskOut(counts=await store.count_by_status(session, scope))


@router.get("/{order_id}", operation_id="show_order", summary="查看工单")
async def show_order(
    order_id: OrderPath,
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    response: Response,
) -> OrderDetail:
    """诉求内容、承办情况，以及本人现在可以进行的操作。"""
    record = await store.case_of(session, order_id, scope)
    case, calendar = record.as_case(), runtime.works.calendar
    rules = await rules_at(session, case.received_at)
    can = moves_open_to(case, person.roles, person.unit, rules=rules, now=runtime.clock.now(), calendar=calendar)
    closes_at = None if case.assigned_at is None else window_closes_at(case.assigned_at, rules, calendar)
    response.headers["ETag"] = f'"{record.version}"'
    return order_detail(runtime.works.sealer, record, can=can, return_closes_at=closes_at)


@router.get("/{order_id}/history", operation_id="list_history", summary="流转记录")
async def list_history(
    order_id: OrderPath, session: InRead, scope: CurrentScope, cursor: Cursor = None, limit: Limit = 50
) -> Page[HistoryOut]:
    """何人何时做了何事，先后为序。"""
    await store.case_of(session, order_id, scope)
    position = position_of(cursor, int)
    after = None if position is None else int(position[0])
    rows = await store.history_of(session, order_id, after=after, limit=limit + 1)
    items = [HistoryOut(**{name: row[name] for name in HistoryOut.model_fields}) for row in rows[:limit]]
    return Page(items=items, next=cursor_of(rows[limit - 1]["id"]) if len(rows) > limit else None)


@router.get("/{order_id}/recommendations", operation_id="show_recommendations", summary="推荐承办单位")
async def show_recommendations(order_id: OrderPath, session: InRead, scope: CurrentScope) -> RecommendationOut:
    """至少三个候选单位，各附依据类型与佐证。"""
    await store.case_of(session, order_id, scope)
    return RecommendationOut.of(await store.recommendation_of(session, order_id))


@router.get("/{order_id}/assignments", operation_id="list_assignments", summary="责任链")
async def list_assignments(
    order_id: OrderPath, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> list[AssignmentOut]:
    """历次交办：单位、依据、原因、何人何时；首接单位在第一行。文字只对办理、审核人员显示。"""
    await store.case_of(session, order_id, scope)
    words, sealer = _reads_words(person), runtime.works.sealer
    return [AssignmentOut.of(record, sealer, words=words) for record in await store.assignments_of(session, order_id)]


@router.get("/{order_id}/contacts", operation_id="list_contacts", summary="联系记录")
async def list_contacts(
    order_id: OrderPath, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> list[ContactOut]:
    """最近 200 条；联系人、号码与内容只对办理、审核人员显示。"""
    await store.case_of(session, order_id, scope)
    words, sealer = _reads_words(person), runtime.works.sealer
    return [ContactOut.of(record, sealer, words=words) for record in await store.contacts_of(session, order_id)]


@router.get("/{order_id}/notes", operation_id="list_notes", summary="办理进度")
async def list_notes(
    order_id: OrderPath, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> list[NoteOut]:
    """最近 200 条。"""
    await store.case_of(session, order_id, scope)
    words, sealer = _reads_words(person), runtime.works.sealer
    return [NoteOut.of(record, sealer, words=words) for record in await store.notes_of(session, order_id)]


@router.get("/{order_id}/returns", operation_id="list_returns", summary="回退记录")
async def list_returns(
    order_id: OrderPath, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> list[ReturnOut]:
    """历次回退申请及中心的决定；文字只对办理、审核人员显示。"""
    await store.case_of(session, order_id, scope)
    words, sealer = _reads_words(person), runtime.works.sealer
    return [ReturnOut.of(record, sealer, words=words) for record in await store.returns_of(session, order_id)]


@router.get("/{order_id}/replies", operation_id="list_replies", summary="答复记录")
async def list_replies(
    order_id: OrderPath, session: InRead, scope: CurrentScope, person: CurrentPerson, runtime: ThisRuntime
) -> list[ReplyOut]:
    """历次提交的答复及其结果、退回意见。"""
    await store.case_of(session, order_id, scope)
    words, sealer = _reads_words(person), runtime.works.sealer
    return [ReplyOut.of(record, sealer, words=words) for record in await store.replies_of(session, order_id)]


@router.get(
    "/{order_id}/attachments",
    operation_id="list_attachments",
    summary="附件列表",
    responses={200: {"links": _FROM_FILES}},
)
async def list_attachments(order_id: OrderPath, session: InRead, scope: CurrentScope) -> list[AttachmentOut]:
    """回退材料与证明材料。"""
    await store.case_of(session, order_id, scope)
    return [AttachmentOut.of(record) for record in await store.attachments_of(session, order_id)]


@router.get(
    "/{order_id}/attachments/{attachment_id}",
    operation_id="download_attachment",
    summary="下载附件",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def download_attachment(
    order_id: OrderPath,
    attachment_id: Annotated[Identifier, Path(title="附件编号", description="附件标识")],
    session: InRead,
    scope: CurrentScope,
) -> Response:
    """原始字节；浏览器只会保存，不会打开。"""
    await store.case_of(session, order_id, scope)
    found = await store.attachment_of(session, order_id, attachment_id)
    return Response(
        found.content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"},
    )

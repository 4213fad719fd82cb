"""What the unit does with an order: take it up, contacts, progress notes."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.dispatch.handling import handlers, store
from services.dispatch.handling.schemas import (
    ContactBody,
    ContactOut,
    ContactRecorded,
    NoteBody,
    NoteOut,
    NoteRecorded,
)
from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from shared.deps import CurrentScope, InRead, InWork, ThisRuntime
from shared.web import CommandRoute

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=CommandRoute)


@router.post("/accept", status_code=204, operation_id="accept_order", summary="认领", tags=["办理"])
async def accept_order(order_id: OrderPath, work: InWork, scope: CurrentScope) -> None:
    """认领不影响任何时限：时限自交办起算。"""
    await handlers.accept_order(work, order_id, scope)


@router.post(
    "/contacts",
    status_code=201,
    operation_id="record_contact",
    summary="登记联系记录",
    tags=["办理"],
    responses={200: {"model": ContactRecorded, "description": "该次联系已登记过，仍为同一条记录"}},
)
async def record_contact(
    order_id: OrderPath, body: ContactBody, work: InWork, scope: CurrentScope, response: Response
) -> ContactRecorded:
    """接通、拒绝计为有效联系；未接通须两次以上方计，各次相隔不少于 10 分钟，更近的只作记录。同一时间、同一号码、同一结果的为同一次联系，重复登记不另计。"""
    recorded = await handlers.record_contact(work, order_id, scope, body.as_contact())
    if recorded.known:
        response.status_code = 200
    return ContactRecorded.of(recorded)


@router.post(
    "/notes",
    status_code=201,
    operation_id="note_progress",
    summary="登记办理进度",
    tags=["办理"],
    responses={200: {"model": NoteRecorded, "description": "该条进度已登记过，仍为同一条记录"}},
)
async def note_progress(
    order_id: OrderPath, body: NoteBody, work: InWork, scope: CurrentScope, response: Response
) -> NoteRecorded:
    """当日不能解决的，写明办理进度和再次联系时间。内容和再次联系时间都相同的为同一条，重复登记不另计。"""
    note_id, new = await handlers.note_progress(work, order_id, scope, text=body.text, promised_at=body.promised_at)
    if not new:
        response.status_code = 200
    return NoteRecorded(note_id=note_id)


@router.get("/contacts", operation_id="list_contacts", summary="联系记录", tags=["工单查询"])
async def list_contacts(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[ContactOut]:
    """最近 200 条；联系人、号码与内容只对办理、审核人员显示。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    rows = await store.contacts_of(session, order_id, only=found.only)
    return [ContactOut.of(row, sealer, found.sight) for row in rows]


@router.get("/notes", operation_id="list_notes", summary="办理进度", tags=["工单查询"])
async def list_notes(order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime) -> list[NoteOut]:
    """最近 200 条。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    rows = await store.notes_of(session, order_id, only=found.only)
    return [NoteOut.of(row, sealer, found.sight) for row in rows]

"""What people do with orders: the desk assigns and decides returns, the unit handles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from services.dispatch.handlers import assigning, handling, returning
from services.dispatch.schemas.commands import (
    AssignBody,
    AssignedOut,
    ContactBody,
    ContactRecorded,
    NoteBody,
    NoteRecorded,
    ReplyBody,
    ReplyRecorded,
    ReturnBody,
    ReturnDecision,
    ReturnRequested,
)
from shared.deps import CurrentPerson, CurrentScope, IfMatch, InWork, allow
from shared.errors import Forbidden
from shared.identity import Role, Scope
from shared.web import CommandRoute, Identifier

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=CommandRoute)

OrderPath = Annotated[Identifier, Path(title="工单编号", description="工单标识")]
_DESK = [Depends(allow(Role.DISPATCHER, Role.CENTRE_HEAD))]
_HANDLER = [Depends(allow(Role.HANDLER))]
_UNIT = [Depends(allow(Role.HANDLER, Role.UNIT_DEPUTY, Role.UNIT_HEAD))]


async def _own_unit(person: CurrentPerson) -> Scope:
    """A unit acts on its own orders only, whatever else the person may read (S4.2a)."""
    if person.unit is None:
        raise Forbidden
    return Scope(unit=person.unit, everything=False)


OwnUnit = Annotated[Scope, Depends(_own_unit)]


@router.post("/assign", operation_id="assign_order", summary="交办或改派", tags=["派单"], dependencies=_DESK)
async def assign_order(
    order_id: OrderPath, body: AssignBody, work: InWork, scope: CurrentScope, version: IfMatch
) -> AssignedOut:
    """须填写依据；改派须填写理由；回退达到规则次数（2022 年通知为两次）的工单须由中心负责人填写研判决定。"""
    return AssignedOut(assignment=await assigning.assign_order(work, order_id, scope, body.as_order(), version=version))


@router.post(
    "/accept", status_code=204, operation_id="accept_order", summary="认领", tags=["办理"], dependencies=_HANDLER
)
async def accept_order(order_id: OrderPath, work: InWork, scope: OwnUnit) -> None:
    """认领不影响任何时限：时限自交办起算。"""
    await handling.accept_order(work, order_id, scope)


@router.post(
    "/contacts",
    status_code=201,
    operation_id="record_contact",
    summary="登记联系记录",
    tags=["办理"],
    dependencies=_HANDLER,
)
async def record_contact(order_id: OrderPath, body: ContactBody, work: InWork, scope: OwnUnit) -> ContactRecorded:
    """接通、拒绝计为有效联系；未接通须两次以上方计。"""
    recorded = await handling.record_contact(work, order_id, scope, body.as_contact())
    return ContactRecorded(contact_id=recorded.contact_id, attempt=recorded.attempt, counts=recorded.counts)


@router.post(
    "/notes",
    status_code=201,
    operation_id="note_progress",
    summary="登记办理进度",
    tags=["办理"],
    dependencies=_HANDLER,
)
async def note_progress(order_id: OrderPath, body: NoteBody, work: InWork, scope: OwnUnit) -> NoteRecorded:
    """当日不能解决的，写明办理进度和再次联系时间。"""
    note_id = await handling.note_progress(work, order_id, scope, text=body.text, promised_at=body.promised_at)
    return NoteRecorded(note_id=note_id)


@router.post(
    "/reply",
    status_code=201,
    operation_id="submit_reply",
    summary="提交答复",
    tags=["办理"],
    dependencies=_HANDLER,
)
async def submit_reply(order_id: OrderPath, body: ReplyBody, work: InWork, scope: OwnUnit) -> ReplyRecorded:
    """五要素齐备，且已向来电人反馈；提交后由单位主要领导审阅。"""
    reply_id, number = await handling.submit_reply(work, order_id, scope, body.as_reply())
    return ReplyRecorded(reply_id=reply_id, round=number)


@router.post(
    "/return",
    status_code=202,
    operation_id="request_return",
    summary="申请回退",
    tags=["回退"],
    dependencies=_UNIT,
)
async def request_return(order_id: OrderPath, body: ReturnBody, work: InWork, scope: OwnUnit) -> ReturnRequested:
    """回退时限内（2022 年通知为交办后 1 个工作日，以工单接收时的规则为准），附原因、政策依据、建议单位和相关材料；期间时限照常计算。"""
    return ReturnRequested(return_id=await returning.request_return(work, order_id, scope, body.as_request()))


@router.post(
    "/return/decision",
    status_code=204,
    operation_id="decide_return",
    summary="审定回退",
    tags=["回退"],
    dependencies=_DESK,
)
async def decide_return(
    order_id: OrderPath, body: ReturnDecision, work: InWork, scope: CurrentScope, version: IfMatch
) -> None:
    """同意则收回重新研判，达到规则次数（2022 年通知为两次）的提请研判小组；驳回须说明理由，且不得再次回退。"""
    accepted = body.decision == "accept"
    await returning.decide_return(work, order_id, scope, accepted=accepted, reason=body.reason, version=version)

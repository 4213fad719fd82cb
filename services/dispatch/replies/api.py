"""Submitting a reply, and the replies of an order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from services.dispatch.replies import handlers, store
from services.dispatch.replies.schemas import ReplyBody, ReplyOut, ReplyRecorded
from shared.deps import CurrentScope, InRead, InWork, ThisRuntime
from shared.files.upload import UPLOAD_RESPONSES, Upload, UploadForm, UploadRoute

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=UploadRoute)


@router.post(
    "/reply",
    status_code=201,
    operation_id="submit_reply",
    summary="提交答复",
    tags=["办理"],
    responses=UPLOAD_RESPONSES,
)
async def submit_reply(
    order_id: OrderPath,
    upload: Annotated[Upload[ReplyBody], Depends(UploadForm(ReplyBody, or_json=True))],
    work: InWork,
    scope: CurrentScope,
) -> ReplyRecorded:
    """五要素齐备，且已向来电人反馈；提交后由单位主要领导审阅。有证明材料（files）的以表单提交，没有的可直接提交 JSON。"""
    reply_id, number = await handlers.submit_reply(work, order_id, scope, upload.data.as_reply(upload.files))
    return ReplyRecorded(reply_id=reply_id, round=number)


@router.get("/replies", operation_id="list_replies", summary="答复记录", tags=["工单查询"])
async def list_replies(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[ReplyOut]:
    """历次提交的答复及其结果、退回意见。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    rows = await store.replies_of(session, order_id, only=found.only)
    return [ReplyOut.of(row, sealer, found.sight) for row in rows]

"""Asking for a return, deciding on it, and the returns of an order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from services.dispatch.returns import handlers, store
from services.dispatch.returns.schemas import ReturnBody, ReturnDecision, ReturnOut, ReturnRequested
from shared.deps import CurrentScope, IfMatch, InRead, InWork, ThisRuntime
from shared.files.upload import UPLOAD_RESPONSES, Upload, UploadForm, UploadRoute

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=UploadRoute)


@router.post(
    "/return",
    status_code=202,
    operation_id="request_return",
    summary="申请回退",
    tags=["回退"],
    responses=UPLOAD_RESPONSES,
)
async def request_return(
    order_id: OrderPath,
    upload: Annotated[Upload[ReturnBody], Depends(UploadForm(ReturnBody))],
    work: InWork,
    scope: CurrentScope,
) -> ReturnRequested:
    """回退时限内（2022 年通知为交办后 1 个工作日，以工单接收时的规则为准），附原因、政策依据、建议单位和相关材料（files，至少一份）；期间时限照常计算。"""
    request = upload.data.as_request(upload.files)
    return ReturnRequested(return_id=await handlers.request_return(work, order_id, scope, request))


@router.post(
    "/return/decision",
    status_code=204,
    operation_id="decide_return",
    summary="审定回退",
    tags=["回退"],
)
async def decide_return(
    order_id: OrderPath, body: ReturnDecision, work: InWork, scope: CurrentScope, version: IfMatch
) -> None:
    """同意则收回重新研判，达到规则次数（2022 年通知为两次）的提请研判小组；驳回须说明理由，且不得再次回退。"""
    accepted = body.decision == "accept"
    await handlers.decide_return(work, order_id, scope, accepted=accepted, reason=body.reason, version=version)


@router.get("/returns", operation_id="list_returns", summary="回退记录", tags=["工单查询"])
async def list_returns(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[ReturnOut]:
    """历次回退申请及中心的决定；文字只对办理、审核人员显示。申请的单位在工单收回之后仍可查看本单位的申请及决定。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    rows = await store.returns_of(session, order_id, only=found.only)
    return [ReturnOut.of(row, sealer, found.sight, to_unit=not scope.everything) for row in rows]

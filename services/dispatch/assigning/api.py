"""Assigning orders, and the chain of responsibility."""

from __future__ import annotations

from fastapi import APIRouter

from services.dispatch.assigning import handlers, store
from services.dispatch.assigning.schemas import AssignBody, AssignedOut, AssignmentOut
from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.store import seen
from shared.deps import CurrentScope, IfMatch, InRead, InWork, ThisRuntime
from shared.web import CommandRoute

router = APIRouter(prefix="/v1/orders/{order_id}", route_class=CommandRoute)


@router.post("/assign", operation_id="assign_order", summary="交办或改派", tags=["派单"])
async def assign_order(
    order_id: OrderPath, body: AssignBody, work: InWork, scope: CurrentScope, version: IfMatch
) -> AssignedOut:
    """须填写依据；改派须填写理由；回退达到规则次数（2022 年通知为两次）的工单须由中心负责人填写研判决定。"""
    done = await handlers.assign_order(work, order_id, scope, body.as_order(), version=version)
    return AssignedOut(assignment=done.number, returned_before=done.returned_before)


@router.get("/assignments", operation_id="list_assignments", summary="责任链", tags=["工单查询"])
async def list_assignments(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[AssignmentOut]:
    """历次交办：单位、依据、原因、何人何时；首接单位在第一行。文字只对办理、审核人员显示。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    rows = await store.assignments_of(session, order_id, only=found.only)
    return [AssignmentOut.of(row, sealer, found.sight) for row in rows]

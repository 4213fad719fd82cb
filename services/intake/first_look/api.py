"""Correcting what the first look found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.intake.first_look import handlers
from services.intake.first_look.schemas import FlagsBody
from shared.deps import IfMatch, InWork
from shared.web import CommandRoute, Identifier

router = APIRouter(prefix="/v1/orders", route_class=CommandRoute, tags=["工单（上级副本）"])

OrderPath = Annotated[Identifier, Path(title="工单编号")]


@router.post(
    "/{order_id}/flags",
    summary="人工修正紧急类别与受理范围标记",
    operation_id="overrule_flags",
    status_code=204,
)
async def overrule_flags(order_id: OrderPath, body: FlagsBody, work: InWork, if_match: IfMatch) -> Response:
    """What the person says holds from now on, also for later versions (S1.3.1a, S2.2.2a)."""
    revision = await handlers.overrule_flags(
        work,
        order_id,
        urgent=body.urgent,
        out_of_scope=body.out_of_scope,
        reason=body.reason,
        expected=if_match,
    )
    return Response(status_code=204, headers={"ETag": f'"{revision}"'})

"""Search of orders."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from services.intake.orders.api import line_of
from services.intake.orders.schemas import OrderLine
from services.intake.searching import handlers
from services.intake.searching.schemas import SearchBody
from shared.access import ACCESS
from shared.deps import CurrentPerson, CurrentScope, Cursor, InLook, Limit
from shared.web import DeskRoute, Page

router = APIRouter(prefix="/v1/orders", route_class=DeskRoute, tags=["工单（上级副本）"])


@router.post(
    "/search",
    summary="检索工单（按编号、标题词语、电话号码）",
    operation_id="search_orders",
    response_model=Page[OrderLine],
)
async def search_orders(
    body: SearchBody, work: InLook, scope: CurrentScope, person: CurrentPerson, cursor: Cursor = None, limit: Limit = 50
) -> dict[str, Any]:
    """最近受理在前；承办单位只能检索本单位当前承办的工单，按电话号码查不到要求保密的工单。

    电话号码不写入地址，故以 POST 提交；仅可查看来电人的人员可按号码查询，每次查询留痕。一页可能少于所要条数，以 next 为准。
    """
    search = body.as_search()
    if search.phone is not None:
        # Who may not have a caller revealed may not ask whether a number is a caller's either.
        scope = ACCESS["intake"]["reveal_caller"].scope_of(person)
    page = await handlers.search_orders(work, scope, search, cursor=cursor, limit=limit)
    return {"items": [line_of(one, title, sight) for one, title, sight in page.rows], "next": page.next}

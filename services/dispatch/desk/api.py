"""One order, with what this person can do with it now."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.dispatch.desk.rules import moves_of
from services.dispatch.desk.schemas import FormerOrder, OrderDetail, former_order, order_detail
from services.dispatch.orders.api import OrderPath
from services.dispatch.orders.rules import OPERATIONS
from services.dispatch.orders.store import seen
from services.dispatch.returns.rules import window_closes_at
from services.dispatch.returns.store import returns_of
from services.dispatch.rulesets.store import rules_at
from shared.access import ACCESS
from shared.deps import CurrentPerson, CurrentScope, InRead, ThisRuntime
from shared.web import DeskRoute

router = APIRouter(prefix="/v1/orders", route_class=DeskRoute, tags=["工单查询"])


@router.get("/{order_id}", operation_id="show_order", summary="查看工单")
async def show_order(
    order_id: OrderPath,
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    response: Response,
) -> OrderDetail | FormerOrder:
    """诉求内容、承办情况，以及本人现在可以进行的操作、其余操作为何不能；曾承办的单位只见编号、标题和本单位回退申请的结果。"""
    sealer = runtime.works.sealer
    found = await seen(session, order_id, scope, sealer)
    if found.only is not None:
        return former_order(sealer, found, await returns_of(session, order_id, only=found.only))
    record = found.record
    case, calendar, now = record.as_case(), runtime.works.calendar, runtime.clock.now()
    rules = await rules_at(session, case.received_at)
    allowed = frozenset(move for move, name in OPERATIONS.items() if ACCESS["dispatch"][name].allows(person))
    moves = moves_of(
        case,
        allowed,
        person.unit,
        roles=person.roles,
        rules=rules,
        now=now,
        calendar=calendar,
    )
    closes_at = None if case.assigned_at is None else window_closes_at(case.assigned_at, rules, calendar)
    response.headers["ETag"] = f'"{record.version}"'
    return order_detail(sealer, found, moves=moves, return_closes_at=closes_at, now=now)

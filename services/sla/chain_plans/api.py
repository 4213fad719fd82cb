"""What people ask of a signature chain: by when each step has to begin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from services.sla.chain_plans import rules, store
from services.sla.chain_plans.schemas import ChainPlan, Step
from services.sla.clocks.errors import OrderHasNoClocks
from services.sla.clocks.store import step_spans
from services.sla.orders.store import order_in_scope
from services.sla.rulesets.store import published
from shared.deps import CurrentScope, InRead, ThisRuntime
from shared.web import DeskRoute, Identifier

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["看板"])


@router.get("/orders/{order_id}/chain-plan", operation_id="chain_plan", summary="签批链倒排工期")
async def chain_plan(
    order_id: Annotated[Identifier, Path(title="工单编号", description="工单编号")],
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
) -> ChainPlan:
    """The latest start of each step, counted backwards from the deadline by what such steps took (S2.2.3i)."""
    order = await order_in_scope(session, order_id, scope)
    due_at = await store.chain_deadline(session, order_id)
    if order is None or due_at is None:
        raise OrderHasNoClocks(order_id)
    rule_set = (await published(session)).of(order.rules)
    calendar, now = runtime.works.calendar, runtime.clock.now()
    observed = rules.observed_hours(await step_spans(session), rule_set, calendar)
    steps = rules.backward_plan(rules.chain_of(order.scheme, observed, rule_set), due_at, rule_set, calendar)
    submit_by = steps[0].latest_start
    return ChainPlan(
        order_id=order_id,
        due_at=due_at,
        submit_by=submit_by,
        at_risk=submit_by < now <= due_at,
        steps=[Step.of(step, now) for step in steps],
    )

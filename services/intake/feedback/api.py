"""Replies on their way to the platforms: listed, read, and sent again by a person (S2.3b, P8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from services.intake.feedback import handlers, rules, store
from services.intake.feedback.model import DeliveryState
from services.intake.feedback.schemas import DeliveryDetail, DeliveryLine
from services.intake.feedback.tables import Delivery
from shared.deps import Cursor, InRead, InWork, Limit
from shared.web import CommandRoute, Identifier, Page

router = APIRouter(prefix="/v1/deliveries", route_class=CommandRoute, tags=["办理结果反馈"])

DeliveryPath = Annotated[Identifier, Path(title="反馈编号")]

_LINKS: Final = {
    name: {"operationId": name, "parameters": {"delivery_id": "$response.body#/items/0/id"}}
    for name in ("read_delivery", "retry_delivery")
}


def _line(record: Delivery, numbers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": record.id,
        "order_id": record.order_id,
        "reply_id": record.reply_id,
        "channel": record.platform,
        "platform_no": numbers.get(record.order_id),
        "round": record.round,
        "unit": record.unit,
        "disposition": record.disposition,
        "state": record.state,
        "attempts": record.attempts,
        "created_at": record.created_at,
        "next_at": record.next_at,
        "acked_at": record.acked_at,
        "acked_by": record.acked_by,
    }


@router.get(
    "",
    summary="查询反馈",
    operation_id="list_deliveries",
    response_model=Page[DeliveryLine],
    responses={200: {"links": _LINKS}},
)
async def list_deliveries(
    session: InRead,
    state: Annotated[DeliveryState | None, Query(title="反馈状态", description="反馈状态")] = None,
    order_id: Annotated[Identifier | None, Query(title="工单编号", description="工单编号")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first."""
    page = await store.deliveries_page(session, state=state, order_id=order_id, cursor=cursor, limit=limit)
    numbers = await store.numbers_of(session, {record.order_id for record in page.rows})
    return {"items": [_line(record, numbers) for record in page.rows], "next": page.next}


@router.get(
    "/{delivery_id}",
    summary="查看反馈及各次发送",
    operation_id="read_delivery",
    response_model=DeliveryDetail,
)
async def read_delivery(delivery_id: DeliveryPath, session: InRead) -> dict[str, Any]:
    """With every attempt."""
    record = await store.delivery_of(session, delivery_id)
    attempts = await store.attempts_of(session, delivery_id)
    return {
        **_line(record, await store.numbers_of(session, {record.order_id})),
        "history": [
            {
                "number": one.number,
                "started_at": one.started_at,
                "ended_at": one.ended_at,
                "status": one.status,
                "outcome": one.outcome,
                "reason": one.reason,
                "words": None if one.outcome is None else rules.words_of(one.outcome, one.reason),
            }
            for one in attempts
        ],
    }


@router.post(
    "/{delivery_id}/retry",
    summary="立即重新反馈",
    operation_id="retry_delivery",
    status_code=204,
)
async def retry_delivery(delivery_id: DeliveryPath, work: InWork) -> None:
    """At once, with the whole schedule before it again."""
    await handlers.retry(work, delivery_id)

"""Requests that could not be understood: listed, read, dropped (S1.1.1a)."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query

from services.intake.quarantine import handlers, policy, store
from services.intake.quarantine.model import QuarantineState
from services.intake.quarantine.schemas import DropBody, QuarantineDetail, QuarantineGroups, QuarantineLine
from services.intake.quarantine.tables import Quarantined
from shared.deps import Cursor, InRead, InWork, Limit
from shared.web import CommandRoute, Identifier, Page

router = APIRouter(
    prefix="/v1/quarantine",
    route_class=CommandRoute,
    tags=["隔离请求"],
)

QuarantinePath = Annotated[Identifier, Path(title="隔离编号")]

_LINKS: Final = {
    name: {"operationId": name, "parameters": {"quarantine_id": "$response.body#/items/0/id"}}
    for name in ("read_quarantined", "release_quarantined", "drop_quarantined")
}


def _line(record: Quarantined) -> dict[str, Any]:
    return {
        "id": record.id,
        "channel": record.channel,
        "kind": record.kind,
        "verified": record.verified,
        "signed_by": record.signed_by,
        "source": record.source,
        "platform_revision": record.platform_revision,
        "reason": record.reason,
        "cause": record.cause,
        "size": record.size,
        "state": record.state,
        "received_at": record.received_at,
        "decided_by": record.decided_by,
        "decided_at": record.decided_at,
        "why": record.why,
        "order_id": record.order_id,
    }


@router.get(
    "",
    summary="查询隔离请求",
    operation_id="list_quarantined",
    response_model=Page[QuarantineLine],
    responses={200: {"links": _LINKS}},
)
async def list_quarantined(
    session: InRead,
    state: Annotated[QuarantineState | None, Query(title="处理状态", description="处理状态")] = None,
    channel: Annotated[str | None, Query(title="渠道代码", description="推送地址中的渠道代码", max_length=40)] = None,
    cause: Annotated[str | None, Query(title="原因", description="同一组的原因", max_length=2000)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first."""
    page = await store.quarantined_page(session, state=state, channel=channel, cause=cause, cursor=cursor, limit=limit)
    return {"items": [_line(record) for record in page.rows], "next": page.next}


@router.get(
    "/groups",
    summary="按原因归组查询待处理的隔离请求",
    operation_id="list_quarantine_groups",
    response_model=QuarantineGroups,
)
async def list_quarantine_groups(session: InRead) -> dict[str, Any]:
    """Requests of one channel, kind and cause, which are released together."""
    groups = await store.waiting_groups(session, policy.GROUPS_LISTED)
    return {
        "items": [
            {
                "channel": group.cause.channel,
                "kind": group.cause.kind,
                "cause": group.cause.cause,
                "reason": group.reason,
                "waiting": group.waiting,
                "first_received_at": group.first_received_at,
                "last_received_at": group.last_received_at,
            }
            for group in groups
        ]
    }


@router.get(
    "/{quarantine_id}",
    summary="查看隔离请求原文（留痕）",
    operation_id="read_quarantined",
    response_model=QuarantineDetail,
)
async def read_quarantined(quarantine_id: QuarantinePath, work: InWork) -> dict[str, Any]:
    """With its bytes, which may name a person: that it was read goes into the audit trail."""
    record = await store.quarantined(work.session, quarantine_id)
    work.audit("quarantine.read", quarantine_id)
    body = handlers.bytes_of(work, record)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = None
    return {
        **_line(record),
        "faults": record.faults,
        "body_base64": base64.b64encode(body).decode(),
        "body_text": text,
    }


@router.post(
    "/{quarantine_id}/drop", summary="丢弃隔离请求（原文仍保留）", operation_id="drop_quarantined", status_code=204
)
async def drop_quarantined(quarantine_id: QuarantinePath, body: DropBody, work: InWork) -> None:
    """It is no order."""
    await handlers.drop(work, quarantine_id, body.reason)

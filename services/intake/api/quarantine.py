"""Requests that could not be understood: listed, read, released, dropped (S1.1.1a)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Path, Query

from services.intake.api.orders import moment_position
from services.intake.api.webhooks import apply_notice
from services.intake.errors import ChannelNeeded
from services.intake.handlers import quarantine as handlers
from services.intake.handlers.parts import NAME, Parts
from services.intake.policy import CHANNELS
from services.intake.schemas.upstream import decoded, notice_of, order_of
from services.intake.schemas.views import (
    DropBody,
    QuarantineDetail,
    QuarantineLine,
    QuarantineState,
    ReleaseBody,
    ReleasedView,
)
from services.intake.store import quarantine as store
from services.intake.tables import Quarantined
from shared.deps import Cursor, InRead, InWork, Limit, ThisRuntime, allow
from shared.identity import CENTRE, Role
from shared.web import CommandRoute, Identifier, Page, cursor_of

router = APIRouter(
    prefix="/v1/quarantine",
    route_class=CommandRoute,
    tags=["隔离请求"],
    dependencies=[Depends(allow(*CENTRE, Role.ADMIN))],
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
        "signed_by": handlers.signer_of(record),
        "source": record.source,
        "reason": record.reason,
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
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first."""
    found = await store.quarantined_page(session, state=state, after=moment_position(cursor), limit=limit + 1)
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return {
        "items": [_line(record) for record in page],
        "next": None if last is None else cursor_of(last.received_at.isoformat(), last.id),
    }


@router.get(
    "/{quarantine_id}",
    summary="查看隔离请求原文（留痕）",
    operation_id="read_quarantined",
    response_model=QuarantineDetail,
)
async def read_quarantined(quarantine_id: QuarantinePath, work: InWork) -> dict[str, Any]:
    """With its bytes, which may name a person: the reading is written down."""
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
    "/{quarantine_id}/release",
    summary="放行隔离请求：可指明渠道、更正内容，按正常受理处理",
    operation_id="release_quarantined",
    response_model=ReleasedView,
)
async def release_quarantined(
    quarantine_id: QuarantinePath, body: ReleaseBody, work: InWork, runtime: ThisRuntime
) -> dict[str, Any]:
    """The same acceptance as for a request that was understood at once.

    The order is durable before the release is; a release that breaks in between can be made again and finds the order.
    """
    record = await handlers.waiting_request(work, quarantine_id)
    channel = CHANNELS.get(body.channel or record.channel)
    if channel is None:
        raise ChannelNeeded(record.channel)
    # The plain writer takes what the reader took, a number of a hundred digits too: the order's own check refuses it.
    payload = handlers.bytes_of(work, record) if body.payload is None else json.dumps(body.payload).encode()
    digest = hashlib.sha256(payload).digest()
    version: int | None = None
    if record.kind == "orders":
        order = order_of(channel, decoded(payload), now=work.now)
        parts = cast("Parts", runtime.parts[NAME])
        accepted = await parts.acceptance.accept(channel, f"release-{quarantine_id}-{digest.hex()[:16]}", digest, order)
        order_id, version = str(accepted.order_id), accepted.version
    else:
        order_id = await apply_notice(
            work, channel.code, notice_of(channel, record.kind, decoded(payload), now=work.now)
        )
    changes = {"channel": channel.code, "corrected": body.payload is not None}
    await handlers.mark_released(work, record, order_id=order_id, version=version, changes=changes, reason=body.reason)
    return {"order_id": order_id, "version": version}


@router.post(
    "/{quarantine_id}/drop", summary="丢弃隔离请求（原文仍保留）", operation_id="drop_quarantined", status_code=204
)
async def drop_quarantined(quarantine_id: QuarantinePath, body: DropBody, work: InWork) -> None:
    """It is no order of anybody."""
    await handlers.drop(work, quarantine_id, body.reason)

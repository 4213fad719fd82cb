"""Releasing a quarantined request (S1.1.1a)."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path

from services.intake.acceptance.handlers import Acceptance
from services.intake.releases import handlers
from services.intake.releases.schemas import ReleaseBody, ReleasedView
from shared.deps import InWork, ThisRuntime
from shared.web import CommandRoute, Identifier

router = APIRouter(
    prefix="/v1/quarantine",
    route_class=CommandRoute,
    tags=["隔离请求"],
)

QuarantinePath = Annotated[Identifier, Path(title="隔离编号")]


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
    # The standard library writes whatever the request's parser read, also a number of a hundred digits, which orjson
    # does not; the checks of the order refuse it afterwards.
    payload = None if body.payload is None else json.dumps(body.payload).encode()
    order_id, version = await handlers.release(
        work,
        runtime.parts.of(Acceptance),
        quarantine_id,
        channel=body.channel,
        payload=payload,
        reason=body.reason,
    )
    return {"order_id": order_id, "version": version}

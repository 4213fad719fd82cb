"""Releasing a quarantined request (S1.1.1a)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from services.intake.acceptance.handlers import Acceptance
from services.intake.quarantine import policy
from services.intake.quarantine.model import Cause
from services.intake.releases import handlers
from services.intake.releases.schemas import ReleaseBody, ReleasedGroupView, ReleasedView, ReleaseGroupBody
from shared.deps import InWork, ThisRuntime
from shared.errors import BusinessError
from shared.web import CommandRoute, Identifier
from shared.web.problem import problem_of

router = APIRouter(
    prefix="/v1/quarantine",
    route_class=CommandRoute,
    tags=["隔离请求"],
)

QuarantinePath = Annotated[Identifier, Path(title="隔离编号")]


@router.post(
    "/groups/release",
    summary=f"一并放行同一原因的隔离请求，每次至多 {policy.RELEASED_TOGETHER} 件，逐件给出结果",
    operation_id="release_quarantine_group",
    response_model=ReleasedGroupView,
)
async def release_quarantine_group(body: ReleaseGroupBody, work: InWork, runtime: ThisRuntime) -> dict[str, Any]:
    """Each request as it came; one that is refused again stays, with its new reason."""
    cause = Cause(body.channel, body.kind, body.cause)
    outcomes, remaining = await handlers.release_group(
        work, runtime.parts.of(Acceptance), cause, channel=body.as_channel, reason=body.reason
    )
    refused = sum(one.code is not None for one in outcomes)
    return {
        "released": len(outcomes) - refused,
        "refused": refused,
        "remaining": remaining,
        "items": [asdict(one) for one in outcomes],
    }


@router.post(
    "/{quarantine_id}/release",
    summary="放行隔离请求：可指明渠道、更正内容，按正常受理处理",
    operation_id="release_quarantined",
    response_model=ReleasedView,
)
async def release_quarantined(
    quarantine_id: QuarantinePath, body: ReleaseBody, work: InWork, runtime: ThisRuntime
) -> dict[str, Any] | Response:
    """The same acceptance as for a request that was understood at once; one that is refused as it came gets its new reason.

    The order is durable before the release is; a release that breaks in between can be made again and finds the order.
    """
    # The standard library writes whatever the request's parser read, also a number of a hundred digits, which orjson
    # does not; the checks of the order refuse it afterwards.
    payload = None if body.payload is None else json.dumps(body.payload).encode()
    released = await handlers.release(
        work,
        runtime.parts.of(Acceptance),
        quarantine_id,
        channel=body.channel,
        payload=payload,
        reason=body.reason,
    )
    if isinstance(released, BusinessError):
        return problem_of(released)
    order_id, version = released
    return {"order_id": order_id, "version": version}

"""The platforms push orders here."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from services.intake.acceptance.handlers import Acceptance
from services.intake.acceptance.schemas import AcceptedView, order_of
from services.intake.channels.model import Answered
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import decoded, unknown_fields
from services.intake.endings.model import Told
from services.intake.webhooks.api import ABOUT, ORDER_LINKS, Pushed, documented, receive, refused
from shared.service import Runtime
from shared.web import RawRoute

router = APIRouter(prefix="/v1/channels", route_class=RawRoute, tags=["上级平台推送"])


@router.post(
    "/{channel}/orders",  # noqa: FAST003 - a raw endpoint takes the request and finds its path parameter there
    summary="推送工单：同一编号再次推送即为同一工单，内容有变则为新版本",
    operation_id="receive_order",
    description=(
        "渠道字段中有版本号的，以版本号判断先后：版本号更小的内容已知悉而不采用（200，not_applied 为 older_revision）；"
        "版本号相同而内容不同的不采用（409，revision_reused）；此前带有版本号、本次内容有变而不带的不采用（409，revision_missing）。"
        + ABOUT
    ),
    status_code=201,
    response_model=AcceptedView,
    responses={
        200: {"model": AcceptedView, "description": "已受理过的工单，或其新版本", "links": ORDER_LINKS},
        201: {"model": AcceptedView, "description": "新工单", "links": ORDER_LINKS},
        **refused(Told.CHANGED, also="revision_reused、revision_missing：本次内容未采用，请以更大的版本号重新推送"),
    },
    openapi_extra=documented(
        "orders",
        {channel.code: {"summary": channel.title, "value": channel.example} for channel in CHANNELS.values()},
    ),
)
async def receive_order(request: Request) -> Response:
    """Verify, understand, store; the answer leaves after the commit."""
    return await receive(request, "orders", _accept)


async def _accept(runtime: Runtime, pushed: Pushed) -> Answered:
    raw = decoded(pushed.body)
    order = order_of(pushed.channel, raw, now=runtime.clock.now())
    unknown = unknown_fields(pushed.channel.order, raw)
    answered = await runtime.parts.of(Acceptance).accept(
        pushed.channel, pushed.webhook_id, pushed.body_hash, order, unknown
    )
    return replace(answered, unknown=tuple(unknown)) if unknown else answered

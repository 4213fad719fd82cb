"""A platform asks how far one of its own orders is (S2.3b)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import decoded
from services.intake.states.schemas import OrderState, number_of, state_example
from services.intake.states.store import own_order
from services.intake.webhooks.api import Pushed, documented, question
from shared.service import Runtime
from shared.web import RawRoute

router = APIRouter(prefix="/v1/channels", route_class=RawRoute, tags=["上级平台推送"])


@router.post(
    "/{channel}/states",  # noqa: FAST003 - a raw endpoint takes the request and finds its path parameter there
    summary="查询本渠道工单的进展",
    operation_id="ask_state",
    description=(
        "以本渠道的工单编号查询，只能查到本渠道推送的工单；签名方法与推送相同，编号写在请求体中，故受签名保护。"
        "查询不登记、不去重，可随时重发；各渠道的回答格式相同，时间均为带 +08:00 的北京时间。"
        "本渠道没有推送过的编号回答 404（unknown_order），请求体有误回答 422（not_understood），均不隔离。"
    ),
    response_model=OrderState,
    openapi_extra=documented(
        "states",
        {channel.code: {"summary": channel.title, "value": state_example(channel)} for channel in CHANNELS.values()},
    ),
)
async def ask_state(request: Request) -> Response:
    """Verify, look it up, answer; nothing is stored."""
    return await question(request, "states", _answer)


async def _answer(runtime: Runtime, pushed: Pushed) -> Response:
    number = number_of(pushed.channel, decoded(pushed.body))
    async with runtime.works.read() as session:
        found = OrderState.of(await own_order(session, pushed.channel.code, number))
    return Response(found.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})

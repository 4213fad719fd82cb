"""The platforms push cancellations, urges, revisit results and redos here; what a revisit said is read here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from services.intake.channels.handlers import answer_request, keep_unknown, take_request
from services.intake.channels.model import Answered
from services.intake.channels.schemas import decoded
from services.intake.endings.model import Told
from services.intake.notices import handlers
from services.intake.notices.schemas import NoticeView, RevisitView, notice_examples, notice_of, unknown_of
from services.intake.notices.store import revisits_of
from services.intake.orders.api import OrderPath
from services.intake.orders.handlers import sight_of
from services.intake.orders.store import order_of
from services.intake.webhooks.api import ABOUT, ORDER_LINKS, Pushed, documented, platform, receive, refused
from shared.deps import CurrentScope, InRead, ThisRuntime
from shared.service import Runtime
from shared.web import CommandRoute, RawRoute

router = APIRouter(prefix="/v1/channels", route_class=RawRoute, tags=["上级平台推送"])
revisits = APIRouter(prefix="/v1/orders", route_class=CommandRoute, tags=["工单（上级副本）"])


@revisits.get(
    "/{order_id}/revisits", summary="查看回访结果", operation_id="read_revisits", response_model=list[RevisitView]
)
async def read_revisits(
    order_id: OrderPath, session: InRead, scope: CurrentScope, runtime: ThisRuntime
) -> list[dict[str, Any]]:
    """What the platform's calls to the person said, the first one first (S4.1d): a redo answers the opinion of the last."""
    found = await order_of(session, scope, order_id)
    sight = sight_of(found, scope, runtime.works.sealer)
    return [
        {
            **{
                name: getattr(one, name)
                for name in ("revisit", "redos", "revisited_at", "valid", "solved", "satisfied")
            },
            "opinion": sight.shows(handlers.opinion_of(one, runtime.works.sealer)),
        }
        for one in await revisits_of(session, order_id)
    ]


def _notice_route(kind: str, operation: str, summary: str, *told: Told, about: str = "") -> None:
    async def receive_notice(request: Request) -> Response:
        return await receive(request, kind, _apply)

    receive_notice.__name__ = operation
    receive_notice.__doc__ = "Verify, understand, apply; the answer leaves after the commit."
    router.post(
        f"/{{channel}}/{kind}",
        summary=summary,
        operation_id=operation,
        description=about + ABOUT,
        response_model=NoticeView,
        responses={200: {"description": "已登记", "links": ORDER_LINKS}, **refused(*told)},
        openapi_extra=documented(kind, notice_examples(kind)),
    )(receive_notice)


_EARLY: Final = (
    "工单尚无审核通过的答复时回答 409（not_fed_back），请在收到本平台的反馈后再推送；原 webhook-id 仍可使用。"
)
_notice_route("cancellations", "receive_cancellation", "推送撤单", Told.CANCEL)
_notice_route("urges", "receive_urge", "推送催办", Told.URGE)
_notice_route(
    "revisits",
    "receive_revisit",
    "推送回访结果",
    Told.REVISIT,
    Told.REVISIT_IN_VAIN,
    about=_EARLY + "未接通而有解决情况或满意度的，以及已接通而缺其一的，回答 422（revisit_contradicts）。",
)
_notice_route("redos", "receive_redo", "推送重办要求", Told.REDO, about=_EARLY)


async def _apply(runtime: Runtime, pushed: Pushed) -> Answered:
    code, webhook_id = pushed.channel.code, pushed.webhook_id
    raw = decoded(pushed.body)
    notice = notice_of(pushed.channel, pushed.kind, raw, now=runtime.clock.now())
    unknown = unknown_of(pushed.channel, pushed.kind, raw)
    async with runtime.works.begin(platform(code)) as work:
        known = await take_request(work, channel=code, webhook_id=webhook_id, body_hash=pushed.body_hash)
        if known is not None:
            return replace(known, unknown=tuple(unknown))
        order_id = await handlers.apply_notice(work, code, notice)
        await answer_request(work, channel=code, webhook_id=webhook_id, order_id=order_id)
        keep_unknown(work, unknown, channel=code, kind=pushed.kind, webhook_id=webhook_id, order_id=order_id)
    return Answered(200, order_id, unknown=tuple(unknown))

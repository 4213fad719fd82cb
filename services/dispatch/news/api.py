"""What changed for whoever asks: as a list, and as Server-Sent Events with replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.news import store
from services.dispatch.news.handlers import NewsTail, OpenStreams
from services.dispatch.news.model import News
from services.dispatch.news.policy import COUNTED
from services.dispatch.news.rules import concerns, interest_of
from services.dispatch.news.schemas import NewsOut, NewsPage, SeenBody, SeenOut, news_out
from services.dispatch.orders.store import sights_of
from services.dispatch.timeline.rules import named_units
from services.dispatch.timeline.store import names_of
from shared.access import Scope
from shared.deps import CurrentPerson, CurrentScope, Cursor, InRead, InWork, Limit, ThisRuntime
from shared.personal.sealing import Sealer
from shared.streams import ABOUT, After, EventStream, LastEventId, event_of, told
from shared.web import CommandRoute, DeskRoute
from shared.web.cookies import token_of

router = APIRouter(prefix="/v1/news", route_class=DeskRoute, tags=["动态"])
commands = APIRouter(prefix="/v1/news", route_class=CommandRoute, tags=["动态"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "事件流；每条的 id 可作为 Last-Event-ID 续接，事件名为动态类别代码，内容与列表中的一条相同。"
        + ABOUT,
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("", operation_id="list_news", summary="我的动态")
async def list_news(
    session: InRead,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    since: Annotated[int, Query(ge=0, lt=2**53, title="起始编号", description="只列此编号之后的；缺省为全部")] = 0,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> NewsPage:
    """与本人角色、单位有关的变化，最新在前；本人自己办理的不列。"""
    interest = interest_of(person.account, person.roles, person.unit)
    newest = await store.last_position(session)  # first: what comes meanwhile is in the stream after it
    listed = await store.news_of(session, interest, since=since, cursor=cursor, limit=limit)
    seen = await store.seen_upto(session, person.account)
    unread = await store.count_after(session, interest, seen)
    return NewsPage(
        items=await _shown(session, runtime.works.sealer, scope, listed.rows),
        next=listed.next,
        unread=min(unread, COUNTED),
        unread_more=unread > COUNTED,
        seen_upto=seen,
        newest=newest,
    )


@commands.post("/seen", operation_id="mark_news_seen", summary="动态标记已读")
async def mark_news_seen(body: SeenBody, work: InWork, person: CurrentPerson) -> SeenOut:
    """至此编号均为已读；只进不退，多处同时标记以最新为准。"""
    return SeenOut(seen_upto=await store.mark_seen(work.session, person.account, body.upto, now=work.now))


@router.get("/stream", operation_id="stream_news", summary="动态事件流", response_class=EventStream, responses=_STREAM)
async def stream_news(
    request: Request,
    scope: CurrentScope,
    person: CurrentPerson,
    runtime: ThisRuntime,
    last_event_id: LastEventId = None,
    after: After = None,
) -> EventStream:
    """与本人有关的变化，发生即推送，可从任一编号续接；浏览器凭登录 Cookie 打开，令牌失效时结束。"""
    interest, last = interest_of(person.account, person.roles, person.unit), last_event_id or after
    end = runtime.parts.of(OpenStreams).open(person.account)

    async def show(batch: Sequence[News]) -> Iterable[str]:
        mine = [one for one in batch if concerns(interest, one)]
        if not mine:
            return ()
        async with runtime.works.read(person) as session:
            shown = await _shown(session, runtime.works.sealer, scope, mine)
        return [event_of(one.id, one.topic, one.model_dump_json().encode()) for one in shown]

    try:
        return await told(
            runtime,
            runtime.parts.of(NewsTail),
            show,
            asked=None if last is None else int(last),
            ends_at=runtime.tokens.end_of(token_of(request) or ""),
            at_end=end,
        )
    except BaseException:
        end()
        raise


async def _shown(session: AsyncSession, sealer: Sealer, scope: Scope, news: Sequence[News]) -> list[NewsOut]:
    if not news:
        return []
    orders = await store.orders_of(session, news)
    sights = await sights_of(session, sealer, scope, list(orders.values()))
    units = {code for one in news for code in (one.unit, *named_units(one.facts)) if code is not None}
    names = await names_of(session, units=units, accounts=())
    return [news_out(one, orders.get(one.order_id), sights.get(one.order_id), names, sealer) for one in news]

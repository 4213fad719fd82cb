"""Breaches and warnings as Server-Sent Events, with replay from an id, for programs and for browsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Cookie, Header, Query, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.sla.streams import handlers
from services.sla.streams.handlers import Listener, Tail
from services.sla.streams.model import Announcement, StreamName
from services.sla.streams.schemas import PassBody, StreamPass
from services.sla.streams.store import last_position
from shared.access import Scope as Visible
from shared.deps import CurrentScope, InWork, ThisRuntime
from shared.service import Runtime
from shared.telemetry import logger
from shared.web import CommandRoute, DeskRoute
from shared.web.cookies import TOKEN_COOKIE, token_of

log = logger("stream")

HEARTBEAT: Final = 15.0  # seconds: shorter than any proxy waits
LOOK: Final = 1.0  # how soon a closing service ends its streams
SLOWEST: Final = (
    10.0  # a reader that takes longer for one piece is disconnected; it may continue from the last id it saw
)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "事件流；每条的 id 可作为 Last-Event-ID 续接。超期流中 clock.breach_excused.v1 撤回同一时限此前的超期。stream.reset：所给编号在最新编号之后，改从最新处开始；"
            "stream.ended：结束前的最后一条，reason 为 token_ended（令牌失效）或 closing（服务停止）"
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=r"^\d{1,18}$",
        title="续接编号（Last-Event-ID）",
        description="从此编号之后续接；缺省为从现在开始",
    ),
]

After = Annotated[
    str | None,
    Query(
        pattern=r"^\d{1,18}$",
        title="续接编号",
        description="同 Last-Event-ID，供不能自行设置请求头的浏览器新建连接时使用；两者都有时以请求头为准",
    ),
]
_COOKIE: Final = "gongdan_stream"
GivenPass = Annotated[
    str | None,
    Query(
        alias="pass",
        max_length=100,
        title="一次性凭证",
        description="浏览器 EventSource 不能带请求头，以 POST /v1/stream-passes 申请的凭证代替登录；仅可使用一次，其后断线重连凭返回的 Cookie",
    ),
]
PassCookie = Annotated[
    str | None,
    Cookie(alias=_COOKIE, max_length=100, title="事件流 Cookie", description="使用凭证后返回，浏览器自动携带"),
]


class StreamRoute(DeskRoute):
    """Also lets in who comes with a pass for the stream, or with the cookie that he got for it."""

    async def admit(self, request: Request, operation: str) -> None:
        """By the token of the header, by a pass, by the token of the cookie, by the cookie of a used pass.

        Unauthenticated, Forbidden.
        """
        given, cookie = request.query_params.get("pass"), request.cookies.get(_COOKIE)
        signed_in = not given and TOKEN_COOKIE in request.cookies
        if "authorization" in request.headers or signed_in or not (given or cookie):
            await super().admit(request, operation)
            return
        stream: StreamName = "breaches" if operation == "stream_breaches" else "warnings"
        listener = await handlers.listener_of(request.app.state.runtime.works, stream, given, cookie)
        request.state.listener, request.state.person = listener, listener.person
        request.state.scope = request.app.state.gate.scope_of(operation, listener.person)


router = APIRouter(prefix="/v1", route_class=StreamRoute, tags=["事件流"])
passes = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["事件流"])


class EventStream(StreamingResponse):
    """A stream whose reader has to keep up."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; a reader that is too slow for one piece is disconnected."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(SLOWEST):
                await send(message)

        with contextlib.suppress(TimeoutError):
            await super().__call__(scope, receive, in_time)


@router.get(
    "/breaches/stream",
    operation_id="stream_breaches",
    summary="超期事件流",
    response_class=EventStream,
    responses=_STREAM,
)
async def stream_breaches(
    request: Request,
    runtime: ThisRuntime,
    scope: CurrentScope,
    last_event_id: LastEventId = None,
    after: After = None,
    stream_pass: GivenPass = None,  # noqa: ARG001 - read by the route
    cookie: PassCookie = None,  # noqa: ARG001 - read by the route
) -> EventStream:
    """Each breach, and each that is taken back, when it is published, with replay; a unit sees its own (S1.1.4b, S4.2a)."""
    return await _answer(request, runtime, scope, "breaches", last_event_id or after)


@router.get(
    "/warnings/stream",
    operation_id="stream_warnings",
    summary="预警事件流",
    response_class=EventStream,
    responses=_STREAM,
)
async def stream_warnings(
    request: Request,
    runtime: ThisRuntime,
    scope: CurrentScope,
    last_event_id: LastEventId = None,
    after: After = None,
    stream_pass: GivenPass = None,  # noqa: ARG001 - read by the route
    cookie: PassCookie = None,  # noqa: ARG001 - read by the route
) -> EventStream:
    """Each warning when it is published, single or in a digest, with replay; a unit sees its own (S4.2a)."""
    return await _answer(request, runtime, scope, "warnings", last_event_id or after)


@passes.post(
    "/stream-passes",
    operation_id="issue_stream_pass",
    summary="申请事件流一次性凭证（浏览器用）",
    status_code=201,
)
async def issue_stream_pass(body: PassBody, request: Request, work: InWork, runtime: ThisRuntime) -> StreamPass:
    """A pass for a browser's EventSource, which can send no login: for one stream, one use, within 30 seconds (S4.2a)."""
    ends_at = runtime.tokens.end_of(token_of(request) or "")
    given, expires_at = handlers.issue_pass(work, body.stream, ends_at=ends_at)
    path = f"{request.scope.get('root_path', '')}/v1/{body.stream}/stream?pass={given}"
    return StreamPass(stream_pass=given, path=path, expires_at=expires_at)


async def _answer(request: Request, runtime: Runtime, scope: Visible, stream: str, last: str | None) -> EventStream:
    tail = runtime.parts.of(Tail)
    position = await tail.newest(runtime.works) if last is None else int(last)
    asked = position
    if position > tail.last:
        # Another replica may be ahead of this one; an id beyond the newest of all replicas was never given out.
        async with runtime.works.read() as session:
            position = min(position, await last_position(session))
    listener: Listener | None = getattr(request.state, "listener", None)
    ends_at = runtime.tokens.end_of(token_of(request) or "") if listener is None else listener.ends_at
    answer = EventStream(
        _pieces(runtime, tail, scope, stream, position, ends_at, asked=asked),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    if listener is not None and listener.cookie is not None:
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        # Of the stream's own address, so that no other request carries it; it ends with the browser or with the login.
        answer.set_cookie(
            _COOKIE, listener.cookie, path=request.url.path, secure=secure, httponly=True, samesite="strict"
        )
    return answer


async def _pieces(
    runtime: Runtime, tail: Tail, scope: Visible, stream: str, position: int, ends_at: datetime, *, asked: int
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    more = tail.join()
    try:
        yield "retry: 1000\n: 已连接\n\n"
        if asked > position:
            yield _about_stream("stream.reset", position, {"asked_after": asked, "after": position})
        beat = loop.time() + HEARTBEAT
        while not runtime.closing and runtime.clock.now() < ends_at:
            more.clear()
            batch = await tail.after(runtime.works, position)
            for announcement in batch:
                position = announcement.position
                if announcement.stream == stream and scope.sees(announcement.unit):
                    yield _event(announcement)
            if batch:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(more.wait(), LOOK)
            if loop.time() >= beat:
                beat = loop.time() + HEARTBEAT
                # The id of announcements that this reader may not see: it continues from there and need not search them again.
                yield f"id: {position}\n: 心跳\n\n"
        yield _about_stream("stream.ended", position, {"reason": "closing" if runtime.closing else "token_ended"})
    finally:
        tail.leave(more)


def _about_stream(event: str, position: int, data: dict[str, int | str]) -> str:
    """A message about the stream itself, with the id that the reader has reached."""
    return f"id: {position}\nevent: {event}\ndata: {orjson.dumps(data).decode()}\n\n"


def _event(announcement: Announcement) -> str:
    return f"id: {announcement.position}\nevent: {announcement.type}\ndata: {announcement.payload.decode()}\n\n"

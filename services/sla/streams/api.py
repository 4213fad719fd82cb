"""Breaches and warnings as Server-Sent Events, with replay from an id, for programs and for browsers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Cookie, Query, Request

from services.sla.streams import handlers
from services.sla.streams.handlers import Listener, Tail
from services.sla.streams.model import Announcement, StreamName
from services.sla.streams.schemas import PassBody, StreamPass
from shared.access import Scope as Visible
from shared.deps import CurrentScope, InWork, ThisRuntime
from shared.service import Runtime
from shared.streams import ABOUT, After, EventStream, LastEventId, event_of, told
from shared.web import CommandRoute, DeskRoute
from shared.web.cookies import TOKEN_COOKIE, token_of

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "事件流；每条的 id 可作为 Last-Event-ID 续接。超期流中 clock.breach_excused.v1 撤回同一时限此前的超期。"
            + ABOUT
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
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
    async def show(batch: Sequence[Announcement]) -> Iterable[str]:
        return [
            event_of(one.position, one.type, one.payload)
            for one in batch
            if one.stream == stream and scope.sees(one.unit)
        ]

    listener: Listener | None = getattr(request.state, "listener", None)
    ends_at = runtime.tokens.end_of(token_of(request) or "") if listener is None else listener.ends_at
    asked = None if last is None else int(last)
    answer = await told(runtime, runtime.parts.of(Tail), show, asked=asked, ends_at=ends_at)
    if listener is not None and listener.cookie is not None:
        secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
        # Of the stream's own address, so that no other request carries it; it ends with the browser or with the login.
        answer.set_cookie(
            _COOKIE, listener.cookie, path=request.url.path, secure=secure, httponly=True, samesite="strict"
        )
    return answer

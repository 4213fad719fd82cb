"""Breaches and warnings as Server-Sent Events, with replay from an id."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.sla.streams.handlers import Tail
from services.sla.streams.model import Announcement
from services.sla.streams.store import last_position
from shared.access import Scope as Visible
from shared.deps import CurrentScope, ThisRuntime
from shared.errors import Unauthenticated
from shared.service import Runtime
from shared.telemetry import logger
from shared.web import DeskRoute

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

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["事件流"])


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
    request: Request, runtime: ThisRuntime, scope: CurrentScope, last_event_id: LastEventId = None
) -> EventStream:
    """Each breach, and each that is taken back, when it is published, with replay; a unit sees its own (S1.1.4b, S4.2a)."""
    return await _answer(request, runtime, scope, "breaches", last_event_id)


@router.get(
    "/warnings/stream",
    operation_id="stream_warnings",
    summary="预警事件流",
    response_class=EventStream,
    responses=_STREAM,
)
async def stream_warnings(
    request: Request, runtime: ThisRuntime, scope: CurrentScope, last_event_id: LastEventId = None
) -> EventStream:
    """Each warning when it is published, single or in a digest, with replay; a unit sees its own (S4.2a)."""
    return await _answer(request, runtime, scope, "warnings", last_event_id)


async def _answer(request: Request, runtime: Runtime, scope: Visible, stream: str, last: str | None) -> EventStream:
    tail = runtime.parts.of(Tail)
    position = await tail.newest(runtime.works) if last is None else int(last)
    asked = position
    if position > tail.last:
        # Another replica may be ahead of this one; an id beyond the newest of all replicas was never given out.
        async with runtime.works.read() as session:
            position = min(position, await last_position(session))
    token = request.headers.get("authorization", "").partition(" ")[2]
    return EventStream(
        _pieces(runtime, tail, scope, stream, position, token, asked=asked),
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _pieces(
    runtime: Runtime, tail: Tail, scope: Visible, stream: str, position: int, token: str, *, asked: int
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    more = tail.join()
    try:
        yield "retry: 1000\n: 已连接\n\n"
        if asked > position:
            yield _about_stream("stream.reset", position, {"asked_after": asked, "after": position})
        beat = loop.time() + HEARTBEAT
        while not runtime.closing and _still_valid(runtime, token):
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


def _still_valid(runtime: Runtime, token: str) -> bool:
    try:
        runtime.tokens.person_of(token)
    except Unauthenticated:
        return False
    return True


def _about_stream(event: str, position: int, data: dict[str, int | str]) -> str:
    """A message about the stream itself, with the id that the reader has reached."""
    return f"id: {position}\nevent: {event}\ndata: {orjson.dumps(data).decode()}\n\n"


def _event(announcement: Announcement) -> str:
    return f"id: {announcement.position}\nevent: {announcement.type}\ndata: {announcement.payload.decode()}\n\n"

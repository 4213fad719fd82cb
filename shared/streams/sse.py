"""One stream of Server-Sent Events: replay, then what is new, heartbeats, and the end with the reader's token."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final

import orjson
from fastapi import Header, Query
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from shared.clock import clock_of_logins
from shared.service import Runtime
from shared.streams.tail import Item, Tail

HEARTBEAT: Final = 15.0  # seconds: shorter than any proxy waits
LOOK: Final = 1.0  # how soon a closing service ends its streams
SLOWEST: Final = (
    10.0  # a reader that takes longer for one piece is disconnected; it may continue from the last id it saw
)
ABOUT: Final = (
    "stream.reset：所给编号在最新编号之后，改从最新处开始；"
    "stream.ended：结束前的最后一条，reason 为 token_ended（令牌失效）或 closing（服务停止）"
)
"""What every stream says about itself, for its documentation."""
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


class EventStream(StreamingResponse):
    """A stream whose reader has to keep up."""

    media_type = "text/event-stream"
    at_end: Callable[[], None] | None = None
    """Called once when the stream has ended, also when nothing of it was sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; a reader that is too slow for one piece is disconnected."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(SLOWEST):
                await send(message)

        try:
            with contextlib.suppress(TimeoutError):
                await super().__call__(scope, receive, in_time)
        finally:
            if self.at_end is not None:
                self.at_end()


async def told(
    runtime: Runtime,
    tail: Tail[Item],
    show: Callable[[Sequence[Item]], Awaitable[Iterable[str]]],
    *,
    asked: int | None,
    ends_at: datetime,
    at_end: Callable[[], None] | None = None,
) -> EventStream:
    """The answer that tells what follows the position that was `asked` for, or what is new; until `ends_at`.

    `show` makes the events of what this reader may see of some items, by `event_of`.
    """
    position = await tail.newest(runtime.works) if asked is None else await tail.reached(runtime.works, asked)
    pieces = _pieces(runtime, tail, show, position, ends_at, asked=position if asked is None else asked)
    answer = EventStream(pieces, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    answer.at_end = at_end
    return answer


async def _pieces(
    runtime: Runtime,
    tail: Tail[Item],
    show: Callable[[Sequence[Item]], Awaitable[Iterable[str]]],
    position: int,
    ends_at: datetime,
    *,
    asked: int,
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    more = tail.join()
    try:
        yield "retry: 1000\n: 已连接\n\n"
        if asked > position:
            yield _about_stream("stream.reset", position, {"asked_after": asked, "after": position})
        beat = loop.time() + HEARTBEAT
        while not runtime.closing and clock_of_logins(runtime.clock).now() < ends_at:
            more.clear()
            batch = await tail.after(runtime.works, position)
            for piece in await show(batch) if batch else ():
                yield piece
            if batch:
                position = batch[-1].position
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(more.wait(), LOOK)
            if loop.time() >= beat:
                beat = loop.time() + HEARTBEAT
                # The id of what this reader may not see: it continues from there and need not search it again.
                yield f"id: {position}\n: 心跳\n\n"
        yield _about_stream("stream.ended", position, {"reason": "closing" if runtime.closing else "token_ended"})
    finally:
        tail.leave(more)


def _about_stream(event: str, position: int, data: dict[str, int | str]) -> str:
    """A message about the stream itself, with the id that the reader has reached."""
    return event_of(position, event, orjson.dumps(data))


def event_of(position: int, event: str, data: bytes) -> str:
    """One event as it is sent."""
    return f"id: {position}\nevent: {event}\ndata: {data.decode()}\n\n"

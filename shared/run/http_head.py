"""An HTTP protocol for uvicorn that limits the head of a request, which uvicorn does not (R5).

Its refusals look like all others: problem+json, with an id and the usual headers.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from http import HTTPStatus
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.outbox.writer import new_id
from shared.run.lingering import Lingering, LingeringTransport
from shared.telemetry import request_id
from shared.web.headers import SECURITY_HEADERS
from shared.web.problem import problem_response

HEAD_LIMIT: Final = 128 * 1024
_HALF: Final = HEAD_LIMIT // 2
_LONGEST_ADDRESS: Final = 65_535
"""The parser cannot read a longer one."""


class HeadTooLarge(ValueError):
    """A head of more than HEAD_LIMIT bytes."""


class BoundedHead(HttpToolsProtocol):
    """Answers 431 and closes when request line and headers exceed HEAD_LIMIT bytes, complete or not.

    An incomplete head is measured by the pieces received so far (at most 256 KB each), a complete one by its own
    fields, because its last piece may also hold the beginning of the body.
    """

    url: bytes = b""
    _head: int | None = 0
    """Bytes of the head before the current piece; None while a body is read."""
    _piece: int = 0
    """Bytes of the current piece."""
    _refused: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client."""
        super().connection_made(transport)
        lingering = LingeringTransport(transport, sending=self._is_sending, begin=lambda: self._end_http(transport))
        self.transport = cast("asyncio.Transport", lingering)

    def data_received(self, data: bytes) -> None:
        """Handle the next piece."""
        self._piece = len(data)
        super().data_received(data)
        if self._head is None:
            return
        self._head += self._piece
        if self._head > HEAD_LIMIT and not self.transport.is_closing():
            self._refused = True
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """The head is complete; HeadTooLarge, which the parser turns into a 400, when it exceeds the limit."""
        # If a head in two parts exceeds the limit, one part exceeds half of it: smaller pieces need not be measured.
        if (self._piece > _HALF or (self._head or 0) > _HALF) and self._size() > HEAD_LIMIT:
            self._refused = True
            raise HeadTooLarge
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is complete: the next head may begin, and the rest of this piece does not count for it."""
        self._head = -self._piece
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text, in English
        """Answer what is not HTTP, and a head that is too large."""
        cycle = self._current()
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(copy_context().run(_refusal, too_large=self._is_too_large()))
        cast("LingeringTransport", self.transport).linger()

    def _size(self) -> int:
        line = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n\r\n")
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def _is_too_large(self) -> bool:
        return self._refused or len(self.url) > _LONGEST_ADDRESS

    def _current(self) -> RequestResponseCycle | None:
        return cast("RequestResponseCycle | None", self.cycle)  # uvicorn's annotation leaves out None, the first value

    def _is_sending(self) -> bool:
        cycle = self._current()
        return cycle is not None and cycle.more_body

    def _end_http(self, transport: asyncio.Transport) -> Lingering:
        """End HTTP on this connection; a request that is still being answered learns that the client is gone."""
        self._unset_keepalive_if_required()
        cycle = self._current()
        if cycle is not None:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()
        self.flow.resume_writing()
        self.flow.resume_reading()
        return Lingering(transport, self.connection_lost)


def _refusal(*, too_large: bool) -> bytes:
    """The complete answer in bytes, since no application sees the request."""
    identity = str(new_id())
    request_id.set(identity)
    answer = (
        problem_response(
            431, "head_too_large", "请求地址或请求头过长（地址不超过 64 KB，合计不超过 128 KB），请精简后重新发送"
        )
        if too_large
        else problem_response(400, "malformed_http", "请求不符合 HTTP 规范，请核对请求行、请求头和内容长度后重新发送")
    )
    status = HTTPStatus(answer.status_code)
    headers = [*answer.raw_headers, (b"x-request-id", identity.encode()), *SECURITY_HEADERS, (b"connection", b"close")]
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *(b"%s: %s" % header for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body)

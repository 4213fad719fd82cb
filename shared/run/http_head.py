"""The HTTP server's own protocol with a bound on a request's head, which uvicorn keeps in memory without any (R5)."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT: Final = 128 * 1024


class BoundedHead(HttpToolsProtocol):
    """Answers 400 and closes when a request line and its headers do not come to an end within HEAD_LIMIT bytes.

    Counted by the pieces that arrive (at most 256 KB each), so that a body that comes in the same piece counts nothing.
    """

    _head: int | None = 0
    """Bytes of the head so far; None while a body is read."""

    def data_received(self, data: bytes) -> None:
        """The next piece."""
        before = self._head
        super().data_received(data)
        if before is None or self._head is None:
            return
        self._head += len(data)
        if self._head > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("Request head too large.")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole: the next head may begin."""
        self._head = 0
        super().on_message_complete()

"""A lingering close: a sender that is still sending can read its answer before the connection ends.

A socket that is closed with unread bytes is reset: a sender in the middle of its body then sees a broken connection
instead of the 413 that was sent, and tries again for ever.  So the writing side is closed, and what still comes is read
and dropped: at most LINGER_BYTES, for at most LINGER_SECONDS.  A sender that reads only after it has sent more than
that, as http.client does with a body of 100 MB, is still reset; curl and httpx read earlier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LINGER_BYTES: Final = 10 * 1024 * 1024 + 256 * 1024
"""A body of 10 MB, and the sizes of its chunks."""
LINGER_SECONDS: Final = 5.0


class Lingering(asyncio.Protocol):
    """The protocol of a connection after its last answer; it drops what it reads."""

    def __init__(self, transport: asyncio.Transport, ended: Callable[[Exception | None], None]) -> None:
        self._transport, self._ended, self._left = transport, ended, LINGER_BYTES
        self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Dropped."""
        self._left -= len(data)
        if self._left < 0:
            self._transport.abort()

    def connection_lost(self, fault: Exception | None) -> None:
        """The sender has closed it, or we did."""
        self._timer.cancel()
        self._ended(fault)


class LingeringTransport:
    """A transport whose `close` lingers while a request is still being received."""

    __slots__ = ("_begin", "_lingers", "_sending", "_transport", "is_closing", "set_protocol", "write")

    def __init__(
        self, transport: asyncio.Transport, *, sending: Callable[[], bool], begin: Callable[[], asyncio.Protocol]
    ) -> None:
        """`sending` says whether a request is still being received; `begin` makes the protocol for the rest."""
        self._transport, self._sending, self._begin, self._lingers = transport, sending, begin, False
        # The transport's own methods: every answer is written through them.
        self.write: Callable[[bytes], None] = transport.write
        self.is_closing: Callable[[], bool] = transport.is_closing
        self.set_protocol = transport.set_protocol

    def close(self) -> None:
        """Close at once, or linger if the sender is still sending; a second call closes at once."""
        if self._sending():
            self.linger()
        else:
            self._transport.close()

    def linger(self) -> None:
        """Send what was written, close the writing side, and read on for a while."""
        if self._lingers or self._transport.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._lingers = True
        self.write, self.is_closing = _ignore, _yes
        self._transport.set_protocol(self._begin())
        self._transport.write_eof()


def _ignore(_: bytes) -> None:
    """Nothing is left to do at the end: the answer was sent."""


def _yes() -> bool:
    return True

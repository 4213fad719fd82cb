"""Closing a connection whose sender is still sending, so that it reads its answer first.

A socket that is closed with bytes unread is reset: a sender in the middle of its body then sees a broken network instead
of the 413 that was sent to it, and tries again for ever.  So the writing side is closed, and what still comes is read
and dropped: at most LINGER_BYTES, for at most LINGER_SECONDS.  Whoever reads only after having sent more than that, as
http.client does with a body of 100 MB, is reset all the same; curl and httpx look up in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LINGER_BYTES: Final = 10 * 1024 * 1024 + 256 * 1024
"""A body of 10 MB, and what a chunked one needs for its chunks' sizes."""
LINGER_SECONDS: Final = 5.0


class Lingering(asyncio.Protocol):
    """What is left of a connection after its last answer; it keeps nothing of what it reads."""

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


class PatientTransport:
    """A transport as the HTTP protocol uses it, whose `close` waits for the sender while one is still sending."""

    __slots__ = ("_begin", "_lingers", "_sending", "_transport", "is_closing", "set_protocol", "write")

    def __init__(
        self, transport: asyncio.Transport, *, sending: Callable[[], bool], begin: Callable[[], asyncio.Protocol]
    ) -> None:
        """`sending` says whether a request is still on its way, `begin` gives the protocol for what comes after."""
        self._transport, self._sending, self._begin, self._lingers = transport, sending, begin, False
        # As they are: every answer is written through them.
        self.write: Callable[[bytes], None] = transport.write
        self.is_closing: Callable[[], bool] = transport.is_closing
        self.set_protocol = transport.set_protocol

    def close(self) -> None:
        """At once, or after a while if the sender has not come to its end; at once when asked a second time."""
        if self._sending():
            self.linger()
        else:
            self._transport.close()

    def linger(self) -> None:
        """Send what was written, then nothing more, and read on for a while."""
        if self._lingers or self._transport.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._lingers = True
        self.write, self.is_closing = _nowhere, _yes
        self._transport.set_protocol(self._begin())
        self._transport.write_eof()


def _nowhere(_: bytes) -> None:
    """The answer has been given."""


def _yes() -> bool:
    return True

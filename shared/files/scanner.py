"""The virus scanner: a port with one question, and its adapter for ClamAV's daemon."""

from __future__ import annotations

import asyncio
import contextlib
from typing import BinaryIO, Final, Protocol
from urllib.parse import urlsplit

from shared.files.errors import ScannerAway

_SECONDS: Final = 30.0
_BLOCK: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096


class Scanner(Protocol):
    """Whatever looks for viruses."""

    async def is_clean(self, file: BinaryIO) -> bool:
        """Whether nothing was found; ScannerAway when it cannot be asked.  The file is read from its beginning."""
        ...


class Clamd:
    """ClamAV's daemon by TCP, asked with INSTREAM: the file's bytes go to it, never its name."""

    def __init__(self, host: str, port: int, *, seconds: float = _SECONDS) -> None:
        self._host, self._port, self._seconds = host, port, seconds

    async def is_clean(self, file: BinaryIO) -> bool:
        """Whether the daemon says OK."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(file)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as fault:
            raise ScannerAway from fault
        if answer.endswith(b" OK"):
            return True
        if answer.endswith(b" FOUND"):
            return False
        raise ScannerAway  # an error of its own, such as a limit that it was given

    async def _ask(self, file: BinaryIO) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=_LONGEST_ANSWER)
        try:
            writer.write(b"zINSTREAM\0")
            file.seek(0)
            while block := await asyncio.to_thread(file.read, _BLOCK):
                writer.write(len(block).to_bytes(4, "big") + block)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            return (await reader.readuntil(b"\0")).rstrip(b"\0")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def scanner_at(url: str | None) -> Scanner | None:
    """The scanner that the setting names, or none."""
    if url is None:
        return None
    place = urlsplit(url)
    return Clamd(place.hostname or "127.0.0.1", place.port or 3310)

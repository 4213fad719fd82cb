"""A small HTTP client with keep-alive; its errors say whether a request without an answer may have been processed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import orjson


class NotSent(Exception):
    """No server received the request: it was certainly not processed."""


class Unknown(Exception):
    """It was sent and no answer came: it may have been processed or not."""


class Answer:
    """Status and body of an answer."""

    __slots__ = ("body", "status")

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body

    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's stable code, if it is one."""
        try:
            return str(self.json().get("code", ""))
        except (ValueError, AttributeError):
            return ""


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Http:
    """Requests to one address; connections are kept and used again."""

    def __init__(self, port: int, *, timeout: float = 15.0) -> None:
        self.port, self._timeout = port, timeout
        self._idle: deque[_Connection] = deque()

    async def send(self, request: bytes) -> Answer:
        """A whole request as bytes; NotSent or Unknown when no answer came."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(request)
        except TimeoutError as late:
            raise Unknown("timeout") from late

    async def call(self, method: str, path: str, body: Any = None, *, token: str, key: str | None = None) -> Answer:
        """A JSON call with a bearer token and, for commands, an idempotency key."""
        raw = b"" if body is None else orjson.dumps(body)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {token}\r\n"
        if raw:
            head += "Content-Type: application/json\r\n"
        if key is not None:
            head += f"Idempotency-Key: {key}\r\n"
        return await self.send(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)

    async def _send(self, request: bytes) -> Answer:
        pipe = self._idle.pop() if self._idle else None
        while pipe is not None and (pipe[0].at_eof() or pipe[1].is_closing()):
            pipe[1].close()
            pipe = self._idle.pop() if self._idle else None
        if pipe is None:
            try:
                pipe = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as refused:
                raise NotSent(type(refused).__name__) from refused
        reader, writer = pipe
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            answer, keep = await _read(reader, head)
        except (OSError, asyncio.IncompleteReadError) as broken:
            writer.close()
            raise Unknown(type(broken).__name__) from broken
        except BaseException:
            writer.close()
            raise
        if keep:
            self._idle.append(pipe)
        else:
            writer.close()
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[1].close()


async def _read(reader: asyncio.StreamReader, head: bytes) -> tuple[Answer, bool]:
    headers = _headers(head)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(head[9:12]), body), headers.get("connection") != "close"


def _headers(head: bytes) -> Mapping[str, str]:
    found = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found[name.strip().lower()] = value.strip().lower()
    return found


class Replicas:
    """Several addresses of one service, in turn; the next one when a replica did not receive the request."""

    def __init__(self, ports: Sequence[int], *, timeout: float = 15.0) -> None:
        self._all = [Http(port, timeout=timeout) for port in ports]
        self._turn = 0

    def next(self) -> Http:
        """The next in turn."""
        self._turn += 1
        return self._all[self._turn % len(self._all)]

    def close(self) -> None:
        """Close all connections."""
        for one in self._all:
            one.close()

"""An HTTP server inside a running process: for the simulated upstream, and for tests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from shared.run.http_head import BoundedHead
from shared.run.process import listen


class HttpServer:
    """`async with HttpServer(app) as server`: listening on loopback while the block runs, on a free port if none is given."""

    def __init__(self, app: ASGIApp, *, sock: socket.socket | None = None, gateways: str = "") -> None:
        """`gateways`: the addresses whose X-Forwarded-For is believed."""
        self._sock = sock or listen("127.0.0.1", 0)
        config = uvicorn.Config(
            app,
            http=BoundedHead,
            forwarded_allow_ips=gateways,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        # The program that runs the process handles signals.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The address on which it listens."""
        host, port = self._sock.getsockname()[:2]
        return f"http://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._sock]), name="http-server")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._sock.close()

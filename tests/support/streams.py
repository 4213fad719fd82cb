"""Somebody who reads Server-Sent Events of a desk's service, over a real port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from shared.app import build_app, mount
from shared.run.http_server import HttpServer
from shared.service import Job
from tests.support.service import Desk
from tests.support.waiting import eventually


class Reader:
    """What a stream has told so far."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.names: list[str] = []
        self.data: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.ended = False

    async def read(self, response: httpx.Response) -> None:
        """Until the stream ends or the task is cancelled."""
        async for line in response.aiter_lines():
            self.lines.append(line)
            if line.startswith("data: "):
                self.ids.append(int(self.lines[-3].removeprefix("id: ")))
                self.names.append(self.lines[-2].removeprefix("event: "))
                self.data.append(json.loads(line.removeprefix("data: ")))
        self.ended = True


@asynccontextmanager
async def served(desk: Desk, *jobs: Job) -> AsyncIterator[str]:
    """The desk's service on a port while these jobs run; the address."""

    async def run(job: Job) -> None:
        await job(desk.runtime)

    app = mount([(desk.runtime, build_app(desk.runtime.service, desk.runtime))])
    async with HttpServer(app) as server, asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(job)) for job in jobs]
        try:
            yield server.address
        finally:
            desk.runtime.closing = True
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def reading(address: str, path: str, headers: dict[str, str]) -> AsyncIterator[Reader]:
    """A reader of this stream that has begun."""
    reader = Reader()
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http,
        http.stream("GET", path, headers=headers) as response,
        asyncio.TaskGroup() as group,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        task = group.create_task(reader.read(response))
        await eventually(lambda: bool(reader.lines))
        yield reader
        task.cancel()

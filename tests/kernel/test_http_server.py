"""The HTTP server itself: what is no HTTP, heads beyond the bound, and senders that are still sending when refused (R5)."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from shared.app import build_app, mount
from shared.run import lingering
from shared.run.http_head import HEAD_LIMIT
from shared.run.http_server import HttpServer
from tests.kernel.tiny import Tiny
from tests.support.waiting import eventually

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
MEGABYTE: Final = 1024 * 1024
RAW: Final = "/api/intake/v1/raw"
GET: Final = b"GET /livez HTTP/1.1\r\nhost: x\r\n"


@pytest_asyncio.fixture
async def server(tiny: Tiny) -> AsyncIterator[HttpServer]:
    async with HttpServer(mount([(tiny.runtime, build_app(tiny.runtime.service, tiny.runtime))])) as server:
        yield server


async def opened(server: HttpServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(server.address)
    return await asyncio.open_connection(where.hostname, where.port)


async def said(server: HttpServer, request: bytes) -> bytes:
    """Everything that the server answers to these bytes until it closes."""
    reader, writer = await opened(server)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


def is_problem(answer: bytes, status: int, code: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(header.split(": ", 1) for header in lines)
    problem: dict[str, Any] = json.loads(body)
    assert line.split(" ")[:2] == ["HTTP/1.1", str(status)]
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert (problem["status"], problem["code"]) == (status, code)
    assert CHINESE.search(problem["title"])
    assert CHINESE.search(problem["detail"])
    assert problem["request_id"] == headers["x-request-id"]


def head_of(size: int) -> bytes:
    """A request's head of exactly so many bytes."""
    return GET + b"x-a: " + b"a" * (size - len(GET) - len(b"x-a: \r\n\r\n")) + b"\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST /api/intake/v1/raw HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"POST /api/intake/v1/raw HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST /api/intake/v1/raw HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_problem(server: HttpServer, request_: bytes) -> None:
    is_problem(await said(server, request_), 400, "malformed_http")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(head_of(140_000), id="a header of 140,000 bytes"),
        pytest.param(head_of(200_000), id="a header of 200,000 bytes"),
        pytest.param(head_of(300_000), id="a header of 300,000 bytes"),
        pytest.param(head_of(HEAD_LIMIT + 1), id="one byte too many"),
        pytest.param(GET + b"x-a: a\r\n" * 20_000 + b"\r\n", id="many headers"),
        pytest.param(GET + b"x-a: " + b"a" * 300_000, id="no end"),
        pytest.param(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", id="an address of 100 KB"),
        pytest.param(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", id="an address of 200 KB"),
    ],
)
async def test_a_head_beyond_the_bound_is_a_problem(server: HttpServer, request_: bytes) -> None:
    is_problem(await said(server, request_), 431, "head_too_large")


async def test_a_second_head_on_the_connection_is_measured_too_and_the_first_request_is_answered(
    server: HttpServer,
) -> None:
    reader, writer = await opened(server)
    writer.write(GET + b"\r\n")
    first = await reader.readuntil(b"}")
    writer.write(head_of(HEAD_LIMIT + 1))

    assert first.startswith(b"HTTP/1.1 200 ")
    is_problem(await reader.read(), 431, "head_too_large")
    writer.close()


async def test_a_head_at_the_bound_is_read(server: HttpServer) -> None:
    reader, writer = await opened(server)
    writer.write(head_of(HEAD_LIMIT))

    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_body_and_a_next_request_are_not_held_against_a_head(server: HttpServer) -> None:
    body = b"x" * (2 * HEAD_LIMIT)
    head = f"POST {RAW} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    reader, writer = await opened(server)
    writer.write((head + body) * 3)

    for _ in range(3):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(len(str(len(body)))) == str(len(body)).encode()
    writer.close()


def posted(address: str, path: str, size: int, who: dict[str, str], *, chunked: bool) -> tuple[int, dict[str, Any]]:
    """What http.client hears, which reads nothing before it has sent everything."""
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
    try:
        body: Any = _pieces(size) if chunked else b"x" * size
        connection.request("POST", path, body, {"Content-Type": "application/json", **who}, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def _pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536):
        yield b"x" * 65_536


@pytest.mark.parametrize("size", [2 * MEGABYTE, 10 * MEGABYTE])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", [RAW, "/api/intake/v1/things"])
async def test_who_sends_all_of_a_large_body_before_he_reads_hears_that_it_is_too_large(
    server: HttpServer, tiny: Tiny, size: int, *, chunked: bool, path: str
) -> None:
    for _ in range(5):
        status, problem = await asyncio.to_thread(posted, server.address, path, size, tiny.dispatcher, chunked=chunked)

        assert (status, problem["code"]) == (413, "payload_too_large")


async def test_after_a_refusal_the_answer_ends_at_once(server: HttpServer) -> None:
    reader, writer = await opened(server)
    writer.write(f"POST {RAW} HTTP/1.1\r\nhost: x\r\ncontent-length: {100 * MEGABYTE}\r\n\r\n{{".encode())

    async with asyncio.timeout(lingering.LINGER_SECONDS / 2):
        answer = await reader.read()

    is_problem(answer, 413, "payload_too_large")
    writer.close()


async def test_who_goes_on_sending_is_cut_off_after_a_while(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lingering, "LINGER_SECONDS", 0.2)
    reader, writer = await opened(server)
    writer.write(f"POST {RAW} HTTP/1.1\r\nhost: x\r\ncontent-length: {100 * MEGABYTE}\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 413 ")

    async def cut_off() -> bool:
        writer.write(b"x")
        return writer.transport.is_closing()

    await eventually(cut_off)


async def test_who_sends_without_end_is_cut_off_after_a_bounded_amount(server: HttpServer) -> None:
    _, writer = await opened(server)
    writer.write(f"POST {RAW} HTTP/1.1\r\nhost: x\r\ncontent-length: {100 * MEGABYTE}\r\n\r\n".encode())
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 100 * MEGABYTE:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    assert sent < 2 * lingering.LINGER_BYTES


async def test_a_server_that_stops_does_not_wait_for_whoever_still_sends(tiny: Tiny) -> None:
    app = mount([(tiny.runtime, build_app(tiny.runtime.service, tiny.runtime))])
    async with asyncio.timeout(lingering.LINGER_SECONDS / 2):
        async with HttpServer(app) as server:
            reader, writer = await opened(server)
            writer.write(f"POST {RAW} HTTP/1.1\r\nhost: x\r\ncontent-length: {100 * MEGABYTE}\r\n\r\n".encode())
            assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
    writer.close()

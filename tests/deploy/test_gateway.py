"""The gateway: its refusals are problems like those of the services, and it alone gives the client's address."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from deploy.gateway import build
from shared.files.limits import REQUEST_BYTES
from shared.run.http_server import HttpServer

CHINESE: Final = re.compile("[\u4e00-\u9fff]")


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """A service that answers with the client's address and the request."""
    request = Request(scope, receive)
    assert request.client is not None
    answer = {"client": request.client.host, "scheme": request.url.scheme, "headers": dict(request.headers)}
    await JSONResponse(answer)(scope, receive, send)


@asynccontextmanager
async def gateway_at(addresses: dict[str, list[str]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway before these replicas."""
    app = build(addresses)
    async with (
        app.router.lifespan_context(app),
        HttpServer(app) as gateway,
        httpx.AsyncClient(base_url=gateway.address, trust_env=False) as client,
    ):
        yield client


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway that knows one running service and one that is away."""
    async with (
        HttpServer(told, gateways="127.0.0.1") as service,
        gateway_at({"sla": [service.address], "review": ["http://127.0.0.1:1"]}) as client,
    ):
        yield client


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.text)
    assert problem["code"] == code
    assert CHINESE.search(problem["detail"])
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f-]{27}", problem["request_id"])
    assert answer.headers.get_list("x-request-id") == [problem["request_id"]]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/assets/gone.js", "/metrics", "/api", "/api/intake", "/api/nobody/v1/x", "/a%0Ab"])
async def test_an_unknown_address_is_a_problem(http: httpx.AsyncClient, path: str) -> None:
    is_problem(await http.get(path), 404, "http_404")


@pytest.mark.parametrize(
    ("method", "path"), [("TRACE", "/api/sla/v1/x"), ("PROPFIND", "/api/sla/v1/x"), ("POST", "/livez")]
)
async def test_a_wrong_method_is_a_problem(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path)

    is_problem(answer, 405, "http_405")
    assert "GET" in answer.headers["allow"]


async def test_a_service_that_is_away_is_a_problem(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/review/v1/x")

    is_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_body_that_is_too_large_is_a_problem_and_ends_the_connection(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/sla/v1/x", content=b"x" * (2 * 1024 * 1024))

    is_problem(answer, 413, "payload_too_large")
    assert answer.headers["connection"] == "close"


async def counted(scope: Scope, receive: Receive, send: Send) -> None:
    """A service that tells how much it was sent, or refuses a form at its first byte."""
    request = Request(scope, receive)
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if request.url.path.endswith("/refused"):
            await JSONResponse({}, 422, {"Connection": "close"})(scope, receive, send)
            return
    declared = request.headers.get("content-length")
    await JSONResponse({"length": length, "declared": declared})(scope, receive, send)


FORM = {"Content-Type": "multipart/form-data; boundary=x"}


async def in_pieces(length: int) -> AsyncIterator[bytes]:
    for _ in range(length // 65_536):
        yield b"x" * 65_536


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_form_with_files_may_be_longer_and_goes_past_a_replica_that_is_away(*, chunked: bool) -> None:
    length = 20 * 1024 * 1024
    async with (
        HttpServer(counted) as service,
        gateway_at({"sla": ["http://127.0.0.1:1", service.address]}) as http,
    ):
        for _ in range(2):
            content = in_pieces(length) if chunked else b"x" * length
            answer = await http.post("/api/sla/v1/x", content=content, headers=FORM)
            assert answer.json() == {"length": length, "declared": None if chunked else str(length)}


async def test_a_form_beyond_its_limit_is_a_problem_and_ends_the_connection() -> None:
    length = REQUEST_BYTES + 65_536
    async with HttpServer(counted) as service, gateway_at({"sla": [service.address]}) as http:
        answer = await http.post("/api/sla/v1/x", content=in_pieces(length), headers=FORM)
        is_problem(answer, 413, "payload_too_large")
        assert answer.headers["connection"] == "close"

        reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
        lines = [
            "POST /api/sla/v1/x HTTP/1.1",
            "Host: x",
            f"Content-Length: {length}",
            "Content-Type: multipart/form-data",
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        assert b"payload_too_large" in await reader.read()
        writer.close()


async def test_a_form_that_a_service_refuses_at_its_beginning_gets_its_answer() -> None:
    async with HttpServer(counted) as service, gateway_at({"sla": [service.address]}) as http:
        answer = await http.post("/api/sla/refused", content=in_pieces(8 * 1024 * 1024), headers=FORM)
        assert answer.status_code == 422


async def test_what_a_service_answers_has_its_headers_once(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/sla/v1/x")

    assert answer.status_code == 200
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]


async def test_a_service_gets_the_clients_address_from_the_gateway_and_not_from_the_client(
    http: httpx.AsyncClient,
) -> None:
    said = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "elsewhere",
        "Forwarded": "for=203.0.113.7",
        "X-Real-IP": "203.0.113.7",
    }

    heard = (await http.get("/api/sla/v1/x", headers=said)).json()

    assert (heard["client"], heard["scheme"]) == ("127.0.0.1", "http")
    assert heard["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert not ({name.lower() for name in said} - {"x-forwarded-for"}) & set(heard["headers"])


async def test_a_service_trusts_only_the_gateway() -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    heard = {}
    for gateways in ("127.0.0.1", "127.0.0.0/8", "10.0.0.1", ""):
        async with HttpServer(told, gateways=gateways) as service, httpx.AsyncClient(trust_env=False) as client:
            heard[gateways] = (await client.get(f"{service.address}/", headers=forwarded)).json()["client"]

    assert heard == {
        "127.0.0.1": "203.0.113.7",
        "127.0.0.0/8": "203.0.113.7",
        "10.0.0.1": "127.0.0.1",
        "": "127.0.0.1",
    }


# --- Health -----------------------------------------------------------------------------------------------------------


def says(path: str, status: int, body: dict[str, Any]) -> Any:
    """A replica that answers one of its health addresses only."""

    async def replica(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path"] == path
        await JSONResponse(body if asked else {}, status if asked else 500)(scope, receive, send)

    return replica


def is_ready(fault: str | None = None) -> Any:
    if fault is None:
        return says("/readyz", 200, {"status": "ready", "faults": {}})
    if fault in {"bus", "relay"}:
        return says("/readyz", 200, {"status": "degraded", "faults": {"sla": fault}})
    return says("/readyz", 503, {"status": "not ready", "faults": {"sla": fault}})


@asynccontextmanager
async def gateway_before(*replicas: Any, silent: int = 0, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway in front of these replicas of one service; the silent ones accept connections and never answer."""
    async with AsyncExitStack() as stack:
        addresses = []
        for _ in range(silent):
            stopped = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            addresses.append(f"http://127.0.0.1:{stopped.getsockname()[1]}")
        addresses += [(await stack.enter_async_context(HttpServer(replica))).address for replica in replicas]
        app = build({"sla": addresses}, **options)
        await stack.enter_async_context(app.router.lifespan_context(app))
        server = await stack.enter_async_context(HttpServer(app))
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=30))


async def test_the_gateway_is_alive_without_any_service(http: httpx.AsyncClient) -> None:
    answer = await http.get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_service_that_cannot_be_reached_keeps_the_gateway_from_being_ready() -> None:
    async with HttpServer(is_ready()) as service:
        app = build({"sla": [service.address], "review": ["http://127.0.0.1:1"], "analytics": []})
        async with app.router.lifespan_context(app), HttpServer(app) as gateway, httpx.AsyncClient() as client:
            answer = await client.get(f"{gateway.address}/readyz")

    faults = {"review": "unreachable", "analytics": "unreachable"}
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "faults": faults})


@pytest.mark.parametrize(
    ("replicas", "status", "body"),
    [
        ([None, None], 200, {"status": "ready", "faults": {}}),
        (["database", None], 200, {"status": "ready", "faults": {}}),
        (["bus", None], 200, {"status": "ready", "faults": {}}),
        (["database", "bus"], 200, {"status": "degraded", "faults": {"sla": "bus"}}),
        (["database", "database"], 503, {"status": "not ready", "faults": {"sla": "database"}}),
        (["closing"], 503, {"status": "not ready", "faults": {"sla": "closing"}}),
    ],
)
async def test_the_gateway_is_as_ready_as_the_best_replica_of_each_service(
    replicas: list[str | None], status: int, body: dict[str, Any]
) -> None:
    async with gateway_before(*map(is_ready, replicas)) as client:
        answer = await client.get("/readyz")

    assert (answer.status_code, answer.json()) == (status, body)


async def test_a_replica_that_does_not_answer_counts_as_unreachable() -> None:
    async with gateway_before(silent=1, health_seconds=0.1) as client:
        answer = await client.get("/readyz")
    async with gateway_before(is_ready(), silent=1, health_seconds=30.0) as client:
        beside = await client.get("/readyz")

    assert (answer.status_code, answer.json()["faults"]) == (503, {"sla": "unreachable"})
    assert beside.status_code == 200


async def test_the_gateway_has_started_when_each_service_has() -> None:
    begun = says("/startupz", 200, {"status": "started", "waiting": []})
    waiting = says("/startupz", 503, {"status": "starting", "waiting": ["sla"]})
    async with gateway_before(waiting, begun) as client:
        one = await client.get("/startupz")
    async with gateway_before(waiting, waiting) as client:
        none = await client.get("/startupz")

    assert (one.status_code, one.json()) == (200, {"status": "started", "waiting": []})
    assert (none.status_code, none.json()) == (503, {"status": "starting", "waiting": ["sla"]})


async def test_a_name_stands_for_all_its_addresses() -> None:
    async with HttpServer(is_ready()) as service:
        app = build({"sla": [service.address.replace("127.0.0.1", "localhost")]})
        async with app.router.lifespan_context(app), HttpServer(app) as gateway, httpx.AsyncClient() as client:
            ready = await client.get(f"{gateway.address}/readyz")
            forwarded = await client.get(f"{gateway.address}/api/sla/v1/x")

    assert ready.json() == {"status": "ready", "faults": {}}
    assert forwarded.status_code == 500  # the replica's own answer


# --- A replica that does not answer -----------------------------------------------------------------------------------

MAY_BE_ASKED_AGAIN: Final = [
    ("GET", {}),
    ("HEAD", {}),
    ("POST", {"Idempotency-Key": "k"}),
    ("PUT", {"Idempotency-Key": "k"}),
    ("POST", {"webhook-id": "m"}),
]


@pytest.mark.parametrize(("method", "headers"), MAY_BE_ASKED_AGAIN)
async def test_a_repeatable_request_is_answered_by_another_replica(method: str, headers: dict[str, str]) -> None:
    async with gateway_before(told, silent=1, first_byte_seconds=0.05) as client:
        for _ in range(4):
            answer = await client.request(method, "/api/sla/v1/x", headers=headers)
            assert answer.status_code == 200


async def test_a_request_that_is_not_repeatable_avoids_a_replica_that_did_not_answer() -> None:
    async with gateway_before(told, silent=1, first_byte_seconds=0.05) as client:
        for _ in range(2):  # one of the two went to the replica that does not answer
            await client.get("/api/sla/v1/x")

        async with asyncio.timeout(20):
            for _ in range(4):
                assert (await client.post("/api/sla/v1/x")).status_code == 200


async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A replica that ends while it has the request."""
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(("method", "headers"), MAY_BE_ASKED_AGAIN)
async def test_a_repeatable_request_is_sent_again_when_its_replica_dies(method: str, headers: dict[str, str]) -> None:
    async with await asyncio.start_server(dying, "127.0.0.1", 0) as dead, HttpServer(told) as healthy:
        app = build({"sla": [f"http://127.0.0.1:{dead.sockets[0].getsockname()[1]}", healthy.address]})
        async with app.router.lifespan_context(app), HttpServer(app) as gateway, httpx.AsyncClient() as client:
            for _ in range(4):
                answer = await client.request(method, f"{gateway.address}/api/sla/v1/x", headers=headers)
                assert answer.status_code == 200


async def test_a_command_without_a_key_is_never_sent_twice() -> None:
    async with await asyncio.start_server(dying, "127.0.0.1", 0) as dead, HttpServer(told) as healthy:
        app = build({"sla": [f"http://127.0.0.1:{dead.sockets[0].getsockname()[1]}", healthy.address]})
        async with app.router.lifespan_context(app), HttpServer(app) as gateway, httpx.AsyncClient() as client:
            answers = [await client.post(f"{gateway.address}/api/sla/v1/x") for _ in range(2)]

    assert sorted(answer.status_code for answer in answers) == [200, 503]
    [lost] = [answer for answer in answers if answer.status_code == 503]
    is_problem(lost, 503, "unavailable")

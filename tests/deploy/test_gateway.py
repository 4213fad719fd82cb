"""The gateway: its refusals are problems like those of the services, and it alone says for whom it asks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from deploy.gateway import build
from shared.run.http_server import HttpServer

CHINESE: Final = re.compile("[\u4e00-\u9fff]")


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """A service that tells who asked it, and how."""
    request = Request(scope, receive)
    assert request.client is not None
    answer = {"client": request.client.host, "scheme": request.url.scheme, "headers": dict(request.headers)}
    await JSONResponse(answer)(scope, receive, send)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway before one service, another that is away, and none of the rest."""
    async with HttpServer(told, gateways="127.0.0.1") as service:
        app = build({"sla": [service.address], "review": ["http://127.0.0.1:1"]})
        async with (
            app.router.lifespan_context(app),
            HttpServer(app) as gateway,
            httpx.AsyncClient(base_url=gateway.address, trust_env=False) as client,
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


@pytest.mark.parametrize("path", ["/", "/nothing", "/metrics", "/api", "/api/intake", "/api/nobody/v1/x", "/a%0Ab"])
async def test_an_address_that_is_nobodys_is_a_problem(http: httpx.AsyncClient, path: str) -> None:
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


async def test_what_a_service_answers_has_its_headers_once(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/sla/v1/x")

    assert answer.status_code == 200
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]


async def test_a_service_hears_the_clients_address_from_the_gateway_and_nothing_of_what_the_client_says(
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


async def test_a_service_believes_the_gateway_and_nobody_else() -> None:
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

"""The gateway: /api/<service> to the replicas of that service, in turn; another one when a replica cannot be reached.

Configured by the environment: GONGDAN_GATEWAY_<SERVICE> is a comma-separated list of addresses; GONGDAN_GATEWAY_FRONTS,
empty by default, are the addresses of proxies in front of it that are believed when they say for whom they ask.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.outbox.writer import new_id
from shared.run.http_head import BoundedHead
from shared.settings import SERVICES
from shared.telemetry import request_id
from shared.web.headers import SECURITY_HEADERS
from shared.web.problem import TITLES, problem_response

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Who asks is for the gateway to say: what a client says about itself goes no further.
_SAYS_WHO: Final = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip"}
)
_LARGEST: Final = 1024 * 1024


def replicas_of(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """The addresses of each service."""
    return {
        service: [part for part in environment.get(f"GONGDAN_GATEWAY_{service.upper()}", "").split(",") if part]
        for service in SERVICES
    }


class _TooLarge(Exception):
    """The body is over the limit; no service needs to see it."""


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise _TooLarge
    return bytes(body)


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal of the gateway's own, with the id and the headers that a service's answer has."""
    identity = str(new_id())
    request_id.set(identity)
    answer = problem_response(status, code, detail, headers=headers)
    answer.raw_headers += [(b"x-request-id", identity.encode()), *SECURITY_HEADERS]
    return answer


async def _no_route(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    details = {404: "地址不存在，请核对", 405: "该地址不支持此方法"}
    return _problem(
        fault.status_code,
        f"http_{fault.status_code}",
        details.get(fault.status_code, TITLES.get(fault.status_code, "请求未能完成")),
        headers=fault.headers,
    )


async def _unforeseen(_: Request, __: Exception) -> Response:
    return _problem(500, "internal", "系统内部错误，请稍后重试；如仍不成功，请凭请求编号联系管理员")


def _forwarded(request: Request) -> list[tuple[bytes, bytes]]:
    """The request's headers for a service, which takes the client's address from them."""
    dropped = _HOP_BY_HOP | _SAYS_WHO
    headers = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in dropped]
    if request.client is not None:
        headers.append((b"x-forwarded-for", request.client.host.encode()))
    return headers


def build(replicas: Mapping[str, list[str]]) -> Starlette:
    """The gateway's application."""
    turn = count()
    http = httpx.AsyncClient(
        timeout=httpx.Timeout(60.0, connect=2.0),
        limits=httpx.Limits(max_connections=200),
        follow_redirects=False,
        trust_env=False,
    )

    async def forward(request: Request) -> Response:
        addresses = replicas.get(request.path_params["service"], [])
        if not addresses:
            return _problem(404, "http_404", "地址不存在，请核对")
        try:
            body = await _body(request)
        except _TooLarge:
            # Closed, because what is still coming is read and dropped for a while only (shared.run.lingering).
            said = "请求内容超过上限 1024 KB，请精简内容后重新发送"
            return _problem(413, "payload_too_large", said, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=499)
        headers = _forwarded(request)
        path = request.scope["raw_path"].decode("latin-1").split("?")[0]
        query = request.scope["query_string"].decode("latin-1")
        first = next(turn)
        for attempt in range(len(addresses)):
            address = addresses[(first + attempt) % len(addresses)]
            target = httpx.URL(f"{address}{path}" + (f"?{query}" if query else ""))
            try:
                answer = await http.send(
                    http.build_request(request.method, target, headers=headers, content=body), stream=True
                )
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent: another replica may answer
            except httpx.HTTPError:
                # It may have been done: only the caller, with its idempotency key, can ask again.
                return _problem(
                    503, "unavailable", "服务暂时中断，结果未知，请稍后用相同的幂等键重试", headers={"Retry-After": "1"}
                )
            response = StreamingResponse(
                answer.aiter_raw(), status_code=answer.status_code, background=BackgroundTask(answer.aclose)
            )
            response.raw_headers = [
                (name.lower(), value)
                for name, value in answer.headers.raw
                if name.decode("latin-1").lower() not in _HOP_BY_HOP
            ]
            return response
        return _problem(503, "unavailable", "服务暂时不可用，请稍后重试", headers={"Retry-After": "1"})

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ready"})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await http.aclose()

    app = Starlette(
        routes=[
            Route("/livez", ready),
            Route("/readyz", ready),
            Route("/api/{service}/{rest:path}", forward, methods=_METHODS),
        ],
        exception_handlers={HTTPException: _no_route, Exception: _unforeseen},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the services do not redirect either
    return app


def main() -> None:
    """Run it on GONGDAN_HOST and GONGDAN_PORT."""
    app = build(replicas_of(os.environ))
    config = uvicorn.Config(
        app,
        http=BoundedHead,
        forwarded_allow_ips=os.environ.get("GONGDAN_GATEWAY_FRONTS", ""),
        host=os.environ.get("GONGDAN_HOST", "127.0.0.1"),
        port=int(os.environ.get("GONGDAN_PORT", "8012")),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()

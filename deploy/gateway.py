"""The gateway: shows the portal, sends /api/<service> to the replicas of that service in turn, and to the next when one does not answer.

It repeats only requests that are safe to repeat: those that change nothing, and those with a key by which a service
recognises them (Idempotency-Key, webhook-id).  Any other request without an answer is for its client to repeat, and so
is a long form with files: it is passed on piece by piece and not kept here.

Configured by the environment: GONGDAN_GATEWAY_<SERVICE> is a comma-separated list of addresses; GONGDAN_GATEWAY_FRONTS,
empty by default, lists the proxies in front of it whose X-Forwarded-For is believed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
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

from shared.app.portal import Portal
from shared.files.limits import BODY_BYTES, REQUEST_BYTES
from shared.outbox.writer import new_id
from shared.run.http_head import BoundedHead
from shared.settings import SERVICES, BadSetting, port_of
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
# The gateway sets the client's address; what a client sends about itself is dropped.
_CLIENT_ADDRESS: Final = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-real-ip"}
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEYS: Final = ("idempotency-key", "webhook-id")
_FIRST_BYTE_SECONDS: Final = 5.0
_AVOIDED_SECONDS: Final = 10.0
_NAMES_SECONDS: Final = 1.0
_HEALTH_SECONDS: Final = 1.0
_UNREACHABLE: Final = "unreachable"


def replicas_of(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """The configured addresses of each service."""
    return {
        service: [part for part in environment.get(f"GONGDAN_GATEWAY_{service.upper()}", "").split(",") if part]
        for service in SERVICES
    }


class _Replicas:
    """The replicas of each service in turn, and those that did not answer last time."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self.services: Final = tuple(addresses)
        self._addresses = addresses
        self._turn = count()
        self._avoided: dict[str, float] = {}
        self._behind: dict[str, tuple[float, list[str]]] = {}

    async def of(self, service: str) -> list[str]:
        """Every replica.  A host name stands for all its addresses, as in docker-compose.yml."""
        return [found for address in self._addresses.get(service, ()) for found in await self._all_behind(address)]

    async def _all_behind(self, address: str) -> list[str]:
        url = httpx.URL(address)
        if url.scheme != "http" or _is_number(url.host):
            return [address]
        loop = asyncio.get_running_loop()
        until, known = self._behind.get(address, (0.0, []))
        if loop.time() < until:
            return known
        try:
            found = await loop.getaddrinfo(url.host, url.port or 80, type=socket.SOCK_STREAM)
        except OSError:
            return [address]
        known = sorted({str(url.copy_with(host=entry[4][0])) for entry in found})
        self._behind[address] = loop.time() + _NAMES_SECONDS, known
        return known

    async def in_turn(self, service: str, *, again: bool) -> list[str]:
        """The replicas in the order in which to ask them; those that did not answer come last.

        One of these is tried now and then, by a request that another can answer if it still does not.
        """
        replicas = await self.of(service)
        if not replicas:
            return []
        first = next(self._turn) % len(replicas)
        now = asyncio.get_running_loop().time()
        sequence = [*replicas[first:], *replicas[:first]]
        sequence.sort(key=lambda one: one in self._avoided and not (again and self._avoided[one] <= now))
        if sequence[0] in self._avoided:
            self.avoid(sequence[0])  # one request tries it, not all of this moment
        return sequence

    def avoid(self, address: str) -> None:
        """It did not answer."""
        self._avoided[address] = asyncio.get_running_loop().time() + _AVOIDED_SECONDS

    def answered(self, address: str) -> None:
        """It answered."""
        self._avoided.pop(address, None)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Health:
    """The health that a replica reports: whether it takes requests, and what it lacks."""

    taking: bool
    fault: str | None


class _TooLarge(Exception):
    """The body is over the limit; no service gets it."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class _Form:
    """A form with files, which is passed on as it comes."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.whole = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, once."""
        length = 0
        async for piece in self._request.stream():
            length += len(piece)
            if length > REQUEST_BYTES:
                raise _TooLarge(REQUEST_BYTES)
            yield piece
        self.whole = True


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _body(request: Request) -> bytes | _Form:
    form = request.headers.get("content-type", "")[:20].lower().startswith("multipart/form-data")
    limit = REQUEST_BYTES if form else BODY_BYTES
    if _declared(request) > limit:
        raise _TooLarge(limit)
    # A short one is kept like any other body, and may be asked of another replica.
    if form and not 0 < _declared(request) <= BODY_BYTES:
        return _Form(request)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise _TooLarge(limit)
    return bytes(body)


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The gateway's own refusal, with the same id and headers as a service's."""
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
    """The request's headers for a service, with the client's address in them."""
    dropped = _HOP_BY_HOP | _CLIENT_ADDRESS
    headers = [(name, value) for name, value in request.headers.raw if name.decode("latin-1") not in dropped]
    if request.client is not None:
        headers.append((b"x-forwarded-for", request.client.host.encode()))
    return headers


@dataclass(frozen=True, slots=True)
class _Asked:
    """A client's request, to be sent to a replica."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes | _Form
    again: bool
    """Whether it may be sent to another replica when one has received it and does not answer."""
    patience: float
    """How long to wait for the first byte of the answer while there is another replica."""


async def _answered(http: httpx.AsyncClient, replicas: _Replicas, sequence: Sequence[str], asked: _Asked) -> Response:
    """The answer of the first replica that gives one."""
    for address in sequence:
        replaceable = asked.again and address != sequence[-1]
        request = http.build_request(
            asked.method, httpx.URL(f"{address}{asked.target}"), headers=asked.headers, content=asked.body
        )
        try:
            async with asyncio.timeout(asked.patience if replaceable else None):
                answer = await http.send(request, stream=True)
        except httpx.ConnectError:
            continue  # nothing was sent: another replica may answer
        except (httpx.ConnectTimeout, TimeoutError):
            replicas.avoid(address)
        except httpx.HTTPError as fault:
            if isinstance(fault, httpx.ReadTimeout):
                replicas.avoid(address)
            if not replaceable:
                # It may have been processed: only the client can decide to repeat it.
                said = "服务暂时中断，结果未知，请稍后用相同的幂等键重试"
                return _problem(503, "unavailable", said, headers={"Retry-After": "1"})
        else:
            replicas.answered(address)
            return _passed_on(answer)
    return _problem(503, "unavailable", "服务暂时不可用，请稍后重试", headers={"Retry-After": "1"})


def _passed_on(answer: httpx.Response) -> Response:
    """A service's answer, streamed."""
    response = StreamingResponse(
        answer.aiter_raw(), status_code=answer.status_code, background=BackgroundTask(answer.aclose)
    )
    response.raw_headers = [
        (name.lower(), value) for name, value in answer.headers.raw if name.decode("latin-1").lower() not in _HOP_BY_HOP
    ]
    return response


def _may_be_asked_again(request: Request) -> bool:
    """Whether the request is safe to repeat."""
    return request.method in _SAFE or any(key in request.headers for key in _KEYS)


async def _health_of(http: httpx.AsyncClient, service: str, address: str) -> _Health:
    try:
        answer = await http.get(f"{address}/readyz")
        faults = answer.json()["faults"]
        return _Health(answer.is_success, faults.get(service, next(iter(faults.values()), None)))
    except (httpx.HTTPError, ValueError, LookupError, AttributeError, TypeError):
        return _Health(taking=False, fault=_UNREACHABLE)


async def _has_started(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/startupz")).is_success
    except httpx.HTTPError:
        return False


async def _best_health(http: httpx.AsyncClient, service: str, addresses: Sequence[str]) -> _Health:
    """The best health of all replicas; it does not wait for the others when one lacks nothing."""
    best = _Health(taking=False, fault=_UNREACHABLE)
    asked = [asyncio.ensure_future(_health_of(http, service, address)) for address in addresses]
    try:
        for answer in asyncio.as_completed(asked):
            best = min(best, await answer, key=_rank)
            if best.taking and best.fault is None:
                break
    finally:
        for task in asked:
            task.cancel()
    return best


def _rank(health: _Health) -> tuple[bool, bool, bool]:
    return not health.taking, health.fault == _UNREACHABLE, health.fault is not None


def _health_routes(replicas: _Replicas, http: httpx.AsyncClient) -> list[Route]:
    """Health routes in the form of a service's: of the gateway itself, and of the services behind it."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        found = await asyncio.gather(*(_health(service) for service in replicas.services))
        health = dict(zip(replicas.services, found, strict=True))
        faults = {service: one.fault for service, one in health.items() if one.fault is not None}
        if not all(one.taking for one in health.values()):
            return JSONResponse({"status": "not ready", "faults": faults}, 503)
        return JSONResponse({"status": "degraded" if faults else "ready", "faults": faults})

    async def startupz(_: Request) -> Response:
        found = await asyncio.gather(*(_started(service) for service in replicas.services))
        waiting = [service for service, started in zip(replicas.services, found, strict=True) if not started]
        return JSONResponse(
            {"status": "starting" if waiting else "started", "waiting": waiting}, 503 if waiting else 200
        )

    async def _health(service: str) -> _Health:
        return await _best_health(http, service, await replicas.of(service))

    async def _started(service: str) -> bool:
        return any(await asyncio.gather(*(_has_started(http, one) for one in await replicas.of(service))))

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/startupz", startupz)]


def build(
    addresses: Mapping[str, list[str]],
    *,
    first_byte_seconds: float = _FIRST_BYTE_SECONDS,
    health_seconds: float = _HEALTH_SECONDS,
) -> Starlette:
    """The gateway's application."""
    replicas = _Replicas(addresses)
    http = httpx.AsyncClient(
        timeout=httpx.Timeout(60.0, connect=2.0),
        limits=httpx.Limits(max_connections=200),
        follow_redirects=False,
        trust_env=False,
    )
    # A second client: requests that wait for a service must not delay the questions about health.
    asking = httpx.AsyncClient(timeout=health_seconds, trust_env=False)

    async def forward(request: Request) -> Response:
        again = _may_be_asked_again(request)
        sequence = await replicas.in_turn(request.path_params["service"], again=again)
        if not sequence:
            return _problem(404, "http_404", "地址不存在，请核对")
        try:
            body = await _body(request)
            return await _passed(request, sequence, body, again=again)
        except _TooLarge as fault:
            # Closed, because the rest of the body is read only for a while (shared.run.lingering).
            said = f"请求内容超过上限 {fault.limit // 1024} KB，请精简内容后重新发送"
            return _problem(413, "payload_too_large", said, headers={"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=499)

    async def _passed(request: Request, sequence: list[str], body: bytes | _Form, *, again: bool) -> Response:
        again = again and not isinstance(body, _Form)
        path = request.scope["raw_path"].decode("latin-1").split("?")[0]
        query = request.scope["query_string"].decode("latin-1")
        asked = _Asked(
            request.method, path + (f"?{query}" if query else ""), _forwarded(request), body, again, first_byte_seconds
        )
        response = await _answered(http, replicas, sequence, asked)
        if isinstance(body, _Form) and not body.whole:
            response.headers["connection"] = "close"  # nobody reads the rest
        return response

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await http.aclose()
        await asking.aclose()

    app = Starlette(
        routes=[
            *_health_routes(replicas, asking),
            Route("/api/{service}/{rest:path}", forward, methods=_METHODS),
        ],
        exception_handlers={HTTPException: _no_route, Exception: _unforeseen},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the services do not redirect either
    app.router.default = Portal(app.router.not_found)
    return app


def main() -> None:
    """Run it on GONGDAN_HOST and GONGDAN_PORT."""
    try:
        port = port_of(os.environ.get("GONGDAN_PORT", "8012"))
    except BadSetting as fault:
        sys.exit(f"无法启动：{fault}")
    app = build(replicas_of(os.environ))
    config = uvicorn.Config(
        app,
        http=BoundedHead,
        forwarded_allow_ips=os.environ.get("GONGDAN_GATEWAY_FRONTS", ""),
        host=os.environ.get("GONGDAN_HOST", "127.0.0.1"),
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()

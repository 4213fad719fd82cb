"""The HTTP application of a service, and all of them behind the same paths (/api/<service>)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter, Histogram, generate_latest
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.app.backlog import backlog_route
from shared.app.docs import add_document_page
from shared.app.health import health_routes
from shared.app.lane import Front, Lane
from shared.app.operations import router as operations
from shared.app.portal import Portal
from shared.clock import Clock
from shared.db.faults import is_transient, is_unstorable, name_of
from shared.deps import keeps_answers
from shared.errors import BusinessError, Conflict, PayloadTooLarge, Unavailable
from shared.files.limits import BODY_BYTES, REQUEST_BYTES
from shared.files.upload import UploadRoute
from shared.gate import Gate, RouteWithoutRow
from shared.outbox.writer import new_id
from shared.telemetry import correlation_id, logger, request_id
from shared.web.cookies import TOKEN_COOKIE
from shared.web.headers import SECURITY_HEADERS, headers_of_now
from shared.web.problem import TITLES, Problem, invalid_response, problem_of, problem_response
from shared.web.routes import AnsweredBefore, CommandRoute, replayed

if TYPE_CHECKING:
    from shared.service import Runtime, Service

log = logger("web")


_LONGEST_CORRELATION: Final = 64
_TOKEN: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
_REFUSED: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": TITLES[status], "content": _REFUSED}
    for status in (400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
}

_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "幂等键：以同一键重发同一请求，得到第一次的回答（Idempotent-Replayed: true），不再办理一次",
    "schema": {"title": "幂等键", "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
}
_NOW: Final = {
    "description": "平台当前时间，含毫秒和时区；倒计时以此为准，不以本机时钟为准",
    "schema": {"title": "平台当前时间", "type": "string", "format": "date-time"},
    "example": "2026-11-23T09:00:00.000+08:00",
}
_BEARER: Final = {"type": "http", "scheme": "bearer", "description": "POST /api/dispatch/v1/tokens 所得的令牌"}
_COOKIE: Final = {
    "type": "apiKey",
    "in": "cookie",
    "name": TOKEN_COOKIE,
    "description": "POST /api/dispatch/v1/sessions 所设的 Cookie，供浏览器使用；以它提交更改时，请求须来自本平台页面（同源）",
}


class Edge:
    """What every request needs around its route, in one ASGI layer, because each further layer costs time.

    Request and correlation ids, the platform's now, the limit on the body counted byte by byte (R5), time and status for
    the metrics, and a problem+json answer for unexpected exceptions.
    """

    def __init__(self, app: ASGIApp, runtime: Runtime) -> None:
        self._app, self._runtime = app, runtime
        self._uploads = upload_routes(runtime.service.routers)
        # Routes and statuses are few; looking up their counters takes longer than counting.
        self._meters = lru_cache(maxsize=1024)(self._meters_of)

    def _meters_of(self, route: str, status: int) -> tuple[Counter, Histogram]:
        metrics = self._runtime.metrics
        return metrics.requests.labels(route, str(status)), metrics.request_seconds.labels(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        exchange = _Exchange(receive, send, self._runtime.clock, self._limit_of(scope, given))
        request_id.set(exchange.request)
        correlation_id.set(_correlation(given) or exchange.request)
        started = time.perf_counter()
        try:
            length = given.get(b"content-length", b"0")
            if length.isdigit() and int(length) > exchange.limit:
                await exchange.refuse_size(scope)
            else:
                await self._app(scope, exchange.receive, exchange.send)
        except PayloadTooLarge:
            await exchange.refuse_size(scope)
        except Exception as fault:  # noqa: BLE001 - every unexpected exception is answered here
            if not exchange.sent:
                await _unforeseen(fault)(scope, receive, exchange.send)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            answers, seconds = self._meters(route, exchange.status)
            answers.inc()
            seconds.observe(time.perf_counter() - started)

    def _limit_of(self, scope: Scope, given: dict[bytes, bytes]) -> int:
        """How long the body may be: a form may be longer, where one is read."""
        if given.get(b"content-type", b"")[:10].lower() != b"multipart/":
            return BODY_BYTES
        takes_files = any(route.matches(scope)[0] is Match.FULL for route in self._uploads)
        return REQUEST_BYTES if takes_files else BODY_BYTES


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_clock", "_left", "_receive", "_send", "_whole", "limit", "request", "sent", "status")

    def __init__(self, receive: Receive, send: Send, clock: Clock, limit: int = BODY_BYTES) -> None:
        self._receive, self._send, self._clock, self.limit, self._left = receive, send, clock, limit, limit
        # Of a form nobody reads the rest once a part of it is refused: the connection cannot be used again.
        self._whole = limit == BODY_BYTES
        self.request = str(new_id())
        self.status, self.sent = 500, False

    async def receive(self) -> Message:
        """The next piece of the body, counted, because a chunked body has no Content-Length (R5)."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise PayloadTooLarge(self.limit)
        self._whole = self._whole or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """The answer, with the request's id and the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status, self.sent = message["status"], True
            own = ((b"x-request-id", self.request.encode()), *headers_of_now(self._clock))
            message["headers"] = [*message["headers"], *own, *SECURITY_HEADERS]
            if self._left < 0 or not self._whole:
                message["headers"].append((b"connection", b"close"))  # the rest of the body is dropped
        await self._send(message)

    async def refuse_size(self, scope: Scope) -> None:
        """413, and the connection is closed; the server drops what still comes of the body (shared.run.lingering)."""
        if not self.sent:
            self._left = -1
            await problem_of(PayloadTooLarge(self.limit))(scope, self._receive, self.send)


def _correlation(given: dict[bytes, bytes]) -> str:
    """The client's correlation id when it is a short plain word, else nothing: it goes into logs and events."""
    correlation = given.get(b"x-correlation-id", b"").decode("latin-1")
    return correlation if len(correlation) <= _LONGEST_CORRELATION and _TOKEN.issuperset(correlation) else ""


def _unforeseen(fault: Exception) -> Response:
    if is_transient(fault):
        log.warning("dependency away", error=name_of(fault))
        return problem_of(Unavailable())
    if is_unstorable(fault):
        return problem_response(422, "invalid_request", "内容含有无法保存的字符或数值，请修改后重新提交")
    log.error("unforeseen", exc_info=fault)
    return problem_response(500, "internal", "系统内部错误，已记录，请凭请求编号联系管理员")


def _http_problem(fault: HTTPException, route: object) -> Response:
    # FastAPI wraps what goes wrong while it reads the body.
    if isinstance(fault.__cause__, BusinessError):
        return problem_of(fault.__cause__)
    if isinstance(fault.__cause__, RequestValidationError):
        return invalid_response(fault.__cause__.errors(), route)
    details = {404: "地址不存在，请核对", 405: "该地址不支持此方法", 400: "请求内容无法解析，请核对编码与格式"}
    detail = details.get(fault.status_code, TITLES.get(fault.status_code, "请求未能完成"))
    return problem_response(fault.status_code, f"http_{fault.status_code}", detail, headers=fault.headers)


def upload_routes(routers: Iterable[APIRouter]) -> list[UploadRoute]:
    """The routes that read forms with files."""
    routes = [route for router in routers for route in router.routes]
    return [route for route in routes if isinstance(route, UploadRoute) and route.form is not None]


def build_app(service: Service, runtime: Runtime | None = None) -> FastAPI:
    """The application of one service, without the Edge; `runtime=None` builds it for its OpenAPI document."""
    app = FastAPI(
        title=f"工单 Gongdan — {service.title}",
        description=service.about,
        version="1",
        responses=_RESPONSES,
        servers=[{"url": f"/api/{service.name}"}],
        openapi_url="/openapi.json",
        docs_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    add_document_page(app, at=f"/api/{service.name}")
    for router in (*service.routers, operations):
        app.include_router(router)
    _check_rows(service)
    if runtime is not None:
        app.state.gate = Gate(service.operations, service.without_login, runtime.tokens, runtime.settings.public_origin)
    _complete_document(app, service)

    async def refuse(_: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, BusinessError)
        if runtime is not None:
            runtime.metrics.refused.labels(refusal.code).inc()
        log.info("refused", code=refusal.code, status=refusal.status)
        return problem_of(refusal)

    async def invalid(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        return invalid_response(fault.errors(), request.scope.get("route"))

    async def http(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        return _http_problem(fault, request.scope.get("route"))

    async def stale(_: Request, __: Exception) -> Response:
        return problem_of(Conflict())

    async def replay(_: Request, before: Exception) -> Response:
        assert isinstance(before, AnsweredBefore)
        return replayed(before)

    async def unforeseen(_: Request, fault: Exception) -> Response:
        return _unforeseen(fault)

    app.add_exception_handler(BusinessError, refuse)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(StaleDataError, stale)
    app.add_exception_handler(AnsweredBefore, replay)
    app.add_exception_handler(Exception, unforeseen)
    return app


def _check_rows(service: Service) -> None:
    """Each route has its row in the table of access, and each row its route; RouteWithoutRow otherwise."""
    every = (route for router in (*service.routers, operations) for route in router.routes)
    routes = {route.operation_id or route.name for route in every if isinstance(route, APIRoute)}
    rows = {*service.operations, *service.without_login}
    if routes != rows:
        raise RouteWithoutRow(service.name, routes - rows, rows - routes)


def _complete_document(app: FastAPI, service: Service) -> None:
    """Add to the document what FastAPI does not know: Problem, the data of forms with files, the login, and webhooks."""
    usual, commands = app.openapi, _commands(service)
    models: list[type[BaseModel]] = [Problem]
    models += [route.body_model for route in upload_routes(service.routers) if route.body_model is not None]

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = usual()
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            for model in models:
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(schema.pop("$defs", {}))
                schemas[model.__name__] = schema
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas.update(service.schemas)
            if service.webhooks:
                document["webhooks"] = service.webhooks
            components["securitySchemes"] = {"bearer": _BEARER, "cookie": _COOKIE}
            components["headers"] = {"Gongdan-Now": _NOW}
            for operation in (each for path in document["paths"].values() for each in path.values()):
                _complete_operation(operation, service.without_login, commands)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete_operation(operation: dict[str, Any], without_login: Collection[str], commands: Collection[str]) -> None:
    """The login and the idempotency key; a refusal that a route describes in its own words says nothing of its form."""
    if operation["operationId"] not in without_login:
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    if operation["operationId"] in commands:
        operation["parameters"] = [*operation.get("parameters", ()), _KEY]
    for status, response in operation["responses"].items():
        if status[0] in "45":
            response.setdefault("content", _REFUSED)
        else:  # refusals have the header too; writing it at each of them would double the document
            response.setdefault("headers", {})["Gongdan-Now"] = {"$ref": "#/components/headers/Gongdan-Now"}


def _commands(service: Service) -> set[str]:
    """The operations that keep their answer under an idempotency key."""
    return {
        route.operation_id or route.name
        for router in service.routers
        for route in router.routes
        if isinstance(route, CommandRoute) and keeps_answers(route.dependant)
    }


def mount(apps: Iterable[tuple[Runtime, FastAPI]], *, portal: bool = False) -> Starlette:
    """The services of this process under their paths, with health routes for the whole process, and the web portal."""
    pairs = list(apps)
    runtimes = [runtime for runtime, _ in pairs]

    def metrics(runtime: Runtime) -> Route:
        async def answer(_: Request) -> Response:
            return Response(generate_latest(runtime.metrics.registry), media_type="text/plain; version=0.0.4")

        return Route(f"/api/{runtime.service.name}/metrics", answer)

    async def all_metrics(_: Request) -> Response:
        pages = b"".join(generate_latest(runtime.metrics.registry) for runtime in runtimes)
        return Response(pages, media_type="text/plain; version=0.0.4")

    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        """The answer for a path that no service has, by any method."""
        exchange = _Exchange(receive, send, runtimes[0].clock)
        request_id.set(exchange.request)
        await problem_response(404, "http_404", "地址不存在，请核对")(scope, receive, exchange.send)

    elsewhere = Portal(unknown) if portal else unknown
    edges = {runtime.service.name: Edge(Lane(app, runtime.service), runtime) for runtime, app in pairs}
    whole = Front(
        routes=[
            *health_routes(runtimes),
            backlog_route(runtimes),
            Route("/metrics", all_metrics),
            *(metrics(runtime) for runtime in runtimes),
            *(Mount(f"/api/{name}", edge) for name, edge in edges.items()),
            Mount("/", elsewhere),
        ]
    )
    whole.services = {str(name): edge for name, edge in edges.items()}
    # A path with a line break in it matches no pattern of Starlette's, not even that of "/".
    whole.router.default = elsewhere
    return whole

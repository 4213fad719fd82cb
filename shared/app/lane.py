"""Calls the raw routes, which take most requests, without the routing table of the service and without middleware.

FastAPI's routing costs a webhook as much time as its own work (measured).  The documents, the other methods and every
other path still use it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.routes import RawRoute

if TYPE_CHECKING:
    from shared.service import Service

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class Lane:
    """A service's application with its raw routes in front of it."""

    def __init__(self, app: FastAPI, service: Service) -> None:
        self._app = app
        self._routes = [route for router in service.routers for route in router.routes if isinstance(route, RawRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        for route in self._routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                scope.update(child)
                scope["app"] = self._app
                response = await self._answer(cast("Answer", route.endpoint), Request(scope, receive))
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(self, endpoint: Answer, request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as fault:
            # The exception handlers of the application, that of the nearest class first, as FastAPI chooses.
            for kind in type(fault).__mro__:
                handler = self._app.exception_handlers.get(kind)
                if handler is not None:
                    return cast("Response", await cast("Any", handler)(request, fault))
            raise


class Front(Starlette):
    """All services of a process: /api/<service> is looked up, everything else goes through the routes."""

    services: dict[str, ASGIApp]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            place = scope["path"].split("/", 3)
            service = self.services.get(place[2]) if len(place) == 4 and place[1] == "api" else None  # noqa: PLR2004
            if service is not None and place[3] != "metrics":
                scope["app"] = self
                root = scope.get("root_path", "")
                scope["app_root_path"] = root
                scope["root_path"] = f"{root}/api/{place[2]}"
                await service(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

"""Health: alive, ready, started (R50)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.bus import BusError

if TYPE_CHECKING:
    from shared.service import Runtime


async def fault_of(runtime: Runtime) -> str | None:
    """Why a service is not ready, in one word; None when it is: database, bus, relay and consumer all there."""
    if runtime.closing:
        return "closing"
    if not runtime.started:
        return "starting"
    try:
        async with runtime.works.read() as session:
            await session.execute(text("select 1"))
    except (SQLAlchemyError, OSError):
        return "database"
    if not runtime.relay.running:
        return "relay"
    try:
        await runtime.bus.ping()
    except (BusError, OSError):
        return "bus"
    if runtime.service.topics and not runtime.consumer.joined:
        return "consumer"
    return None


def health_routes(runtimes: Sequence[Runtime]) -> list[Route]:
    """/livez asks nothing of anybody; /readyz asks the database, the bus and the consumer; /startupz whether all began."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        faults = {r.service.name: fault for r in runtimes if (fault := await fault_of(r)) is not None}
        return JSONResponse(
            {"status": "ready" if not faults else "not ready", "faults": faults}, 503 if faults else 200
        )

    async def startupz(_: Request) -> Response:
        waiting = [r.service.name for r in runtimes if not r.started]
        return JSONResponse(
            {"status": "starting" if waiting else "started", "waiting": waiting}, 503 if waiting else 200
        )

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/startupz", startupz)]

"""Health: alive, ready, started (R50).

Ready means that the service takes requests.  For that it needs only its database, because events wait in the outbox: a
bus that is away makes it degraded, which the answer says, and must not take all replicas out of traffic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from shared.service import Runtime

CLOSED: Final = frozenset({"closing", "starting", "database"})
"""The faults with which a service takes no requests."""


async def fault_of(runtime: Runtime) -> str | None:
    """The most important part that is missing, in one word; None when database, bus, relay and consumer work."""
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
    if not runtime.bus_there:
        return "bus"
    if runtime.relay.stalled:  # the bus answers, but acknowledges nothing
        return "relay"
    if runtime.service.topics and not runtime.consumer.joined:
        return "consumer"
    return None


def health_routes(runtimes: Sequence[Runtime]) -> list[Route]:
    """/livez checks nothing; /readyz says whether requests are taken and what is missing; /startupz whether all have started."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        faults = {r.service.name: fault for r in runtimes if (fault := await fault_of(r)) is not None}
        if not CLOSED.isdisjoint(faults.values()):
            return JSONResponse({"status": "not ready", "faults": faults}, 503)
        return JSONResponse({"status": "degraded" if faults else "ready", "faults": faults})

    async def startupz(_: Request) -> Response:
        waiting = [r.service.name for r in runtimes if not r.started]
        return JSONResponse(
            {"status": "starting" if waiting else "started", "waiting": waiting}, 503 if waiting else 200
        )

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/startupz", startupz)]

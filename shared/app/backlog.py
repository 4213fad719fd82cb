"""What waits in this process: whoever leads a simulated clock, or stops a platform on purpose, waits until nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.bus import BusUnavailable

if TYPE_CHECKING:
    from shared.service import Runtime

_WAIT_SECONDS: Final = 1.0
_RESTING_SECONDS: Final = 0.012
_OUTBOX = text(
    "select (select count(*) from outbox where published_at is null and refused is null),"
    " coalesce((select max(position) from outbox), 0)"
)


async def due_of(runtime: Runtime) -> str | None:
    """When the work of a service is due that it does by itself."""
    moment = None if runtime.service.next_due is None else await runtime.service.next_due(runtime)
    return None if moment is None else moment.isoformat()


async def backlog_of(runtime: Runtime) -> dict[str, Any]:
    """What waits in one service.

    `unpublished` events of the outbox, `unread` ones of the bus (None while it reads nothing), the position of the
    `last` event, and when the work is `due` that it does by itself: not later than the platform's now while it has some.
    """
    async with runtime.works.read() as session:
        unpublished, last = (await session.execute(_OUTBOX)).one()
    unread = await runtime.consumer.unread() if runtime.service.topics else 0
    return {"unpublished": unpublished, "unread": unread, "last": last, "due": await due_of(runtime)}


async def _until_resting(runtimes: Sequence[Runtime]) -> None:
    """Return when nothing seems to be on its way for some milliseconds, which costs no query, or after a second."""
    loop = asyncio.get_running_loop()
    ends, since = loop.time() + _WAIT_SECONDS, loop.time()
    while loop.time() < ends and loop.time() - since < _RESTING_SECONDS:
        await asyncio.sleep(_RESTING_SECONDS / 4)
        if not all(one.relay.resting and not one.relay.wake.is_set() and one.consumer.resting for one in runtimes):
            since = loop.time()


def backlog_route(runtimes: Sequence[Runtime]) -> Route:
    """/backlogz: numbers and moments only, as open as the metrics are; with ?only=due the moments, which cost less.

    With ?wait it waits a little for the end of what is on its way, so that nobody has to ask again and again, and ends
    at the first service with something that is.
    """

    async def backlogz(request: Request) -> Response:
        try:
            if request.query_params.get("only") == "due":
                return JSONResponse({str(one.service.name): {"due": await due_of(one)} for one in runtimes})
            waits = "wait" in request.query_params
            if waits:
                await _until_resting(runtimes)
            found: dict[str, Any] = {}
            for one in runtimes:
                found[one.service.name] = seen = await backlog_of(one)
                if waits and (seen["unpublished"] or seen["unread"] != 0):
                    break
            return JSONResponse(found)
        except (SQLAlchemyError, OSError, BusUnavailable):
            return JSONResponse({"status": "not ready"}, 503)

    return Route("/backlogz", backlogz)

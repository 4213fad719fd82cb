"""The weekly look at concentrated demands: on Monday at 00:00, and once at the start for the week that ended meanwhile."""

from __future__ import annotations

from services.sla.candidates.handlers import WEEK, propose_concentrated, week_of
from shared.service import Runtime


async def look_at_concentration(runtime: Runtime) -> None:
    """Until cancelled."""
    while True:
        async with runtime.works.begin() as work:
            await propose_concentrated(work)
        seen = week_of(runtime.clock.now())
        # The real clock sleeps a minute at most; a simulated one returns at once when it is moved.
        while week_of(runtime.clock.now()) == seen:
            await runtime.clock.sleep_until(seen + WEEK)

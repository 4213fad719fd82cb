"""What people ask sla: clocks, extensions, boards, streams, the calendar, the rules."""

from services.sla.api import boards, calendar, clocks, extensions, rulesets, stream

ROUTERS = (
    clocks.router,
    extensions.router,
    boards.router,
    stream.router,
    calendar.router,
    rulesets.router,
)

"""What runs beside the requests: firing, sharing what fired, keeping the calendar, sealing old words."""

from services.sla.jobs import calendar, firing
from services.sla.jobs.calendar import keep_calendar
from services.sla.jobs.concentrating import look_at_concentration
from services.sla.jobs.firing import SETTLE, drain, fire_clocks
from services.sla.jobs.sealing import seal_old_words
from services.sla.jobs.sharing import follow_notices, share_news
from shared.service import Runtime

__all__ = [
    "SETTLE",
    "drain",
    "fire_clocks",
    "follow_notices",
    "keep_calendar",
    "look_at_concentration",
    "prepare",
    "seal_old_words",
    "share_news",
]


async def prepare(runtime: Runtime) -> None:
    """Every loop's parts, and the calendar in force, before any task starts."""
    await firing.prepare(runtime)
    await calendar.prepare(runtime)

"""What runs beside the requests: the loop that lets clocks fire, and the one that keeps the calendar."""

from services.sla.jobs import calendar, firing
from services.sla.jobs.calendar import keep_calendar
from services.sla.jobs.firing import SETTLE, drain, fire_clocks
from shared.service import Runtime

__all__ = ["SETTLE", "drain", "fire_clocks", "keep_calendar", "prepare"]


async def prepare(runtime: Runtime) -> None:
    """Both loops' parts, and the calendar in force, before any task starts."""
    await firing.prepare(runtime)
    await calendar.prepare(runtime)

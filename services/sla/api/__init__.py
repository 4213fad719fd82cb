"""What people ask sla: clocks, the calendar, the rules."""

from services.sla.api import calendar, clocks, rulesets

ROUTERS = (clocks.router, calendar.router, rulesets.router)

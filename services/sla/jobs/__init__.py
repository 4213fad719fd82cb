"""What runs beside the requests: the loop that lets clocks fire."""

from services.sla.jobs.firing import SETTLE, drain, fire_clocks, prepare

__all__ = ["SETTLE", "drain", "fire_clocks", "prepare"]

"""Which clocks start, when they are due, when they warn, and what stops them: pure functions of facts and calendar."""

from services.sla.rules.counting import (
    YELLOW,
    hour_clock,
    moment_clock,
    same_day_clock,
    work_time_after,
    workday_clock,
    workday_moments,
)
from services.sla.rules.ending import STOPS, ended, void_on_leaving_unit
from services.sla.rules.proving import local_text, proof
from services.sla.rules.starting import (
    clock_on_promise,
    clock_on_redo,
    clock_on_return,
    clock_on_urgency,
    clocks_on_assignment,
    clocks_on_receipt,
    determined_dispatch,
    upstream_clock,
)

__all__ = [
    "STOPS",
    "YELLOW",
    "clock_on_promise",
    "clock_on_redo",
    "clock_on_return",
    "clock_on_urgency",
    "clocks_on_assignment",
    "clocks_on_receipt",
    "determined_dispatch",
    "ended",
    "hour_clock",
    "local_text",
    "moment_clock",
    "proof",
    "same_day_clock",
    "upstream_clock",
    "void_on_leaving_unit",
    "work_time_after",
    "workday_clock",
    "workday_moments",
]

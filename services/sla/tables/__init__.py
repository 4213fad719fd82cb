"""The rows of sla: what it knows of an order, its clocks and why they moved, the calendar's versions, the rule sets."""

from services.sla.tables.calendar import CalendarVersionRecord, CalendarYearRecord, RecomputationRecord
from services.sla.tables.clocks import ClockChange, ClockRecord, OrderRecord
from services.sla.tables.record import Record
from services.sla.tables.rulesets import RuleSetRecord

__all__ = [
    "CalendarVersionRecord",
    "CalendarYearRecord",
    "ClockChange",
    "ClockRecord",
    "OrderRecord",
    "RecomputationRecord",
    "Record",
    "RuleSetRecord",
]

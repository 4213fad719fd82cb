"""The rows of sla: what it knows of an order, its clocks and why they moved, the calendar's versions, the rule sets, the units."""

from services.sla.tables.calendar import CalendarVersionRecord, CalendarYearRecord, RecomputationRecord
from services.sla.tables.clocks import ClockChange, ClockRecord, OrderRecord, StopRecord
from services.sla.tables.record import Record
from services.sla.tables.rulesets import RuleSetRecord
from services.sla.tables.telling import CandidateRecord, ExtensionRecord, NoticeHead, NoticeRecord, StormRecord
from services.sla.tables.units import UnitRecord

__all__ = [
    "CalendarVersionRecord",
    "CalendarYearRecord",
    "CandidateRecord",
    "ClockChange",
    "ClockRecord",
    "ExtensionRecord",
    "NoticeHead",
    "NoticeRecord",
    "OrderRecord",
    "RecomputationRecord",
    "Record",
    "RuleSetRecord",
    "StopRecord",
    "StormRecord",
    "UnitRecord",
]

"""The rows of sla: what it knows of an order, its clocks, and why a clock moved."""

from services.sla.tables.clocks import ClockChange, ClockRecord, OrderRecord
from services.sla.tables.record import Record

__all__ = ["ClockChange", "ClockRecord", "OrderRecord", "Record"]

"""Statutory working days with 调休, and deadlines that carry their proof (S1.1.4a, A01-A03). Pure: no I/O, no clock."""

from shared.calendar.errors import (
    ArrangementMalformed,
    CalendarRefused,
    DayContradicted,
    DayMissing,
    DayOutOfRange,
    DayOutsideYear,
    DayTwice,
    HolidayMissing,
    NaiveMoment,
    WorkdaysOutOfRange,
    YearNotPublished,
    YearUnknown,
)
from shared.calendar.model import SHANGHAI, CountedDay, Day, DayKind, Due, YearArrangement
from shared.calendar.sources import ArrangementRow, arrangement_from_holiday_cn, arrangement_from_rows, check_complete
from shared.calendar.statutory import STATUTORY_VERSION, STATUTORY_YEARS, statutory_calendar
from shared.calendar.workdays import MIDNIGHT, MOST_WORKDAYS, WorkCalendar

__all__ = [
    "MIDNIGHT",
    "MOST_WORKDAYS",
    "SHANGHAI",
    "STATUTORY_VERSION",
    "STATUTORY_YEARS",
    "ArrangementMalformed",
    "ArrangementRow",
    "CalendarRefused",
    "CountedDay",
    "Day",
    "DayContradicted",
    "DayKind",
    "DayMissing",
    "DayOutOfRange",
    "DayOutsideYear",
    "DayTwice",
    "Due",
    "HolidayMissing",
    "NaiveMoment",
    "WorkCalendar",
    "WorkdaysOutOfRange",
    "YearArrangement",
    "YearNotPublished",
    "YearUnknown",
    "arrangement_from_holiday_cn",
    "arrangement_from_rows",
    "check_complete",
    "statutory_calendar",
]

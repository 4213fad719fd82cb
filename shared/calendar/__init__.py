"""Statutory working days with 调休, and deadlines that carry their proof (S1.1.4a, A01-A03). Pure: no I/O, no clock."""

from shared.calendar.errors import (
    ArrangementMalformed,
    ArrangementOfOtherYear,
    CalendarRefused,
    DayContradicted,
    DayMissing,
    DayOutOfRange,
    DayOutsideYear,
    DayTwice,
    HolidayMissing,
    NaiveMoment,
    NoticeContradicted,
    NoticeUnreadable,
    WorkdaysOutOfRange,
    YearNotPublished,
    YearUnknown,
)
from shared.calendar.icalendar_file import arrangement_from_icalendar
from shared.calendar.model import SHANGHAI, CountedDay, Day, DayKind, Due, YearArrangement
from shared.calendar.notice import Notice, arrangement_from_notice, read_notice
from shared.calendar.revising import DayChange, Wanted, revised
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
    "ArrangementOfOtherYear",
    "ArrangementRow",
    "CalendarRefused",
    "CountedDay",
    "Day",
    "DayChange",
    "DayContradicted",
    "DayKind",
    "DayMissing",
    "DayOutOfRange",
    "DayOutsideYear",
    "DayTwice",
    "Due",
    "HolidayMissing",
    "NaiveMoment",
    "Notice",
    "NoticeContradicted",
    "NoticeUnreadable",
    "Wanted",
    "WorkCalendar",
    "WorkdaysOutOfRange",
    "YearArrangement",
    "YearNotPublished",
    "YearUnknown",
    "arrangement_from_holiday_cn",
    "arrangement_from_icalendar",
    "arrangement_from_notice",
    "arrangement_from_rows",
    "check_complete",
    "read_notice",
    "revised",
    "statutory_calendar",
]

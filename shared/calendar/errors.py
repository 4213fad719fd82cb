"""The calendar's refusals: each names the clause, the facts, and what to do next."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from shared.errors import BusinessError, Incomplete


class CalendarRefused(Incomplete):
    """Common to every refusal of the calendar (S1.1.4a)."""

    code: ClassVar[str] = "calendar_refused"
    clause: ClassVar[str] = "S1.1.4a"


class NaiveMoment(CalendarRefused):
    """A moment without its offset: the day it falls on cannot be known."""

    code = "naive_moment"

    def __init__(self, moment: datetime) -> None:
        super().__init__(f"时间 {moment.isoformat()} 没有时区，请附上偏移量（例如 +08:00）后重试")
        self.moment = moment.isoformat()


class WorkdaysOutOfRange(CalendarRefused):
    """A count of working days below zero or above the limit."""

    code = "workdays_out_of_range"

    def __init__(self, workdays: int, most: int) -> None:
        super().__init__(f"工作日数 {workdays} 不在 0 至 {most} 之间，请核对时限")
        self.workdays, self.most = workdays, most


class DayOutOfRange(CalendarRefused):
    """The count would leave the years that a date can hold."""

    code = "day_out_of_range"

    def __init__(self, day: date) -> None:
        super().__init__(f"日期 {day.isoformat()} 超出可计算范围，请核对起算日期")
        self.day = day.isoformat()


class YearUnknown(BusinessError):
    """A strict count reached a year whose arrangement is not published (A01)."""

    code, clause = "calendar_year_unknown", "S1.1.4a"

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年放假安排尚未公布或尚未导入，时限暂不能确定，请导入 {year} 年安排后重试")
        self.year = year


class YearNotPublished(CalendarRefused):
    """A file that names a year and holds no days: its arrangement is not published, which does not mean no holidays."""

    code = "calendar_year_not_published"

    def __init__(self, year: int) -> None:
        super().__init__(
            f"文件中没有 {year} 年的任何放假或上班日期，该年安排可能尚未公布，请待国务院办公厅通知发布后再导入"
        )
        self.year = year


class ArrangementMalformed(CalendarRefused):
    """A year's file or table that cannot be read as days."""

    code = "calendar_malformed"

    def __init__(self, problem: str, row: int | None = None) -> None:
        where = f"第 {row} 条：" if row is not None else ""
        super().__init__(f"放假安排无法识别，{where}{problem}，请更正后重新导入")
        self.problem, self.row = problem, row


class DayTwice(CalendarRefused):
    """The same day appears twice in one year's file."""

    code = "calendar_day_twice"

    def __init__(self, day: date) -> None:
        super().__init__(f"{day.isoformat()} 在放假安排中出现两次，请删去重复的一条后重新导入")
        self.day = day.isoformat()


class FieldTwice(CalendarRefused):
    """One entry of a file has the same field twice: which of the two values holds is unknown."""

    code = "calendar_repeated_field"

    def __init__(self, field: str) -> None:
        shown = field[:40] if field.isprintable() else "?"
        super().__init__("文件中有一条的同一项写了两次，请只保留一次后重新导入")
        self.field = shown


class DayContradicted(CalendarRefused):
    """One day is both off and worked, in one file or in two neighbouring years."""

    code = "calendar_day_contradicted"

    def __init__(self, day: date, years: tuple[int, ...]) -> None:
        sources = "、".join(f"{year} 年" for year in years)
        super().__init__(f"{day.isoformat()} 在 {sources}安排中既放假又上班，请核对国务院办公厅通知后更正")
        self.day, self.years = day.isoformat(), years


class DayOutsideYear(CalendarRefused):
    """A day further from its year than the neighbouring December and January."""

    code = "calendar_day_outside_year"

    def __init__(self, day: date, year: int) -> None:
        super().__init__(f"{day.isoformat()} 不属于 {year} 年安排（只可含上年 12 月和次年 1 月的日期），请核对年份")
        self.day, self.year = day.isoformat(), year


class DayMissing(CalendarRefused):
    """The file lacks a day that is off by law, or one in the middle of a holiday."""

    code = "calendar_day_missing"

    def __init__(self, day: date, holiday: str) -> None:
        super().__init__(f"{holiday}缺少 {day.isoformat()}，该日应放假，请补齐后重新导入；确未安排的，请确认后重新提交")
        self.day, self.holiday, self.confirm = day.isoformat(), holiday, "confirm_incomplete"


class HolidayMissing(CalendarRefused):
    """A statutory holiday of the year has no day off at all."""

    code = "calendar_holiday_missing"

    def __init__(self, year: int, holiday: str) -> None:
        super().__init__(f"{year} 年安排中没有{holiday}的放假日期，请补齐后重新导入；确未安排的，请确认后重新提交")
        self.year, self.holiday, self.confirm = year, holiday, "confirm_incomplete"


class DayFarFromHoliday(CalendarRefused):
    """A day has the name of a holiday that is weeks away."""

    code = "calendar_day_far_from_holiday"

    def __init__(self, day: date, holiday: str) -> None:
        super().__init__(f"{day.isoformat()} 与{holiday}相距过远，请核对日期或节日名称后重新导入")
        self.day, self.holiday = day.isoformat(), holiday


class StatutoryDayWorked(CalendarRefused):
    """A day that is off by law is listed as worked."""

    code = "calendar_statutory_day_worked"

    def __init__(self, day: date, holiday: str) -> None:
        super().__init__(f"{day.isoformat()} 是{holiday}法定假日，不能列为上班日，请更正后重新导入")
        self.day, self.holiday = day.isoformat(), holiday


class MakeUpOnWeekday(CalendarRefused):
    """A make-up day on a weekday, which is worked anyway; if the notice really says so, a person confirms it."""

    code = "calendar_make_up_on_weekday"

    def __init__(self, day: date) -> None:
        weekday = "一二三四五六日"[day.weekday()]
        super().__init__(
            f"{day.isoformat()} 是周{weekday}，本就上班，不能作为调休上班日，请核对日期；"
            "通知原文确实如此的，请确认后重新提交"
        )
        self.day, self.confirm = day.isoformat(), "confirm_unbalanced"


class DaysUnbalanced(CalendarRefused):
    """More or fewer days than by law: one is missing, unless the year has extra days and a person confirms them."""

    code = "calendar_unbalanced"

    def __init__(self, year: int, off_weekdays: int, make_up_days: int, statutory: int) -> None:
        super().__init__(
            f"{year} 年安排占用工作日放假 {off_weekdays} 天，调休上班 {make_up_days} 天，相差 {off_weekdays - make_up_days} 天，"
            f"而法定节假日为 {statutory} 天，请对照通知原文补齐遗漏的放假或上班日期；"
            "当年确有增加的假日的，请确认后重新提交"
        )
        self.year, self.off_weekdays, self.make_up_days, self.statutory = year, off_weekdays, make_up_days, statutory
        self.confirm = "confirm_unbalanced"


class NoticeUnreadable(CalendarRefused):
    """A part of a pasted notice whose dates or meaning cannot be read."""

    code = "calendar_notice_unreadable"

    def __init__(self, piece: str) -> None:
        super().__init__(f"通知原文“{piece}”无法识别，请核对原文，或改用逐日编辑录入")
        self.piece = piece


class NoticeContradicted(CalendarRefused):
    """A pasted notice that contradicts itself: weekday, number of days, year."""

    code = "calendar_notice_contradicted"

    def __init__(self, problem: str) -> None:
        super().__init__(f"通知原文前后不一致：{problem}，请核对原文后重新提交")
        self.problem = problem


class ArrangementOfOtherYear(CalendarRefused):
    """A file of another year than the one to be imported."""

    code = "calendar_year_mismatch"

    def __init__(self, wanted: int, found: int) -> None:
        super().__init__(f"所选年份为 {wanted} 年，文件却是 {found} 年的安排，请核对后重新导入")
        self.wanted, self.found = wanted, found

"""What sla answers and takes about the calendar: its years, one year, and a change of it."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema

from services.sla.calendar.model import Form, YearFile
from shared.calendar import DayChange, DayKind, Wanted, WorkCalendar
from shared.web import Body, Line, YesNo
from shared.web.fields import DAY_PATTERN

DayWanted = Wanted

# JSON Schema's "time" has an offset; this one is of the district, whatever its offset.
_LOCAL_TIME = WithJsonSchema({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}$"})


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("NUL")
    return value


CalendarName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""A calendar version: statutory-2026.1, calendar-2."""

FileText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300_000),
    AfterValidator(_storable),
    Field(json_schema_extra={"pattern": r"^[^\x00]*$"}),
]
"""A file's content: a year has about ten kilobytes."""


class CalendarState(BaseModel):
    """Which years the calendar holds, and which one should be in by now."""

    version: str
    years: list[int]
    end_of_day: Annotated[time, _LOCAL_TIME, Field(description="时限截止时点；00:00 即当日 24:00")]
    missing_year: Annotated[int | None, Field(description="应已导入而尚未导入的年份中最早的一年，请尽快导入")]
    missing_years: Annotated[list[int], Field(description="应已导入而尚未导入的全部年份")]


class ListedDay(BaseModel):
    """A day that the notice names, or in a year not yet published one that is off by law."""

    on: date
    kind: DayKind
    holiday: str | None


class CalendarYear(BaseModel):
    """One year: published with its days, or not yet, which is a state of its own (A01)."""

    year: int
    published: bool
    source_notice: Annotated[str | None, Field(description="国务院办公厅通知文号")]
    workdays: Annotated[int, Field(description="全年工作日数；未公布时除法定节日外按周一至周五暂计")]
    days: list[ListedDay]
    calendar: str

    @classmethod
    def of(cls, year: int, calendar: WorkCalendar) -> CalendarYear:
        """What the calendar knows of a year, days of it that a neighbouring year's notice names included."""
        arrangement = calendar.years.get(year)
        return cls(
            year=year,
            published=arrangement is not None,
            source_notice=arrangement.source_notice if arrangement else None,
            workdays=calendar.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)),
            days=[ListedDay(on=day.on, kind=day.kind, holiday=day.holiday) for day in calendar.named_days(year)],
            calendar=calendar.version,
        )


class DayEdit(Body):
    """One day of an edit."""

    on: Annotated[
        date,
        Field(title="日期", ge=date(2001, 1, 1), le=date(2099, 12, 31), json_schema_extra={"pattern": DAY_PATTERN}),
    ]
    wanted: Annotated[
        DayWanted, Field(title="放假或上班", description="off 放假；worked 上班；plain 恢复为普通日（周一至周五上班）")
    ]
    holiday: Annotated[Line, Field(title="节日名称", description="节日名称，例如：春节")] = "临时安排"

    def as_change(self) -> DayChange:
        """The same for the calendar."""
        return DayChange(self.on, self.wanted, self.holiday)


class YearImport(Body):
    """A year's arrangement as a file or as the notice's own text."""

    year: Annotated[int, Field(ge=2001, le=2099, title="年份")]
    form: Annotated[
        Form,
        Field(title="文件形式", description="holiday-cn 年度 JSON；icalendar 日历文件；notice 国务院办公厅通知原文"),
    ]
    content: Annotated[FileText, Field(title="文件内容", description="文件内容或通知原文")]
    document: Annotated[Line | None, Field(title="国务院办公厅通知文号")] = None
    confirm_incomplete: Annotated[
        YesNo,
        Field(
            title="确认缺少节日",
            description="已核对通知原文，确认缺少的节日确未安排；未列出的法定节日仍按法定放假，不会变为上班日",
        ),
    ] = False

    confirm_unbalanced: Annotated[
        YesNo,
        Field(
            title="确认天数不符",
            description="已核对通知原文，确认放假与调休上班天数确与法定天数不符（当年增加或延长了假期）",
        ),
    ] = False

    confirm_replace: Annotated[
        YesNo,
        Field(
            title="确认替换全年",
            description="该年安排已在日历中时，确认以本文件替换全年；只调整个别日期的，请用单日调整（edit_calendar_days）",
        ),
    ] = False

    def as_file(self) -> YearFile:
        """The same for the handler."""
        return YearFile(
            self.year,
            self.form,
            self.content,
            self.document,
            complete=not self.confirm_incomplete,
            balanced=not self.confirm_unbalanced,
            replaces=self.confirm_replace,
        )


class ImportBody(YearImport):
    """An import that takes effect."""

    reason: Annotated[Line, Field(title="更新原因")]
    base_version: Annotated[
        CalendarName | None, Field(title="预览所依据的日历版本", description="预览所依据的日历版本；不一致时拒绝")
    ] = None


class EditPreviewBody(Body):
    """Days to be changed."""

    days: Annotated[list[DayEdit], Field(min_length=1, max_length=100, title="更改的日期")]


class EditBody(EditPreviewBody):
    """An edit that takes effect."""

    reason: Annotated[Line, Field(title="更改原因")]
    document: Annotated[Line | None, Field(title="依据文号")] = None
    base_version: Annotated[
        CalendarName | None, Field(title="预览所依据的日历版本", description="预览所依据的日历版本；不一致时拒绝")
    ] = None

"""What sla's API answers: clocks, their proof, the calendar, the rules."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.model import Lapse, ProofLine, Span, State
from services.sla.policy import TITLES, Hours, RuleSet, SameDay, Workdays
from services.sla.tables import ClockChange, ClockRecord
from shared.calendar import DayKind, Due, WorkCalendar
from shared.contracts.sla import ClockKind


class WarningRung(BaseModel):
    """A rung: when the clock warns, and whether it has."""

    name: str
    at: datetime
    fired: bool


class Clock(BaseModel):
    """One deadline as people see it."""

    id: str
    order_id: str
    kind: ClockKind
    title: Annotated[str, Field(description="时限名称")]
    unit: Annotated[str | None, Field(description="承担单位；为空表示区89000中心")]
    state: State
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    provisional: Annotated[bool, Field(description="计入了放假安排尚未公布的年份，公布后可能调整")]
    breached_at: datetime | None
    stopped_at: datetime | None
    warnings: list[WarningRung]
    lapse: Lapse
    clause: str
    rules: Annotated[str, Field(description="规则版本")]
    calendar: Annotated[str, Field(description="日历版本")]

    @classmethod
    def of(cls, record: ClockRecord) -> Clock:
        """The record's public side."""
        kind: ClockKind = record.kind  # type: ignore[assignment]  # the database holds what the contract names
        return cls(
            id=str(record.id),
            order_id=record.order_id,
            kind=kind,
            title=TITLES[kind],
            unit=record.unit,
            state=State(record.state),
            started_at=record.started_at,
            due_at=record.due_at,
            original_due_at=record.original_due_at,
            provisional=record.provisional,
            breached_at=record.breached_at,
            stopped_at=record.stopped_at,
            warnings=[
                WarningRung(name=rung["name"], at=rung["at"], fired=number < record.fired)
                for number, rung in enumerate(record.rungs)
            ],
            lapse=Lapse(record.lapse),
            clause=record.clause,
            rules=record.rules,
            calendar=record.calendar,
        )


class OrderClocks(BaseModel):
    """All clocks of one order, and the deadline that comes first among those that run."""

    order_id: str
    earliest_due_at: datetime | None
    clocks: list[Clock]


class Line(BaseModel):
    """One line of a proof."""

    text: Annotated[str, Field(description="例如：01-29 周六 调休上班 计第1日")]
    on: date | None
    kind: DayKind | None
    ordinal: Annotated[int | None, Field(description="计为第几个工作日；为空表示不计")]
    known: Annotated[bool, Field(description="该日所属年份的放假安排是否已公布")]

    @classmethod
    def of(cls, line: ProofLine) -> Line:
        """The same, typed."""
        return cls(
            text=line.text,
            on=date.fromisoformat(line.on) if line.on else None,
            kind=DayKind(line.kind) if line.kind else None,
            ordinal=line.ordinal,
            known=line.known,
        )


class Change(BaseModel):
    """One move of the due moment."""

    changed_at: datetime
    was_due_at: datetime
    due_at: datetime
    reason: str
    calendar: str

    @classmethod
    def of(cls, change: ClockChange) -> Change:
        """The record's public side."""
        return cls(
            changed_at=change.changed_at,
            was_due_at=change.was_due_at,
            due_at=change.due_at,
            reason=change.reason,
            calendar=change.calendar,
        )


class Explanation(BaseModel):
    """Why a clock is due when it is: counted line by line by the code that armed it, with every later change."""

    clock: Clock
    span: Span
    amount: int
    document: Annotated[str, Field(description="规则文件文号")]
    lines: list[Line]
    changes: list[Change]


class Deadline(BaseModel):
    """A deadline that was only asked for: nothing runs."""

    started_at: datetime
    workdays: int
    due_at: datetime
    due_on: date
    provisional: bool
    calendar: str
    lines: list[Line]

    @classmethod
    def of(cls, started_at: datetime, workdays: int, due: Due, lines: list[Line], version: str) -> Deadline:
        """The answer of the calendar."""
        return cls(
            started_at=started_at,
            workdays=workdays,
            due_at=due.at,
            due_on=due.on,
            provisional=due.provisional,
            calendar=version,
            lines=lines,
        )


class CalendarState(BaseModel):
    """Which years the calendar holds, and which one should be in by now."""

    version: str
    years: list[int]
    end_of_day: Annotated[time, Field(description="时限截止时点；00:00 即当日 24:00")]
    missing_year: Annotated[int | None, Field(description="应已导入而尚未导入的年份，请尽快导入")]


class ListedDay(BaseModel):
    """A day that the notice names."""

    on: date
    kind: DayKind
    holiday: str | None


class CalendarYear(BaseModel):
    """One year: published with its days, or not yet, which is a state of its own (A01)."""

    year: int
    published: bool
    source_notice: Annotated[str | None, Field(description="国务院办公厅通知文号")]
    workdays: Annotated[int, Field(description="全年工作日数；未公布时按周一至周五暂计")]
    days: list[ListedDay]
    calendar: str

    @classmethod
    def of(cls, year: int, calendar: WorkCalendar) -> CalendarYear:
        """What the calendar knows of a year, days of it that a neighbouring year's notice names included."""
        arrangement = calendar.years.get(year)
        neighbours = [calendar.years[y] for y in (year - 1, year, year + 1) if y in calendar.years]
        named = {day for a in neighbours for day in (*a.off_days, *a.make_up_days) if day.year == year}
        days = [calendar.day(day) for day in sorted(named)]
        return cls(
            year=year,
            published=arrangement is not None,
            source_notice=arrangement.source_notice if arrangement else None,
            workdays=calendar.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)),
            days=[ListedDay(on=day.on, kind=day.kind, holiday=day.holiday) for day in days],
            calendar=calendar.version,
        )


class Rule(BaseModel):
    """One number of the rule set."""

    name: str
    count: int | None
    measure: Annotated[str, Field(description="计量：工作日、小时、当日")]
    clause: str


class Rules(BaseModel):
    """The rule set that new clocks start under."""

    version: str
    document: str
    rules: list[Rule]

    @classmethod
    def of(cls, rules: RuleSet) -> Rules:
        """Every number with its clause."""
        found: list[Rule] = []
        for name in rules.__dataclass_fields__:
            value = getattr(rules, name)
            if isinstance(value, Workdays):
                found.append(Rule(name=name, count=value.count, measure="工作日", clause=value.clause))
            elif isinstance(value, Hours):
                found.append(Rule(name=name, count=value.count, measure="小时", clause=value.clause))
            elif isinstance(value, SameDay):
                found.append(Rule(name=name, count=None, measure="当日", clause=value.clause))
        return cls(version=rules.version, document=rules.document, rules=found)

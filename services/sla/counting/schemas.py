"""A deadline that was only asked for, and the lines of its proof."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.counting.model import ProofLine
from shared.calendar import DayKind, Due


class Line(BaseModel):
    """One line of a proof."""

    text: Annotated[str, Field(description="例如：01-29 周六 调休上班 计第1日")]
    on: date | None
    kind: DayKind | None
    ordinal: Annotated[int | None, Field(description="计为第几个工作日；为空表示不计")]
    known: Annotated[bool, Field(description="该日是否已确定：所属年份的放假安排已公布，且不会再被次年的通知调整")]

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

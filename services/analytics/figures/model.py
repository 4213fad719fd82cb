"""Figures: counts by unit, day and measure; and the week as a period of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.analytics.figures.errors import BadWeek

DISTRICT: Final = ""
"""The unit of a figure of the whole district."""
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099


class Measure(StrEnum):
    """What a figure counts."""

    RECEIVED = "received"  # 受理量
    ASSIGNED = "assigned"  # 交办量
    RETURNED = "returned"  # 有效回退
    CLOSED = "closed"  # 办结量
    REOPENED = "reopened"  # 重办
    FED_BACK = "fed_back"  # 反馈上级
    OVERDUE = "overdue"  # 超期
    FIRST_REPLY_OVERDUE = "first_reply_overdue"  # 首次答复超期
    REVISITS = "revisits"  # 回访
    REVISITS_VALID = "revisits_valid"  # 有效回访
    EXCLUDED = "excluded"  # 不计入双率的首次有效回访 (A33)
    SOLVED = "solved"  # 解决
    MOSTLY_SOLVED = "mostly_solved"  # 基本解决
    UNSOLVED = "unsolved"  # 未解决
    SATISFIED = "satisfied"  # 满意
    MOSTLY_SATISFIED = "mostly_satisfied"  # 基本满意
    UNSATISFIED = "unsatisfied"  # 不满意
    FIRST_PASSES = "first_passes"  # 首次审核即通过
    FIRST_FAILS = "first_fails"  # 首次审核被退回


class FigureKey(NamedTuple):
    """Which figure it is: of which unit, on which day, of what."""

    unit: str
    day: date
    measure: Measure


Figures = Mapping[FigureKey, int]
"""Counts; what is missing is 0."""


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week, Monday to Sunday, in Asia/Shanghai (A29)."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """From `2026-W48`; BadWeek when there is no such week."""
        found = re.fullmatch(r"(\d{4})-W(\d{2})", text, re.ASCII)
        if found is None:
            raise BadWeek(text)
        week = cls(int(found[1]), int(found[2]))
        try:
            week.first_on()
        except ValueError:
            raise BadWeek(text) from None
        if not FIRST_YEAR <= week.year <= LAST_YEAR:
            raise BadWeek(text)
        return week

    @classmethod
    def of(cls, day: date) -> Week:
        """The week of a day."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    def first_on(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    def last_on(self) -> date:
        """Its Sunday."""
        return self.first_on() + timedelta(days=6)

    def before(self, weeks: int) -> Week:
        """The week that lies so many weeks earlier."""
        return Week.of(self.first_on() - timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

"""The answers of the routes for figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, Field

from services.analytics.figures import rules
from services.analytics.figures.model import DISTRICT, Measure
from services.analytics.figures.policy import FIRST_PASS_WEIGHTS, SATISFIED_WEIGHTS, SOLVED_WEIGHTS
from services.analytics.figures.tables import UnitRecord


class Rate(BaseModel):
    """A rate with what it is made of; without a denominator there is none, to be shown as “—”."""

    numerator: int = Field(description="分子")
    denominator: int = Field(description="分母")
    rate: float | None = Field(description="比率，保留四位小数；分母为 0 时为空，展示为“—”")

    @classmethod
    def of(cls, counts: Mapping[Measure, int], weights: Mapping[Measure, int]) -> Rate:
        """From the counts of its answers."""
        numerator, denominator, rate = rules.rate_of(counts, weights)
        return cls(numerator=numerator, denominator=denominator, rate=rate)


class Row(BaseModel):
    """The figures of one unit, or of the district, in one period (S3.2b)."""

    unit: str | None = Field(description="单位编码；全区合计为空")
    name: str = Field(description="单位名称")
    group: str | None = Field(description="department 部门 / street 街道园区；全区合计为空")
    received: int = Field(description="受理量（按首次交办单位归属，未交办的只计入全区）")
    assigned: int = Field(description="交办量（件次）")
    returned: int = Field(description="有效回退（件次）")
    closed: int = Field(description="办结量（件次）")
    reopened: int = Field(description="重办（件次）")
    fed_back: int = Field(description="反馈上级（件次）")
    overdue: int = Field(description="超期（每单每单位一次，按到期日）")
    first_reply_overdue: int = Field(description="首次答复超期（省接诉即办，每单每单位一次，按到期日）")
    revisits: int = Field(description="回访次数")
    revisits_valid: int = Field(description="有效回访次数")
    excluded: int = Field(description="经审核不计入双率的首次有效回访")
    solved: Rate = Field(description="解决率（按首次有效回访日）")
    satisfied: Rate = Field(description="满意率（按首次有效回访日）")
    first_pass: Rate = Field(description="审核一次通过率（按首次审核日）")
    answers: dict[str, int] = Field(
        description="双率各档件数：solved、mostly_solved、unsolved、satisfied、mostly_satisfied、unsatisfied"
    )

    @classmethod
    def of(cls, code: str, unit: UnitRecord | None, counts: Mapping[Measure, int]) -> Row:
        """From the counts of the period; what is missing is 0."""

        def count(measure: Measure) -> int:
            return counts.get(measure, 0)

        return cls(
            unit=code or None,
            name=unit.name if unit else "全区" if code == DISTRICT else code,
            group=unit.group if unit else None,
            received=count(Measure.RECEIVED),
            assigned=count(Measure.ASSIGNED),
            returned=count(Measure.RETURNED),
            closed=count(Measure.CLOSED),
            reopened=count(Measure.REOPENED),
            fed_back=count(Measure.FED_BACK),
            overdue=count(Measure.OVERDUE),
            first_reply_overdue=count(Measure.FIRST_REPLY_OVERDUE),
            revisits=count(Measure.REVISITS),
            revisits_valid=count(Measure.REVISITS_VALID),
            excluded=count(Measure.EXCLUDED),
            solved=Rate.of(counts, SOLVED_WEIGHTS),
            satisfied=Rate.of(counts, SATISFIED_WEIGHTS),
            first_pass=Rate.of(counts, FIRST_PASS_WEIGHTS),
            answers={measure.value: count(measure) for measure in (*SOLVED_WEIGHTS, *SATISFIED_WEIGHTS)},
        )


class Figures(BaseModel):
    """A period's figures: the district, and its units as far as the caller may see them."""

    first_on: date = Field(description="起始日")
    last_on: date = Field(description="截止日")
    district: Row
    units: list[Row]


class WeekFigures(Figures):
    """A week's figures, Monday to Sunday in Asia/Shanghai (A29)."""

    week: str = Field(description="ISO 周，如 2026-W48")


class WeekRow(BaseModel):
    """One week of a trend."""

    week: str
    first_on: date
    last_on: date
    figures: Row


class Trend(BaseModel):
    """A unit's figures week by week, the earliest first."""

    unit: str
    name: str
    weeks: list[WeekRow]

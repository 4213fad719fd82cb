"""What sla answers and takes about rule sets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.sla.policy import RuleSet
from services.sla.rules.rulesets import Difference, Number, numbers_of
from services.sla.tables import RuleSetRecord
from shared.web import Body, Code, Line, SaneMoment

Hour = Annotated[str, Field(max_length=5, description="HH:MM")]


class CountIn(Body):
    """A count with its warning: working days left, or percent of the hours passed."""

    count: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)
    warning: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)


class SameDayIn(Body):
    """The hours of a same-day rule."""

    warn_at: Hour | None = None
    cut_off: Hour | None = None
    next_day_until: Hour | None = None


NumberIn = Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | Hour | CountIn | SameDayIn
Numbers = Annotated[
    dict[Code, NumberIn], Field(max_length=100, description="规则名称 → 数值；未列出的沿用所依据的版本")
]


class DraftBody(Body):
    """A draft of a further rule set."""

    version: Annotated[Code, Field(description="版本号，例如 circular-2027")]
    based_on: Annotated[Code, Field(description="所依据的已发布版本")] = "circular-2022"
    document: Annotated[Line, Field(description="文号或文件名称")]
    numbers: Numbers
    reason: Annotated[Line, Field(description="制定原因")]

    def given(self) -> dict[str, Any]:
        """The numbers as the rules read them."""
        return given(self.numbers)


class DraftChange(Body):
    """Other contents of a draft."""

    document: Annotated[Line, Field(description="文号或文件名称")]
    numbers: Numbers
    reason: Annotated[Line, Field(description="修改原因")]

    def given(self) -> dict[str, Any]:
        """The numbers as the rules read them."""
        return given(self.numbers)


class PublishBody(Body):
    """From when a draft holds, and by which document."""

    effective_from: Annotated[SaneMoment, Field(description="生效时间，须带时区偏移；此后受理的工单适用")]
    document: Annotated[Line, Field(description="文号")]
    reason: Annotated[Line, Field(description="发布说明")]


def given(numbers: dict[str, NumberIn]) -> dict[str, Any]:
    """What was really said: a part that was left out keeps its value."""
    return {
        name: value.model_dump(exclude_unset=True) if isinstance(value, Body) else value
        for name, value in numbers.items()
    }


class Rule(BaseModel):
    """One number of a rule set, with its clause and the reading that decides it."""

    name: str
    measure: Annotated[str, Field(description="计量：工作日、天、小时、次、当日、时刻")]
    value: Annotated[Any, Field(description="数值；含预警点的为 count 与 warning，当日事项为三个时刻")]
    count: Annotated[int | None, Field(description="数值中的计数；没有计数的为空")]
    clause: str
    reading: Annotated[str | None, Field(description="条文有歧义处采用的默认理解，尚未经主管部门确认")]

    @classmethod
    def of(cls, number: Number) -> Rule:
        """The same, typed."""
        counted = number.value.get("count") if isinstance(number.value, dict) else number.value
        return cls(
            name=number.name,
            measure=number.measure,
            value=number.value,
            count=counted if isinstance(counted, int) else None,
            clause=number.clause,
            reading=number.reading,
        )


class Rules(BaseModel):
    """A rule set with every number."""

    version: str
    document: str
    state: Annotated[str, Field(description="draft 草稿；published 已发布")] = "published"
    based_on: str | None = None
    effective_from: datetime | None = None
    reason: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    published_at: datetime | None = None
    published_by: str | None = None
    rules: list[Rule]

    @classmethod
    def of(cls, rules: RuleSet, record: RuleSetRecord | None = None) -> Rules:
        """Every number with its clause; without a record it is the built-in one."""
        numbers = [Rule.of(number) for number in numbers_of(rules)]
        if record is None:
            return cls(version=rules.version, document=rules.document, rules=numbers)
        return cls(
            version=record.version,
            document=record.document,
            state=record.state,
            based_on=record.based_on,
            effective_from=record.effective_from,
            reason=record.reason,
            created_at=record.created_at,
            created_by=record.created_by,
            published_at=record.published_at,
            published_by=record.published_by,
            rules=numbers,
        )


class DifferenceOut(BaseModel):
    """A number that two rule sets do not share."""

    name: str
    measure: str
    clause: str
    before: Any
    after: Any

    @classmethod
    def of(cls, difference: Difference) -> DifferenceOut:
        """The same, typed."""
        return cls(
            name=difference.name,
            measure=difference.measure,
            clause=difference.clause,
            before=difference.before,
            after=difference.after,
        )


class Comparison(BaseModel):
    """One rule set beside another."""

    version: str
    against: str
    differences: list[DifferenceOut]

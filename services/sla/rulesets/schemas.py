"""What sla answers and takes about rule sets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, WithJsonSchema

from services.sla.rulesets.policy import RuleSet
from services.sla.rulesets.rules import Difference, Number, numbers_of
from services.sla.rulesets.tables import RuleSetRecord
from shared.web import Body, Code, Line, SaneMoment

# What each number may be is checked by the rules, which refuse it with its clause; here only the document shows the
# shapes. A union of types would read `true` as the number 1, and refuse 2.5 with pydantic's own English message.
_WHOLE: Final = {"type": "integer", "minimum": 0, "maximum": 1_000}
_HOUR: Final = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "HH:MM"}
_SHAPES: Final[dict[str, Any]] = {
    "anyOf": [
        {**_WHOLE, "description": "计数"},
        {**_HOUR, "description": "时刻，HH:MM"},
        {"type": "string", "enum": ["yes", "no"], "description": "是否"},
        {
            "type": "object",
            "description": "计数及其预警点：剩余工作日数，或已过小时的百分比",
            "properties": {"count": _WHOLE, "warning": _WHOLE},
            "additionalProperties": False,
        },
        {
            "type": "object",
            "description": "当日事项的三个时刻",
            "properties": {"warn_at": _HOUR, "cut_off": {"anyOf": [_HOUR, {"type": "null"}]}, "next_day_until": _HOUR},
            "additionalProperties": False,
        },
    ]
}
NumberIn = Annotated[Any, WithJsonSchema(_SHAPES)]
Numbers = Annotated[
    dict[Code, NumberIn],
    Field(
        max_length=100,
        title="规则数值",
        description="规则名称 → 数值；未列出的沿用所依据的版本",
        json_schema_extra={"additionalProperties": False},  # by itself the pattern of the names forbids no other name
    ),
]


class DraftBody(Body):
    """A draft of a further rule set."""

    version: Annotated[Code, Field(title="版本号", description="版本号，例如 circular-2027")]
    based_on: Annotated[Code, Field(title="所依据的已发布版本")] = "circular-2022"
    document: Annotated[Line, Field(title="文号或文件名称")]
    numbers: Numbers
    reason: Annotated[Line, Field(title="制定原因")]


class DraftChange(Body):
    """Other contents of a draft."""

    document: Annotated[Line, Field(title="文号或文件名称")]
    numbers: Numbers
    reason: Annotated[Line, Field(title="修改原因")]


class PublishBody(Body):
    """From when a draft holds, and by which document."""

    effective_from: Annotated[
        SaneMoment, Field(title="生效时间", description="生效时间，须带时区偏移；此后受理的工单适用")
    ]
    document: Annotated[Line, Field(title="文号")]
    reason: Annotated[Line, Field(title="发布说明")]


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

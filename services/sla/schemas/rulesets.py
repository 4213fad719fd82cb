"""What sla answers about the rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.policy import Hours, RuleSet, SameDay, Workdays


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

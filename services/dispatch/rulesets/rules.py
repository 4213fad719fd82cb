"""The rule set of an order, read from what sla publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from services.dispatch.rulesets.policy import CIRCULAR_2022, Figure, RuleSet
from shared.contracts.sla import RuleNumber


def rule_set_of(version: str, numbers: Mapping[str, RuleNumber]) -> RuleSet:
    """The numbers that dispatch decides by, each with the clause of the circular that it stands for (X3)."""
    return RuleSet(
        version=version,
        return_window=_figure(numbers["return_window"], CIRCULAR_2022.return_window),
        plan=_figure(numbers["plan"], CIRCULAR_2022.plan),
        returns_to_panel=_figure(numbers["returns_to_panel"], CIRCULAR_2022.returns_to_panel),
    )


def _figure(number: RuleNumber, circular: Figure) -> Figure:
    count = number["count"] if isinstance(number, dict) else number
    return circular._replace(value=cast("int", count))

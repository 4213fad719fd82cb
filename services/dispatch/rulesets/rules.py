"""The rule set of an order, read from what sla publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.dispatch.rulesets.policy import CIRCULAR_2022, Figure, RuleSet


def rule_set_of(version: str, numbers: Mapping[str, Any]) -> RuleSet:
    """The numbers that dispatch decides by; a number that it lacks is that of the circular (X3)."""

    def number_of(name: str, usual: Figure) -> Figure:
        number = numbers.get(name)
        count = number.get("count") if isinstance(number, Mapping) else number
        return usual if count is None else usual._replace(value=int(count))

    return RuleSet(
        version=version,
        return_window=number_of("return_window", CIRCULAR_2022.return_window),
        plan=number_of("plan", CIRCULAR_2022.plan),
        returns_to_panel=number_of("returns_to_panel", CIRCULAR_2022.returns_to_panel),
    )

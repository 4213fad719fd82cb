"""反映问题集中: which units stand among the first by volume, and grow, week after week (S3.4a, A25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.sla.rulesets.policy import RuleSet


def concentrated(weeks: Sequence[Mapping[str, int]], rules: RuleSet) -> tuple[str, ...]:
    """Units that are among the first by volume and had more orders than the week before, in each of the latest weeks.

    `weeks` are the orders of each unit per week, the oldest first: one more than the rule set looks at, because growth
    needs a week before. Too few weeks name nobody. Ties go to the code that comes first.
    """
    needed = rules.concentration_weeks.count
    if len(weeks) < needed + 1:
        return ()
    found: set[str] | None = None
    for before, week in zip(weeks[-needed - 1 : -1], weeks[-needed:], strict=True):
        first = sorted(week, key=lambda unit: (-week[unit], unit))[: rules.concentration_top.count]
        growing = {unit for unit in first if week[unit] > before.get(unit, 0) > 0}
        found = growing if found is None else found & growing
    return tuple(sorted(found or ()))

"""The numbers of the circular, the shape of a rule set, and the kinds of clock."""

from services.sla.policy.circular import CIRCULAR_2022, RULE_SETS
from services.sla.policy.kinds import TITLES, UNIT_CLOCKS
from services.sla.policy.rulesets import Hours, RuleSet, SameDay, Workdays

__all__ = ["CIRCULAR_2022", "RULE_SETS", "TITLES", "UNIT_CLOCKS", "Hours", "RuleSet", "SameDay", "Workdays"]

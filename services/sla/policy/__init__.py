"""The numbers of the circular, the shape of a rule set, and the kinds of clock."""

from services.sla.policy.circular import CIRCULAR_2022, RULE_SETS
from services.sla.policy.kinds import STARTED_BY_HAND, TITLES, UNIT_CLOCKS
from services.sla.policy.rulesets import CalendarDays, Count, Hours, RuleSet, SameDay, Workdays

__all__ = [
    "CIRCULAR_2022",
    "RULE_SETS",
    "STARTED_BY_HAND",
    "TITLES",
    "UNIT_CLOCKS",
    "CalendarDays",
    "Count",
    "Hours",
    "RuleSet",
    "SameDay",
    "Workdays",
]

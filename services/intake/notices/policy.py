"""The platforms' words for the result of a revisit (A31, A32)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.intake.notices.model import Satisfied, Solved

SOLVED: Final[Mapping[str, Solved]] = {
    "解决": "solved",
    "已解决": "solved",
    "基本解决": "mostly_solved",
    "未解决": "unsolved",
}
SATISFIED: Final[Mapping[str, Satisfied]] = {
    "满意": "satisfied",
    "非常满意": "satisfied",
    "基本满意": "mostly_satisfied",
    "不满意": "unsatisfied",
    "非常不满意": "unsatisfied",
}
WHOLE_SECONDS: Final = timedelta(seconds=2)
"""How far before the approval a notice about that reply may be dated: most platforms cut off the parts of a second."""
# Tuples, because a set would have another order in the API document at each start.
NOT_REACHED: Final = ("无法回访", "无人接听", "未接通")
SOLVED_WORDS: Final = (*SOLVED, *NOT_REACHED)
SATISFIED_WORDS: Final = (*SATISFIED, *NOT_REACHED)

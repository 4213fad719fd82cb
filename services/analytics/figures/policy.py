"""How the figures are counted, each choice with its clause or reading."""

from __future__ import annotations

from typing import Final

from services.analytics.figures.model import Measure

SOLVED_WEIGHTS: Final = {Measure.SOLVED: 1, Measure.MOSTLY_SOLVED: 1, Measure.UNSOLVED: 0}
"""What each answer adds to the numerator of 解决率 (S3.2b, A31)."""
SATISFIED_WEIGHTS: Final = {Measure.SATISFIED: 1, Measure.MOSTLY_SATISFIED: 1, Measure.UNSATISFIED: 0}
"""What each answer adds to the numerator of 满意率 (S3.2b, A31)."""
EXCLUDING: Final = frozenset({"out_of_scope", "not_true", "explanation", "planned"})
"""Approved dispositions that keep a revisit out of both rates (S3.2b, A33)."""
TREND_WEEKS: Final = 8
"""How many weeks a unit's trend shows unless asked otherwise."""
FIRST_PASS_WEIGHTS: Final = {Measure.FIRST_PASSES: 1, Measure.FIRST_FAILS: 0}
"""审核一次通过率: orders that passed the centre's first decision, of all that met it (S2.3d)."""

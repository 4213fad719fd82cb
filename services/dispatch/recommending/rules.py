"""Which units an order might belong to, by duty, by territory or by industry, and why (S2.1a)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from services.dispatch.directory.model import Duty, Profile
from services.dispatch.recommending.model import Candidate, Demand, Evidence, Experience
from services.dispatch.recommending.policy import CANDIDATES, MOST_CANDIDATES
from shared.contracts.dispatch import Basis

# A keyword in the title weighs more than one in the text, and a long one more than a short one.  A matching street weighs
# less than a matching duty: it says where the matter is, not which unit is responsible for it.
_IN_TITLE: Final = 4.0
_IN_CATEGORY: Final = 4.0
_IN_CONTENT: Final = 2.0
_PER_CHARACTER: Final = 0.25
_SAME_STREET: Final = 3.0
_PER_DOUBLING: Final = 1.5
_BASES: Final[Mapping[Basis, str]] = {"duty": "职责", "territory": "属地", "industry": "行业"}


def recommend(
    demand: Demand,
    *,
    category: str,
    street: str | None,
    units: Sequence[Profile],
    experience: Sequence[Experience],
) -> tuple[Candidate, ...]:
    """The most fitting units, best first: at least three when there are three, at most five.

    Each names its basis and its evidence: lines of the catalogue, orders of the same category that it closed.  Units
    without any are named last, and say so, when fewer than three have some.
    """
    known = {known.unit: known for known in experience}
    scored = [_scored(demand, category, street, unit, known.get(unit.code)) for unit in units]
    scored.sort(key=lambda candidate: (-candidate.score, candidate.unit))
    fitting = sum(candidate.score > 0 for candidate in scored)
    return tuple(scored[: min(MOST_CANDIDATES, max(CANDIDATES.value, fitting))])


def _scored(
    demand: Demand, category: str, street: str | None, unit: Profile, experience: Experience | None
) -> Candidate:
    evidence: list[tuple[float, Basis, Evidence]] = []
    for duty in unit.duties:
        points, words = _keyword_points(demand, category, duty)
        if words:
            said = f"{_BASES[duty.kind]}目录“{duty.text}”，命中：{'、'.join(words)}"
            evidence.append((points, duty.kind, Evidence("catalogue", said)))
        if street is not None and street in duty.streets:
            said = f"属地范围含{street}（{duty.text}）"
            evidence.append((_SAME_STREET, "territory", Evidence("territory", said)))
    if experience is not None and experience.solved > 0:
        points = _PER_DOUBLING * math.log2(1 + experience.solved)
        said = f"该单位已办结同类（{category}）工单 {experience.solved} 件，最近一件 {experience.last_order_id}"
        evidence.append((points, "duty", Evidence("similar_orders", said)))
    if not evidence:
        return Candidate(unit.code, unit.name, _usual_basis(unit), 0.0, (_nothing_better(unit),))
    evidence.sort(key=lambda line: -line[0])
    score = round(sum(points for points, _, _ in evidence), 3)
    return Candidate(unit.code, unit.name, evidence[0][1], score, tuple(line for _, _, line in evidence))


def _keyword_points(demand: Demand, category: str, duty: Duty) -> tuple[float, list[str]]:
    points, words = 0.0, []
    for word in duty.keywords:
        found = (
            (_IN_TITLE if word in demand.title else 0.0)
            + (_IN_CONTENT if word in demand.content else 0.0)
            + (_IN_CATEGORY if word in category else 0.0)
        )
        if found:
            points += found + _PER_CHARACTER * len(word)
            words.append(word)
    return points, words


def _usual_basis(unit: Profile) -> Basis:
    if unit.group == "street":
        return "territory"
    return unit.duties[0].kind if unit.duties else "duty"


def _nothing_better(unit: Profile) -> Evidence:
    line = unit.duties[0].text if unit.duties else unit.name
    return Evidence("catalogue", f"职责目录“{line}”，未命中关键词，仅供参考")

"""Which units an order might belong to, by duty, by territory or by industry, and why (S2.1a)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.dispatch.directory.model import Duty, Profile
from services.dispatch.recommending.model import (
    AcceptedReturn,
    Candidate,
    Catalogue,
    Demand,
    Evidence,
    Experience,
)
from services.dispatch.recommending.policy import CANDIDATES, CLEARLY_STRONGER, MOST_CANDIDATES
from shared.contracts.dispatch import Basis

# A keyword in the title weighs more than one in the text, and a long one more than a short one; one that several units
# have says less of each of them.  A matching street weighs less than a matching duty: it says where the matter is, not
# which unit is responsible for it.
_IN_TITLE: Final = 4.0
_IN_CATEGORY: Final = 4.0
_IN_CONTENT: Final = 2.0
_PER_CHARACTER: Final = 0.25
_SAME_STREET: Final = 3.0
_PER_DOUBLING: Final = 1.5
_BASES: Final[Mapping[Basis, str]] = {"duty": "职责", "territory": "属地", "industry": "行业"}
_PROPOSED: Final = Evidence("proposed", "回退单位建议")
_RETURNED: Final = Evidence("returned", "此单已由该单位回退")


def catalogue_of(units: Iterable[Profile]) -> Catalogue:
    """The units with the weights of their keywords: a word in the duties of one unit weighs 1, of three units a ninth.

    So 小区 or 村, which every street has, tell little of whose an order is, also several of them together, and 供暖 tells all
    of it.
    """
    known = tuple(units)
    having = Counter(word for unit in known for word in {word for duty in unit.duties for word in duty.keywords})
    return Catalogue(known, {word: 1 / count**2 for word, count in having.items()})


def recommend(
    demand: Demand,
    *,
    category: str,
    street: str | None,
    catalogue: Catalogue,
    experience: Sequence[Experience],
    returned: Sequence[AcceptedReturn] = (),
) -> tuple[Candidate, ...]:
    """The most fitting units, best first: at least three when there are three, at most five.

    Each names its basis and its evidence: lines of the catalogue, orders of the same category that it closed.  Units
    without any are named last, and say so, when fewer than three have some.  Whom an accepted return of this order
    proposes comes first; who returned the order is no candidate, except last where there are no three others.
    """
    known = {known.unit: known for known in experience}
    weights = catalogue.weights
    scored = [_scored(demand, category, street, unit, known.get(unit.code), weights) for unit in catalogue.units]
    scored.sort(key=lambda candidate: (-candidate.score, candidate.unit))
    if not returned:
        return tuple(scored[: _shown(scored)])

    returners = {each.unit for each in returned}
    others = [candidate for candidate in scored if candidate.unit not in returners]
    proposed = _proposed(others, returned)
    codes = {candidate.unit for candidate in proposed}
    rest = [candidate for candidate in others if candidate.unit not in codes]
    first = _clearly_stronger(demand, category, catalogue, than=proposed, among=rest)
    ranked = [*first, *proposed, *(candidate for candidate in rest if candidate not in first)]
    missing = max(0, CANDIDATES.value - len(ranked))
    back = [_with(_RETURNED, candidate) for candidate in scored if candidate.unit in returners]
    return (*ranked[: max(_shown(ranked), len(first) + len(proposed))], *back[:missing])


def _shown(ranked: Sequence[Candidate]) -> int:
    fitting = sum(candidate.score > 0 or _PROPOSED in candidate.evidence for candidate in ranked)
    return min(MOST_CANDIDATES, max(CANDIDATES.value, fitting))


def _proposed(others: Sequence[Candidate], returned: Sequence[AcceptedReturn]) -> list[Candidate]:
    """Whom the returns propose, the last proposal first; one that returned the order itself is not proposed any more."""
    by_code = {candidate.unit: candidate for candidate in others}
    codes = dict.fromkeys(each.suggested_unit for each in reversed(returned) if each.suggested_unit in by_code)
    return [_with(_PROPOSED, by_code[code]) for code in codes]


def _clearly_stronger(
    demand: Demand,
    category: str,
    catalogue: Catalogue,
    *,
    than: Sequence[Candidate],
    among: Sequence[Candidate],
) -> list[Candidate]:
    """The one unit, if any, whose duties say so much more of the order than those of each proposed unit.

    Duties alone: neither a street nor experience says that the unit that returned the order is wrong about whose it is.
    """
    if not than or not among:
        return []
    duties = {unit.code: unit.duties for unit in catalogue.units}

    def points(candidate: Candidate) -> float:
        return sum(_keyword_points(demand, category, duty, catalogue.weights)[0] for duty in duties[candidate.unit])

    strongest = max(among, key=points)  # of equal ones the first in the usual sequence
    return [strongest] if points(strongest) >= max(map(points, than)) + CLEARLY_STRONGER else []


def _with(evidence: Evidence, candidate: Candidate) -> Candidate:
    return replace(candidate, evidence=(evidence, *candidate.evidence))


def _scored(
    demand: Demand,
    category: str,
    street: str | None,
    unit: Profile,
    experience: Experience | None,
    weights: Mapping[str, float],
) -> Candidate:
    evidence: list[tuple[float, Basis, Evidence]] = []
    for duty in unit.duties:
        points, words = _keyword_points(demand, category, duty, weights)
        if words:
            said = f"{_BASES[duty.kind]}目录“{duty.text}”，命中：{'、'.join(words)}"
            evidence.append((points, duty.kind, Evidence("catalogue", said)))
        if street is not None and street in duty.streets:
            said = f"属地范围含{street}（{duty.text}）"
            evidence.append((_SAME_STREET, "territory", Evidence("territory", said)))
    if experience is not None and experience.solved > 0:
        points = _PER_DOUBLING * math.log2(1 + experience.solved)
        said = f"该单位已办结同类（{category}）工单 {experience.solved} 件"
        evidence.append((points, "duty", Evidence("similar_orders", said, experience.last_order_id)))
    if not evidence:
        return Candidate(unit.code, unit.name, _usual_basis(unit), 0.0, (_nothing_better(unit),))
    evidence.sort(key=lambda line: -line[0])
    score = round(sum(points for points, _, _ in evidence), 3)
    return Candidate(unit.code, unit.name, evidence[0][1], score, tuple(line for _, _, line in evidence))


def _keyword_points(demand: Demand, category: str, duty: Duty, weights: Mapping[str, float]) -> tuple[float, list[str]]:
    """What a duty's keywords in the order are worth, and which they are, the weightiest first."""
    worth: dict[str, float] = {}
    for word in duty.keywords:
        found = (
            (_IN_TITLE if word in demand.title else 0.0)
            + (_IN_CONTENT if word in demand.content else 0.0)
            + (_IN_CATEGORY if word in category else 0.0)
        )
        if found:
            worth[word] = (found + _PER_CHARACTER * len(word)) * weights[word]
    return sum(worth.values()), sorted(worth, key=lambda word: -worth[word])


def _usual_basis(unit: Profile) -> Basis:
    if unit.group == "street":
        return "territory"
    return unit.duties[0].kind if unit.duties else "duty"


def _nothing_better(unit: Profile) -> Evidence:
    line = unit.duties[0].text if unit.duties else unit.name
    return Evidence("catalogue", f"职责目录“{line}”，未命中关键词，仅供参考")

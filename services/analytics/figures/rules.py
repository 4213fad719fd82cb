"""From an order's facts to its figures. Pure.

The figures of the district are the sum over orders of `figures_of(facts of the order)`.  The running projection, the
rebuild and the check of one against the other all use this one function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from services.analytics.facts.model import Fact, Kind
from services.analytics.figures.model import DISTRICT, FigureKey, Figures, Measure
from services.analytics.figures.policy import EXCLUDING
from shared.calendar import local_day

_SOLVED: Final = {
    "solved": Measure.SOLVED,
    "mostly_solved": Measure.MOSTLY_SOLVED,
    "unsolved": Measure.UNSOLVED,
}
_SATISFIED: Final = {
    "satisfied": Measure.SATISFIED,
    "mostly_satisfied": Measure.MOSTLY_SATISFIED,
    "unsatisfied": Measure.UNSATISFIED,
}
_COUNTED: Final = {
    Kind.ASSIGNED: Measure.ASSIGNED,
    Kind.RETURNED: Measure.RETURNED,
    Kind.CLOSED: Measure.CLOSED,
    Kind.REOPENED: Measure.REOPENED,
}
"""Facts that count each time they happen, for the unit that they name: an order may be returned or redone several times."""
_OVERDUE: Final = {Kind.OVERDUE: Measure.OVERDUE, Kind.FIRST_REPLY_OVERDUE: Measure.FIRST_REPLY_OVERDUE}
_INSTANT: Final = timedelta(microseconds=1)


def day_of_deadline(due_at: datetime) -> date:
    """The day that a deadline ends: 24:00 belongs to the day before midnight (A03)."""
    return local_day(due_at - _INSTANT)


def figures_of(facts: Sequence[Fact]) -> Figures:
    """What one order adds to the figures; `facts` are all of that order, in the order in which they happened.

    Breaches come on a topic of their own: where one stands among the others makes no difference, the breaches of one
    clock keep their order among themselves.
    """
    figures: Counter[FigureKey] = Counter()
    if any(fact.weight == 0 for fact in facts):
        return figures
    for unit, day, measure in (*_counts(facts), *_overdue(facts), *_revisits(facts), *_reviews(facts)):
        figures[FigureKey(DISTRICT, day, measure)] += 1
        if unit is not None:
            figures[FigureKey(unit, day, measure)] += 1
    return figures


_Count = tuple[str | None, date, Measure]


def _counts(facts: Sequence[Fact]) -> Iterator[_Count]:
    """The receipt once, for the unit that was assigned the order first; what may happen several times, each time."""
    first = next((fact.unit for fact in facts if fact.kind is Kind.ASSIGNED), None)
    receipt = next((fact for fact in facts if fact.kind is Kind.RECEIVED), None)
    if receipt is not None:
        yield first, local_day(receipt.at), Measure.RECEIVED
    for number, fact in enumerate(facts):
        if fact.kind in _COUNTED:
            yield fact.unit, local_day(fact.at), _COUNTED[fact.kind]
        elif fact.kind is Kind.FED_BACK:
            yield _answering_unit(facts[:number]), local_day(fact.at), Measure.FED_BACK


def _overdue(facts: Sequence[Fact]) -> Iterator[_Count]:
    """Each order once per unit, at its earliest missed deadline (S1.1.4b); likewise its first reply (S1.2.2c).

    A breach is excused when sla takes it back; the clock may then be breached again.  As many breaches of a clock as
    were excused do not count, the first ones.
    """
    excused = Counter(fact.clock for fact in facts if fact.kind is Kind.EXCUSED)
    earliest: dict[tuple[Measure, str | None], datetime] = {}
    for fact in facts:
        measure = _OVERDUE.get(fact.kind)
        if measure is None:
            continue
        if fact.clock is not None and excused[fact.clock]:
            excused[fact.clock] -= 1
            continue
        earliest[measure, fact.unit] = min(fact.at, earliest.get((measure, fact.unit), fact.at))
    for (measure, unit), due_at in earliest.items():
        yield unit, day_of_deadline(due_at), measure


def _revisits(facts: Sequence[Fact]) -> Iterator[_Count]:
    """Both rates take the first valid revisit that is not excluded, on its own day (A30, A33, A34)."""
    rated = excluded = False
    for number, fact in enumerate(facts):
        if fact.kind not in {Kind.REVISITED, Kind.REVISIT_INVALID}:
            continue
        unit, day = _answering_unit(facts[:number]), local_day(fact.at)
        yield unit, day, Measure.REVISITS
        if fact.kind is Kind.REVISIT_INVALID:
            continue
        yield unit, day, Measure.REVISITS_VALID
        if rated:
            continue
        if _is_excluded(facts[:number]):
            if not excluded:
                yield unit, day, Measure.EXCLUDED
            excluded = True
            continue
        rated = True
        if fact.solved is not None:
            yield unit, day, _SOLVED[fact.solved]
        if fact.satisfied is not None:
            yield unit, day, _SATISFIED[fact.satisfied]


def _reviews(facts: Sequence[Fact]) -> Iterator[_Count]:
    """The centre's first decision on an order, and whether it approved (S2.3d)."""
    first = next((fact for fact in facts if fact.kind in {Kind.APPROVED, Kind.REJECTED}), None)
    if first is not None:
        passed = first.kind is Kind.APPROVED
        yield first.unit, local_day(first.at), Measure.FIRST_PASSES if passed else Measure.FIRST_FAILS


def _answering_unit(before: Sequence[Fact]) -> str | None:
    """The unit of the last approved reply; before there is one, the unit that was assigned the order last."""
    answer = _answer(before)
    if answer is not None:
        return answer.unit
    return next((fact.unit for fact in reversed(before) if fact.kind is Kind.ASSIGNED), None)


def _answer(before: Sequence[Fact]) -> Fact | None:
    """The last approved reply that was sent: not rejected after that (S1.1.4c), nor held back by its order's end (S2.3b)."""
    unsent = {fact.reply for fact in before if fact.kind is Kind.NOT_SENT}
    for fact in reversed(before):
        if fact.kind is Kind.REJECTED:
            unsent.add(fact.reply)
        elif fact.kind is Kind.APPROVED and fact.reply not in unsent:
            return fact
    return None


def _is_excluded(before: Sequence[Fact]) -> bool:
    """Whether the order is out of both rates: cancelled, or answered otherwise than by solving it (A33)."""
    if any(fact.kind is Kind.CANCELLED for fact in before):
        return True
    answer = _answer(before)
    return answer is not None and answer.disposition in EXCLUDING


def difference(before: Figures, after: Figures) -> dict[FigureKey, int]:
    """What has to be added to `before` to get `after`; no zeros."""
    changed = {key: after.get(key, 0) - before.get(key, 0) for key in {*before, *after}}
    return {key: count for key, count in changed.items() if count}


def rate_of(counts: Mapping[Measure, int], weights: Mapping[Measure, int]) -> tuple[int, int, float | None]:
    """Numerator, denominator and rate to four places; without a denominator there is no rate, not 0 % or 100 % (S3.2b)."""
    numerator = sum(weight * counts.get(measure, 0) for measure, weight in weights.items())
    denominator = sum(counts.get(measure, 0) for measure in weights)
    return numerator, denominator, round(numerator / denominator, 4) if denominator else None

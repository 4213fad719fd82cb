"""What one order adds to the figures, by its facts alone (lifecycle.md section 6; readings A30-A34)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from tests.model.clocks import Clocks
from tests.model.known import EXCLUDING, Fact
from tests.model.workdays import day_of

Figures = Counter[tuple[str, date, str]]
"""By unit (empty for the district), day and measure."""
DISTRICT: Final = ""
_EACH_TIME: Final = {
    "assigned": "assigned",
    "return_accepted": "returned",
    "closed": "closed",
    "reopened": "reopened",
}
_OVERDUE: Final = {"final": "overdue", "first_reply": "first_reply_overdue"}


def figures_of(history: Sequence[Fact], now: datetime) -> Figures:
    """All figures of one order."""
    return _Counting(history, now).found


class _Counting:
    def __init__(self, history: Sequence[Fact], now: datetime) -> None:
        self.found: Figures = Counter()
        self._first_unit = next((fact["unit"] for fact in history if fact.type == "assigned"), None)
        self._assigned_to: str | None = None
        self._answers: list[tuple[int, str, bool]] = []
        """Round and unit of each approved reply, and whether it keeps the order out of both rates."""
        self._cancelled = False
        self._rated = self._left_out = self._reviewed = False
        for fact in history:
            if fact.type in _EACH_TIME:
                self._count(fact["unit"], fact.at, _EACH_TIME[fact.type])
            getattr(self, f"_on_{fact.type}", lambda _: None)(fact)
        self._overdue(history, now)

    def _count(self, unit: str | None, at: datetime, measure: str) -> None:
        self.found[DISTRICT, day_of(at), measure] += 1
        if unit is not None:
            self.found[unit, day_of(at), measure] += 1

    @property
    def _answering(self) -> str | None:
        """The unit of the last approved reply; before there is one, that of the last assignment."""
        return self._answers[-1][1] if self._answers else self._assigned_to

    def _on_received(self, fact: Fact) -> None:
        self._count(self._first_unit, fact.at, "received")

    def _on_assigned(self, fact: Fact) -> None:
        self._assigned_to = fact["unit"]

    def _on_cancelled(self, _: Fact) -> None:
        self._cancelled = True

    def _on_approved(self, fact: Fact) -> None:
        self._first_decision(fact, "first_passes")
        self._answers.append((fact["round"], fact["unit"], fact["disposition"] in EXCLUDING))

    def _on_rejected(self, fact: Fact) -> None:
        self._first_decision(fact, "first_fails")
        self._answers = [one for one in self._answers if one[0] != fact["round"]]  # approved, and not sent (S1.1.4c)

    def _on_reply_not_sent(self, fact: Fact) -> None:
        self._answers = [one for one in self._answers if one[0] != fact["round"]]

    def _first_decision(self, fact: Fact, measure: str) -> None:
        """审核一次通过率: the centre's first decision on the order."""
        if not self._reviewed:
            self._count(fact["unit"], fact.at, measure)
        self._reviewed = True

    def _on_fed_back(self, fact: Fact) -> None:
        self._count(self._answering, fact.at, "fed_back")

    def _on_revisited(self, fact: Fact) -> None:
        """Both rates take the first valid result that is not excluded, once (A30, A32, A33, A34)."""
        self._count(self._answering, fact.at, "revisits")
        if not fact["valid"]:
            return
        self._count(self._answering, fact.at, "revisits_valid")
        if self._rated:
            return
        if self._cancelled or (self._answers and self._answers[-1][2]):
            if not self._left_out:
                self._count(self._answering, fact.at, "excluded")
            self._left_out = True
            return
        self._rated = True
        self._count(self._answering, fact.at, fact["solved"])
        self._count(self._answering, fact.at, fact["satisfied"])

    def _overdue(self, history: Sequence[Fact], now: datetime) -> None:
        """超期 and 首次答复超期, once for an order and unit, on the day of its first missed deadline (S1.1.4b, S1.2.2c)."""
        first: dict[tuple[str, str | None], datetime] = {}
        for clock in Clocks(history, now).all:
            if clock.kind in _OVERDUE and clock.breached(now):
                place = _OVERDUE[clock.kind], clock.unit
                first[place] = min(clock.due_at, first.get(place, clock.due_at))
        for (measure, unit), due_at in first.items():
            self._count(unit, due_at - timedelta(microseconds=1), measure)  # 24:00 belongs to the day that it ends

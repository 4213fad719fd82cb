"""The clocks of an order, by its facts alone (lifecycle.md section 3; readings A04, A07, A08, A11-A16, A19, A24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from tests.model.known import CLOSING, Fact
from tests.model.workdays import end_of_workday, first_call, moment, same_day

_INSTANT = timedelta(microseconds=1)


@dataclass
class Clock:
    """A deadline."""

    kind: str
    unit: str | None
    started_at: datetime
    due_at: datetime
    state: str = "running"
    stopped_at: datetime | None = None
    of: Any = None
    """The round of a plan, or of a review."""
    annulled: bool = False
    """It should not have run: its breach does not count."""

    def breached(self, now: datetime) -> bool:
        """Whether the deadline passed before it was over; a window that closes is none (S1.1.4b)."""
        return not self.annulled and self.kind != "return_window" and (self.stopped_at or now) > self.due_at


class Clocks:
    """What each fact starts and stops, in the sequence in which things happened."""

    def __init__(self, history: Sequence[Fact], now: datetime) -> None:
        self.all: list[Clock] = []
        self.annulled: dict[str, datetime] = {}
        """Until when clocks of a kind should not have run, by a later word: one that was met may be there or not."""
        self._unit: str | None = None
        self._urgent: tuple[str, ...] = ()
        self._over = self._cancelled = False
        self._redos, self._final, self._fast = 0, 3, False
        self._answer = ""
        self._reached = False
        self._away: str = ""
        """Why its unit cannot call: `review`, `planned` or `over`."""
        self._round: int | None = None
        self.unsure = {
            one.at
            for one in history
            if one.type == "updated" and any(one.at == other.at for other in history if other != one)
        }
        """Moments of decisions on the urgency at which something else happened too: sla cannot tell which was first."""
        self.turns = {one.at for one in history if one.type in {"assigned", "reopened"}}
        """When a unit got the order: the day for the caller of an urgent one begins with it, whatever came before."""
        self.superseded: set[tuple[str, datetime]] = set()
        """Reviews and call-backs of replies that a redo has superseded, by kind and start: who hears of the redo first asks
        for them no more."""
        self._waits = False
        """It turned urgent under review: a rejection gives the unit its day."""
        self._dead: set[int] = set()
        """Rounds that were rejected."""
        self._replaced: dict[int, list[Clock]] = {}
        """By the round of a plan, the plan that it ended."""
        for fact in history:
            self._close_windows(fact.at)
            if not self._cancelled:
                getattr(self, f"_on_{fact.type}", lambda _: None)(fact)
        self._close_windows(now)

    def running(self, *kinds: str, unit: str | None = None) -> list[Clock]:
        """Those of these kinds that run; of any kind without one."""
        return [
            one
            for one in self.all
            if one.state == "running" and (not kinds or one.kind in kinds) and unit in {None, one.unit}
        ]

    def _start(self, kind: str, at: datetime, due_at: datetime, unit: str | None = None, of: Any = None) -> None:
        self.all.append(Clock(kind, unit, at, due_at, of=of))

    def _stop(self, at: datetime, *kinds: str, unit: str | None = None) -> None:
        for one in self.running(*kinds, unit=unit):
            self._end(one, at)

    def _end(self, one: Clock, at: datetime) -> None:
        one.state, one.stopped_at = ("met" if at <= one.due_at else "late"), at

    def _void(self, at: datetime, *kinds: str, unit: str | None = None) -> None:
        for one in self.running(*kinds, unit=unit):
            one.state, one.stopped_at = "void", at

    def _close_windows(self, now: datetime) -> None:
        for one in self.running("return_window"):
            if one.due_at < now:
                one.state, one.stopped_at = "void", one.due_at

    # --- the district: from our receipt, whatever units do (A04, A15) ------------------------------------------------

    def _on_received(self, fact: Fact) -> None:
        self._urgent, self._fast = fact["urgent"], fact["fast"]
        self._final = 13 if self._fast else 3  # S1.2.2b, S1.1.4a; both from the same start (A07)
        self._start("district_final", fact.at, end_of_workday(fact.at, self._final))
        self._start("same_day_dispatch", fact.at, same_day(fact.at))  # S2.1b, A11
        if fact["due_at"] is not None:
            self._start("upstream_due", fact.at, fact["due_at"])  # S1.1.1a

    def _on_updated(self, fact: Fact) -> None:
        urgent, self._urgent = self._urgent, fact["urgent"]
        if self._urgent and not urgent and self._unit is not None and not self._over:
            self._wake_up(fact.at)
            if not self._reached and not self._away:
                self._start("caller_reply", fact.at, fact.at + timedelta(hours=24), self._unit)  # S1.3.1c, A08
            self._waits = not self._reached and self._away in {"review", "planned"}
        elif urgent and not self._urgent:
            self._waits = False
            self._annul("caller_reply", fact.at)  # S1.3.1a: it never was urgent, by the latest word

    def _wake_up(self, at: datetime) -> None:
        """The day of the plan may have come (S2.2.2f)."""
        if self._away == "planned" and any(wakes_at(one) <= at for one in self.running("plan")):
            self._away = ""

    def _given_back(self, fact: Fact) -> None:
        if self._away not in {"review", "planned"} or fact["round"] != self._round:
            return  # one that announced a plan comes back when it was not sent
        self._away = ""
        if self._waits and not self._reached:
            self._start("caller_reply", fact.at, fact.at + timedelta(hours=24), self._unit)
            self._waits = False

    def _annul(self, kind: str, at: datetime) -> None:
        self.annulled[kind] = at
        for one in self.all:
            if one.kind == kind and (one.state == "running" or one.breached(at)):
                one.stopped_at = one.stopped_at or at
                one.state, one.annulled = "void", True

    def _on_cancelled(self, fact: Fact) -> None:
        self._void(fact.at)
        self._cancelled = True

    # --- the unit: from its assignment (A04) --------------------------------------------------------------------------

    def _on_assigned(self, fact: Fact) -> None:
        unit, at = fact["unit"], fact.at
        self._stop(at, "same_day_dispatch", "consult")
        self._leave(at)
        self._unit, self._reached, self._away, self._waits = unit, False, "", False
        self._start("final", at, end_of_workday(at, self._final), unit)  # S1.1.4a
        self._start("first_contact", at, first_call(at), unit)  # S2.2.1a, A12
        self._start("accept", at, same_day(at), unit)  # S3.1d
        self._start("progress_note", at, same_day(at), unit)  # S2.2.1d, A13
        if self._fast:
            self._start("first_reply", at, end_of_workday(at, 2), unit)  # S1.2.2a
        if self._urgent:
            self._start("caller_reply", at, at + timedelta(hours=24), unit)  # S1.3.1c, A08
        if not fact["no_return"]:
            self._start("return_window", at, end_of_workday(at, 1), unit)  # S2.2.1f, A14

    def _leave(self, at: datetime) -> None:
        """The unit no longer has it: its clocks are void, what was late stays late (A15)."""
        if self._unit is not None:
            self._void(at, unit=self._unit)

    def _on_accepted(self, fact: Fact) -> None:
        self._stop(fact.at, "accept", unit=fact["unit"])

    def _on_contacted(self, fact: Fact) -> None:
        self._stop(fact.at, "accept", unit=fact["unit"])
        if fact["counts"]:
            self._stop(fact.at, "first_contact", "next_contact", unit=fact["unit"])  # S2.2.1a, S2.2.1e
        if fact["outcome"] == "reached":
            self._stop(fact.at, "caller_reply", "first_reply", unit=fact["unit"])  # S1.3.1d, S1.2.2c
            self._reached = True
        self._promise(fact)

    def _on_noted(self, fact: Fact) -> None:
        self._stop(fact.at, "accept", "progress_note", unit=fact["unit"])
        self._promise(fact)

    def _promise(self, fact: Fact) -> None:
        if fact["promised_at"] is not None:
            self._start("next_contact", fact.at, fact["promised_at"], fact["unit"])  # S2.2.1e

    def _on_return_requested(self, fact: Fact) -> None:
        self._stop(fact.at, "accept", "return_window", unit=fact["unit"])

    # A rejected return leaves the order with the unit, in hand: there is nothing to accept any more (S3.1d).

    def _on_return_accepted(self, fact: Fact) -> None:
        self._leave(fact.at)
        self._unit = None
        self._start("same_day_dispatch", fact.at, same_day(fact.at))  # A15, S2.1b
        if fact["returns"] >= 2:
            self._start("consult", fact.at, end_of_workday(fact.at, 3))  # A24

    def _on_extended(self, fact: Fact) -> None:
        for one in (*self.running("final", unit=fact["unit"]), *self.running("district_final")):
            one.due_at = end_of_workday(one.due_at - _INSTANT, fact["workdays"])  # A10: from the deadline that was

    # --- reply, review, feedback --------------------------------------------------------------------------------------

    def _on_submitted(self, fact: Fact) -> None:
        self._stop(fact.at, "accept", "progress_note", unit=fact["unit"])  # the deadlines run on (A19)

        self._away, self._round, self._waits = "review", fact["round"], False

    def _on_leader_rejected(self, fact: Fact) -> None:
        self._given_back(fact)

    def _on_leader_approved(self, fact: Fact) -> None:
        self._void(fact.at, "return_window", unit=fact["unit"])  # S3.1b: dispatch refuses its return from now on
        self._start("review_turnaround", fact.at, end_of_workday(fact.at, 1), of=fact["round"])  # S2.3a

    def _on_approved(self, fact: Fact) -> None:
        self._answer = fact["disposition"]
        self._stop(fact.at, "review_turnaround")

    def _on_rejected(self, fact: Fact) -> None:
        # Of an approved reply that was not sent there is no review: one that runs is of a later reply (S1.1.4c).
        for one in self.running("review_turnaround"):
            if one.of == fact["round"]:
                self._end(one, fact.at)  # and nothing else: rework buys no time (A19, S2.3d)
        self._unplan(fact)
        self._given_back(fact)

    def _unplan(self, fact: Fact) -> None:
        """A plan whose approval does not hold has no day; the one before it runs on."""
        self._dead.add(fact["round"])
        for one in self.running("plan"):
            if one.of == fact["round"]:
                one.state, one.stopped_at = "void", fact.at
                for other in self._replaced[one.of]:
                    if other.of not in self._dead:
                        other.state, other.stopped_at = "running", None

    def _on_planned(self, fact: Fact) -> None:
        self._reached = False
        if fact["round"] in self._dead:
            return  # rejected before dispatch heard that it was approved
        self._replaced[fact["round"]] = self.running("plan")
        self._void(fact.at, "plan")
        self._away = "planned"
        due_at = moment(fact["on"] + timedelta(days=1))
        # Approved only after its day, it has had that day and no other.
        start = fact.at if fact.at < due_at else moment(fact["on"])
        self._start("plan", start, due_at, fact["unit"], of=fact["round"])  # S2.2.2f

    def _on_fed_back(self, fact: Fact) -> None:
        if fact["redos"] < self._redos:
            return  # of a cycle that was reopened since (D3)
        self._stop(fact.at, "final", "district_final", "upstream_due", "progress_note")  # S1.1.4a, S2.3b
        self._stop(fact.at, "caller_reply")  # S1.3.1d: the platform has the answer
        if fact["disposition"] != "planned":  # what announces a plan does not fulfil it (S2.2.2f)
            self._away, self._waits = "over", False
            self._stop(fact.at, "plan")
            self._start("revisit", fact.at, end_of_workday(fact.at, 5))  # S4.1d

    def _on_revisited(self, fact: Fact) -> None:
        if fact["valid"] and fact["redos"] >= self._redos:  # a call about an earlier reply answers for no other
            self._stop(fact.at, "revisit")

    def _on_closed(self, fact: Fact) -> None:
        if self._answer not in CLOSING:
            self._stop(fact.at, "revisit")
        self._void(fact.at)
        self._over, self._away, self._waits = True, "over", False

    def _on_reopened(self, fact: Fact) -> None:
        self._over, self._redos = False, fact["redos"]
        asked = ("review_turnaround", "revisit")
        self.superseded |= {(one.kind, one.started_at) for one in self.all if one.kind in asked}
        self._reached, self._away, self._waits = False, "", False
        self._void(
            fact.at, "revisit", "plan", "review_turnaround", "final", "caller_reply"
        )  # nobody is asked about a reply that is not accepted
        self._start("final", fact.at, end_of_workday(fact.at, self._final), fact["unit"])  # A34
        if self._urgent:  # the caller waits again (S1.3.1c)
            self._start("caller_reply", fact.at, fact.at + timedelta(hours=24), fact["unit"])


def wakes_at(clock: Clock) -> datetime:
    """When a plan's day begins: the order comes back to the unit (S2.2.2f)."""
    return max(moment((clock.due_at - _INSTANT).date(), time()), clock.started_at)

"""When the caller of an urgent order is to be answered within a day, by what is known of its steps (S1.3.1c). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from operator import itemgetter
from typing import Final, Literal, NamedTuple, TypeAlias

from services.sla.counting.model import ClockPlan
from services.sla.counting.rules import hour_clock
from services.sla.rulesets.policy import RuleSet

Step = Literal["reached", "submitted", "rejected", "planned", "woken", "fed_back", "closed", "answered", "reopened"]
"""What the day for the caller of an urgent order depends on (S1.3.1c); `answered`: a redo proves that the upstream had a reply."""
TOLD_BY_OTHERS: Final = frozenset({"rejected", "fed_back"})
"""Those that dispatch does not tell: they may be heard before the assignment that they belong to."""

_Told: TypeAlias = tuple[datetime, str, str]
"""The moment, the step, the reply."""


class Answering(NamedTuple):
    """The day in which the caller of an urgent order is to be answered, and how it ended."""

    starts_at: datetime
    ends_at: datetime | None
    answered: bool


def clock_on_urgency(unit: str, version: int, at: datetime, rules: RuleSet) -> ClockPlan:
    """An order that turns urgent while a unit has it is to be answered within a day of that (S1.3.1c)."""
    return hour_clock("caller_reply", f"urgent:{version}", unit, at, rules.caller_reply)


def answering(
    steps: Sequence[Sequence[str]], *, urgent_since: datetime, assigned_at: datetime
) -> tuple[Answering, ...]:
    """The days that the unit has to answer the caller of an urgent order: at most one in each of its turns.

    `steps` are those of the present assignment, as they were heard: (moment, step, reply).  A turn begins with the
    assignment, and another with each redo: the caller waits again.  No day begins for a unit that has reached the caller in
    that turn, nor while the order is planned, or its reply is with the upstream; while a reply is under review, the day
    begins when it is rejected.  What reaches the caller, or brings the reply to the upstream, ends it (S1.3.1c, S1.3.1d).
    """
    turns = _turns(_as_it_holds([(datetime.fromisoformat(at), step, reply) for at, step, reply in steps]), assigned_at)
    ends = [began_at for began_at, _ in turns[1:]]
    days = (
        _day_of(told, began_at=began_at, since=max(urgent_since, began_at), over_at=over_at)
        for (began_at, told), over_at in zip_longest(turns, ends)
        if over_at is None or urgent_since < over_at
    )
    return tuple(day for day in days if day is not None)


def _turns(told: Sequence[_Told], assigned_at: datetime) -> list[tuple[datetime, list[_Told]]]:
    """When each turn of the unit began, and its steps; what is told of a reply belongs to the turn that it was submitted in."""
    turns: list[tuple[datetime, list[_Told]]] = [(assigned_at, [])]
    submitted: dict[str, list[_Told]] = {}
    for at, step, reply in told:
        if step == "reopened":
            turns.append((at, []))
            continue
        turn = turns[-1][1]
        if step == "submitted":
            submitted[reply] = turn
        (submitted.get(reply, turn) if step in TOLD_BY_OTHERS else turn).append((at, step, reply))
    return turns


def _day_of(
    told: Sequence[_Told], *, began_at: datetime, since: datetime, over_at: datetime | None
) -> Answering | None:
    """The day of one turn, which `began_at` then and was `over_at` then, when the caller waits `since` then."""
    announced = {reply for _, step, reply in told if step == "planned"}
    hands, later = _Hands(), []
    for at, step, reply in told:
        # Of the same moment a decision on the urgency is the last, an assignment or a redo the first.
        if at > since or since == began_at:
            later.append((at, step, reply))
        elif step != "fed_back" or reply not in announced:  # what announces a plan leaves the order as planned as it is
            hands = _after(hands, step, reply)
    if hands.reached or hands.over:
        return None
    starts_at = since
    if hands.reviewed is not None:
        given_back = ("rejected", hands.reviewed)
        back = next((one for one in later if one[1:] == given_back or one[1] in _LEAVES), None)
        if back is None or back[1:] != given_back:
            return None
        place = later.index(back)
        if any(step == "reached" for _, step, _ in later[:place]):
            return None
        starts_at, later = back[0], later[place + 1 :]
    ends_at, step, _ = next((one for one in later if one[1] in _ENDS), (over_at, "reopened", ""))
    return Answering(starts_at, ends_at, answered=step not in {"closed", "reopened"})


def _as_it_holds(told: list[_Told]) -> list[_Told]:
    """The steps by their moments; a plan whose reply was rejected after all is none, but for the turn that it began."""
    rejected = {reply for _, step, reply in told if step == "rejected"}
    holds = [(at, "turn" if step == "planned" and reply in rejected else step, reply) for at, step, reply in told]
    return sorted(holds, key=itemgetter(0))


class _Hands(NamedTuple):
    """Whether the unit has reached the caller in its present turn, and what keeps it from calling."""

    reached: bool = False
    over: bool = False
    reviewed: str | None = None
    planned: str | None = None
    """The reply that announced the plan whose day the order waits for."""


_LEAVES: Final = frozenset({"fed_back", "answered", "planned", "closed"})
_ENDS: Final = frozenset({"reached", "fed_back", "answered", "closed"})


def _after(hands: _Hands, step: str, reply: str) -> _Hands:
    match step:
        case "reached":
            return hands._replace(reached=True)
        case "submitted":
            return hands._replace(over=False, reviewed=reply, planned=None)
        case "rejected" | "woken" if reply == hands.reviewed:
            return hands._replace(reviewed=None)
        case "turn":
            return hands._replace(reached=False)
        case "planned":
            return _Hands(over=True, planned=reply)
        case "woken" if reply == hands.planned:
            return hands._replace(over=False, planned=None)
        case "fed_back" | "answered" | "closed":
            return hands._replace(over=True, reviewed=None, planned=None)
        case _:
            return hands

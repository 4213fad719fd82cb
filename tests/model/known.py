"""What intake, the desk and the review know of an order, and the facts that they tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

EXCLUDING: Final = frozenset({"out_of_scope", "not_true", "explanation", "planned"})
"""Approved, they keep an order out of both rates (A33)."""
CLOSING: Final = frozenset({"out_of_scope", "not_true"})
"""Approved and fed back, they end the order (lifecycle: FED_BACK -> CLOSED, exclusion approved)."""
RETRIES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""How long a reply waits after its first, second ... failed attempt, at least; a tenth more at most.  After the tenth it is
given up until a person asks for it (P8)."""


@dataclass(frozen=True)
class Fact:
    """What a service told the others."""

    by: str
    type: str
    at: datetime
    about: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.about[name]

    def __str__(self) -> str:
        return f"{self.at:%d %H:%M} {self.by}: {self.type} {dict(self.about)}"


@dataclass
class Sending:
    """An approved reply on its way to the upstream (S2.3b)."""

    round: int
    redos: int
    disposition: str
    state: str = "waiting"  # sending, done, failed
    acked: bool = False
    attempts: int = 0
    scheduled: int = 0
    """Attempts since a person asked for it last."""
    not_before: datetime | None = None
    surely_at: datetime | None = None


@dataclass
class Intake:
    """What intake knows."""

    version: int = 1
    revision: int | None = None
    """The upstream's own number of it, where it numbers its revisions."""
    content: int = 0
    urgent: tuple[str, ...] = ()
    by_hand: bool = False
    """Whether a person said which urgent class it is: later versions do not change it (S1.3.1a)."""
    phase: str = "open"  # approved, fed_back, closed, cancelled
    redos: int = 0
    urges: int = 0
    revisits: int = 0
    told: dict[tuple[str, datetime], list[dict[str, Any]]] = field(default_factory=dict)
    """What each notice of each moment said: the same again is known, in every cycle (S1.1.4c)."""
    sendings: list[Sending] = field(default_factory=list)

    @property
    def standing(self) -> str:
        """How far the order is for its upstream: also unanswered, and again (being redone)."""
        if self.phase != "open":
            return self.phase
        if not self.sendings:
            return "unanswered"
        # A unit that works on what a plan announced: the upstream has a reply of this cycle.
        return "fed_back" if max(one.redos for one in self.sendings) >= self.redos else "again"

    @property
    def cycle(self) -> int | None:
        """The cycle of the newest approved reply."""
        return max((one.redos for one in self.sendings), default=None)

    @property
    def underway(self) -> Sending | None:
        """The reply that is to be sent next: one at a time, in their sequence."""
        return next((one for one in self.sendings if one.state in {"waiting", "sending"}), None)


@dataclass
class Desk:
    """What dispatch knows; the lifecycle is its own."""

    there: bool = False
    status: str = "triage"
    unit: str | None = None
    first_unit: str | None = None
    assignment: int = 0
    assigned_at: datetime | None = None
    first_assigned_at: datetime | None = None
    no_return: bool = False
    returned_by: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()
    """Units whose head has let a reply go: they may not return the order any more (S3.1b)."""
    returns: int = 0
    turn: int = 0
    last_turn: int = -1
    """The turn of the last contact."""
    failed: tuple[datetime, ...] = ()
    """The minutes of the failed attempts of this turn (A39)."""
    counted: int = 0
    reached: bool = False
    round: int = 0
    reply: int | None = None
    """The round whose fate moves the order; None when there is nothing to be decided."""
    disposition: str | None = None
    plan_on: date | None = None
    redos: int = 0
    revisits: int = 0
    failed_days: frozenset[date] = frozenset()
    urges: int = 0
    version: int = 1


@dataclass
class Round:
    """A reply in the review."""

    round: int
    unit: str
    disposition: str
    redos: int
    version: int
    state: str = "leader_review"


@dataclass
class Extension:
    """延期 (S1.3.2): once for an order (A10)."""

    state: str = "none"  # requested, granted
    workdays: int = 0
    of: int = 0
    """The number of the final clock that it would move."""


@dataclass
class Review:
    """What review knows."""

    version: int = 1
    holder: str | None = None
    cancelled: bool = False
    rounds: list[Round] = field(default_factory=list)

    @property
    def open_round(self) -> Round | None:
        """The one on which somebody has to decide."""
        return next((one for one in self.rounds if one.state in {"leader_review", "centre_review"}), None)

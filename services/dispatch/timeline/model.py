"""One entry of an order's timeline, as it is stored and as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from shared.calendar import local_text
from shared.contracts import Event

NEWS_WRITTEN: Final = "news written"
"""Woken after each commit with entries that changed something for somebody."""
_WEEKDAYS = "一二三四五六日"


class Topic(StrEnum):
    """What an entry changed for somebody; `news` says for whom.  Stable: programs may depend on it."""

    NEW = "new"
    ASSIGNED = "assigned"
    RETURN_ASKED = "return_asked"
    RETURNED = "returned"
    RETURN_REFUSED = "return_refused"
    SUBMITTED = "submitted"
    TO_REVIEW = "to_review"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    REDO = "redo"
    REVISITED = "revisited"
    CLOSED = "closed"
    URGED = "urged"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    EXCUSED = "excused"
    REVIEW_DUE = "review_due"
    REVIEW_OVERDUE = "review_overdue"
    PROMISE_DUE = "promise_due"
    PROMISE_BROKEN = "promise_broken"
    PLAN_DUE = "plan_due"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_DECIDED = "extension_decided"
    FEEDBACK_FAILED = "feedback_failed"
    SUPERVISION = "supervision"


class Told(Protocol):
    """An event that was read, with its attributes."""

    @property
    def id(self) -> UUID:
        """The event's id."""

    @property
    def time(self) -> datetime:
        """When it was written."""

    @property
    def event(self) -> Event | None:
        """Its content."""

    @property
    def actor(self) -> str:
        """Who acted in it."""

    @property
    def actor_role(self) -> str:
        """In which roles."""

    @property
    def actor_unit(self) -> str | None:
        """From which unit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event says of one order."""

    event_id: UUID
    part: int
    """Which part of the event: a digest of warnings tells of several deadlines; 0 otherwise."""
    order_id: str
    at: datetime
    """When it happened; not when it was heard of."""
    kind: str
    topic: Topic | None
    unit: str | None
    """Whose matter it is."""
    of_order: bool
    """Its event names no unit, as what an upstream does: it is the matter of whoever leads the order at `at`."""
    actor: str
    actor_role: str
    actor_unit: str | None
    facts: Mapping[str, Any]
    """The facts of its sentence and its references; no words of callers or units."""


class Facts:
    """The facts of one entry while its sentence is made, with the names of the units."""

    def __init__(self, given: Mapping[str, Any], unit: str | None, names: Mapping[str, str]) -> None:
        self._given, self._unit, self._names = given, unit, names

    def __getitem__(self, name: str) -> Any:
        """A fact; None for one that was not told."""
        return self._given.get(name)

    @property
    def unit(self) -> str:
        """What the entry's unit is called."""
        return self.unit_of(self._unit)

    def unit_of(self, code: str | None) -> str:
        """What a unit is called; its code when it is not in the directory."""
        return "中心" if not code else self._names.get(code, code)

    def moment(self, name: str) -> datetime:
        """A fact that is a moment."""
        return datetime.fromisoformat(self._given[name])

    def at(self, name: str) -> str:
        """A moment as people read it."""
        return local_text(self.moment(name))

    def day(self, name: str) -> str:
        """A day as people read it."""
        day = date.fromisoformat(self._given[name])
        return f"{day.isoformat()}（周{_WEEKDAYS[day.weekday()]}）"


Sentence = Callable[[Facts], str]
TopicOf = Callable[[Mapping[str, Any]], Topic | None]
"""The topic of an entry whose topic depends on what its event says, by these facts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one type of event says of an order."""

    code: str
    """Stable: programs may depend on it."""
    at: str
    """The field that says when it happened; empty where none does: then it happened when the event was written."""
    facts: tuple[str, ...]
    """The fields that are kept."""
    say: Sentence
    topic: Topic | TopicOf | None = None
    of_order: bool = False
    """The event names no unit."""

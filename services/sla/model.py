"""What a clock is: the span it counts, the plan it starts by, the rungs it warns on, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.calendar import Due
from shared.contracts.sla import ClockKind


class Span(StrEnum):
    """How a deadline is counted."""

    WORKDAYS = "workdays"  # statutory working days, the start day not counted (A01-A03)
    HOURS = "hours"  # hours around the clock, holidays included (A08)
    DAY = "day"  # to the end of the start's own day, or to noon of the next after the cut-off (A11-A13)
    MOMENT = "moment"  # a moment that somebody named: the upstream's deadline, a promise


class State(StrEnum):
    """Where a clock stands; a breach does not end it: the order can still be answered (S1.1.4b)."""

    RUNNING = "running"
    MET = "met"  # what it asked for happened, up to and including the due moment
    LATE = "late"  # it happened afterwards
    VOID = "void"  # what it asked for no longer applies: returned, reassigned, cancelled, or a window that closed


class Lapse(StrEnum):
    """What the passing of the due moment means."""

    BREACH = "breach"
    CLOSE = "close"  # a window that closes is nobody's fault (S2.2.1f)


class Rung(NamedTuple):
    """A warning: its name, its moment, and the moment it had before the quiet hours moved it.

    `missed` is when it should have fired, of one that was missed and waits for the end of the quiet hours.
    """

    name: str
    at: datetime
    wanted: datetime | None = None
    missed: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Rung:
        """As a clock's row holds it."""
        wanted, missed = row.get("wanted"), row.get("missed")
        return cls(
            row["name"],
            datetime.fromisoformat(row["at"]),
            None if wanted is None else datetime.fromisoformat(wanted),
            None if missed is None else datetime.fromisoformat(missed),
        )


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """A clock that is to run.

    `occasion` names what started it ("receipt", "assignment:2"): the same kind starts at most once per occasion, so
    that a second run of a handler does no harm. `unit` is who answers for it, None for the centre itself.
    """

    kind: ClockKind
    occasion: str
    unit: str | None
    started_at: datetime
    span: Span
    amount: int
    due: Due
    rungs: tuple[Rung, ...]
    clause: str
    lapse: Lapse = Lapse.BREACH


@dataclass(frozen=True, slots=True)
class Received:
    """What the clocks need to know of a received order."""

    order_id: str
    scheme: str
    urgent: bool
    received_at: datetime
    upstream_due_at: datetime | None
    safety: bool = False  # a safety emergency: its warnings know no quiet hours


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the clocks need to know of an assignment."""

    assignment: int
    unit: str
    no_return: bool
    determined_at: datetime
    assigned_at: datetime


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One line of a deadline's proof; `on` is None where no single day is meant."""

    text: str
    on: str | None = None
    kind: str | None = None
    ordinal: int | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """What the caller said when asked for more time (S1.3.2b): who, when, by which number, and the proof of it."""

    person: str
    agreed_at: datetime
    phone: str
    agreed: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """A unit's request for more working days (S1.3.2a).

    `lacking` are the parts that what is said of the caller's consent does not have; then there is no consent.
    """

    reason_code: str
    citation: str | None
    explanation: str | None
    workdays: int
    consent: Consent | None
    override_reason: str | None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a signature chain: its name, the working hours it needs, and how many were observed (0: a default)."""

    name: str
    title: str
    hours: float
    observed: int


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step and the latest moment at which it may start so that the chain still ends in time (S2.2.3i)."""

    step: ChainStep
    latest_start: datetime
    latest_end: datetime

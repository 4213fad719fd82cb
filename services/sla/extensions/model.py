"""A request for more working days, and what the caller said to it (S1.3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

ReasonCode = Literal["legal", "complex"]

WORDS: Final = ("citation", "explanation", "override_reason", "decision_reason")
"""What people write about a request; each is sealed (X2)."""


class ExtensionState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    DECLINED = "declined"  # by the caller


Move = Literal["request", "grant", "refuse"]


@dataclass(frozen=True, slots=True)
class ClosedMove:
    """What a person's role may do and what is not open now; `detail` says in Chinese why not, and what is next."""

    move: Move
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Moves:
    """What a person's role may do: open now, or not."""

    can: tuple[Move, ...]
    cannot: tuple[ClosedMove, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """How many of an order's requests were granted, and how many wait for their answer (A10)."""

    granted: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision on a request depends on."""

    state: ExtensionState
    overridden: bool
    requested_by: str
    clock_runs: bool


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

    reason_code: ReasonCode
    citation: str | None
    explanation: str | None
    workdays: int
    consent: Consent | None
    override_reason: str | None
    lacking: tuple[str, ...] = ()

"""The notices of a platform about an order that it sent before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Solved = Literal["solved", "mostly_solved", "unsolved"]
Satisfied = Literal["satisfied", "mostly_satisfied", "unsatisfied"]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The platform takes the order back."""

    upstream_no: str
    happened_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Urge:
    """The platform urges the order."""

    upstream_no: str
    happened_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class RevisitCall:
    """The platform called the person, in its own words."""

    upstream_no: str
    happened_at: datetime
    connected: bool
    solved: str | None
    satisfied: str | None
    opinion: str | None


@dataclass(frozen=True, slots=True)
class Redo:
    """The platform wants the matter handled once more (重办)."""

    upstream_no: str
    happened_at: datetime
    reason: str


Notice = Cancellation | Urge | RevisitCall | Redo


@dataclass(frozen=True, slots=True)
class RevisitResult:
    """The result of the platform's call to the person; solved and satisfied are None when nobody answered (A32)."""

    valid: bool
    solved: Solved | None
    satisfied: Satisfied | None

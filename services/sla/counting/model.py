"""What a clock that is to run is: the span it counts, its due moment, the warnings before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from shared.calendar import Due
from shared.contracts.sla import ClockKind


class Span(StrEnum):
    """How a deadline is counted."""

    WORKDAYS = "workdays"  # statutory working days, the start day not counted (A01-A03)
    HOURS = "hours"  # hours around the clock, holidays included (A08)
    DAY = "day"  # to the end of the start's own day, or to noon of the next after the cut-off (A11-A13)
    MOMENT = "moment"  # a moment that somebody named: the upstream's deadline, a promise


class Lapse(StrEnum):
    """What the passing of the due moment means."""

    BREACH = "breach"
    CLOSE = "close"  # a window that closes is nobody's fault (S2.2.1f)


class Quiet(NamedTuple):
    """Which quiet times the warnings of a clock keep."""

    night: bool
    rest_days: bool


DAILY: Final = Quiet(night=True, rest_days=False)
"""Of an urgent order that is no safety emergency, and of a clock of hours."""


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

    def as_row(self) -> dict[str, str]:
        """The same for a clock's row."""
        row = {"name": self.name, "at": self.at.isoformat()}
        if self.wanted is not None:
            row["wanted"] = self.wanted.isoformat()
        if self.missed is not None:
            row["missed"] = self.missed.isoformat()
        return row


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
class ProofLine:
    """One line of a deadline's proof; `on` is None where no single day is meant."""

    text: str
    on: str | None = None
    kind: str | None = None
    ordinal: int | None = None
    known: bool = True

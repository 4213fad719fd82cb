"""What the first look finds."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.intake import Urgency


@dataclass(frozen=True, slots=True)
class Flags:
    """What the rules found in an order's text."""

    urgent: tuple[Urgency, ...]
    out_of_scope: str | None
    street: str | None


@dataclass(frozen=True, slots=True)
class FlagsHeld:
    """The flags that hold for an order, with their version: what the rules found, or what a person decided."""

    urgent: tuple[Urgency, ...]
    out_of_scope: str | None
    version: int
    by_person: bool

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

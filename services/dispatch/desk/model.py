"""What a person can do with an order now, and why not the rest."""

from __future__ import annotations

from dataclasses import dataclass

from services.dispatch.orders.model import Move


@dataclass(frozen=True, slots=True)
class ClosedMove:
    """A move of the person's role that is not open now."""

    move: Move
    code: str
    detail: str
    """In Chinese: why not, and what would make it possible."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Every move of the person's role: open now, or not."""

    can: tuple[Move, ...]
    cannot: tuple[ClosedMove, ...]

"""What is searched for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """All that is given must be true of an order."""

    order_no: str | None
    """The platform's number or ours, whole."""
    words: tuple[str, ...]
    """Each is in the title."""
    phone: str | None
    """The caller's or the contact number, whole, digits only."""

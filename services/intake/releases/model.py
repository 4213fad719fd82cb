"""How the release of one request of a group ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """An order, or the code, the Chinese text and the faults of the refusal that keeps the request waiting."""

    quarantine_id: str
    order_id: str | None = None
    version: int | None = None
    code: str | None = None
    message: str | None = None
    faults: Sequence[Mapping[str, str]] = ()

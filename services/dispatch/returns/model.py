"""A request to give an order back."""

from __future__ import annotations

from dataclasses import dataclass

from shared.files.stored import StoredFile


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """The four parts of a return (S2.2.1g)."""

    reason: str | None
    policy_basis: str | None
    suggested_unit: str | None
    materials: tuple[StoredFile, ...]

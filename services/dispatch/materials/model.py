"""The files that units attach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Material:
    """A file that a unit attached; its kind was read from its first bytes, not from its name."""

    name: str
    media_type: str
    sha256: str
    content: bytes

"""What a service keeps of a file in its own table; pure, so that its model may hold it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the store under its hash; its kind was read from its bytes, and its name is its sender's."""

    sha256: str
    size: int
    media_type: str
    name: str

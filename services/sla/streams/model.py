"""A breach or a warning as the streams replay it."""

from __future__ import annotations

from typing import Literal, NamedTuple

StreamName = Literal["breaches", "warnings"]


class Announcement(NamedTuple):
    """One breach or warning, with the event's own body."""

    position: int
    stream: str
    unit: str | None
    type: str
    payload: bytes

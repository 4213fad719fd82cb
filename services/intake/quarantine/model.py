"""The states of a quarantined request."""

from __future__ import annotations

from enum import StrEnum


class QuarantineState(StrEnum):
    """Whether a person has decided on a quarantined request, and how."""

    WAITING = "waiting"
    RELEASED = "released"
    DROPPED = "dropped"

"""The boards."""

from __future__ import annotations

from enum import StrEnum


class Board(StrEnum):
    """What a board shows."""

    DUE_TODAY = "due-today"
    OVERDUE = "overdue"
    PROVISIONAL = "provisional"
    BROKEN_PROMISES = "broken-promises"
    OVERNIGHT = "overnight"
    EXCUSED = "excused"

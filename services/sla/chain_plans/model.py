"""The steps of a signature chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of a signature chain: its name, the working hours it needs, and how many were observed (0: a default)."""

    name: str
    title: str
    hours: float
    observed: int


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step and the latest moment at which it may start so that the chain still ends in time (S2.2.3i)."""

    step: ChainStep
    latest_start: datetime
    latest_end: datetime

"""A version of the calendar, what people send to make one, and what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from shared.calendar import WorkCalendar

Form = Literal["holiday-cn", "icalendar", "notice"]


class Source(StrEnum):
    """Where a version comes from: the platform itself, a year's arrangement, or single days."""

    STATUTORY = "statutory"
    IMPORT = "import"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class YearFile:
    """One year's arrangement as somebody sends it."""

    year: int
    form: Form
    content: str
    document: str | None
    complete: bool
    balanced: bool = True
    replaces: bool = False
    """Whether it may replace a year that is in the calendar."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version with the calendar that it means."""

    number: int
    version: str
    calendar: WorkCalendar


@dataclass(frozen=True, slots=True)
class Reach:
    """Between which days a calendar counts differently: a clock whose span holds none of them cannot move."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Changed:
    """A new version, how many days it counts differently, and between which; None when it counts all days alike."""

    version: Version
    days: int
    reach: Reach | None

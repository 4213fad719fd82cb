"""When people work in the sample district: windows of a day, and the moments inside them at which something is done.

The history goes on window by window (docs/decisions/0021): what one service tells another in a window is known in the
next one.  So whoever waits for another service does his part at least one window later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal

from shared.calendar import SHANGHAI, WorkCalendar, local_day

Who = Literal["upstream", "centre", "duty", "units"]
"""The platforms and their callers; the centre, every day; a unit's person on duty, every day; a unit's office."""
_WORKDAY: Final = (
    ("07:00", "08:30", "upstream"),
    ("08:30", "10:00", "upstream centre duty units"),
    ("10:00", "11:40", "upstream centre duty units"),
    ("11:40", "13:40", "upstream centre"),
    ("13:40", "15:40", "upstream centre duty units"),
    ("15:40", "17:30", "upstream centre duty units"),
    ("17:30", "20:00", "upstream centre duty"),
    ("20:00", "23:00", "upstream"),
)
_REST: Final = (
    ("08:00", "12:00", "upstream centre duty"),
    ("12:00", "18:00", "upstream centre duty"),
    ("18:00", "22:30", "upstream"),
)
_GRID: Final = 20
"""Minutes between two moments of a window."""
_LAST: Final = timedelta(minutes=5)
"""The end of a window is for approvals: their feedback is taken before the clock goes on, and signatures last minutes."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a day, and who does something in it."""

    start: datetime
    end: datetime
    who: frozenset[str]


class Days:
    """The windows from one moment to another."""

    def __init__(self, start: datetime, until: datetime, calendar: WorkCalendar) -> None:
        self.start, self.until, self._calendar = start, until, calendar
        self.windows = tuple(self._windows())
        self._starts = [window.start for window in self.windows]

    def _windows(self) -> Iterator[Window]:
        # Some days more than are lived through, so that every plan can be made to its end.
        day, last = local_day(self.start), local_day(self.until) + timedelta(days=40)
        while day <= last:
            midnight = datetime.combine(day, time(), SHANGHAI)
            for start, end, who in _WORKDAY if self.works(midnight) else _REST:
                begins, ends = (
                    datetime.combine(day, time.fromisoformat(text), SHANGHAI).astimezone(self.start.tzinfo)
                    for text in (start, end)
                )
                if begins >= self.start:
                    yield Window(begins, ends, frozenset(who.split()))
            day += timedelta(days=1)

    def works(self, moment: datetime) -> bool:
        """Whether that day is a working day."""
        day = local_day(moment)
        return self._calendar.is_workday(day)

    def index(self, moment: datetime) -> int:
        """The window of a moment, or the last one before it; -1 before all."""
        return bisect_right(self._starts, moment) - 1

    def who(self, moment: datetime) -> frozenset[str]:
        """Who does something at a moment."""
        index = self.index(moment)
        window = self.windows[index] if index >= 0 else None
        return window.who if window is not None and moment < window.end else frozenset()

    def after(self, moment: datetime, who: Who, *, minutes: int = 0, windows: int = 0) -> datetime:
        """The first moment for these people at least so many minutes and windows after another."""
        earliest = moment + timedelta(minutes=minutes)
        at_least = self.index(moment) + windows
        for index in range(max(at_least, self.index(earliest), 0), len(self.windows)):
            window = self.windows[index]
            if who in window.who:
                found = self._on_grid(window, max(earliest, window.start), past=moment)
                if found is not None:
                    return found
        return self.windows[-1].end

    def approval(self, moment: datetime, *, minutes: int, spread: int) -> datetime:
        """A moment at the end of a window of the centre, at least one window later."""
        at = self.after(moment, "centre", minutes=minutes, windows=1)
        window = self.windows[self.index(at)]
        return _with_seconds(window.end - timedelta(minutes=4 - spread % 3))

    def workday_after(self, moment: datetime, days: int, hour: int, minute: int = 0) -> datetime:
        """That time of the day, so many working days later."""
        day = local_day(moment)
        while days > 0:
            day += timedelta(days=1)
            days -= self.works(datetime.combine(day, time(12), SHANGHAI))
        return datetime.combine(day, time(hour, minute), SHANGHAI).astimezone(self.start.tzinfo)

    @staticmethod
    def _on_grid(window: Window, earliest: datetime, *, past: datetime) -> datetime | None:
        step = timedelta(minutes=_GRID)
        count = max(0, -((window.start + timedelta(minutes=1) - earliest) // step))
        at = window.start + timedelta(minutes=1) + count * step
        while at < window.end - _LAST:
            found = _with_seconds(at)
            if found >= earliest and found > past:
                return found
            at += step
        return None


def _with_seconds(moment: datetime) -> datetime:
    """The same minute with seconds of its own: nobody works on the full minute."""
    return moment.replace(second=(moment.minute * 37 + moment.hour * 13 + moment.day * 7) % 60, microsecond=0)

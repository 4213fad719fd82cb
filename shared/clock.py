"""The only source of "now": real, or simulated, so that thirty days can be run in minutes (X4).

Every moment is aware and in UTC.  Which day of the district it belongs to says `shared.calendar.local_day`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What a service knows about time."""

    def now(self) -> datetime:
        """The current moment, aware, UTC."""
        ...

    async def sleep_until(self, moment: datetime, *, wake: asyncio.Event | None = None) -> None:
        """Return at `moment`, or earlier when `wake` is set or the clock was moved."""
        ...


async def _sleep(seconds: float, wake: asyncio.Event | None) -> None:
    if wake is None:
        await asyncio.sleep(seconds)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


class RealClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The current moment, aware, UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime, *, wake: asyncio.Event | None = None) -> None:
        """Sleep at most a minute at a time, so that a suspended machine or a corrected clock is noticed."""
        left = (moment - self.now()).total_seconds()
        if left > 0:
            await _sleep(min(left, 60.0), wake)


class SimulatedClock:
    """A clock that an administrator sets; it runs on from there at `rate` simulated seconds per second.

    Its state is one small file, so that every process of the machine reads the same time and a restart continues from
    it.  With `rate=0`, which tests use, the time changes only when it is set again.
    """

    def __init__(self, path: Path, *, at: datetime | None = None, rate: float = 1.0) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        if at is not None or not path.exists():
            self.set(at or datetime.now(UTC), rate=rate)
        self._load()

    def set(self, at: datetime, *, rate: float | None = None) -> None:
        """Move to `at`; keep the rate unless another is given."""
        if at.tzinfo is None:
            raise ValueError("a moment needs its offset")
        if rate is None and self._path.exists():
            self._load()  # another process may have changed it
        keep = rate if rate is not None else getattr(self, "_rate", 1.0)
        state = {"at": at.astimezone(UTC).isoformat(), "set_at": time.time(), "rate": keep}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.new")
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(self._path)
        self._load()

    def _load(self) -> None:
        info = self._path.stat()
        mark = (info.st_mtime_ns, info.st_ino)
        if mark != self._seen:
            state = json.loads(self._path.read_text(encoding="utf-8"))
            self._at = datetime.fromisoformat(state["at"])
            self._set_at, self._rate = float(state["set_at"]), float(state["rate"])
            self._seen = mark

    @property
    def rate(self) -> float:
        """Simulated seconds per second."""
        self._load()
        return self._rate

    def now(self) -> datetime:
        """The current simulated moment, aware, UTC."""
        self._load()
        return self._at + timedelta(seconds=max(0.0, time.time() - self._set_at) * self._rate)

    async def sleep_until(self, moment: datetime, *, wake: asyncio.Event | None = None) -> None:
        """Look at the file every 50 ms: setting the clock in any process ends the waiting in all of them."""
        mark = self._seen
        while self.now() < moment and self._seen == mark:
            if wake is not None and wake.is_set():
                return
            left = (moment - self.now()).total_seconds() / self._rate if self._rate else 0.05
            await _sleep(min(0.05, max(left, 0.001)), wake)


class BadClock(ValueError):
    """The value of GONGDAN_CLOCK names no clock."""


def clock_of(spelling: str) -> RealClock | SimulatedClock:
    """`real`, or `simulated:<file>`: what the setting GONGDAN_CLOCK may say."""
    if spelling == "real":
        return RealClock()
    kind, _, path = spelling.partition(":")
    if kind == "simulated" and path:
        return SimulatedClock(Path(path))
    raise BadClock(f"GONGDAN_CLOCK 应为 real 或 simulated:<文件>，现为“{spelling}”")

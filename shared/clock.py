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


class CatchingUpClock:
    """A clock that stands in the past, is led up to the machine's step by step, and is the machine's from then on.

    It stands still between two steps, so that a month can be lived through in a minute and every deadline fires at its own
    moment.  Its state is one small file that every process of the machine reads; without the file it is the machine's.
    It never goes back, and only the program that leads it can move it (docs/decisions/0021).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._at: datetime | None = None
        self._real = RealClock()
        self._arrived = self._holding = False
        self._sleepers: set[asyncio.Event] = set()

    @property
    def arrived(self) -> bool:
        """Whether it has become the clock of the machine."""
        self._load()
        return self._arrived

    def _load(self) -> None:
        if self._arrived:
            return
        try:
            info = self._path.stat()
        except FileNotFoundError:
            self._arrived = True
            return
        mark = (info.st_mtime_ns, info.st_ino)
        if mark != self._seen:
            moment, _, state = self._path.read_text(encoding="utf-8").partition(" ")
            self._at, self._holding, self._seen = datetime.fromisoformat(moment), state == _HOLDING, mark

    def now(self) -> datetime:
        """The moment at which it stands; the current one when it has arrived."""
        self._load()
        return self._real.now() if self._arrived or self._at is None else self._at

    @property
    def holding(self) -> bool:
        """Whether what happens now need not be told yet: the leader goes on for a while before he waits for that."""
        self._load()
        return self._holding and not self._arrived

    def step(self, moment: datetime, *, holding: bool = False) -> None:
        """Go on to `moment`; ValueError when that would be back, or ahead of the machine's clock."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs its offset")
        if self._at is not None and moment < self._at:
            raise ValueError("this clock does not go back")
        if self.arrived and self._at is not None:
            raise ValueError("this clock has arrived")
        if moment > self._real.now():
            raise ValueError("this clock does not go ahead of the machine's")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.new")
        state = f" {_HOLDING}" if holding else ""
        draft.write_text(moment.astimezone(UTC).isoformat() + state, encoding="utf-8")
        draft.replace(self._path)
        self._arrived = False
        self._moved()

    def arrive(self) -> None:
        """Become the clock of the machine, in every process that reads the same file."""
        self._path.unlink(missing_ok=True)
        self._moved()

    def _moved(self) -> None:
        self._load()
        for sleeper in self._sleepers:
            sleeper.set()

    async def sleep_until(self, moment: datetime, *, wake: asyncio.Event | None = None) -> None:
        """A step ends the waiting: in this process at once, in the others at their next look at the file."""
        if self.arrived:
            await self._real.sleep_until(moment, wake=wake)
            return
        mark, sleeper = self._seen, wake or asyncio.Event()
        self._sleepers.add(sleeper)
        try:
            while self.now() < moment and self._seen == mark and not sleeper.is_set():
                await _sleep(_LOOK_SECONDS, sleeper)
        finally:
            self._sleepers.discard(sleeper)


_LOOK_SECONDS = 0.02
_HOLDING = "holding"
_LONGEST_HOLD_SECONDS = 5.0


async def until_told(clock: Clock) -> None:
    """Return when events should be published: at once, but while a clock that catches up holds them (at most for seconds).

    What happens at many moments of a month is published together then, which takes a third of the work.
    """
    if not isinstance(clock, CatchingUpClock) or not clock.holding:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_HOLD_SECONDS):
            while clock.holding:
                await clock.sleep_until(datetime.max.replace(tzinfo=UTC))


def is_catching_up(clock: Clock) -> bool:
    """Whether it lives through a history at speed, and has not reached the present yet."""
    return isinstance(clock, CatchingUpClock) and not clock.arrived


def clock_of_logins(clock: Clock) -> Clock:
    """The clock by which logins end: the machine's, where the platform's lives through a month in a minute."""
    return RealClock() if isinstance(clock, CatchingUpClock) else clock


class BadClock(ValueError):
    """The value of GONGDAN_CLOCK names no clock."""


def clock_of(spelling: str) -> RealClock | SimulatedClock | CatchingUpClock:
    """`real`, `simulated:<file>` or `catching-up:<file>`: what the setting GONGDAN_CLOCK may say."""
    if spelling == "real":
        return RealClock()
    kind, _, path = spelling.partition(":")
    if kind == "simulated" and path:
        return SimulatedClock(Path(path))
    if kind == "catching-up" and path:
        return CatchingUpClock(Path(path))
    raise BadClock(f"GONGDAN_CLOCK 应为 real 或 simulated:<文件>，现为“{spelling}”")

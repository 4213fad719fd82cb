"""The history of the sample district: four weeks of orders, lived through by the simulated staff before the present begins.

The platform's clock stands in the past and is led on step by step (docs/decisions/0021): nobody does anything before all
services know what was done before, and every deadline fires at its own moment.  The platform can be used meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import httpx

from sample.acting import Acting
from sample.days import Window
from sample.plan import HISTORY_DAYS, Plan, plan_of
from sample.scripts import Script, Step
from sample.staff import People, Refused
from sample.upstream import SimulatedUpstream
from shared.calendar import SHANGHAI, local_day, statutory_calendar
from shared.clock import CatchingUpClock
from shared.settings import BadSetting

_LOOK_SECONDS: Final = 0.01
_DUE_LOOK_SECONDS: Final = 0.005
_PATIENCE: Final = 60.0
_SEED: Final = 2022


class NotQuiet(TimeoutError):
    """The services did not come to rest."""


@dataclass
class Progress:
    """How far the history is, kept in a file so that an interrupted one goes on."""

    path: Path
    seed: int
    start: datetime
    until: datetime
    done: datetime
    finished: bool = False
    orders: dict[str, str] = field(default_factory=dict)
    """The ids of the orders by their numbers."""
    kept: dict[str, str] = field(default_factory=dict)
    """The ids in quarantine of those that the platform could not read."""

    @property
    def clock_path(self) -> Path:
        """The file of the clock that is led through it."""
        return self.path.with_name("history.clock")

    @classmethod
    def read(cls, folder: Path) -> Progress | None:
        """What an earlier start has noted; None when there was none."""
        path = folder / "history.json"
        if not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        moments = {name: datetime.fromisoformat(kept[name]) for name in ("start", "until", "done")}
        return cls(path, kept["seed"], finished=kept["finished"], orders=kept["orders"], kept=kept["kept"], **moments)

    @classmethod
    def begun(
        cls, folder: Path, *, days: int = HISTORY_DAYS, seed: int | None = None, until: datetime | None = None
    ) -> Progress:
        """A history of so many days up to now, or to an earlier moment, with its clock at its beginning."""
        until = until or datetime.now(UTC).replace(second=0, microsecond=0)
        first = local_day(until) - timedelta(days=days)
        start = datetime.combine(first, day_time(), SHANGHAI).astimezone(UTC)
        progress = cls(folder / "history.json", _seed() if seed is None else seed, start, until, start)
        CatchingUpClock(progress.clock_path).step(start)
        progress.keep()
        return progress

    def keep(self) -> None:
        """Write it down."""
        moments = {name: getattr(self, name).isoformat() for name in ("start", "until", "done")}
        content = {"seed": self.seed, **moments, "finished": self.finished, "orders": self.orders, "kept": self.kept}
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(self.path)


def _seed() -> int:
    given = os.environ.get("GONGDAN_SAMPLE_SEED", str(_SEED))
    try:
        return int(given)
    except ValueError:
        raise BadSetting(f"GONGDAN_SAMPLE_SEED 应为整数，现为“{given}”") from None


def history_in(folder: Path) -> Progress | None:
    """The history that this start has to live through: of a new folder, or one that was interrupted; else None.

    It needs a clock of its own and an empty platform, so none where a clock or a database is named.
    """
    wanted = os.environ.get("GONGDAN_SAMPLE", "1") != "0" and os.environ.get("GONGDAN_SAMPLE_HISTORY", "1") != "0"
    free = "GONGDAN_CLOCK" not in os.environ and "GONGDAN_DATABASE_URL" not in os.environ
    if not free:
        return None
    known = Progress.read(folder)
    if known is not None:
        # Also when it is no longer wanted: the clock of an interrupted one stands in the past.
        return None if known.finished else known
    return Progress.begun(folder) if wanted and not (folder / "secrets.json").exists() else None


@dataclass
class History:
    """Lives through the history."""

    progress: Progress
    clock: CatchingUpClock
    people: People
    upstream: SimulatedUpstream
    http: httpx.AsyncClient
    addresses: Sequence[str]
    """The addresses of all processes of the platform."""
    say: Callable[[str], None]
    share: float = 1.0
    refused: list[str] = field(default_factory=list)
    """What the platform did not let people do: empty unless it was interrupted."""
    _due: datetime | None = None

    async def live(self) -> None:
        """From where it is to now; then the clock is the machine's."""
        progress = self.progress
        began = time.monotonic()
        plan = plan_of(progress.seed, progress.start, progress.until, statutory_calendar(), share=self.share)
        acting = Acting(self.http, self.people, self.upstream, progress.orders, progress.kept)
        self.upstream.scripted |= {script.call.demand.number for script in plan.scripts}
        self.upstream.gone |= plan.undelivered
        self.upstream.failing |= plan.unstable
        again = progress.done > progress.start
        for window, steps in _by_window(plan, progress.done):
            await self._go_to(window.start)
            await self._do(steps, acting, again=again)
            again = False
            self._recover(plan, window)
            progress.done = window.end
            progress.keep()
            self.say(self._line(window.end))
        await self._arrive()
        self.upstream.serial = max(self.upstream.serial, len(plan.scripts))
        self.upstream.scripted.clear()
        progress.finished = True
        progress.keep()
        self.say(
            f"示例历史已补齐：最近 {(progress.until - progress.start).days} 天的 {len(progress.orders)} 张工单，"
            f"用时 {time.monotonic() - began:.0f} 秒；平台时间现为当前时间。\n"
        )

    def _line(self, at: datetime) -> str:
        whole = (self.progress.until - self.progress.start).total_seconds()
        share = min(1.0, (at - self.progress.start).total_seconds() / whole)
        local = min(at, self.progress.until).astimezone(SHANGHAI)
        return f"正在补入示例历史：{local:%m月%d日 %H:%M}（{share:.0%}），平台可以同时使用"

    def _recover(self, plan: Plan, window: Window) -> None:
        """A day before the end the platform that could not confirm works again, but for one order."""
        if window.end > self.progress.until - timedelta(days=1):
            self.upstream.failing -= set(sorted(plan.unstable)[1:])

    async def _do(self, steps: Sequence[tuple[Step, Script]], acting: Acting, *, again: bool) -> None:
        """Do what falls into one window: moment by moment, and side by side what falls on one moment."""
        for moment, together in groupby(steps, key=lambda pair: pair[0].at):
            if self._due is not None and self._due <= moment:
                await self._go_to(moment)
            if moment > self.clock.now():
                self.clock.step(moment, holding=True)
            # One after the other for each order.
            of_order: dict[str, list[tuple[Step, Script]]] = defaultdict(list)
            for step, script in together:
                of_order[script.call.demand.number].append((step, script))
            async with asyncio.TaskGroup() as group:
                for ones in of_order.values():
                    group.create_task(self._one_after_another(ones, acting, again=again))

    async def _one_after_another(self, steps: Sequence[tuple[Step, Script]], acting: Acting, *, again: bool) -> None:
        for step, script in steps:
            try:
                await acting.do(step, script)
            except Refused as refusal:
                # After an interruption some of it was done before: the platform says so.
                if not again:
                    self.refused.append(f"{script.call.demand.number} {step.kind} {step.at}: {refusal}")

    async def _go_to(self, moment: datetime) -> None:
        """Let everything come to rest, then go on, from deadline to deadline."""
        self._due = await self._rest()
        while self._due is not None and self._due <= moment:
            self.clock.step(max(self._due, self.clock.now()))
            self._due = await self._fired()
        if moment > self.clock.now():
            self.clock.step(moment)

    async def _arrive(self) -> None:
        """Go on to the present, deadline by deadline, and let the clock be the machine's.

        Nothing is waited for at last but the deadlines: however slow the machine is, the present is reached.
        """
        await self._go_to(datetime.now(UTC))
        while self._due is not None and self._due <= datetime.now(UTC):
            self.clock.step(max(self._due, self.clock.now()))
            self._due = await self._fired()
        self.clock.arrive()

    async def _rest(self) -> datetime | None:
        """Wait until nothing is on its way between the services; when the next deadline is then.

        Seen twice without an event between: what had left one service before the first look cannot be hidden from
        the second.
        """
        if self.clock.holding:
            self.clock.step(self.clock.now())
        ends = time.monotonic() + _PATIENCE
        before: dict[str, int] | None = None
        while time.monotonic() < ends:
            found = await self._backlog(wait=before is None)
            if found is not None:
                last, due = found
                if last == before:
                    return due
                before = last
                continue
            before = None
            await asyncio.sleep(_LOOK_SECONDS)
        raise NotQuiet("各服务之间的事件未能处理完毕，请查看数据目录中的日志")

    async def _fired(self) -> datetime | None:
        """Wait until every deadline up to now has fired; when the next one is then."""
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            # Every process answers for its whole service.
            services: dict[str, Any] = {}
            for address in self.addresses:
                services |= (await self.http.get(f"{address}/backlogz", params={"only": "due"})).json()
            due = min((datetime.fromisoformat(one["due"]) for one in services.values() if one["due"]), default=None)
            if due is None or due > self.clock.now():
                return due
            await asyncio.sleep(_DUE_LOOK_SECONDS)
        raise NotQuiet("到期的时限未能处理完毕，请查看数据目录中的日志")

    async def _backlog(self, *, wait: bool) -> tuple[dict[str, int], datetime | None] | None:
        """The last event of every service and the next deadline; None while something waits."""
        last: dict[str, int] = {}
        dues: list[datetime] = []
        for address in self.addresses:
            answer = await self.http.get(f"{address}/backlogz", params={"wait": "1"} if wait else None)
            if answer.status_code != httpx.codes.OK:
                return None
            services: Mapping[str, Any] = answer.json()
            for name, one in services.items():
                if one["unpublished"] or one["unread"] != 0:
                    return None
                last[f"{address} {name}"] = one["last"]
                if one["due"] is not None:
                    dues.append(datetime.fromisoformat(one["due"]))
        due = min(dues, default=None)
        return None if due is not None and due <= self.clock.now() else (last, due)


def _by_window(plan: Plan, done: datetime) -> list[tuple[Window, list[tuple[Step, Script]]]]:
    """The windows that are still to be lived through, with what is done in each."""
    found: dict[int, list[tuple[Step, Script]]] = defaultdict(list)
    for step, script in plan.steps():
        found[plan.days.index(step.at)].append((step, script))
    return [
        (window, found[index])
        for index, window in enumerate(plan.days.windows)
        if window.start >= done and index in found
    ]

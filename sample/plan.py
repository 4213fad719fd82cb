"""The plan of the sample's history: which orders come when, by which channel, and what waits for whom at its end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from sample.days import Days
from sample.demands import PREFIXES, WRITTEN, Call, Calls
from sample.district import STREET_UNITS
from sample.scripts import AFTER_REVIEW, Script, Step, Writer
from sample.topics import BY_CODE
from shared.calendar import SHANGHAI, WorkCalendar, local_day

HISTORY_DAYS: Final = 28
_WORKDAY, _REST = 9, 5
_EXTRA: Final = (15, 18, 13, 10, 7, 4, 3)
"""How many orders more come on each day of the busy week, all about one thing."""
_CHANNELS: Final[Mapping[str, int]] = {"city_12345": 80, "province_12345": 12, "city_enterprise": 8}
_STAGED: Final = (
    ("push", 6, 0),
    ("assign", 6, 0),
    ("accept", 5, 0),
    ("note", 8, 0),
    ("return", 3, 0),
    ("extend", 3, 0),
    ("reply", 6, 0),
    ("leader", 6, 0),
    ("overdue", 6, 6),
)
"""After which step an order waits at the end, how many such orders there are, and how many days old they are at least."""
_GUARDED: Final = (
    ("national_inspection", 2),
    ("national_portal", 2),
    ("national_message", 2),
    ("province_enterprise", 6),
)
"""Orders of the channels whose replies wait for their documents: recent ones."""
_BACK_HOURS: Final = (1, 2, 4, 7, 12, 17, 24, 36, 48, 60, 72, 84, 96, 120, 144, 168, 192)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every script of the history, and the order in which its steps are done."""

    days: Days
    scripts: tuple[Script, ...]
    undelivered: frozenset[str]
    """Numbers whose replies their platform refuses for good."""
    unstable: frozenset[str]
    """Numbers whose replies their platform does not manage to confirm at first."""

    def steps(self) -> list[tuple[Step, Script]]:
        """All steps up to the end, the earliest first."""
        found = [(step, script) for script in self.scripts for step in script.steps if step.at <= self.days.until]
        return sorted(found, key=lambda pair: (pair[0].at, pair[1].call.demand.number))


def busy_topic(start: datetime, until: datetime) -> tuple[str, datetime]:
    """What the district calls about in its busy week, and when that begins: the heating starts on 15 November."""
    middle = datetime.combine(local_day(start + (until - start) / 2), time(), SHANGHAI)
    month = local_day(middle).month
    if month in {11, 12, 1, 2, 3}:
        begins = datetime(local_day(until).year, 11, 15, tzinfo=SHANGHAI)
        return "heating", begins if start <= begins <= until - timedelta(days=2) else middle
    return ("drainage" if month in {6, 7, 8, 9} else "property"), middle


def plan_of(seed: int, start: datetime, until: datetime, calendar: WorkCalendar, *, share: float = 1.0) -> Plan:
    """The plan for a seed and two moments; `share` makes it smaller."""
    days = Days(start, until, calendar)
    maker = _Maker(seed, days, calendar, share)
    scripts = [*maker.ordinary(), *maker.staged(), *maker.guarded(), *maker.kept()]
    answered = [
        script.call.demand.number
        for script in scripts
        if script.channel == "city_12345"
        and [step.kind for step in script.steps].count("approve") == 1
        and start + (until - start) * 0.3 < next(step.at for step in script.steps if step.kind == "approve") < until
    ]
    chosen = random.Random(f"{seed}/undelivered").sample(answered, min(4, len(answered)))
    undelivered, unstable = frozenset(chosen[:2]), frozenset(chosen[2:])
    scripts = [_without_calls(script) if script.call.demand.number in chosen else script for script in scripts]
    return Plan(days, tuple(scripts), undelivered, unstable)


def _without_calls(script: Script) -> Script:
    """The order whose reply did not arrive: nobody calls the caller back yet."""
    kinds = [step.kind for step in script.steps]
    return replace(script, steps=script.steps[: kinds.index("approve") + 1])


class _Maker:
    def __init__(self, seed: int, days: Days, calendar: WorkCalendar, share: float) -> None:
        self._seed, self._days, self._calendar, self._share = seed, days, calendar, share
        self._calls = Calls({unit.name: unit.code for unit in STREET_UNITS})
        self._topic, self._busy_from = busy_topic(days.start, days.until)
        self._serial = 0

    def _many(self, number: float) -> int:
        return max(1, round(number * self._share))

    def _drawn(self, at: datetime, channel: str, rng: random.Random, **more: Any) -> Call:
        self._serial += 1
        return self._calls.draw(
            self._serial,
            called_at=at - timedelta(minutes=rng.randint(2, 20)),
            rng=rng,
            prefix=PREFIXES[channel],
            enterprise=channel.endswith("enterprise"),
            **more,
        )

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self._seed}/{name}")

    def ordinary(self) -> Iterator[Script]:
        """The orders of every day, those of the busy week among them."""
        day = local_day(self._days.start)
        while day <= local_day(self._days.until):
            rng = self._rng(day.isoformat())
            midnight = datetime.combine(day, time(), SHANGHAI)
            since = (midnight - self._busy_from).days
            busy = self._many(_EXTRA[since]) if 0 <= since < len(_EXTRA) else 0
            usual = self._many((_WORKDAY if self._days.works(midnight) else _REST) * rng.uniform(0.8, 1.2))
            for number in sorted(rng.randrange(8 * 60, 22 * 60) for _ in range(usual + busy)):
                at = self._days.after(midnight + timedelta(minutes=number), "upstream")
                channel = rng.choices(tuple(_CHANNELS), weights=tuple(_CHANNELS.values()))[0]
                about = BY_CODE[self._topic] if rng.random() < busy / (usual + busy) else None
                if about is not None and channel.endswith("enterprise"):
                    channel = "city_12345"
                call = self._drawn(at, channel, rng, topic=about)
                yield Writer(self._days, call, channel, rng).whole_way(at)
            day += timedelta(days=1)

    def staged(self) -> Iterator[Script]:
        """Orders that wait at the end, some for everybody."""
        for stop, many, days_old in _STAGED:
            rng = self._rng(f"staged/{stop}")
            for number in range(self._many(many)):
                yield self._waiting(stop, "city_12345", rng, days_old, number)

    def guarded(self) -> Iterator[Script]:
        """Recent orders of the channels whose replies need documents."""
        for channel, many in _GUARDED:
            rng = self._rng(channel)
            for number in range(self._many(many)):
                stop = rng.choice(("assign", "note", "leader"))
                yield self._waiting(stop, channel, rng, 1 + number, number)
        provisional = self._provisional()
        if provisional is not None:
            yield provisional

    def _waiting(self, stop: str, channel: str, rng: random.Random, days_old: int, number: int) -> Script:
        """An order that has come as late as possible for its last step to have been done by now."""
        state = rng.getstate()
        script: Script | None = None
        serial = self._serial
        for hours in _BACK_HOURS:
            at = self._days.until - timedelta(days=days_old, hours=hours, minutes=13 * number)
            if at < self._days.start:
                break
            rng.setstate(state)
            self._serial = serial
            if "upstream" not in self._days.who(at):
                at -= timedelta(hours=9, minutes=rng.randint(0, 240))  # nobody calls at night
            at = self._days.after(at, "upstream")
            call = self._drawn(at, channel, rng)
            script = Writer(self._days, call, channel, rng).whole_way(at, stop=stop)
            if script.steps[-1].at <= self._days.until:
                break
        if script is None:
            at = self._days.after(self._days.start, "upstream", minutes=7 * number)
            script = Writer(self._days, self._drawn(at, channel, rng), channel, rng).whole_way(at, stop=stop)
        return script

    def _provisional(self) -> Script | None:
        """An enterprise's order whose extension reaches into a year without a published calendar; None in other months."""
        rng = self._rng("provisional")
        script = self._waiting("note", "province_enterprise", rng, 2, 0)
        last = script.steps[-1]
        assigned = next((step for step in script.steps if step.kind == "assign"), None)
        if assigned is None:
            return None
        for more in range(11, 40):
            due = self._calendar.due_at(assigned.at, 13 + more)
            if not self._calendar.is_known(due.on):
                break
        else:
            return None
        at = self._days.after(last.at, "centre", minutes=20, windows=1)
        contacted = next(step.at for step in script.steps if step.kind == "contact" and step.said.get("person"))
        consent = {
            "person": "经办人",
            "agreed_at": contacted,
            "phone": "0535-6890000",
            "agreed": True,
            "evidence": "录音 2046",
        }
        asks = {
            "account": "zhuren",
            "unit": assigned.said["unit"],
            "reason_code": "complex",
            "workdays": more,
            "explanation": "须待省级主管部门批复技改目录后方可认定，企业同意等待。",
            "override_reason": "涉及省级审批环节，十个工作日内无法完成。",
            "consent": consent,
        }
        decides = {"account": "fuzhuren", "decision": "grant", "reason": "企业书面同意，情况属实。"}
        decided_at = self._days.after(at, "centre", minutes=20, windows=1)
        steps = (*script.steps, Step(at, "extend", asks), Step(decided_at, "decide_extension", decides))
        return replace(script, steps=steps)

    def kept(self) -> Iterator[Script]:
        """Requests that the platform cannot read: released, dropped, or waiting."""
        rng = self._rng("quarantine")
        length = self._days.until - self._days.start
        for number, (place, fault, then) in enumerate(_FAULTY):
            at = self._days.after(self._days.start + length * place, "upstream", minutes=number)
            call = self._drawn(at, "city_12345", rng)
            steps = [Step(at, "malformed", {"fault": fault})]
            decided_at = self._days.after(at, "centre", minutes=25, windows=1)
            if then is not None:
                steps.append(Step(decided_at, then, {"reason": "已与上级平台核对，按更正后的内容处理。"}))
            if then == "release":
                more = Writer(self._days, call, "city_12345", rng).whole_way(decided_at)
                steps += [step for step in more.steps if step.kind not in {"push", "cancel", "change"}]
            yield Script(call, "city_12345", tuple(steps))


_FAULTY: Final[Sequence[tuple[float, str, str | None]]] = (
    (0.15, "phone", "release"),
    (0.4, "moment", "release"),
    (0.6, "test", "drop"),
    (0.86, "phone", None),
    (0.93, "moment", None),
    (0.97, "phone", None),
    (0.98, "address", None),
)
"""When in the history, what is wrong, and what the desk does about it."""


def faulty(script: Script, fault: str) -> dict[str, Any]:
    """What the platform sends instead of the order."""
    content = WRITTEN[script.channel](script.call)
    if fault == "phone":
        del content["callerPhone"]
    elif fault == "test":
        content["title"] = ""
    else:
        content["callTime"] = content["callTime"].replace("-", "/")
    return content


__all__ = ["AFTER_REVIEW", "HISTORY_DAYS", "Plan", "busy_topic", "faulty", "plan_of"]

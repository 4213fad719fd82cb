"""What happens to one order of the sample's history, from the call to its end: each step with its moment.

A script is made before anything is done, from the seed alone, so that the same seed gives the same month, and an interrupted
one can go on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sample.days import Days
from sample.demands import Call
from sample.words import (
    ASSIGNED,
    CENTRE_OPINIONS,
    CHANGES,
    CONTACTS,
    EXPLANATIONS,
    EXTENSIONS,
    LEADER_OPINIONS,
    PLANS,
    REDONE,
    REDOS,
    RETURNS,
    URGES,
)
from shared.calendar import local_day

PHONE: Final = "0535-6890000"
PERSON: Final = "经办人"
AFTER_REVIEW: Final = frozenset({"national_inspection", "national_portal", "national_message", "province_enterprise"})
"""Channels whose replies need a document chain, which the platform does not have yet: they wait for the centre."""
_URGENT: Final = ("燃气", "停水", "暖气不热", "井盖缺失", "外墙脱落", "拖欠工资")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does with an order."""

    at: datetime
    kind: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """An order and all that happens to it."""

    call: Call
    channel: str
    steps: tuple[Step, ...]


@dataclass
class Writer:
    """Writes the script of one order."""

    days: Days
    call: Call
    channel: str
    rng: random.Random
    steps: list[Step] = field(default_factory=list)
    redone: bool = False

    def chance(self, percent: float) -> bool:
        """Whether something happens that does in so many of a hundred orders."""
        return self.rng.random() * 100 < percent

    def add(self, at: datetime, kind: str, **said: Any) -> datetime:
        """Note a step."""
        self.steps.append(Step(at, kind, said))
        return at

    def pick(self, texts: tuple[str, ...]) -> str:
        """One of the texts, filled in for this order."""
        return self.call.filled(self.rng.choice(texts))

    def whole_way(self, pushed_at: datetime, *, stop: str | None = None) -> Script:
        """The script; `stop` is the kind of step after which nobody has done anything yet."""
        rng, days = self.rng, self.days
        self.add(pushed_at, "push")
        if stop is None and self.chance(1.5):
            self.add(
                days.after(pushed_at, "upstream", minutes=15), "cancel", reason="来电人来电撤回诉求，称问题已自行解决。"
            )
            return self._script(stop)
        unit, lost = self.call.unit, False
        if self.call.topic.elsewhere and (stop == "return" or self.chance(9)):
            unit, lost = self.call.topic.elsewhere, True
        slow = stop is None and self.chance(4)
        at = days.after(pushed_at, "centre", minutes=26 * 60 if slow else rng.randint(5, 55), windows=1)
        at = self._assign(at, unit)
        if lost:
            at, unit = self._returned(at, unit, accepted=True)
        elif stop == "return" or (stop is None and self.chance(3)):
            at, unit = self._returned(at, unit, accepted=False)
        if self.chance(3):
            self.add(self.days.after(pushed_at, "upstream", minutes=20), "change", more=self.rng.choice(CHANGES))
            self.steps.insert(1, self.steps.pop())
        taken_up = len(self.steps)
        self._turns(at, unit, stop)
        self._urge(at, taken_up)
        return self._script(stop)

    def _script(self, stop: str | None) -> Script:
        steps = self.steps
        if stop is not None:
            kinds = [step.kind for step in steps]
            if stop in kinds:
                steps = steps[: kinds.index(stop) + 1]
        return Script(self.call, self.channel, tuple(sorted(steps, key=lambda step: step.at)))

    def _assign(self, at: datetime, unit: str, **more: Any) -> datetime:
        territory = unit == self.call.unit and self.call.topic.unit == "street"
        return self.add(
            at,
            "assign",
            unit=unit,
            basis="territory" if territory else "duty",
            grounds=self.pick(ASSIGNED["territory" if territory else "duty"]),
            **more,
        )

    def _returned(self, at: datetime, unit: str, *, accepted: bool) -> tuple[datetime, str]:
        """The unit asks to give the order back; when and with whom it is then."""
        right = self.call.unit
        suggested = right if accepted else "chengguan" if unit != "chengguan" else "zhujian"
        reason, basis = self.rng.choice(RETURNS)
        at = self.days.after(at, "duty", minutes=self.rng.randint(20, 90))
        self.add(at, "return", unit=unit, reason=self.call.filled(reason), policy_basis=basis, suggested_unit=suggested)
        at = self.days.after(at, "centre", minutes=self.rng.randint(20, 80))
        if accepted:
            self.add(at, "decide_return", decision="accept", reason="经核对职责目录，情况属实，同意改派。")
            at = self._assign(self.days.after(at, "centre", minutes=10), right)
            return at, right
        self.add(at, "decide_return", decision="reject", reason="属该单位职责目录所列事项，请按期办理并答复来电人。")
        return at, unit

    def _urge(self, at: datetime, place: int) -> None:
        """Perhaps the caller asks again, before there is an answer."""
        if not self.chance(6):
            return
        moment = self.days.after(at, "upstream", minutes=self.rng.randint(120, 1200))
        answered = next((step.at for step in self.steps if step.kind == "approve"), moment + timedelta(days=1))
        if moment < answered - timedelta(hours=1):
            self.steps.insert(place, Step(moment, "urge", {"reason": self.rng.choice(URGES)}))

    def _turns(self, at: datetime, unit: str, stop: str | None) -> None:
        """The unit deals with the order, once or until the caller is content."""
        for turn in range(3):
            approved, disposition = self._turn(at, unit, stop, first=turn == 0)
            if approved is None or disposition in {"out_of_scope", "not_true", "planned"}:
                return
            calls_at = self.days.after(approved, "upstream", minutes=self.rng.randint(300, 2400), windows=1)
            if self.chance(14):
                self.add(calls_at, "revisit", solved="", satisfied="")
                calls_at = self.days.after(calls_at, "upstream", minutes=self.rng.randint(600, 1500), windows=1)
            solved, satisfied = self._result(turn)
            self.add(calls_at, "revisit", solved=solved, satisfied=satisfied)
            content = solved != "未解决" and satisfied != "不满意"
            if content and not (turn == 0 and self.chance(2)):
                return
            if content:
                calls_at = self.days.after(calls_at, "upstream", minutes=self.rng.randint(1500, 4000), windows=1)
                self.add(calls_at, "redo", reason=self.rng.choice(REDOS))
            at, self.redone = calls_at, True

    def _result(self, turn: int) -> tuple[str, str]:
        weights = (70, 17, 8, 5) if turn == 0 else (60, 30, 7, 3)
        known = (("解决", "满意"), ("基本解决", "基本满意"), ("未解决", "不满意"), ("解决", "不满意"))
        return self.rng.choices(known, weights=weights)[0]

    def _turn(self, at: datetime, unit: str, stop: str | None, *, first: bool) -> tuple[datetime | None, str]:
        """From the unit's taking the order up to the centre's approval; when that was, and the disposition."""
        rng, days = self.rng, self.days
        urgent = any(word in self.call.demand.title for word in _URGENT)
        # A unit whose return was refused has the order in hand already.
        if first and self.steps[-1].kind == "assign" and (stop is not None or self.chance(30)):
            at = days.after(at, "duty", minutes=26 * 60 if self._careless(stop, 3) else rng.randint(3, 40))
            self.add(at, "accept", unit=unit)
        contacted = self._contact(at, unit, stop, windows=0 if first else 1)
        late = stop is None and not urgent and self.chance(9)
        workdays = 0 if urgent else rng.choices((0, 1, 2, 4 if late else 2), weights=(40, 32, 18, 10))[0]
        if stop in {"note", "overdue", "extend"} or late:
            workdays = max(workdays, 4 if late else 1)
        if self.channel == "province_enterprise":
            workdays = rng.randint(3, 8)
        reply_at = days.after(contacted, "units", minutes=rng.randint(30, 180))
        if workdays:
            contacted = self._note(contacted, unit, stop)
            reply_at = days.workday_after(contacted, workdays, rng.randint(9, 16), 5 * rng.randint(0, 11))
            reply_at = days.after(max(reply_at, contacted), "units", minutes=15)
            reply_at = self._extended(contacted, reply_at, unit, stop, urgent=urgent)
        if stop == "overdue":
            return None, ""
        disposition = self._disposition()
        return self._answered(reply_at, unit, disposition), disposition

    def _careless(self, stop: str | None, percent: float) -> bool:
        return stop is None and self.chance(percent)

    def _contact(self, at: datetime, unit: str, stop: str | None, *, windows: int) -> datetime:
        minutes = 24 * 60 if self._careless(stop, 5) else self.rng.randint(5, 70)
        at = self.days.after(at, "duty", minutes=minutes, windows=windows)
        if self.chance(8):
            self.add(at, "contact", unit=unit, outcome="not_reached", contacted_at=at, phone=PHONE)
            at = self.days.after(at, "duty", minutes=30)
        return self.add(
            at,
            "contact",
            unit=unit,
            outcome="reached",
            contacted_at=at,
            phone=PHONE,
            person=PERSON,
            content=self.pick(REDONE if self.redone else CONTACTS),
        )

    def _note(self, contacted: datetime, unit: str, stop: str | None) -> datetime:
        """The day's progress note with its promise, and the promised contact, in time or not; the last contact."""
        if self._careless(stop, 8):
            return contacted  # over night without a word (S2.2.1c)
        at = self.days.after(contacted, "duty", minutes=self.rng.randint(20, 120))
        promised = self.days.workday_after(at, 1, self.rng.choice((10, 11, 15, 16)))
        self.add(at, "note", unit=unit, text=self.pick(self.call.topic.notes), promised_at=promised)
        broken = self.chance(12)
        again = self.days.after(promised + timedelta(minutes=40 if broken else -75), "duty", minutes=5)
        self.add(
            again,
            "contact",
            unit=unit,
            outcome="reached",
            contacted_at=again,
            phone=PHONE,
            person=PERSON,
            content="按约定再次联系来电人，告知办理进展。"
            if not broken
            else "因现场处置延误，晚于约定时间联系来电人并致歉。",
        )
        return again

    def _extended(
        self, contacted: datetime, reply_at: datetime, unit: str, stop: str | None, *, urgent: bool
    ) -> datetime:
        """Perhaps the unit asks for more time; when it replies then."""
        asks = stop == "extend" or (stop is None and not urgent and self.chance(12))
        if not asks or self.channel == "province_enterprise":
            return reply_at
        days = self.rng.randint(3, 8)
        explanation = self.pick(EXTENSIONS)
        at = self.days.after(contacted, "units", minutes=20, windows=1)
        assigned = next(step.at for step in reversed(self.steps) if step.kind == "assign")
        if local_day(at) > local_day(self.days.workday_after(assigned, 2, 12)):
            return reply_at  # too late to ask
        consent = {
            "person": PERSON,
            "agreed_at": contacted,
            "phone": PHONE,
            "agreed": True,
            "evidence": f"录音 {self.rng.randint(1000, 9999)}",
        }
        self.add(
            at, "extend", unit=unit, reason_code="complex", workdays=days, explanation=explanation, consent=consent
        )
        decided = self.days.after(at, "centre", minutes=self.rng.randint(30, 150), windows=1)
        granted = self.chance(70)
        self.add(
            decided,
            "decide_extension",
            decision="grant" if granted else "refuse",
            reason="情况属实且已征得来电人同意。" if granted else "所述情况不属于特别复杂，请在原时限内办结。",
        )
        if granted:
            reply_at = self.days.workday_after(reply_at, self.rng.randint(1, days), 14)
        return self.days.after(max(decided, reply_at), "units", minutes=25)

    def _disposition(self) -> str:
        if self.call.topic.code == "court":
            return "out_of_scope"
        if self.channel in AFTER_REVIEW or self.channel == "city_enterprise":
            return "solved"
        return self.rng.choices(("solved", "explanation", "planned", "not_true"), weights=(88, 5, 4, 3))[0]

    def _answered(self, at: datetime, unit: str, disposition: str) -> datetime | None:
        """Reply, leader and centre, with what they send back; when the centre approved, None when it cannot."""
        days, rng = self.days, self.rng
        at = self._reply(at, unit, disposition)
        if self.chance(6):
            at = days.after(at, "units", minutes=20, windows=1)
            self.add(at, "leader_rejects", unit=unit, opinion=rng.choice(LEADER_OPINIONS))
            at = self._reply(days.after(at, "units", minutes=30, windows=1), unit, disposition, "已补充核查经过。")
        at = self.add(days.after(at, "units", minutes=rng.randint(10, 120), windows=1), "leader", unit=unit)
        if self.channel in AFTER_REVIEW:
            return None
        if self.chance(10):
            at = days.after(at, "centre", minutes=15, windows=1)
            self.add(at, "reject", opinion=rng.choice(CENTRE_OPINIONS))
            at = days.after(at, "units", minutes=rng.randint(40, 200), windows=1)
            at = self._reply(at, unit, disposition, "已按审核意见补充整改措施和完成时间。")
            at = self.add(days.after(at, "units", minutes=20, windows=1), "leader", unit=unit)
        return self.add(days.approval(at, minutes=rng.randint(5, 100), spread=rng.randint(0, 2)), "approve")

    def _reply(self, at: datetime, unit: str, disposition: str, more: str = "") -> datetime:
        contact = next(
            step.said for step in reversed(self.steps) if step.kind == "contact" and step.said["outcome"] == "reached"
        )
        satisfied = self.rng.choices(("satisfied", "mostly_satisfied", "not_stated"), weights=(76, 18, 6))[0]
        findings = self.pick(self.call.topic.findings) + more
        said: dict[str, Any] = {
            "disposition": disposition,
            "contact_person": contact["person"],
            "contact_at": contact["contacted_at"],
            "contact_phone": contact["phone"],
            "findings": findings,
            "satisfaction": satisfied if disposition == "solved" else "not_stated",
        }
        extra = _EXTRA.get(disposition)
        if extra is not None:
            said |= extra(self, at)
        return self.add(at, "reply", unit=unit, **said)


def _statement(writer: Writer, at: datetime) -> dict[str, Any]:
    del at
    return {"statement": writer.pick(writer.call.topic.findings)}


def _explanation(writer: Writer, at: datetime) -> dict[str, Any]:
    del at
    basis, record, findings = writer.rng.choice(EXPLANATIONS)
    return {"legal_basis": basis, "site_record": record, "findings": findings}


def _plan(writer: Writer, at: datetime) -> dict[str, Any]:
    basis, findings = writer.rng.choice(PLANS)
    plan_on = local_day(at) + timedelta(days=writer.rng.randint(20, 60))
    return {"legal_basis": basis, "plan_on": plan_on.isoformat(), "findings": findings}


def _not_true(writer: Writer, at: datetime) -> dict[str, Any]:
    del at, writer
    return {
        "findings": "经两次不同时段现场核查并走访周边住户，未发现来电反映的情况，已向来电人说明并留存现场照片和走访记录。"
    }


_EXTRA: Final[Mapping[str, Callable[[Writer, datetime], dict[str, Any]]]] = {
    "out_of_scope": _statement,
    "explanation": _explanation,
    "planned": _plan,
    "not_true": _not_true,
}

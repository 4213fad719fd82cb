"""What is to be seen of an order when every service has heard everything, and how it differs from the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.calendar import SHANGHAI
from shared.identity import Role
from tests.model.clocks import Clock, Clocks, wakes_at
from tests.model.platform import Platform
from tests.model.reference import Order


async def differences(platform: Platform, model: Order, *, mixed: bool) -> list[str]:
    """What the services show of the order and the model does not say, in words; `mixed`: sla heard effects before causes."""
    who = platform.bearer("paidan", Role.DISPATCHER)

    async def seen(path: str) -> dict[str, Any]:
        answer = await platform.call("GET", path, who)
        assert answer.status == 200, f"{path}: {answer}"
        return answer.body

    faults = [] if model.all_heard() else ["something that was told did not arrive"]
    desk, intake = await seen(f"dispatch/v1/orders/{model.id}"), await seen(f"intake/v1/orders/{model.id}")
    faults += _unlike("desk", {**desk, "urgent": sorted(desk["urgent"])}, _desk_of(model))
    intake |= {"urgent": sorted(intake["urgent"]), "state": _PHASES.get(intake["state"], "open")}
    faults += _unlike("intake", intake, _intake_of(model))
    if model.review.rounds:
        rounds = (await seen(f"review/v1/orders/{model.id}/replies"))["rounds"]
        shown, right = [one["state"] for one in rounds], [one.state for one in model.review.rounds]
        faults += _unlike("review", {"rounds": shown}, {"rounds": right})
    clocks = (await seen(f"sla/v1/orders/{model.id}/clocks"))["clocks"]
    return faults + _clock_differences(model, clocks, platform.clock.now(), mixed=mixed)


_PHASES = {phase: phase for phase in ("approved", "fed_back", "closed", "cancelled")}
"""States of intake that the model tells apart; in the others the order is open."""


def _desk_of(model: Order) -> dict[str, Any]:
    desk = model.desk
    names = ("status", "unit", "first_unit", "returns", "redos", "urges", "no_return", "round")
    same = {name: getattr(desk, name) for name in names}
    urgent = sorted(model.intake.urgent)
    return {**same, "counted_contacts": desk.counted, "demand_version": desk.version, "urgent": urgent}


def _intake_of(model: Order) -> dict[str, Any]:
    intake = model.intake
    same = {name: getattr(intake, name) for name in ("version", "urges", "revisits")}
    return {**same, "urgent": sorted(intake.urgent), "state": intake.phase}


def _unlike(where: str, shown: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    return [
        f"{where} {name}: {shown[name]}, and the model says {value}"
        for name, value in right.items()
        if shown[name] != value
    ]


def _clock_differences(model: Order, found: list[dict[str, Any]], now: datetime, *, mixed: bool) -> list[str]:
    clocks = Clocks(model.history, now)
    faults = [
        "a plan sleeps on after its day has begun"
        for one in clocks.running("plan")
        if model.desk.status == "planned" and wakes_at(one) <= now
    ]

    # A clock that became void before it was breached counts for nothing; which ones there were depends on who heard
    # of what first.
    def counts(line: Line) -> bool:
        annulled_at = clocks.annulled.get(line.kind)
        needless = line.state == "met" and annulled_at is not None and line.started_at <= annulled_at
        # Whether the unit could call at such a moment also decides whether a later rejection gives it a day.
        after = line.started_at > min(clocks.unsure, default=now) and line.started_at not in clocks.turns
        unsure = line.kind == "caller_reply" and (after or line.started_at in clocks.unsure)
        superseded = mixed and (line.kind, line.started_at) in clocks.superseded
        return not needless and not unsure and not superseded and (line.state != "void" or line.breached)

    got = Counter(filter(counts, map(_line_of_row, found)))
    right = Counter(line for one in clocks.all if counts(line := _line(one, now)))
    if any(fact.type == "cancelled" for fact in model.history):
        # Who did not know of it yet may have started a clock, and sla may have heard of it before it heard what met one:
        # what there is to ask of a cancelled order is that nothing runs.
        got = Counter({line: number for line, number in got.items() if line.state == "running"})
        right = Counter()
    return faults + [
        f"clock {line}: {got[line]} of it, and the model says {right[line]}"
        for line in sorted({*got, *right}, key=str)
        if got[line] != right[line]
    ]


@dataclass(frozen=True)
class Line:
    """A clock as it is compared."""

    kind: str
    unit: str | None
    started_at: datetime
    due_at: datetime
    state: str
    stopped_at: datetime | None
    breached: bool

    def __str__(self) -> str:
        ends = [
            f"{at.astimezone(SHANGHAI):%d %H:%M:%S}" if at else "-"
            for at in (self.started_at, self.due_at, self.stopped_at)
        ]
        return f"{self.kind} of {self.unit} from {ends[0]} due {ends[1]}: {self.state} at {ends[2]} breached={self.breached}"


def _line(clock: Clock, now: datetime) -> Line:
    at = [moment and moment.astimezone(SHANGHAI) for moment in (clock.started_at, clock.due_at, clock.stopped_at)]
    assert at[0] is not None
    assert at[1] is not None
    return Line(clock.kind, clock.unit, at[0], at[1], clock.state, at[2], clock.breached(now))


def _line_of_row(row: Mapping[str, Any]) -> Line:
    at = [
        None if row[name] is None else datetime.fromisoformat(row[name]).astimezone(SHANGHAI)
        for name in ("started_at", "due_at", "stopped_at")
    ]
    assert at[0] is not None
    assert at[1] is not None
    return Line(row["kind"], row["unit"], at[0], at[1], row["state"], at[2], row["breached_at"] is not None)

"""The platform and the model side by side: services that are held back or go on, feedback in the air, the comparison."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.intake.feedback.store import Claimed
from shared.calendar import SHANGHAI
from tests.model.comparing import differences
from tests.model.figures import Figures, figures_of
from tests.model.known import Sending
from tests.model.platform import Answer, Platform, Told
from tests.model.reference import Order
from tests.model.words import CITY, FAST

SERVICES: Final = ("intake", "dispatch", "sla", "review", "analytics")
TYPES: Final = {
    f"{kind}.{name}.v1": name
    for kind, names in {
        "order": (
            "received updated cancelled urged revisited redo_requested fed_back feedback_failed reply_outdated "
            "reply_not_sent assigned accepted contacted return_requested return_accepted return_rejected planned closed "
            "reopened"
        ),
        "reply": "leader_approved leader_rejected approved rejected",
    }.items()
    for name in names.split()
} | {"order.progress_noted.v1": "noted", "order.reply_submitted.v1": "submitted"}
WAKES: Final = {"plan.woken.v1": "plan_woken", "plan.broken.v1": "plan_broken"}


@dataclass
class Tally:
    """What was run, for the report at the end."""

    sequences: int = 0
    steps: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Begin anew."""
        self.sequences = 0
        self.steps.clear()

    def __str__(self) -> str:
        lines = [f"{self.sequences} sequences, {self.steps.total()} steps:"]
        lines += [f"  {name:<34} {number}" for name, number in sorted(self.steps.items())]
        return "\n".join(lines)


TALLY: Final = Tally()


@dataclass
class Sent:
    """A message of an upstream, to be sent again."""

    what: str
    body: Mapping[str, Any]
    message_id: str
    answer: Answer


@dataclass
class Driven:
    """One order: the model's, and what the driver needs to go on with it."""

    model: Order
    first: dict[str, Any]
    replies: dict[int, str] = field(default_factory=dict)
    extension_id: str = ""
    sent: list[Sent] = field(default_factory=list)
    last_contact: dict[str, Any] | None = None

    @property
    def channel(self) -> str:
        """Whose order it is."""
        return FAST if self.model.fast else CITY


class SideBySide:
    """The platform, the model's orders on it, and what holds the services apart."""

    def __init__(self, platform: Platform, at: datetime, seed: int = 0) -> None:
        self.platform, self.orders = platform, list[Driven]()
        self._rng = random.Random(seed)
        """Chooses who publishes and reads first, each time anew."""
        self.held: set[str] = set()
        self.shuffled: frozenset[str] = frozenset()
        """Services that hear several publishers in no certain order, also an effect before its cause."""
        self.upstream = "acknowledged"  # lost, refused, gone; slow: what is sent stays in the air
        self.in_the_air: list[tuple[Claimed, Driven, Sending]] = []
        self.said: list[str] = []
        self._before: Figures = Counter()
        self._to_fire = False
        """Whether a clock may be due: time has passed, or sla has heard of something."""
        self._compared: tuple[int, datetime] | None = None
        """What there was when it was compared last: a step that changed nothing needs no new look until the end."""
        platform.clock.at = at

    async def begin(self) -> None:
        """Remember the figures, of which only the difference is looked at."""
        TALLY.sequences += 1
        self._before = await self._figures()

    @property
    def now(self) -> datetime:
        """The moment of both."""
        return self.platform.clock.now()

    def _say(self, step: str, outcome: object, *details: object) -> None:
        kind = outcome if isinstance(outcome, str) else ""
        TALLY.steps[f"{step} {kind}".strip()] += 1
        held = f"  (held: {', '.join(sorted(self.held))})" if self.held else ""
        local = self.now.astimezone(SHANGHAI)
        self.said.append(f"{local:%m-%d %H:%M} {step} {' '.join(map(str, details))} -> {outcome}{held}")

    def _called(self, step: str, order: Driven, expected: int, answer: Answer, *details: object) -> None:
        """Compare a person's answer with the model's."""
        self._say(step, "ok" if expected == 200 else f"refused {expected}", self.orders.index(order), *details)
        got = 200 if answer.status < 300 else answer.status
        assert got == expected, f"{step} {details}: {answer}, and the model says {expected}\n{self.story()}"
        assert got == 200 or answer.code, f"{step}: a refusal without a code: {answer}"

    def story(self) -> str:
        """What was done so far."""
        return "\n".join(self.said)

    # --- services, one by one ---------------------------------------------------------------------------------------

    def hold(self, service: str) -> None:
        """From now on the service neither reads nor publishes; people can still call it."""
        self.held.add(service)
        self._say("hold", "ok", service)

    def release(self, service: str) -> None:
        """It goes on."""
        self.held.discard(service)
        self._say("release", "ok", service)

    async def trickle(self, service: str, many: int, *, publish: bool) -> None:
        """A service that is held back reads a few events, and perhaps publishes."""
        if publish:
            await self.platform.publish(service)
        await self._consume(service, many)
        self._say("trickle", "ok", service, many, f"publish={publish}")

    async def redeliver(self, service: str, back: int) -> None:
        """A service gets an event again: nothing changes."""
        told = await self.platform.redeliver(service, back)
        self._say("redeliver", "ok", service, told and told.type)

    async def move_to(self, moment: datetime) -> None:
        """Time passes."""
        self.platform.clock.at, self._to_fire = moment, True
        self._say("time", "ok")

    async def settle(self, *, compare: bool = True) -> None:
        """Let all that are not held back publish, read, fire and send, until nothing moves; then compare."""
        moved = True
        while moved:
            moved = False
            for service in self._rng.sample(SERVICES, len(SERVICES)):
                if service not in self.held:
                    moved |= await self.platform.publish(service)
            for service in self._rng.sample(SERVICES, len(SERVICES)):
                if service not in self.held:
                    moved |= bool(await self._consume(service))
            if "intake" not in self.held and any(order.model.intake.sendings for order in self.orders):
                moved |= await self._send_feedback()
            if not moved and self._to_fire and "sla" not in self.held and self._sla_is_up_to_date():
                self._to_fire = False
                await self.platform.fire()
                moved |= await self.platform.publish("sla")
        facts = sum(len(order.model.history) for order in self.orders)
        if compare and not self.held and self._compared != (facts, self.now):
            await self.compare()
            self._compared = facts, self.now

    def _sla_is_up_to_date(self) -> bool:
        """Its loop waits for the consumer; what another service still keeps to itself it cannot know, and nor may we."""
        relays = (self.platform.runtimes[service].relay for service in SERVICES)
        return not self.platform.waiting("sla") and not any(relay.wake.is_set() for relay in relays)

    async def _consume(self, service: str, many: int | None = None) -> list[Told]:
        shuffled = self._rng if service in self.shuffled else None
        read = await self.platform.consume(service, many, shuffled)
        self._to_fire |= service == "sla" and bool(read)
        for told in read:
            order = next((one.model for one in self.orders if one.model.id == told.key), None)
            if order is None or told.by == service:
                continue
            try:
                if told.type in TYPES:
                    order.hear(service, told.by, TYPES[told.type], self.now)
                elif told.type in WAKES and service == "dispatch":
                    order.wake()
            except AssertionError as wrong:
                raise AssertionError(f"{wrong}\n{self.story()}") from None
        return read

    # --- feedback ---------------------------------------------------------------------------------------------------

    async def _send_feedback(self) -> bool:
        claimed = await self.platform.claim_feedback()
        taken = {one.order_id for one in claimed}
        for order in self.orders:
            sending = order.model.intake.underway
            surely = sending is not None and sending.state == "waiting" and self._is_due(sending)
            assert not surely or order.model.id in taken, f"an approved reply is not sent (S2.3b)\n{self.story()}"
        for one in claimed:
            order = next(order for order in self.orders if order.model.id == one.order_id)
            sending = order.model.intake.underway
            assert sending is not None, f"a reply is sent that nobody waits for\n{self.story()}"
            assert order.replies[sending.round] == one.reply_id, f"replies overtake each other\n{self.story()}"
            assert sending.not_before is None or sending.not_before <= self.now, self.story()
            sending.state, sending.attempts, sending.scheduled = "sending", sending.attempts + 1, sending.scheduled + 1
            self.in_the_air.append((one, order, sending))
        moved = bool(claimed)
        while self.in_the_air and self.upstream != "slow":
            await self.arrive(self.upstream)
            moved = True  # also when nothing new was sent: what the answer tells has to be heard
        return moved

    def _is_due(self, sending: Sending) -> bool:
        return sending.surely_at is None or sending.surely_at <= self.now

    async def arrive(self, outcome: str) -> None:
        """The first attempt that is in the air ends: acknowledged, lost, refused or gone."""
        claimed, order, sending = self.in_the_air.pop(0)
        await self.platform.send_feedback(claimed, outcome)
        self._say("feedback", outcome, self.orders.index(order))
        if sending.state != "sending":
            return  # the upstream has proved meanwhile that it has the reply (D2)
        if outcome == "acknowledged":
            order.model.acknowledged(sending, self.now)
        else:
            order.model.not_acknowledged(sending, self.now, gone=outcome == "gone")

    # --- the comparison ---------------------------------------------------------------------------------------------

    async def finish(self) -> None:
        """Release all, let what is in the air arrive, and compare."""
        self.held.clear()
        self.upstream = "acknowledged"
        while self.in_the_air:
            await self.arrive("acknowledged")
        await self.settle(compare=False)
        await self.compare()

    async def compare(self) -> None:
        """Everything was heard: what is to be seen equals the model."""
        faults = [f"parked: {one}" for one in await self.platform.parked()] or await self._differences()
        if faults:
            told = "\n".join(f"{one}" for order in self.orders for one in order.model.history)
            raise AssertionError("\n".join([*faults, "-- what was done", self.story(), "-- the model's facts", told]))

    async def _differences(self) -> list[str]:
        faults: list[str] = []
        expected: Figures = Counter()
        for number, order in enumerate(self.orders):
            found = await differences(self.platform, order.model, mixed="sla" in self.shuffled)
            faults += [f"order {number}: {fault}" for fault in found]
            expected.update(figures_of(order.model.history, self.now))
        figures = await self._figures()
        figures.subtract(self._before)
        for key in sorted({*figures, *expected}, key=str):
            if figures[key] != expected[key]:
                faults.append(f"figure {key}: {figures[key]}, and the model says {expected[key]}")
        return faults

    async def _figures(self) -> Figures:
        rows = await self.platform.rows("analytics", "select unit, day, measure, count from figure")
        return Counter({(row["unit"], row["day"], row["measure"]): row["count"] for row in rows})

"""The state machine: what the outside and people do to orders, in any sequence, while services hear of it late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from shared.calendar import SHANGHAI
from tests.model.driver import World
from tests.model.platform import UNITS, Stage
from tests.model.running import SERVICES, Driven
from tests.model.words import CONTENTS
from tests.model.workdays import day_of, moment

STARTS: Final = tuple(
    datetime.fromisoformat(f"2026-{day}+08:00")
    for day in (
        "11-23T09:00:13",  # a Monday
        "11-20T16:40:13",  # a Friday, shortly before the cut-off
        "09-23T15:10:13",  # two days before the mid-autumn holiday
        "09-29T17:20:13",  # two days before the national holiday, after the cut-off
        "10-10T10:00:13",  # a Saturday that is worked
        "11-25T08:05:13",
    )
)
END: Final = datetime(2026, 12, 10, tzinfo=SHANGHAI)
"""No sequence goes further: the days of 2027 are not arranged yet."""
UPSTREAMS: Final = ("acknowledged", "acknowledged", "lost", "refused", "gone", "slow", "slow")
"""How the upstream takes replies from now on; slow is: the answer arrives later."""
SHUFFLED: Final = ("sla",)
"""What sla makes of the facts must not depend on whom it hears first; the others read one log, causes before effects."""
CROSSING: Final = ("cancel", "redo")
"""What an upstream may do, beside a change, while the reviewer approves."""
Step = Callable[[World, Driven, st.DataObject], Any]


def _unit(order: Driven, data: st.DataObject) -> str:
    """The unit that has the order, seldom another one."""
    holder = order.model.desk.unit
    unit: str = data.draw(st.sampled_from(UNITS if holder is None else (holder,) * 7 + UNITS[:3]), label="unit")
    return unit


def _assign(world: World, order: Driven, data: st.DataObject) -> Any:
    unit = data.draw(st.sampled_from(UNITS), label="unit")
    reason = data.draw(st.integers(0, 4), label="reason") > 0
    consult = order.model.desk.returns >= 2
    head = data.draw(st.integers(0, 5), label="head") > (0 if consult else 4)
    return world.assign(order, unit, reason=reason, head=head)


def _contact(world: World, order: Driven, data: st.DataObject) -> Any:
    outcome = data.draw(st.sampled_from(("reached", "reached", "not_reached", "refused")), label="outcome")
    hours = data.draw(st.sampled_from((None, None, 2, 30)), label="promise")
    return world.contact(order, _unit(order, data), outcome, hours)


def _note(world: World, order: Driven, data: st.DataObject) -> Any:
    return world.note(order, _unit(order, data), data.draw(st.sampled_from((3, 26, 75)), label="promise"))


def _return(world: World, order: Driven, data: st.DataObject) -> Any:
    unit = _unit(order, data)
    return world.ask_return(order, unit, next(other for other in UNITS if other != unit))


def _reply(world: World, order: Driven, data: st.DataObject) -> Any:
    dispositions = ("solved", "solved", "solved", "out_of_scope", "not_true", "explanation", "planned", "planned")
    disposition = data.draw(st.sampled_from(dispositions), label="disposition")
    days = data.draw(st.sampled_from((1, 3, 90, 91, 0)), label="days") if disposition == "planned" else 0
    return world.reply(order, _unit(order, data), disposition, days)


def _exclude(world: World, order: Driven, data: st.DataObject) -> Any:
    return world.reply(order, _unit(order, data), data.draw(st.sampled_from(("out_of_scope", "not_true"))), 0)


def _plan(world: World, order: Driven, data: st.DataObject) -> Any:
    return world.reply(order, _unit(order, data), "planned", data.draw(st.sampled_from((1, 3)), label="days"))


def _leader(world: World, order: Driven, data: st.DataObject) -> Any:
    holder = order.model.review.rounds[-1].unit
    unit = data.draw(st.sampled_from((holder,) * 9 + UNITS[:1]), label="unit")
    return world.leader_decides(order, unit, approve=data.draw(st.integers(0, 3), label="approve") > 0)


def _centre(world: World, order: Driven, data: st.DataObject) -> Any:
    approve = data.draw(st.integers(0, 3), label="approve") > 0
    behind = data.draw(st.sampled_from((None, None, 0, 0, 1)), label="override")
    override = None if behind is None else max(order.model.known_version - behind, 1)
    return world.centre_decides(order, approve=approve, override=override)


def _cross(world: World, order: Driven, data: st.DataObject) -> Any:
    return world.cross(order, data.draw(st.sampled_from((*range(len(CONTENTS)), *CROSSING)), label="what"))


def _push(world: World, order: Driven, data: st.DataObject) -> Any:
    content = data.draw(st.integers(0, len(CONTENTS) - 1), label="content")
    return world.push(order, content, data.draw(st.sampled_from((1, 1, 2, 0, -1, None)), label="revision"))


def _revisit(world: World, order: Driven, data: st.DataObject) -> Any:
    answers = (
        ("解决", "满意"), ("基本解决", "基本满意"), ("未解决", "不满意"), ("解决", "不满意"), ("未解决", "满意"), (None, None),
    )  # fmt: skip
    return world.revisit(order, *data.draw(st.sampled_from(answers), label="result"))


def _flag(world: World, order: Driven, data: st.DataObject) -> Any:
    return world.flag(order, data.draw(st.sampled_from(((), ("safety",), ("policy", "livelihood"))), label="urgent"))


STEPS: Final[dict[str, Step]] = {
    "assign": _assign,
    "accept": lambda world, order, data: world.take_up(order, _unit(order, data)),
    "contact": _contact,
    "contact again": lambda world, order, _: world.contact_again(order),
    "note": _note,
    "return": _return,
    "decide return": lambda world, order, data: world.decide_return(
        order, accept=data.draw(st.integers(0, 2), label="accept") > 0
    ),
    "reply": _reply,
    "exclude": _exclude,
    "plan": _plan,
    "leader": _leader,
    "centre": _centre,
    "cross": _cross,
    "extend": lambda world, order, data: world.ask_extension(
        order, _unit(order, data), data.draw(st.sampled_from((1, 5, 10, 11)), label="workdays")
    ),
    "decide extension": lambda world, order, data: world.decide_extension(
        order, grant=data.draw(st.integers(0, 3), label="grant") > 0
    ),
    "reflag": _flag,
    "retry": lambda world, order, _: world.retry_feedback(order),
    "push": _push,
    "cancel": lambda world, order, _: world.cancel(order),
    "urge": lambda world, order, _: world.urge(order),
    "redo": lambda world, order, _: world.redo(order),
    "revisit": _revisit,
    "again": lambda world, order, data: world.send_again(order, data.draw(st.integers(0, 9), label="which")),
}
ONWARD: Final = {
    "triage": ("assign",),
    "consult": ("assign",),
    "assigned": ("contact", "contact", "accept", "note", "return", "assign", "extend"),
    "handling": (
        "contact",
        "contact again",
        "reply",
        "reply",
        "note",
        "return",
        "extend",
        "assign",
        "decide extension",
    ),
    "return_pending": ("decide return", "decide return", "contact"),
    "leader_review": ("leader",),
    "centre_review": ("centre", "centre", "cross"),
    "rework": ("reply", "reply", "contact", "note", "assign"),
    "awaiting_feedback": ("revisit", "redo", "retry"),
    "planned": ("contact", "reply", "note", "redo"),
    "revisit": ("revisit", "revisit", "redo"),
    "closed": ("redo", "revisit"),
    "cancelled": ("again",),
}
"""What usually comes next; anything else is tried as well."""


def _possible(world: World, order: Driven, step: str) -> bool:
    """Whether the step can be tried at all: there is a reply, a request, a service that knows of it."""
    model = order.model
    if step in {"leader", "centre", "cross"}:
        return bool(model.review.rounds)
    if step in {"extend", "decide extension"}:
        here = "sla" not in world.held and not model.unheard("sla") and model.desk.status != "cancelled"
        return here and model.intake.phase != "cancelled" and (step == "extend" or bool(order.extension_id))
    if step == "retry":
        return bool(model.intake.sendings)
    return True


class OrderMachine(RuleBasedStateMachine):
    """Sequences of steps; after each everything that is not held back moves on, and is compared when nothing is."""

    stage: ClassVar[Stage]
    favoured: ClassVar[tuple[str, ...]] = ()
    """Steps that are tried often, to find a certain fault soon."""
    at_least: ClassVar[int] = 0
    """How far along the main way a sequence begins."""
    answer: ClassVar[str] = ""
    """What the unit answers on it."""
    world: World

    @initialize(
        start=st.sampled_from(STARTS),
        content=st.integers(0, len(CONTENTS) - 1),
        far=st.integers(0, 6),
        deadline=st.booleans(),
        numbered=st.booleans(),
        kind=st.integers(0, 7),
        upstream=st.sampled_from(UPSTREAMS),
        answer=st.sampled_from(("solved", "solved", "solved", "out_of_scope", "planned")),
        turns=st.integers(0, 999),
    )
    def begin(
        self,
        start: datetime,
        content: int,
        far: int,
        turns: int,
        kind: int,
        upstream: str,
        answer: str,
        *,
        deadline: bool,
        numbered: bool,
    ) -> None:
        """One order has come, and has gone some part of the main way."""
        self.world = World(self.stage.platform, start, turns)
        self.world.upstream = upstream
        self.world.shuffled = frozenset(SHUFFLED if turns % 2 and kind < 7 else ())
        self.stage.run(self.world.begin())
        self.stage.run(self.world.push_new(content, with_deadline=deadline, numbered=numbered, fast=kind == 7))
        self._settle()
        self.stage.run(self.world.walk(self.world.orders[0], self.at_least or far, self.answer or answer))
        self._settle()

    def _settle(self) -> None:
        self.stage.run(self.world.settle())

    def _order(self, data: st.DataObject) -> Driven:
        return self.world.orders[data.draw(st.integers(0, len(self.world.orders) - 1), label="order")]

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """What usually comes next for an order."""
        order = self._order(data)
        onward = (*ONWARD[order.model.desk.status], *self.favoured * 2)
        steps = [one for one in onward if _possible(self.world, order, one)]
        if steps:
            self._do(order, data.draw(st.sampled_from(steps), label="step"), data)

    @rule(data=st.data())
    def go_further(self, data: st.DataObject) -> None:
        """The same: most sequences are to come far."""
        self.go_on(data)

    @rule(data=st.data())
    def try_anything(self, data: st.DataObject) -> None:
        """Whatever an upstream or a person may think of."""
        order = self._order(data)
        steps = [one for one in STEPS if _possible(self.world, order, one)]
        if len(self.world.orders) == 1:
            steps.append("another order")
        step = data.draw(st.sampled_from(steps), label="step")
        if step != "another order":
            self._do(order, step, data)
            return
        content = data.draw(st.integers(0, len(CONTENTS) - 1), label="content")
        self.stage.run(self.world.push_new(content, with_deadline=False))
        self._settle()

    def _do(self, order: Driven, step: str, data: st.DataObject) -> None:
        self.stage.run(STEPS[step](self.world, order, data))
        self._settle()

    @rule(data=st.data())
    def disturb(self, data: st.DataObject) -> None:
        """A service falls behind, reads a little, catches up, gets an event again; the upstream answers late, or badly."""
        world, held = self.world, sorted(self.world.held)
        kinds = ["redeliver", "upstream", "upstream", *["hold"] * 2 * (len(held) < 2)]
        kinds += ["trickle", "release", "release"] * bool(held) + ["arrive"] * 4 * bool(world.in_the_air)
        match data.draw(st.sampled_from(kinds), label="what"):
            case "hold":
                world.hold(data.draw(st.sampled_from(SERVICES), label="service"))
            case "release":
                world.release(data.draw(st.sampled_from(held), label="service"))
            case "trickle":
                service = data.draw(st.sampled_from(held), label="service")
                many = data.draw(st.integers(1, 3), label="events")
                self.stage.run(world.trickle(service, many, publish=data.draw(st.booleans(), label="publish")))
            case "redeliver":
                service = data.draw(st.sampled_from(SERVICES), label="service")
                self.stage.run(world.redeliver(service, data.draw(st.integers(0, 11), label="back")))
            case "upstream":
                world.upstream = data.draw(st.sampled_from(UPSTREAMS), label="upstream")
            case "arrive":
                self.stage.run(world.arrive(data.draw(st.sampled_from(UPSTREAMS[:-2]), label="outcome")))
        self._settle()

    @rule(minutes=st.sampled_from((7, 65, 190, None, 24 * 60 + 3, 3 * 24 * 60 + 5)))
    def wait(self, minutes: int | None) -> None:
        """Time passes; None is until next morning."""
        now = self.world.now
        morning = day_of(now) + timedelta(days=1)
        later = moment(morning, time(8, 40, morning.day)) if minutes is None else now + timedelta(minutes=minutes)
        if later < END:
            self.stage.run(self.world.move_to(later))
            self._settle()

    def teardown(self) -> None:
        """Everything arrives in the end."""
        if not hasattr(self, "world"):
            return
        try:
            self.stage.run(self.world.finish())
        finally:
            self.stage.run(self.world.platform.forget())

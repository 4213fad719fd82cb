"""Events of one order, with the values that figures need; `at` is a local time in Yantai."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from shared.calendar import SHANGHAI
from shared.contracts import PUBLISHERS, Event
from shared.contracts.sla import BreachExcused, ClockBreached, ClockKind
from shared.outbox import Envelope
from shared.outbox.writer import new_id
from tests.support import facts

UNITS = ("chengguan", "huanghailu", "zhujian")


def local(text: str) -> datetime:
    """A moment by the clock of Yantai: `11-23 09:00`, of 2026."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class OrderEvents:
    """The events of one order, in the order in which they happen."""

    order_id: str = field(default_factory=lambda: str(new_id()))
    events: list[Event] = field(default_factory=list)
    reply_id: str = "-"
    round: int = 0
    assignment: int = 0

    def _add(self, event: Event) -> "OrderEvents":
        self.events.append(event)
        return self

    def received(self, at: datetime, *, is_test: bool = False) -> "OrderEvents":
        return self._add(facts.received(self.order_id, at, is_test=is_test))

    def assigned(self, at: datetime, unit: str) -> "OrderEvents":
        self.assignment += 1
        return self._add(facts.assigned(self.order_id, unit, at, number=self.assignment))

    def returned(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(facts.return_accepted(self.order_id, unit, at))

    def submitted(self, at: datetime, unit: str) -> "OrderEvents":
        """The unit's reply, which its leader approves at once."""
        self.round, self.reply_id = self.round + 1, str(new_id())
        for happened in (facts.submitted, facts.leader_approved):
            self._add(happened(self.order_id, unit, at, reply_id=self.reply_id, number=self.round))
        return self

    def approved(self, at: datetime, unit: str, disposition: str = "solved") -> "OrderEvents":
        reply_id, number = self.reply_id, self.round
        event = facts.approved(self.order_id, unit, at, reply_id=reply_id, number=number, disposition=disposition)
        return self._add(event)

    def rejected(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(facts.rejected(self.order_id, unit, at, reply_id=self.reply_id, number=self.round))

    def not_sent(self, at: datetime, unit: str) -> "OrderEvents":
        event = facts.reply_not_sent(self.order_id, unit, at, reply_id=self.reply_id, number=self.round)
        return self._add(event.model_copy(update={"reason": "reopened"}))

    def fed_back(self, at: datetime) -> "OrderEvents":
        return self._add(facts.fed_back(self.order_id, at, reply_id=self.reply_id))

    def revisited(self, at: datetime, solved: str | None, satisfied: str | None) -> "OrderEvents":
        return self._add(facts.revisited(self.order_id, at, solved, satisfied))

    def closed(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(facts.closed(self.order_id, unit, at))

    def reopened(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(facts.reopened(self.order_id, unit, at))

    def cancelled(self, at: datetime) -> "OrderEvents":
        return self._add(facts.cancelled(self.order_id, at))

    def breached(
        self, due_at: datetime, unit: str, kind: ClockKind = "final", *, clock: str | None = None
    ) -> "OrderEvents":
        event = ClockBreached(
            order_id=self.order_id,
            clock_id=clock or str(new_id()),
            kind=kind,
            unit=unit,
            due_at=due_at,
            breached_at=due_at + timedelta(seconds=1),
            late_by_seconds=1.0,
            provisional=False,
            fired_late=False,
            original_due_at=None,
        )
        return self._add(event)

    def excused(self, due_at: datetime, clock: str, kind: ClockKind = "final") -> "OrderEvents":
        event = BreachExcused(
            order_id=self.order_id,
            clock_id=clock,
            kind=kind,
            unit=None,
            due_at=due_at - timedelta(days=1),
            breached_at=due_at - timedelta(hours=23),
            cause="calendar",
            reason="日历更新",
            now_due_at=due_at,
            excused_at=due_at,
        )
        return self._add(event)


def random_order(random: Random) -> OrderEvents:
    """The events of one order that may happen, drawn at random: with returns, rework, redo, and perhaps an early end."""
    order = OrderEvents()
    # Around midnight, on Mondays and at the end of a year a count by the wrong day shows.
    clock = local("12-20 00:00") + timedelta(minutes=30 * random.randrange(48 * 10))

    def later(most_hours: int = 60) -> datetime:
        nonlocal clock
        clock += timedelta(minutes=30 * random.randrange(1, 2 * most_hours))
        return clock

    order.received(clock, is_test=random.random() < 0.1)
    unit = random.choice(UNITS)
    for _ in range(random.randrange(4)):
        order.assigned(later(), unit)
        if random.random() < 0.3:
            order.returned(later(), unit)
            unit = random.choice(UNITS)
            continue
        if random.random() < 0.4:
            _late(order, unit, random, later)
        if not _handled(order, unit, random, later):
            break
    if random.random() < 0.2:
        order.cancelled(later())
        if random.random() < 0.3:
            order.revisited(later(), "solved", "satisfied")
    return order


def _late(order: OrderEvents, unit: str, random: Random, later: Any) -> None:
    """A deadline passes; it may be moved, once or twice, and pass again."""
    kind: ClockKind = random.choice(["final", "final", "first_reply", "first_contact"])
    clock = str(new_id())
    order.breached(later(), unit, kind, clock=clock)
    while random.random() < 0.4:
        order.excused(later(), clock, kind)
        if random.random() < 0.5:
            break
        order.breached(later(), unit, kind, clock=clock)


def _handled(order: OrderEvents, unit: str, random: Random, later: Any) -> bool:
    """The unit answers, is reviewed, fed back and revisited; whether it may be assigned anew."""
    for _ in range(random.randrange(1, 4)):
        order.submitted(later(), unit)
        while random.random() < 0.4:
            order.rejected(later(), unit).submitted(later(), unit)
        if random.random() < 0.1:
            return True
        order.approved(later(), unit, random.choice(["solved", "solved", "solved", "explanation", "planned"]))
        if random.random() < 0.1:
            order.reopened(later(), unit).not_sent(later(), unit).revisited(later(), "solved", "satisfied")
            continue
        order.fed_back(later())
        while random.random() < 0.3:
            order.revisited(later(), None, None)
        solved = random.choice(["solved", "mostly_solved", "unsolved"])
        order.revisited(later(), solved, random.choice(["satisfied", "mostly_satisfied", "unsatisfied"]))
        if solved != "unsolved":
            order.closed(later(), unit)
            if random.random() < 0.7:
                return False
        order.reopened(later(), unit)
        if random.random() < 0.3:
            order.breached(later(), unit)
    return False


def interleaved(orders: list[OrderEvents], random: Random) -> Iterator[Event]:
    """The events of many orders, mixed; those of one order keep their sequence, and so does what is said of the breaches of one clock."""
    of_breaches = (ClockBreached, BreachExcused)
    queues = [[event for event in order.events if not isinstance(event, of_breaches)] for order in orders]
    breaches: dict[str, list[Event]] = {}
    for event in (event for order in orders for event in order.events if isinstance(event, of_breaches)):
        breaches.setdefault(event.clock_id, []).append(event)
    queues += breaches.values()
    while queues := [queue for queue in queues if queue]:
        yield random.choice(queues).pop(0)


@dataclass
class Publisher:
    """Puts events into envelopes, counting each stream as its publisher does."""

    _last: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def envelope(self, event: Event, *, event_id: UUID | None = None, at: datetime | None = None) -> Envelope:
        """The event in its envelope."""
        source = next(name for name, events in PUBLISHERS.items() if type(event) in events)
        stream = (source, event.topic, event.key)
        self._last[stream] = self._last.get(stream, 0) + 1
        return Envelope(
            id=event_id or new_id(),
            source=f"/gongdan/{source}",
            topic=event.topic,
            subject=event.key,
            sequence=self._last[stream],
            time=at or local("11-23 09:00"),
            event=event,
            type=event.type,
            correlation="test",
            causation=None,
            actor="test",
        )

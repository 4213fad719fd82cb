"""Events of one order, with the values that figures need; `at` is a local time in Yantai."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from shared.calendar import SHANGHAI
from shared.contracts import PUBLISHERS, Event
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReplySubmitted, ReturnAccepted
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderRevisited
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyRejected
from shared.contracts.sla import ClockBreached, ClockChanged
from shared.outbox import Envelope
from shared.outbox.writer import new_id

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

    def _add(self, cls: Callable[..., Event], **parts: Any) -> "OrderEvents":
        self.events.append(cls(order_id=self.order_id, **parts))
        return self

    def received(self, at: datetime, *, is_test: bool = False) -> "OrderEvents":
        return self._add(
            OrderReceived,
            platform="yantai_12345",
            platform_no="1",
            level="municipal",
            subject="person",
            scheme="ordinary",
            category="市政设施",
            demand="s1.x",
            received_at=at,
            is_test=is_test,
        )

    def assigned(self, at: datetime, unit: str) -> "OrderEvents":
        self.assignment += 1
        return self._add(
            OrderAssigned,
            assignment=self.assignment,
            unit=unit,
            first_unit=unit,
            cause="first",
            basis="duty",
            no_return=False,
            determined_at=at,
            assigned_at=at,
            assigned_by="dispatcher",
        )

    def returned(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(ReturnAccepted, unit=unit, returns=1, decided_by="dispatcher", decided_at=at)

    def submitted(self, at: datetime, unit: str) -> "OrderEvents":
        self.round, self.reply_id = self.round + 1, str(new_id())
        return self._add(
            ReplySubmitted,
            reply_id=self.reply_id,
            round=self.round,
            unit=unit,
            disposition="solved",
            reply="s1.x",
            submitted_by="caseworker",
            submitted_at=at,
        )._add(
            ReplyLeaderApproved, reply_id=self.reply_id, round=self.round, unit=unit, approved_by="head", approved_at=at
        )

    def approved(self, at: datetime, unit: str, disposition: str = "solved") -> "OrderEvents":
        return self._add(
            ReplyApproved,
            reply_id=self.reply_id,
            round=self.round,
            unit=unit,
            disposition=disposition,
            reply="s1.x",
            approved_by="reviewer",
            approved_at=at,
        )

    def rejected(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(
            ReplyRejected,
            reply_id=self.reply_id,
            round=self.round,
            unit=unit,
            opinion="s1.x",
            rejected_by="reviewer",
            rejected_at=at,
        )

    def fed_back(self, at: datetime) -> "OrderEvents":
        return self._add(OrderFedBack, reply_id=self.reply_id, platform="yantai_12345", attempts=1, fed_back_at=at)

    def revisited(self, at: datetime, solved: str | None, satisfied: str | None) -> "OrderEvents":
        valid = solved is not None
        return self._add(OrderRevisited, revisit=1, valid=valid, solved=solved, satisfied=satisfied, revisited_at=at)

    def closed(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(OrderClosed, unit=unit, disposition="solved", redos=0, closed_at=at)

    def reopened(self, at: datetime, unit: str) -> "OrderEvents":
        return self._add(OrderReopened, unit=unit, redos=1, reason="unsolved", reopened_at=at)

    def cancelled(self, at: datetime) -> "OrderEvents":
        return self._add(OrderCancelled, reason="来电人撤单", cancelled_at=at)

    def breached(self, due_at: datetime, unit: str, kind: str = "final", *, clock: str | None = None) -> "OrderEvents":
        return self._add(
            ClockBreached,
            clock_id=clock or str(new_id()),
            kind=kind,
            unit=unit,
            due_at=due_at,
            breached_at=due_at + timedelta(seconds=1),
            late_by_seconds=1.0,
        )

    def excused(self, due_at: datetime, clock: str, kind: str = "final") -> "OrderEvents":
        return self._add(
            ClockChanged,
            clock_id=clock,
            kind=kind,
            was_due_at=due_at - timedelta(days=1),
            due_at=due_at,
            provisional=False,
            reason="日历更新",
            excused=True,
        )


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
    kind, clock = random.choice(["final", "final", "first_reply", "first_contact"]), str(new_id())
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
    """The events of many orders, mixed; those of one order keep their sequence, and so do the breaches of one clock."""
    queues = [[event for event in order.events if not isinstance(event, ClockBreached)] for order in orders]
    breaches: dict[str, list[Event]] = {}
    for event in (event for order in orders for event in order.events if isinstance(event, ClockBreached)):
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

"""The figures counted a second time, straight from the events, sharing no code with the service.

Slow and plain on purpose; the service's figures are held against it.
"""

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from shared.contracts import Event

Counts = Counter[tuple[str, str, str]]
YANTAI = timezone(timedelta(hours=8))


def _day(moment: datetime) -> str:
    return moment.astimezone(YANTAI).strftime("%Y-%m-%d")


def recount(events: list[Event]) -> Counts:
    """(unit, day, measure) -> count; the district's unit is empty."""
    orders: dict[str, list[Any]] = {}
    for event in events:
        orders.setdefault(event.order_id, []).append(event)  # type: ignore[attr-defined]
    counts: Counts = Counter()
    for told in orders.values():
        if any(event.type == "order.received.v1" and event.is_test for event in told):
            continue
        _simple(counts, told)
        _overdue(counts, told, "final", "overdue")
        _overdue(counts, told, "first_reply", "first_reply_overdue")
        _rates(counts, told)
        _first_review(counts, told)
    return counts


def _count(counts: Counts, unit: str | None, moment: datetime, measure: str) -> None:
    counts["", _day(moment), measure] += 1
    if unit:
        counts[unit, _day(moment), measure] += 1


def _simple(counts: Counts, told: list[Any]) -> None:
    first_unit = None
    for event in told:
        if event.type == "order.assigned.v1":
            first_unit = first_unit or event.unit
            _count(counts, event.unit, event.assigned_at, "assigned")
        if event.type == "order.return_accepted.v1":
            _count(counts, event.unit, event.decided_at, "returned")
        if event.type == "order.closed.v1":
            _count(counts, event.unit, event.closed_at, "closed")
        if event.type == "order.reopened.v1":
            _count(counts, event.unit, event.reopened_at, "reopened")
    for event in told:
        if event.type == "order.received.v1":
            _count(counts, first_unit, event.received_at, "received")


def _overdue(counts: Counts, told: list[Any], kind: str, measure: str) -> None:
    breaches = []
    for clock in {event.clock_id for event in told if event.type == "clock.breached.v1" and event.kind == kind}:
        own = [event for event in told if event.type == "clock.breached.v1" and event.clock_id == clock]
        excused = [event for event in told if event.type == "clock.breach_excused.v1" and event.clock_id == clock]
        breaches += own[len(excused) :]
    for unit in {event.unit for event in breaches}:
        due = min(event.due_at for event in breaches if event.unit == unit)
        # A deadline of 24:00 ends the day before.
        day = due - timedelta(days=1) if due.astimezone(YANTAI).strftime("%H:%M:%S.%f") == "00:00:00.000000" else due
        _count(counts, unit, day, measure)


def _rates(counts: Counts, told: list[Any]) -> None:
    rated = excluded = False
    for place, event in enumerate(told):
        before = told[:place]
        if event.type == "order.fed_back.v1":
            _count(counts, _answering(before), event.fed_back_at, "fed_back")
        if event.type != "order.revisited.v1":
            continue
        _count(counts, _answering(before), event.revisited_at, "revisits")
        if not event.valid:
            continue
        _count(counts, _answering(before), event.revisited_at, "revisits_valid")
        cancelled = "order.cancelled.v1" in [earlier.type for earlier in before]
        approved = [earlier.disposition for earlier in _answers(before)]
        if not rated and (cancelled or approved[-1:] not in ([], ["solved"])):
            if not excluded:
                _count(counts, _answering(before), event.revisited_at, "excluded")
            excluded = True
        elif not rated:
            rated = True
            _count(counts, _answering(before), event.revisited_at, event.solved)
            _count(counts, _answering(before), event.revisited_at, event.satisfied)


def _answers(before: list[Any]) -> list[Any]:
    held_back = [event.reply_id for event in before if event.type == "order.reply_not_sent.v1"]
    return [event for event in before if event.type == "reply.approved.v1" and event.reply_id not in held_back]


def _answering(before: list[Any]) -> str | None:
    approved: list[str] = [event.unit for event in _answers(before)]
    assigned: list[str] = [event.unit for event in before if event.type == "order.assigned.v1"]
    known = approved or assigned
    return known[-1] if known else None


def _first_review(counts: Counts, told: list[Any]) -> None:
    for event in told:
        if event.type == "reply.approved.v1":
            _count(counts, event.unit, event.approved_at, "first_passes")
            return
        if event.type == "reply.rejected.v1":
            _count(counts, event.unit, event.rejected_at, "first_fails")
            return

"""A batch of events leaves what the same events leave one by one, in a few statements for however many orders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from services.sla.orders.errors import OrderNotReceived
from services.sla.service import SERVICE
from shared.contracts import EVENTS, Event
from shared.contracts.base import OrderEvent
from shared.outbox import Envelope
from shared.outbox.writer import new_id
from tests.sla import story
from tests.sla.story import SECOND, numbered
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of

WAYS: Sequence[Sequence[OrderEvent]] = (
    (
        story.received(upstream_due_at=story.local("2026-11-25T12:00")),
        story.assigned(),
        story.accepted("2026-11-23T10:05"),
        story.contacted("2026-11-23T10:30", promised_at=story.local("2026-11-24T10:00")),
        story.contacted("2026-11-24T09:00"),
        story.submitted("2026-11-24T09:30"),
        story.leader_approved("2026-11-24T10:00"),
        story.rejected("2026-11-24T11:00"),
        story.fed_back("2026-11-25T11:00"),
        story.closed("2026-11-26T11:00"),
        story.reopened("2026-11-26T12:00"),
    ),
    (
        story.received(urgent=("livelihood",), scheme="enterprise_fast"),
        story.assigned(),
        story.return_requested("2026-11-23T12:00"),
        story.return_accepted("2026-11-23T13:00"),
        story.assigned("2026-11-23T14:00", 2, SECOND, no_return=True),
        story.updated("2026-11-23T15:00", urgent=("safety",), upstream_due_at=story.local("2026-12-01T12:00")),
        story.cancelled("2026-11-27T09:00"),
        story.assigned("2026-11-27T10:00", 3),
    ),
    (
        story.received(),
        story.received(),
        # Told long after its end: the breach is told first.
        story.assigned("2026-12-07T10:00", determined_at=story.local("2026-12-06T23:50")),
        story.return_rejected("2026-12-07T11:00"),
        story.planned("2026-12-07T12:00", "2026-12-20", first="2026-12-07T10:00"),
        story.fed_back("2026-12-07T13:00"),
    ),
)


def interleaved(orders: int) -> list[OrderEvent]:
    """Every order goes one of the ways, all of them at once."""
    ways = [
        [event.model_copy(update={"order_id": numbered(number)}) for event in WAYS[number % len(WAYS)]]
        for number in range(1, orders + 1)
    ]
    return [way[step] for step in range(max(map(len, ways))) for way in ways if step < len(way)]


async def apply(desk: Desk, events: Sequence[OrderEvent], size: int) -> None:
    """As the consumer does: so many events in one transaction, held together when there is more than one."""
    for first in range(0, len(events), size):
        async with desk.runtime.works.begin(correlation="test") as work:
            envelopes = [envelope_of(event) for event in events[first : first + size]]
            if len(envelopes) > 1:
                await work.read_ahead({event.order_id for event in events[first : first + size]})
            for envelope in envelopes:
                assert envelope.event is not None
                work.cause = envelope
                for handler in SERVICE.handlers_of(type(envelope.event)):
                    await handler(work, envelope.event)


def envelope_of(event: Event) -> Envelope:
    return Envelope(
        new_id(), "/gongdan/dispatch", event.topic, event.key, 1, story.local("2026-11-23T09:00"), event, event.type,
        correlation="test", causation=None, actor="test",
    )  # fmt: skip


async def state_of(desk: Desk) -> dict[str, Any]:
    """Everything that the events left, without the ids that were drawn for it."""
    orders = await desk.rows("select * from clocked_order order by order_id")
    clocks = await desk.rows("select * from clock order by order_id, kind, occasion")
    changes = await desk.rows("select was_due_at, due_at, reason from clock_change order by due_at, reason, was_due_at")
    names = {str(row["id"]): (row["order_id"], row["kind"], row["occasion"]) for row in clocks}
    # Clocks of an order that are due at one moment end in the order of their ids, which are drawn: told clock by clock.
    told: dict[Any, list[Event]] = defaultdict(list)
    rows = await desk.rows("select type, payload from outbox order by position")
    for event in [EVENTS[row["type"]].model_validate_json(bytes(row["payload"])) for row in rows]:
        nameless = event.model_copy(update={"clock_id": None, "candidate_id": None})
        told[names.get(getattr(event, "clock_id", ""), event.key)].append(nameless)
    return {
        "orders": orders,
        "clocks": [{name: value for name, value in row.items() if name != "id"} for row in clocks],
        "changes": changes,
        "told": told,
    }


@asynccontextmanager
async def counted_statements(desk: Desk) -> AsyncIterator[list[str]]:
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(re.sub(r"\s+", " ", statement))

    engine = desk.runtime.works.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("size", [2, 7, 500])
async def test_a_batch_leaves_what_its_events_leave_one_by_one(postgres_server: DatabaseServer, size: int) -> None:
    events = interleaved(6)
    async with desk_of(SERVICE, postgres_server) as singly, desk_of(SERVICE, postgres_server) as together:
        await apply(singly, events, 1)
        await apply(together, events, size)

        expected = await state_of(singly)
        assert await state_of(together) == expected
        assert len(expected["clocks"]) > 40
        assert {row["state"] for row in expected["clocks"]} == {"running", "met", "late", "void"}


async def test_many_orders_cost_no_more_statements_than_one(desk: Desk) -> None:
    one, many = [story.received(order_id=numbered(1))], [story.received(order_id=numbered(n)) for n in range(2, 52)]
    async with counted_statements(desk) as alone:
        await apply(desk, one, 1)
    async with counted_statements(desk) as together:
        await apply(desk, many, 500)

    assert len(together) <= len(alone) + 1, together


async def test_a_batch_with_an_order_that_was_never_received_is_refused(desk: Desk) -> None:
    with pytest.raises(OrderNotReceived):
        await apply(
            desk, [story.received(), story.accepted("2026-11-23T10:05").model_copy(update={"order_id": "x"})], 2
        )

    assert await desk.rows("select 1 from clocked_order") == []


async def test_what_has_started_a_clock_before_starts_none_in_a_batch(desk: Desk) -> None:
    reviewed = story.leader_approved("2026-11-23T11:00")
    await apply(desk, [story.received(), story.assigned(), reviewed, story.rejected("2026-11-23T12:00")], 1)
    before = await state_of(desk)
    await apply(desk, [story.received(), reviewed], 2)

    assert await state_of(desk) == before

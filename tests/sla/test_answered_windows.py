"""The return window of a unit whose leader has let a reply go: dispatch refuses a return from then on, and so it ends here."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from services.sla.firing.jobs import drain
from shared.contracts.base import OrderEvent
from shared.contracts.sla import BreachExcused, ClockStopped
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    assigned,
    closed,
    fed_back,
    leader_approved,
    local,
    received,
    reopened,
    return_accepted,
    return_requested,
)
from tests.support import facts
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S3.1b", "S2.2.1f")

ASSIGNED, RELEASED, CLOSES = "2026-11-23T10:00", "2026-11-23T16:00", "2026-11-25T00:00"


async def windows(desk: Desk, order_id: str = ORDER) -> list[tuple[Any, ...]]:
    rows = await desk.rows(
        "select unit, state, stopped_at from clock where kind = 'return_window' and order_id = :of order by started_at",
        of=order_id,
    )
    return [tuple(row.values()) for row in rows]


async def test_the_window_ends_void_and_without_harm_when_the_leader_lets_the_reply_go(desk: Desk) -> None:
    released = leader_approved(RELEASED)
    await desk.tell(received(), assigned(ASSIGNED), released, released)

    assert await windows(desk) == [(UNIT, "void", local(RELEASED))]
    [stopped] = [event for event in await desk.told(ClockStopped) if event.kind == "return_window"]
    assert (stopped.void, stopped.met, stopped.stopped_at) == (True, False, local(RELEASED))
    desk.clock.set(local(CLOSES))
    await drain(desk.runtime)
    assert await windows(desk) == [(UNIT, "void", local(RELEASED))]
    assert await desk.told(BreachExcused) == []


async def test_the_window_is_the_same_in_whatever_order_the_services_are_heard(desk: Desk) -> None:
    other = facts.leader_approved(ORDER, SECOND, local("2026-11-24T12:00"), reply_id="r2", number=2)
    dispatch: tuple[OrderEvent, ...] = (assigned(ASSIGNED), assigned("2026-11-24T10:00", 2, SECOND))
    review: tuple[OrderEvent, ...] = (leader_approved(RELEASED), other)
    found = set()
    for number, mixed in enumerate(permutations((*dispatch, *review))):
        if mixed.index(dispatch[0]) > mixed.index(dispatch[1]) or mixed.index(review[0]) > mixed.index(review[1]):
            continue
        order_id = f"00000000-0000-7000-8000-0000000002{number:02d}"
        await desk.tell(
            received(order_id=order_id), *(event.model_copy(update={"order_id": order_id}) for event in mixed)
        )
        found.add(tuple(await windows(desk, order_id)))

    first, second = (UNIT, "void", local(RELEASED)), (SECOND, "void", local("2026-11-24T12:00"))
    # An answer that is heard after the next assignment finds the window void since that.
    assert found == {(first, second), ((UNIT, "void", local("2026-11-24T10:00")), second)}


async def test_an_answer_after_the_window_closed_leaves_it_as_it_closed(desk: Desk) -> None:
    await desk.tell(received(), leader_approved("2026-11-25T09:00"), assigned(ASSIGNED))
    desk.clock.set(local("2026-11-25T09:01"))
    await drain(desk.runtime)

    assert await windows(desk) == [(UNIT, "void", local(CLOSES))]


async def test_an_answer_to_an_earlier_cycle_ends_the_window_too(desk: Desk) -> None:
    redo = (fed_back("2026-11-23T17:00"), closed("2026-11-23T18:00"), reopened("2026-11-23T19:00"))
    await desk.tell(received(), assigned(ASSIGNED), reopened("2026-11-23T19:00"), leader_approved(RELEASED), *redo)

    assert await windows(desk) == [(UNIT, "void", local(RELEASED))]


@pytest.mark.parametrize("asked_at", ["2026-11-23T15:00", "2026-11-23T16:01"])
async def test_a_return_that_dispatch_took_and_that_is_heard_after_the_answer_used_the_window(
    desk: Desk, asked_at: str
) -> None:
    await desk.tell(
        received(),
        assigned(ASSIGNED),
        leader_approved(RELEASED),
        return_requested(asked_at),
        return_accepted("2026-11-23T17:00"),
    )

    assert await windows(desk) == [(UNIT, "met", local(asked_at))]


async def test_another_units_answer_leaves_the_window_open(desk: Desk) -> None:
    other = facts.leader_approved(ORDER, SECOND, local(RELEASED), reply_id="r1")
    await desk.tell(received(), assigned(ASSIGNED), other)

    assert await windows(desk) == [(UNIT, "running", None)]

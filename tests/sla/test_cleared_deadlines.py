"""The upstream's own deadline that a later version of the order no longer names, or names again."""

from __future__ import annotations

from typing import Any

import pytest

from services.sla.firing.jobs import drain
from shared.contracts.sla import BreachExcused, ClockBreached, ClockStopped
from tests.sla.story import assigned, cancelled, closed, fed_back, local, received, reopened, updated
from tests.sla.test_excused_breaches import board, breaches
from tests.support.service import Desk

pytestmark = [pytest.mark.clause("S1.1.1a"), pytest.mark.clause("S1.1.4c")]

RECEIVED, PAST, LATER = "2026-11-23T09:00", "2026-11-23T08:00", "2026-11-30T18:00"


async def clocks(desk: Desk) -> list[tuple[Any, ...]]:
    rows = await desk.rows(
        "select occasion, state, excused, breached_at is not null as late from clock where kind = 'upstream_due' "
        "order by occasion"
    )
    return [tuple(row.values()) for row in rows]


async def told(desk: Desk) -> list[ClockStopped]:
    return [event for event in await desk.told(ClockStopped) if event.kind == "upstream_due"]


async def test_a_deadline_that_was_over_and_is_cleared_is_void_and_its_breach_does_not_count(desk: Desk) -> None:
    await desk.tell(received(RECEIVED, upstream_due_at=local(PAST)))
    desk.clock.set(local("2026-11-23T09:01"))
    await drain(desk.runtime)
    assert "upstream_due" in await board(desk, "overdue")
    cleared = updated("2026-11-23T09:05")
    await desk.tell(cleared, cleared)

    assert await clocks(desk) == [("receipt", "void", True, False)]
    [excused] = await desk.told(BreachExcused)
    assert (excused.cause, excused.now_due_at) == ("upstream", None)
    assert "第2版" in excused.reason
    [stopped] = await told(desk)
    assert (stopped.void, stopped.met, stopped.stopped_at) == (True, False, local("2026-11-23T09:05"))
    assert "upstream_due" not in await board(desk, "overdue") + await breaches(desk)


async def test_a_deadline_to_come_that_is_cleared_before_the_assignment_never_fires(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED, upstream_due_at=local("2026-11-24T18:00")), updated("2026-11-23T09:05"), assigned()
    )
    desk.clock.set(local("2026-11-24T18:01"))
    await drain(desk.runtime)

    assert await clocks(desk) == [("receipt", "void", False, False)]
    assert "upstream_due" not in [event.kind for event in await desk.told(ClockBreached)]


async def test_a_deadline_that_is_named_again_is_a_clock_again(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED, upstream_due_at=local(LATER)),
        updated("2026-11-23T09:05"),
        updated("2026-11-23T09:10", 3, upstream_due_at=local(LATER)),
        updated("2026-11-23T09:15", 4),
        updated("2026-11-23T09:20", 5, upstream_due_at=local(LATER)),
    )

    assert await clocks(desk) == [
        ("receipt", "void", False, False),
        ("version:3", "void", False, False),
        ("version:5", "running", False, False),
    ]


async def test_a_deadline_that_moves_before_the_receipt_is_missed_from_the_first(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED, upstream_due_at=local(LATER)), updated("2026-11-23T09:05", upstream_due_at=local(PAST))
    )
    desk.clock.set(local("2026-11-23T09:06"))
    await drain(desk.runtime)

    assert await clocks(desk) == [("receipt", "void", False, False), ("version:2", "running", False, True)]
    [breach] = await desk.told(ClockBreached)
    assert (breach.kind, breach.due_at) == ("upstream_due", local(PAST))


@pytest.mark.parametrize("end", [closed("2026-11-25T10:00", fed_back_at=local("2026-11-25T09:00"))])
async def test_what_was_cleared_before_the_end_is_void_whatever_is_heard_first(desk: Desk, end: Any) -> None:
    await desk.tell(received(RECEIVED, upstream_due_at=local("2026-11-24T18:00")), assigned(), end)
    assert await clocks(desk) == [("receipt", "late", False, True)]
    await desk.tell(updated("2026-11-24T19:00"), fed_back("2026-11-25T09:00"))

    assert await clocks(desk) == [("receipt", "void", True, False)]


async def test_what_is_named_again_before_the_end_and_heard_after_it_is_judged_by_the_answer(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED),
        assigned(),
        closed("2026-11-25T10:00", fed_back_at=local("2026-11-25T09:00")),
        updated("2026-11-24T09:00", upstream_due_at=local("2026-11-24T18:00")),
        updated("2026-11-25T11:00", 3, upstream_due_at=local(LATER)),
    )

    assert await clocks(desk) == [("version:2", "late", False, True)]


async def test_a_deadline_that_was_answered_late_stays_late_when_a_redo_no_longer_names_it(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED, upstream_due_at=local("2026-11-24T18:00")),
        assigned(),
        fed_back("2026-11-25T09:00"),
        closed("2026-11-25T10:00"),
        reopened("2026-11-25T11:00"),
        updated("2026-11-25T12:00"),
    )

    assert await clocks(desk) == [("receipt", "late", False, True)]


async def test_a_cleared_deadline_of_a_cancelled_order_stays_void(desk: Desk) -> None:
    await desk.tell(
        received(RECEIVED, upstream_due_at=local(LATER)), updated("2026-11-23T09:05"), cancelled("2026-11-23T09:10")
    )

    assert await clocks(desk) == [("receipt", "void", False, False)]

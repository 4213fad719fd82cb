"""A breach that does not count any more: taken back on the stream of breaches, with its reason, once."""

from __future__ import annotations

from typing import Any

import pytest

from services.sla.calendar.store import current_version
from services.sla.firing.jobs import drain
from services.sla.recomputing.handlers import edit_days
from services.sla.recomputing.jobs import recompute
from shared.calendar import DayChange, Wanted
from shared.contracts import Event
from shared.contracts.sla import BreachExcused, ClockBreached
from shared.identity import Role
from tests.sla.story import (
    SECOND,
    UNIT,
    assigned,
    cancelled,
    contacted,
    fed_back,
    local,
    received,
    return_accepted,
    updated,
)
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S1.1.4b")

MIDNIGHT = "2026-11-27T00:00"


async def overdue_at_midnight(desk: Desk, **order: Any) -> None:
    """The final deadline passes at the midnight that ends Thursday; it is one minute later."""
    await desk.tell(received(**order), assigned())
    desk.clock.set(local("2026-11-27T00:01"))
    await drain(desk.runtime)


async def excused(desk: Desk, kind: str = "final") -> list[BreachExcused]:
    return [event for event in await desk.told(BreachExcused) if event.kind == kind]


async def announced(desk: Desk, kind: str = "final") -> list[str]:
    """The events about a clock on the stream of breaches, in order."""
    rows = await desk.rows(
        "select type from announcement where stream = 'breaches' and convert_from(payload, 'UTF8')::json ->> 'kind' = :kind "
        "order by position",
        kind=kind,
    )
    return [row["type"] for row in rows]


async def board(desk: Desk, name: str) -> list[str]:
    answer = await desk.http.get(f"/api/sla/v1/boards/{name}", headers=desk.bearer(Role.DISPATCHER))
    return [clock["kind"] for clock in answer.json()["items"]]


async def breaches(desk: Desk) -> list[str]:
    answer = await desk.http.get("/api/sla/v1/breaches", headers=desk.bearer(Role.DISPATCHER))
    return [clock["kind"] for clock in answer.json()["items"]]


@pytest.mark.clause("S1.1.4a")
async def test_a_breach_that_a_new_calendar_takes_back_is_excused_on_the_stream_and_the_boards(desk: Desk) -> None:
    await overdue_at_midnight(desk)
    assert "final" in await board(desk, "overdue")
    days = [DayChange(local("2026-11-25T00:00").date(), Wanted.OFF, "临时安排")]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await edit_days(work, days, reason="台风停工", document=None, base=None)
    async with desk.runtime.works.read() as session:
        version = await current_version(session)
    assert version is not None
    await recompute(desk.runtime, version)

    [breach] = [event for event in await desk.told(ClockBreached) if event.kind == "final"]
    [event] = await excused(desk)
    assert (event.clock_id, event.unit, event.key) == (breach.clock_id, UNIT, breach.key)
    assert (event.due_at, event.breached_at) == (local(MIDNIGHT), breach.breached_at)
    assert (event.cause, event.now_due_at) == ("calendar", local("2026-11-28T00:00"))
    assert "台风停工" in event.reason
    assert await announced(desk) == ["clock.breached.v1", "clock.breach_excused.v1"]
    assert "final" not in await board(desk, "overdue") + await breaches(desk)
    assert "final" in await board(desk, "excused")


@pytest.mark.clause("S1.1.1a")
@pytest.mark.parametrize(
    ("moved_to", "is_over"),
    [("2026-11-26T18:00", False), ("2026-11-24T18:05", True), ("2026-11-24T18:01", True), ("2026-11-24T17:00", True)],
)
async def test_a_deadline_that_the_upstream_moves_after_its_breach_excuses_it_and_is_missed_anew_or_not(
    desk: Desk, moved_to: str, *, is_over: bool
) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-24T18:00")))
    desk.clock.set(local("2026-11-24T18:05"))
    await drain(desk.runtime)
    await desk.tell(updated("2026-11-24T18:05", upstream_due_at=local(moved_to)))
    await drain(desk.runtime)

    [event] = await excused(desk, "upstream_due")
    assert (event.cause, event.unit, event.now_due_at) == ("upstream", None, local(moved_to))
    breaches = [event for event in await desk.told(ClockBreached) if event.kind == "upstream_due"]
    assert [event.due_at for event in breaches] == [local("2026-11-24T18:00"), *[local(moved_to)] * is_over]


@pytest.mark.clause("S1.1.4b")
@pytest.mark.parametrize(("at", "excuses"), [(MIDNIGHT, True), ("2026-11-27T00:00:01", False)])
async def test_a_cancellation_that_is_heard_after_another_assignment_excuses_what_was_breached_since(
    desk: Desk, at: str, *, excuses: bool
) -> None:
    """Dispatch, which did not know of it yet, gave the order to another unit: the clocks of the first had ended (the model)."""
    await overdue_at_midnight(desk)
    await desk.tell(assigned("2026-11-27T09:00", 2, SECOND), cancelled(at))

    assert ("final" in await breaches(desk)) is not excuses
    found = await excused(desk)
    assert [(event.unit, event.cause) for event in found] == ([(UNIT, "in_time")] if excuses else [])
    assert await desk.parked() == []


@pytest.mark.parametrize(
    ("late", "excuses"),
    [
        (fed_back(MIDNIGHT), True),
        (fed_back("2026-11-27T00:00:01"), False),
        (return_accepted(MIDNIGHT), True),
        (return_accepted("2026-11-27T00:00:01"), False),
        (cancelled(MIDNIGHT), True),
        (cancelled("2026-11-27T00:00:01"), False),
    ],
)
async def test_what_ended_the_clock_in_time_and_was_heard_after_the_breach_excuses_it(
    desk: Desk, late: Event, *, excuses: bool
) -> None:
    await overdue_at_midnight(desk)
    await desk.tell(late)

    found = await excused(desk)
    assert [(event.cause, event.now_due_at) for event in found] == ([("in_time", None)] if excuses else [])
    assert ("final" in await breaches(desk)) is not excuses
    [clock] = await desk.rows("select id, excused, breached_at from clock where kind = 'final'")
    assert (clock["excused"], clock["breached_at"] is None) == (excuses, excuses)
    path = f"/api/sla/v1/clocks/{clock['id']}/explain"
    changes = (await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))).json()["changes"]
    assert [change["was_due_at"] == change["due_at"] for change in changes] == [True] * excuses


@pytest.mark.clause("S2.2.1e")
async def test_a_promise_that_was_kept_in_time_and_heard_late_is_kept(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00", promised_at=local("2026-11-24T09:00")))
    desk.clock.set(local("2026-11-24T09:01"))
    await drain(desk.runtime)
    await desk.tell(contacted("2026-11-24T08:59"))

    assert [event.cause for event in await excused(desk, "next_contact")] == ["in_time"]
    told = [event.type for event in await desk.told() if event.type.startswith("promise.")]
    assert told == ["promise.broken.v1", "promise.kept.v1"]
    assert "next_contact" not in await board(desk, "broken-promises")


@pytest.mark.clause("X1")
async def test_deadlines_follow_from_the_facts_and_are_nobodys_decision(desk: Desk) -> None:
    dispatcher, caseworker = desk.person(Role.DISPATCHER), desk.person(Role.CASEWORKER, unit=UNIT)
    await desk.tell(received(), assigned(), by=dispatcher)
    desk.clock.set(local("2026-11-27T00:01"))
    await drain(desk.runtime)
    await desk.tell(contacted("2026-11-23T11:00"), by=caseworker)

    sent = await desk.rows("select type, headers from outbox")
    assert {"clock.started.v1", "clock.stopped.v1", "clock.breach_excused.v1"} <= {row["type"] for row in sent}
    assert {row["headers"]["actor"] for row in sent} == {"system"}
    assert {row["actor"] for row in await desk.rows("select actor from audit")} == {"system"}

"""A deadline that moves after it has passed: what counts is the deadline that holds, whenever the loop fired (A38)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pytest

from services.analytics.facts.rules import fact_of
from services.analytics.figures.rules import figures_of
from services.sla.calendar.store import version_in_force
from services.sla.firing.jobs import drain
from services.sla.recomputing.handlers import edit_days
from services.sla.recomputing.jobs import recompute
from services.sla.service import SERVICE as SLA
from shared.calendar import DayChange, Wanted
from shared.contracts.sla import BreachExcused, ClockBreached
from shared.identity import Role
from tests.sla.story import ORDER, UNIT, assigned, fed_back, local, received
from tests.sla.test_extensions import ask, asked, decide
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of

pytestmark = pytest.mark.clause("S1.1.4b", "S1.3.2e", "S1.1.4a")


@pytest.fixture
async def desk(postgres_server: DatabaseServer) -> AsyncIterator[Desk]:
    """The desk of sla, whose events the figures are made of."""
    async with desk_of(SLA, postgres_server) as desk:
        yield desk


LONG_AFTER: Final = local("2026-12-08T12:00")


@dataclass(frozen=True)
class Change:
    """Something that moves the final deadline of an order."""

    assigned_at: str
    was: str
    becomes: str
    make: Callable[[Desk], Awaitable[None]]

    @property
    def day(self) -> str:
        """The day that the new deadline ends."""
        return f"{local(self.becomes) - timedelta(microseconds=1):%Y-%m-%d}"


async def edit(desk: Desk, day: str, wanted: Wanted) -> None:
    days = [DayChange(local(f"{day}T00:00").date(), wanted, "临时安排")]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await edit_days(work, days, reason="台风停工", document=None, base=None)
    async with desk.runtime.works.read() as session:
        version = await version_in_force(session)
    await recompute(desk.runtime, version)


async def grant(desk: Desk) -> None:
    [row] = await desk.rows("select id from extension")
    assert (await decide(desk, str(row["id"]), "grant")).status_code == 200


CHANGES: Final = {
    "an extension": Change("2026-11-23T10:00", "2026-11-27T00:00", "2026-11-28T00:00", grant),
    "a day off": Change(
        "2026-11-23T10:00", "2026-11-27T00:00", "2026-11-28T00:00", lambda desk: edit(desk, "2026-11-25", Wanted.OFF)
    ),
    "a day that is worked": Change(  # a Saturday: the deadline comes to lie a day earlier
        "2026-11-26T10:00", "2026-12-02T00:00", "2026-12-01T00:00", lambda desk: edit(desk, "2026-11-28", Wanted.WORKED)
    ),
}
LOOPS: Final = ("fires in time", "fires just before the change", "fires after the change")


async def with_a_deadline(desk: Desk, change: Change) -> None:
    """An order with a unit, which has asked for another working day while it could."""
    await desk.tell(received(change.assigned_at), assigned(change.assigned_at))
    desk.clock.set(local("2026-11-26T15:00"))
    if change.make is grant:
        assert (await ask(desk, asked(workdays=1))).status_code == 201


async def fire_at(desk: Desk, moment: datetime) -> None:
    desk.clock.set(moment)
    await drain(desk.runtime)


async def overdue(desk: Desk) -> dict[str, int]:
    """On which days the order counts as overdue for its unit, and how often: by the events of sla, in their order."""
    facts = [fact for event in await desk.told() if (fact := fact_of(event)) is not None]
    return {str(key.day): count for key, count in figures_of(facts).items() if key.unit == UNIT and count}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("name", "now", "is_over"),
    [
        ("an extension", "2026-11-27T00:00", False),
        ("an extension", "2026-11-27T23:59:59.999999", False),
        ("an extension", "2026-11-28T00:00", True),
        ("an extension", "2026-12-01T08:00", True),
        ("a day off", "2026-11-27T23:59:59.999999", False),
        ("a day off", "2026-11-28T00:00", True),
        ("a day off", "2026-12-01T08:00", True),
        ("a day that is worked", "2026-11-30T23:59:59.999999", False),
        ("a day that is worked", "2026-12-01T00:00", True),
        ("a day that is worked", "2026-12-02T00:00", True),
        ("a day that is worked", "2026-12-03T08:00", True),
    ],
)
async def test_an_open_order_is_late_by_the_deadline_that_holds_on_its_day_and_once(
    desk: Desk, name: str, now: str, loop: str, *, is_over: bool
) -> None:
    change = CHANGES[name]
    await with_a_deadline(desk, change)
    if loop == LOOPS[0] and local(change.was) <= local(now):
        await fire_at(desk, local(change.was))
    desk.clock.set(local(now))
    if loop != LOOPS[2]:
        await drain(desk.runtime)

    await change.make(desk)
    await drain(desk.runtime)

    assert await overdue(desk) == ({change.day: 1} if is_over else {})
    await fire_at(desk, LONG_AFTER)
    await desk.tell(fed_back(f"{LONG_AFTER:%Y-%m-%dT%H:%M}"))
    assert await overdue(desk) == {change.day: 1}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("answered_at", "is_late"),
    [
        ("2026-11-27T00:00", False),
        ("2026-11-28T00:00", False),
        ("2026-11-28T00:00:00.000001", True),
        ("2026-12-01T08:00", True),
    ],
)
async def test_an_order_that_was_answered_before_the_change_is_late_by_the_new_deadline_or_not_at_all(
    desk: Desk, answered_at: str, loop: str, *, is_late: bool
) -> None:
    change = CHANGES["a day off"]
    await with_a_deadline(desk, change)
    if loop == LOOPS[0]:
        await fire_at(desk, local(change.was))
    desk.clock.set(local(answered_at))
    if loop == LOOPS[1]:
        await drain(desk.runtime)
    await desk.tell(fed_back(answered_at))
    desk.clock.set(LONG_AFTER)

    await change.make(desk)
    await drain(desk.runtime)

    assert await overdue(desk) == ({change.day: 1} if is_late else {})


@pytest.mark.parametrize("name", CHANGES)
async def test_what_was_published_is_taken_back_by_an_event_and_the_new_breach_follows_it(
    desk: Desk, name: str
) -> None:
    change = CHANGES[name]
    await with_a_deadline(desk, change)
    await fire_at(desk, LONG_AFTER)
    await change.make(desk)
    await drain(desk.runtime)

    breaches = [event for event in await desk.told(ClockBreached) if event.kind == "final"]
    assert [event.due_at for event in breaches] == [local(change.was), local(change.becomes)]
    assert [event.fired_late for event in breaches] == [True, True]
    [excused] = [event for event in await desk.told(BreachExcused) if event.kind == "final"]
    assert (excused.order_id, excused.due_at, excused.now_due_at) == (ORDER, local(change.was), local(change.becomes))

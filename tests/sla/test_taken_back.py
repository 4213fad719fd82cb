"""An approved reply that was never sent: its deadlines are as if it had been rejected in the review."""

from __future__ import annotations

from typing import Any

import pytest

from services.sla.firing.jobs import drain
from services.sla.service import SERVICE
from shared.contracts import Event
from shared.contracts.sla import ClockChanged, PlanBroken, PlanWoken
from tests.sla.story import (
    announced,
    assigned,
    contacted,
    fed_back,
    leader_approved,
    local,
    planned,
    received,
    rejected,
    submitted,
    updated,
)
from tests.sla.test_urgency import interleavings
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, Tell, desk_of, one_by_one, together

pytestmark = pytest.mark.clause("S1.1.4c", "S2.3d")


async def plans(desk: Desk) -> list[tuple[str, str]]:
    rows = await desk.rows("select occasion, state from clock where kind = 'plan' order by started_at, id")
    return [(row["occasion"], row["state"]) for row in rows]


async def running(desk: Desk, kind: str) -> list[dict[str, Any]]:
    return await desk.rows(
        "select occasion, due_at from clock where kind = :kind and state = 'running' order by id", kind=kind
    )


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_plan_that_is_taken_back_has_no_day(postgres_server: DatabaseServer) -> None:
    dispatch = [assigned(), submitted("2026-11-23T11:00"), planned("2026-11-23T12:00", "2026-11-25")]
    for told in interleavings(dispatch, [rejected("2026-11-23T12:01")]):
        async with desk_of(SERVICE, postgres_server) as desk:
            await desk.tell(received(), *told)
            desk.clock.set(local("2026-11-26T00:00"))
            await drain(desk.runtime)

            assert {state for _, state in await plans(desk)} <= {"void"}, told
            assert [*await desk.told(PlanWoken), *await desk.told(PlanBroken)] == []
            assert [clock["due_at"] for clock in await running(desk, "final")] == [local("2026-11-27T00:00")]
            assert await desk.parked() == []


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_second_plan_that_is_taken_back_leaves_the_first_one_that_the_upstream_knows(
    postgres_server: DatabaseServer,
) -> None:
    first = [assigned(), submitted("2026-11-23T10:30"), planned("2026-11-23T11:00", "2026-11-25")]
    second = [submitted("2026-11-23T12:00", "r2"), planned("2026-11-23T13:00", "2026-12-10", "r2")]
    for told in interleavings(second, [rejected("2026-11-23T13:01", "r2", 2)]):
        async with desk_of(SERVICE, postgres_server) as desk:
            await desk.tell(received(), *first, announced("2026-11-23T11:05"), *told)
            now = await running(desk, "plan")
            changed = await desk.told(ClockChanged)
            desk.clock.set(local("2026-11-26T00:00"))
            await drain(desk.runtime)

            assert now == [{"occasion": "plan:r1", "due_at": local("2026-11-26T00:00")}], told
            assert [event.reopened for event in changed] in ([], [True]), "where it had ended, it is told to run again"
            assert [str(event.plan_on) for event in await desk.told(PlanWoken)] == ["2026-11-25"]
            assert [str(event.plan_on) for event in await desk.told(PlanBroken)] == ["2026-11-25"]
            assert await desk.parked() == []


@pytest.mark.clause("S2.2.2f")
@pytest.mark.parametrize("way", [one_by_one, together], ids=lambda way: way.__name__)
async def test_a_plan_that_runs_again_ends_with_its_completion(desk: Desk, way: Tell) -> None:
    first = planned("2026-11-23T11:00", "2026-12-01")
    await desk.tell(
        received(), assigned(), first, announced("2026-11-23T11:05"), planned("2026-11-23T13:00", "2026-12-10", "r2")
    )
    await way(desk, [rejected("2026-11-23T13:01", "r2", 2), fed_back("2026-11-23T15:00", "r3")])

    assert await plans(desk) == [("plan:r1", "met"), ("plan:r2", "void")]
    assert await desk.parked() == []


@pytest.mark.clause("S2.2.2f")
async def test_a_plan_that_was_broken_meanwhile_reminds_again(desk: Desk) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-23T11:00", "2026-11-24"), announced("2026-11-23T11:05"))
    desk.clock.set(local("2026-11-25T09:00"))
    await drain(desk.runtime)
    await desk.tell(planned("2026-11-25T10:00", "2026-12-10", "r2"), rejected("2026-11-25T10:01", "r2", 2))

    [clock] = await desk.rows(
        "select occasion, breached_at is not null as late, next_at from clock where kind = 'plan' and state = 'running'"
    )
    assert (clock["occasion"], clock["late"]) == ("plan:r1", True)
    assert clock["next_at"] > desk.clock.now()


@pytest.mark.clause("S2.3a")
async def test_the_review_of_a_later_reply_goes_on(desk: Desk) -> None:
    """An approved plan was completed at once, while nobody knew yet that its announcement was not sent."""
    await desk.tell(
        received(),
        assigned(),
        submitted("2026-11-23T11:00"),
        leader_approved("2026-11-23T11:30"),
        planned("2026-11-23T12:00", "2026-12-10"),
        submitted("2026-11-23T13:00", "r2"),
        leader_approved("2026-11-23T13:30", "r2", 2),
        rejected("2026-11-23T14:00"),
    )

    assert [clock["occasion"] for clock in await running(desk, "review_turnaround")] == ["round:2:r2"]


URGENT = updated("2026-11-23T12:00", 1, flags_version=2, urgent=("safety",), changed=("urgent", "out_of_scope"))
GIVEN_BACK = [("2026-11-23T15:00", "2026-11-24T15:00", "running")]


@pytest.mark.clause("S1.3.1c", "S1.3.1d")
@pytest.mark.parametrize(
    ("dispatch", "days"),
    [
        ([submitted("2026-11-23T11:00")], GIVEN_BACK),
        ([submitted("2026-11-23T11:00"), planned("2026-11-23T11:30", "2026-12-10")], GIVEN_BACK),
        ([submitted("2026-11-23T11:00"), planned("2026-11-23T12:30", "2026-12-10")], GIVEN_BACK),
        ([contacted("2026-11-23T10:30"), submitted("2026-11-23T11:00")], []),
        (
            [
                submitted("2026-11-23T11:00"),
                planned("2026-11-23T11:30", "2026-12-10"),
                contacted("2026-11-23T14:00"),
            ],
            [],
        ),
    ],
    ids=["approved", "planned before", "planned after", "reached before", "reached after the plan"],
)
async def test_an_order_that_turned_urgent_before_the_reply_was_taken_back_has_its_day_from_then(
    postgres_server: DatabaseServer, dispatch: list[Event], days: list[tuple[str, str, str]]
) -> None:
    for others in interleavings([assigned(), *dispatch], [URGENT]):
        for told in interleavings(others, [rejected("2026-11-23T15:00")]):
            async with desk_of(SERVICE, postgres_server) as desk:
                await desk.tell(received(), *told)
                found = await desk.rows(
                    "select started_at, due_at, state from clock where kind = 'caller_reply' and state <> 'void'"
                )
                assert await desk.parked() == []
            shown = [(row["started_at"], row["due_at"], row["state"]) for row in found if row["state"] != "met"]
            assert shown == [(local(start), local(end), state) for start, end, state in days], told

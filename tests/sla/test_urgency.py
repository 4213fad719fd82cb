"""The urgent classes of an order are intake's: the latest hold in sla, whatever was heard of dispatch before or after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.sla.firing.jobs import drain
from services.sla.service import SERVICE
from shared.contracts import Event
from shared.contracts.sla import BreachExcused, ClockBreached, ClockStopped
from tests.sla.story import (
    SECOND,
    assigned,
    cancelled,
    closed,
    contacted,
    fed_back,
    local,
    planned,
    received,
    rejected,
    reopened,
    submitted,
    updated,
)
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of

pytestmark = pytest.mark.clause("S1.3.1a", "S1.3.1c")


def decided(at: str, flags_version: int, *urgent: str) -> Event:
    """A person decided the urgent classes: the content is the one of the receipt."""
    return updated(at, 1, flags_version=flags_version, urgent=urgent, changed=("urgent", "out_of_scope"))


async def caller_replies(desk: Desk) -> list[dict[str, Any]]:
    return await desk.rows(
        "select started_at, due_at, state, breached_at is not null as breached from clock where kind = 'caller_reply' "
        "order by started_at, id"
    )


async def test_without_its_last_class_the_24_hours_end_and_their_breach_is_excused(desk: Desk) -> None:
    await desk.tell(received(urgent=("safety",)), assigned())
    desk.clock.set(local("2026-11-24T10:01"))
    await drain(desk.runtime)
    assert "caller_reply" in {event.kind for event in await desk.told(ClockBreached)}
    await desk.tell(decided("2026-11-24T10:05", 2))

    [clock] = await caller_replies(desk)
    assert (clock["state"], clock["breached"]) == ("void", False)
    [excused] = await desk.told(BreachExcused)
    assert (excused.kind, excused.cause, excused.now_due_at) == ("caller_reply", "not_urgent", None)
    [stopped] = [event for event in await desk.told(ClockStopped) if event.kind == "caller_reply"]
    assert stopped.void
    # Everything else runs on as it was.
    [final] = await desk.rows("select state, due_at from clock where kind = 'final'")
    assert final == {"state": "running", "due_at": local("2026-11-27T00:00")}


async def test_a_deadline_that_passed_while_the_loop_stood_still_is_no_breach_of_an_order_that_is_not_urgent(
    desk: Desk,
) -> None:
    await desk.tell(received(urgent=("policy",)), assigned())
    desk.clock.set(local("2026-11-24T12:00"))
    await desk.tell(decided("2026-11-24T12:00", 2))

    assert "caller_reply" not in {event.kind for event in await desk.told(ClockBreached)}


async def test_one_class_for_another_leaves_the_24_hours_running(desk: Desk) -> None:
    await desk.tell(received(urgent=("safety",)), assigned(), decided("2026-11-23T12:00", 2, "policy"))

    [clock] = await caller_replies(desk)
    assert (clock["state"], clock["due_at"]) == ("running", local("2026-11-24T10:00"))


async def test_an_older_decision_and_the_same_once_more_change_nothing(desk: Desk) -> None:
    await desk.tell(received(), assigned(), decided("2026-11-23T12:00", 3, "safety"))
    before = await desk.rows("select * from clocked_order"), await caller_replies(desk)
    await desk.tell(decided("2026-11-23T11:00", 2), decided("2026-11-23T12:00", 3, "safety"))

    assert (await desk.rows("select * from clocked_order"), await caller_replies(desk)) == before


async def test_an_order_that_is_urgent_again_has_another_day(desk: Desk) -> None:
    await desk.tell(received(urgent=("policy",)), assigned())
    await desk.tell(decided("2026-11-23T12:00", 2), decided("2026-11-23T15:00", 3, "safety"))

    assert [(clock["state"], clock["due_at"]) for clock in await caller_replies(desk)] == [
        ("void", local("2026-11-24T10:00")),
        ("running", local("2026-11-24T15:00")),
    ]


@pytest.mark.clause("S1.3.1b")
async def test_safety_ends_the_quiet_hours_and_without_it_they_hold_again(desk: Desk) -> None:
    async def next_at() -> Any:
        [row] = await desk.rows("select next_at from clock where kind = 'caller_reply'")
        return row["next_at"]

    await desk.tell(received(urgent=("livelihood",)), assigned("2026-11-23T14:00"))
    quiet = await next_at()
    await desk.tell(decided("2026-11-23T15:00", 2, "livelihood", "safety"))
    at_once = await next_at()
    await desk.tell(decided("2026-11-23T16:00", 3, "livelihood"))

    assert (quiet, at_once) == (local("2026-11-24T07:00"), local("2026-11-24T02:00"))
    assert await next_at() == quiet


def interleavings(one: Sequence[Event], other: Sequence[Event]) -> Iterator[list[Event]]:
    """Both in their own sequence, in every mixture."""
    if not one or not other:
        yield [*one, *other]
        return
    for rest in interleavings(one[1:], other):
        yield [one[0], *rest]
    for rest in interleavings(one, other[1:]):
        yield [other[0], *rest]


OF_DISPATCH: dict[str, list[Event]] = {
    "unanswered": [assigned()],
    "answered before": [assigned(), contacted("2026-11-23T11:00")],
    "answered after": [assigned(), contacted("2026-11-23T16:00")],
    "answered late": [assigned(), contacted("2026-11-24T16:00")],
    "closed": [assigned(), closed("2026-11-23T16:00")],
    "another unit": [assigned(), assigned("2026-11-23T17:00", 2, SECOND)],
    "under review": [assigned(), submitted("2026-11-23T11:00")],
    "reviewed after": [assigned(), submitted("2026-11-23T13:00")],
    "planned before": [assigned(), submitted("2026-11-23T11:00"), planned("2026-11-23T11:30", "2026-12-10")],
    "answered before a redo": [assigned(), contacted("2026-11-23T10:30"), reopened("2026-11-23T11:00")],
    "cancelled": [assigned()],
}
OF_INTAKE: dict[str, list[Event]] = {
    "turns urgent": [decided("2026-11-23T12:00", 2, "safety")],
    "is urgent no more": [decided("2026-11-23T12:00", 2, "safety"), decided("2026-11-24T18:00", 3)],
}


@pytest.mark.parametrize("intake", OF_INTAKE)
@pytest.mark.parametrize("dispatch", OF_DISPATCH)
async def test_what_counts_does_not_depend_on_which_service_is_heard_first(
    postgres_server: DatabaseServer, intake: str, dispatch: str
) -> None:
    ended = [cancelled("2026-11-25T09:00")] if dispatch == "cancelled" else []
    found = []
    for events in interleavings(OF_DISPATCH[dispatch], [*OF_INTAKE[intake], *ended]):
        async with desk_of(SERVICE, postgres_server) as desk:
            await desk.tell(received())
            desk.clock.set(local("2026-11-24T18:00"))
            await desk.tell(*events)
            desk.clock.set(local("2026-11-24T18:00") + timedelta(days=2))
            await drain(desk.runtime)
            # One that ended without a breach is history once the order is not urgent.
            states = ("running", "late", "met") if intake == "turns urgent" else ("running", "late")
            counted = [c for c in await caller_replies(desk) if c["breached"] or c["state"] in states]
            assert await desk.parked() == []
        found.append(counted)
    # Of a cancelled order no clock starts once that is heard.
    if dispatch != "cancelled":
        assert all(counted == found[0] for counted in found), found


URGENT_AT_NOON = decided("2026-11-23T12:00", 2, "safety")
SEQUENCES: dict[str, tuple[list[Event], list[Event], list[Event], list[tuple[str, str, str]]]] = {
    "a rejected reply gives the clock back": (
        [assigned(), submitted("2026-11-23T11:00")],
        [URGENT_AT_NOON],
        [rejected("2026-11-23T15:00")],
        [("2026-11-23T15:00", "2026-11-24T15:00", "running")],
    ),
    "a rejected reply of a unit that has answered the caller gives none": (
        [assigned(), contacted("2026-11-23T10:30"), submitted("2026-11-23T11:00")],
        [URGENT_AT_NOON],
        [rejected("2026-11-23T15:00")],
        [],
    ),
    "a reply that was rejected before the order turned urgent": (
        [assigned(), submitted("2026-11-23T10:30")],
        [URGENT_AT_NOON],
        [rejected("2026-11-23T11:00")],
        [("2026-11-23T12:00", "2026-11-24T12:00", "running")],
    ),
    "an acknowledged reply ends it": (
        [assigned(), submitted("2026-11-23T13:00")],
        [URGENT_AT_NOON, fed_back("2026-11-23T16:00")],
        [],
        [("2026-11-23T12:00", "2026-11-24T12:00", "met")],
    ),
    "with the upstream no day begins": (
        [assigned(), submitted("2026-11-23T10:30")],
        [fed_back("2026-11-23T11:00"), URGENT_AT_NOON],
        [],
        [],
    ),
    "nor on the day of a plan that was completed before it": (
        [
            assigned("2026-11-20T10:00"),
            submitted("2026-11-20T10:30"),
            planned("2026-11-20T11:00", "2026-11-23"),
            submitted("2026-11-20T13:00", "r2"),
        ],
        [fed_back("2026-11-20T15:00", "r2"), URGENT_AT_NOON],
        [],
        [],
    ),
    "found while the reply is with the upstream, the day begins with the redo": (
        [assigned(), contacted("2026-11-23T10:15"), submitted("2026-11-23T10:30"), reopened("2026-11-23T12:30")],
        [fed_back("2026-11-23T11:00"), URGENT_AT_NOON],
        [],
        [("2026-11-23T12:30", "2026-11-24T12:30", "running")],
    ),
    "the caller of an urgent order waits again after a redo": (
        [assigned(), contacted("2026-11-23T13:00"), submitted("2026-11-23T13:30"), reopened("2026-11-23T15:00")],
        [URGENT_AT_NOON, fed_back("2026-11-23T14:00")],
        [],
        [
            ("2026-11-23T12:00", "2026-11-24T12:00", "met"),
            ("2026-11-23T15:00", "2026-11-24T15:00", "running"),
        ],
    ),
    "and the acknowledgement of the reply to the redo ends it": (
        [assigned(), submitted("2026-11-23T10:30"), reopened("2026-11-23T12:30"), submitted("2026-11-23T13:00", "r2")],
        [fed_back("2026-11-23T11:00"), URGENT_AT_NOON, fed_back("2026-11-23T14:00", "r2", redos=1)],
        [],
        [("2026-11-23T12:30", "2026-11-24T12:30", "met")],
    ),
    "after a redo it begins again": (
        [assigned(), contacted("2026-11-23T10:15"), submitted("2026-11-23T10:30"), reopened("2026-11-23T11:30")],
        [fed_back("2026-11-23T11:00"), URGENT_AT_NOON],
        [],
        [("2026-11-23T12:00", "2026-11-24T12:00", "running")],
    ),
}


@pytest.mark.clause("S1.3.1d")
@pytest.mark.parametrize("sequence", SEQUENCES)
async def test_nobody_has_24_hours_that_cannot_be_kept(postgres_server: DatabaseServer, sequence: str) -> None:
    dispatch, intake, review, wanted = SEQUENCES[sequence]
    for two in interleavings(dispatch, intake):
        for events in interleavings(two, review):
            async with desk_of(SERVICE, postgres_server) as desk:
                await desk.tell(received())
                desk.clock.set(local("2026-11-23T18:00"))
                await desk.tell(*events)
                valid = [clock for clock in await caller_replies(desk) if clock["state"] != "void" or clock["breached"]]
                assert await desk.parked() == []
            found = [(clock["started_at"], clock["due_at"], clock["state"]) for clock in valid]
            assert found == [(local(starts), local(due), state) for starts, due, state in wanted], events

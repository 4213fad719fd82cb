"""What each fact of an order does to its clocks: started, stopped, void, moved."""

from __future__ import annotations

import pytest

from services.sla.service import SERVICE
from shared.contracts.sla import ClockBreached, ClockChanged, ClockStarted, ClockStopped
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    assigned,
    cancelled,
    closed,
    contacted,
    fed_back,
    local,
    noted,
    received,
    reopened,
    return_accepted,
    return_requested,
    updated,
)
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of


async def states(desk: Desk) -> dict[str, str]:
    """kind and occasion of every clock with its state."""
    rows = await desk.rows("select kind, occasion, state from clock order by kind, occasion")
    return {f"{row['kind']} {row['occasion']}": row["state"] for row in rows}


@pytest.mark.clause("S1.1.4a")
@pytest.mark.clause("S1.1.3")
async def test_an_order_starts_the_districts_clocks_on_receipt_and_the_units_on_assignment(desk: Desk) -> None:
    await desk.tell(received(), assigned())

    started = {event.kind: event for event in await desk.told(ClockStarted)}
    assert set(started) == {
        "district_final",
        "same_day_dispatch",
        "final",
        "accept",
        "first_contact",
        "progress_note",
        "return_window",
    }
    assert started["final"].due_at == local("2026-11-27T00:00")
    assert started["final"].started_at == local("2026-11-23T10:00")
    assert started["district_final"].started_at == local("2026-11-23T09:00")
    assert (started["final"].unit, started["district_final"].unit) == (UNIT, None)
    assert not started["final"].provisional


@pytest.mark.clause("S1.2.2a")
@pytest.mark.clause("S1.2.2c")
async def test_an_enterprise_order_keeps_its_final_clock_running_after_the_first_reply(desk: Desk) -> None:
    await desk.tell(received(scheme="enterprise_fast", subject="enterprise"), assigned(), contacted("2026-11-24T09:00"))

    found = await states(desk)
    assert found["first_reply assignment:1"] == "met"
    assert found["final assignment:1"] == "running"


@pytest.mark.clause("S1.3.1d")
@pytest.mark.parametrize(
    ("recorded_at", "outcome", "state"),
    [
        ("2026-11-24T10:00", "reached", "met"),
        ("2026-11-24T10:01", "reached", "late"),
        ("2026-11-24T09:00", "refused", "running"),
        ("2026-11-24T09:00", "not_reached", "running"),
    ],
)
async def test_only_a_reached_caller_stops_the_24_hours_and_nothing_else(
    desk: Desk, recorded_at: str, outcome: str, state: str
) -> None:
    await desk.tell(received(urgent=("safety",)), assigned(), contacted(recorded_at, outcome))

    found = await states(desk)
    assert found["caller_reply assignment:1"] == state
    assert found["final assignment:1"] == "running"


@pytest.mark.clause("S2.2.1b")
async def test_a_failed_attempt_leaves_the_first_contact_running(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-23T11:00", "not_reached"))
    assert (await states(desk))["first_contact assignment:1"] == "running"

    await desk.tell(contacted("2026-11-23T15:00", "not_reached", counts=True, attempt=2))
    assert (await states(desk))["first_contact assignment:1"] == "met"


@pytest.mark.clause("S2.2.1a")
async def test_the_moment_of_recording_counts_and_not_the_one_that_was_claimed(desk: Desk) -> None:
    await desk.tell(received(), assigned(), contacted("2026-11-24T09:00", contacted_at=local("2026-11-23T11:00")))

    assert (await states(desk))["first_contact assignment:1"] == "late"


@pytest.mark.clause("S2.2.1e")
async def test_a_promise_is_kept_by_a_contact_alone_and_a_new_promise_does_not_undo_the_old(desk: Desk) -> None:
    await desk.tell(
        received(),
        assigned(),
        contacted("2026-11-23T11:00", promised_at=local("2026-11-24T10:00")),
        noted("2026-11-23T16:00", "2026-11-24T16:00"),
        contacted("2026-11-24T15:00"),
    )

    promises = [state for name, state in (await states(desk)).items() if name.startswith("next_contact")]
    assert promises == ["late", "met"]


@pytest.mark.clause("S2.2.1i")
@pytest.mark.clause("S2.2.1f")
async def test_a_return_never_stops_the_districts_clocks_and_the_next_unit_starts_anew(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-30T18:00")), assigned())
    await desk.tell(return_requested("2026-11-24T10:00"))
    pending = await states(desk)
    await desk.tell(return_accepted("2026-11-24T11:00"))
    returned = await states(desk)
    await desk.tell(assigned("2026-11-24T15:00", 2, SECOND))
    again = await states(desk)

    assert pending["return_window assignment:1"] == "met"
    assert pending["final assignment:1"] == "running"
    assert returned["final assignment:1"] == "void"
    assert returned["same_day_dispatch return:1"] == "running"
    assert again["same_day_dispatch return:1"] == "met"
    for state in (pending, returned, again):
        assert (state["district_final receipt"], state["upstream_due receipt"]) == ("running", "running")
    final = [event for event in await desk.told(ClockStarted) if event.kind == "final"]
    assert [(event.unit, event.due_at) for event in final] == [
        (UNIT, local("2026-11-27T00:00")),
        (SECOND, local("2026-11-28T00:00")),
    ]


async def test_a_confirmed_assignment_opens_no_return_window(desk: Desk) -> None:
    await desk.tell(received(), assigned(no_return=True))

    assert "return_window assignment:1" not in await states(desk)


@pytest.mark.clause("S1.1.4a")
@pytest.mark.parametrize(
    ("at", "state"), [("2026-11-26T23:59", "met"), ("2026-11-27T00:00", "met"), ("2026-11-27T00:01", "late")]
)
async def test_the_feedback_stops_the_final_clocks_once_in_time_or_late(desk: Desk, at: str, state: str) -> None:
    await desk.tell(received(), assigned(), fed_back(at), fed_back(at))

    found = await states(desk)
    assert (found["final assignment:1"], found["district_final receipt"]) == (state, state)
    stopped = [event for event in await desk.told(ClockStopped) if event.kind == "final"]
    assert [event.met for event in stopped] == [state == "met"]


async def test_a_closed_order_has_nothing_running_and_a_reopened_one_gets_a_new_final_clock(desk: Desk) -> None:
    await desk.tell(received(), assigned(), fed_back("2026-11-25T10:00"), closed("2026-11-26T10:00"))
    assert "running" not in (await states(desk)).values()

    await desk.tell(reopened("2026-11-27T10:00"), reopened("2026-11-27T10:00"))
    found = await states(desk)
    assert found["final redo:1"] == "running"
    assert found["final assignment:1"] == "met"
    due = [event.due_at for event in await desk.told(ClockStarted) if event.kind == "final"][-1]
    assert due == local("2026-12-03T00:00")


async def test_a_cancelled_order_has_no_clock_also_when_an_assignment_comes_after_the_cancellation(desk: Desk) -> None:
    await desk.tell(received(), cancelled("2026-11-23T09:30"), assigned("2026-11-23T09:29"))

    assert set((await states(desk)).values()) == {"void"}
    assert all(event.void for event in await desk.told(ClockStopped))


async def test_the_same_facts_again_start_nothing_twice(desk: Desk) -> None:
    await desk.tell(received(), received(), assigned(), assigned())

    started = [event.kind for event in await desk.told(ClockStarted)]
    assert sorted(started) == sorted(set(started))


@pytest.mark.clause("S2.1b")
async def test_determined_at_2350_and_assigned_at_0010_is_a_breach_at_once(desk: Desk) -> None:
    desk.clock.set(local("2026-11-24T00:10"))
    await desk.tell(received("2026-11-23T23:00"), assigned("2026-11-24T00:10", determined_at=local("2026-11-23T23:50")))

    found = await states(desk)
    assert found["same_day_dispatch determined:1"] == "late"
    assert found["same_day_dispatch receipt"] == "met"
    [breach] = await desk.told(ClockBreached)
    assert (breach.kind, breach.late_by_seconds) == ("same_day_dispatch", 600)


@pytest.mark.clause("S1.1.4c")
async def test_an_upstream_that_moves_its_deadline_moves_our_clock_and_the_old_due_is_kept(desk: Desk) -> None:
    await desk.tell(
        received(upstream_due_at=local("2026-11-26T18:00")),
        updated("2026-11-24T09:00", upstream_due_at=local("2026-11-30T18:00")),
        updated("2026-11-24T10:00", 3, upstream_due_at=local("2026-11-30T18:00")),
    )

    [change] = await desk.told(ClockChanged)
    assert (change.was_due_at, change.due_at) == (local("2026-11-26T18:00"), local("2026-11-30T18:00"))
    [row] = await desk.rows("select original_due_at, due_at from clock where kind = 'upstream_due'")
    assert row["original_due_at"] == local("2026-11-26T18:00")
    assert [r["reason"] for r in await desk.rows("select reason from clock_change")] == [change.reason]
    assert [r["action"] for r in await desk.rows("select action from audit")] == ["clock.changed"]


@pytest.mark.clause("S1.3.1c")
async def test_an_order_that_turns_urgent_with_its_unit_gets_the_24_hours(desk: Desk) -> None:
    await desk.tell(received(), assigned(), updated("2026-11-24T15:00", urgent=("safety",)))

    assert (await states(desk))["caller_reply urgent:2"] == "running"


@pytest.mark.clause("S1.1.4a")
async def test_a_deadline_that_reaches_the_unpublished_year_says_so(desk: Desk) -> None:
    await desk.tell(received("2026-12-30T09:00"), assigned("2026-12-30T10:00"))

    provisional = {event.kind: event.provisional for event in await desk.told(ClockStarted)}
    assert provisional == {
        "district_final": True,
        "same_day_dispatch": False,
        "final": True,
        "accept": False,
        "first_contact": False,
        "progress_note": False,
        "return_window": True,  # ends on 31 December, which the notice of the coming year may move
    }


async def test_an_event_of_an_order_that_was_never_received_waits_for_an_operator(
    postgres_server: DatabaseServer,
) -> None:
    async with desk_of(SERVICE, postgres_server) as desk:
        await desk.tell(assigned())

        [waiting] = await desk.parked()
        assert (waiting["key"], waiting["reason"]) == (ORDER, "refused")
        assert await desk.rows("select 1 from clock") == []


STORY = (
    received(upstream_due_at=local("2026-11-30T18:00")),
    updated("2026-11-23T09:30", urgent=("safety",), upstream_due_at=local("2026-11-27T18:00")),
    assigned(),
    contacted("2026-11-23T11:00", promised_at=local("2026-11-24T10:00")),
    return_requested("2026-11-24T09:00"),
    return_accepted("2026-11-24T10:00"),
    assigned("2026-11-24T11:00", 2, SECOND),
    contacted("2026-11-24T12:00", unit=SECOND),
    fed_back("2026-11-26T10:00"),
    closed("2026-11-27T10:00"),
    reopened("2026-11-27T11:00"),
)


async def test_all_events_of_an_order_in_one_transaction_end_like_one_event_at_a_time(
    desk: Desk, postgres_server: DatabaseServer
) -> None:
    await desk.tell(*STORY)
    async with desk_of(SERVICE, postgres_server) as together:
        async with together.runtime.works.begin() as work:
            for event in STORY:
                for handler in SERVICE.handlers_of(type(event)):
                    await handler(work, event)

        assert await states(together) == await states(desk)
        assert [type(event) for event in await together.told()] == [type(event) for event in await desk.told()]
        columns = "select unit, urgent, upstream_due_at, ended_at from clocked_order"
        assert await together.rows(columns) == await desk.rows(columns)
    assert (await states(desk))["final redo:1"] == "running"

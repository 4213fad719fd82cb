"""An acknowledgement stops the clocks of the cycle whose reply it acknowledges, however late it is heard."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from shared.contracts.base import OrderEvent
from shared.contracts.sla import ClockStopped
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    announced,
    assigned,
    closed,
    fed_back,
    local,
    planned,
    received,
    reopened,
)
from tests.support import facts
from tests.support.service import Desk

IN_TIME, LATE = "2026-11-25T10:00", "2026-11-27T09:00"


async def states(desk: Desk, order_id: str = ORDER) -> dict[str, str]:
    """Kind and occasion of every clock of the order with its state."""
    rows = await desk.rows("select kind, occasion, state from clock where order_id = :of", of=order_id)
    return {f"{row['kind']} {row['occasion']}": row["state"] for row in rows}


@pytest.mark.clause("S1.1.4a", "S2.3b")
async def test_a_late_acknowledgement_of_an_earlier_cycle_leaves_the_redos_deadline_running(desk: Desk) -> None:
    await desk.tell(received(), assigned(), fed_back(IN_TIME), reopened("2026-11-25T11:00", fed_back_at=local(IN_TIME)))
    await desk.tell(fed_back("2026-11-25T12:00", "r1"))

    found = await states(desk)
    assert (found["final assignment:1"], found["final redo:1"]) == ("met", "running")
    assert "revisit reply:r1" not in {name for name, state in found.items() if state == "running"}


@pytest.mark.clause("S1.1.4a", "S2.3b")
@pytest.mark.parametrize(("at", "state"), [(IN_TIME, "met"), (LATE, "late")])
@pytest.mark.parametrize("after", ["closed", "reopened"])
async def test_the_clocks_of_a_cycle_end_met_or_late_and_never_void_in_whatever_order_its_end_is_heard(
    desk: Desk, after: str, at: str, state: str
) -> None:
    ending = (
        closed("2026-11-27T10:00", fed_back_at=local(at))
        if after == "closed"
        else reopened("2026-11-27T10:00", fed_back_at=local(at))
    )
    await desk.tell(received(), assigned(), ending, fed_back(at))

    found = await states(desk)
    assert (found["final assignment:1"], found["district_final receipt"]) == (state, state)
    assert found.get("final redo:1") == (None if after == "closed" else "running")
    stopped = {event.stopped_at for event in await desk.told(ClockStopped) if event.kind == "final"}
    assert stopped == {local(at)}


TWO_CYCLES: Sequence[OrderEvent] = (
    fed_back("2026-11-24T10:00", "r1", redos=0),
    reopened("2026-11-24T11:00", fed_back_at=local("2026-11-24T10:00")),
    fed_back("2026-11-25T10:00", "r2", redos=1),
    closed("2026-11-26T10:00", redos=1, fed_back_at=local("2026-11-25T10:00")),
)


@pytest.mark.clause("S1.1.4a")
async def test_two_cycles_end_alike_however_the_streams_of_two_services_are_mixed(desk: Desk) -> None:
    """Each service's own stream keeps its sequence; the two are not ordered with each other."""
    ends = {}
    for number, mixed in enumerate(permutations(TWO_CYCLES)):
        kinds = [TWO_CYCLES.index(event) for event in mixed]
        if kinds.index(0) > kinds.index(2) or kinds.index(1) > kinds.index(3):
            continue
        order_id = f"00000000-0000-7000-8000-0000000001{number:02d}"
        events = [event.model_copy(update={"order_id": order_id}) for event in mixed]
        await desk.tell(received(order_id=order_id), assigned(order_id=order_id), *events)
        found = await states(desk, order_id)
        ends[tuple(kinds)] = (
            found["final assignment:1"],
            found["final redo:1"],
            found["district_final receipt"],
            "running" in found.values(),
        )

    assert set(ends.values()) == {("met", "met", "met", False)}
    assert len(ends) == 6


@pytest.mark.clause("S2.2.2f")
async def test_a_redo_ends_the_plan_and_the_call_back_of_the_reply_that_it_rejects(desk: Desk) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-24T10:00", "2026-12-20"), announced("2026-11-24T10:05"))
    await desk.tell(reopened("2026-11-24T11:00", fed_back_at=local("2026-11-24T10:05")))

    found = await states(desk)
    assert (found["plan plan:r1"], found["final redo:1"]) == ("void", "running")


@pytest.mark.clause("S1.1.4a")
async def test_a_unit_that_got_the_order_after_the_reply_that_a_redo_rejects_has_not_met_its_deadlines_by_it(
    desk: Desk,
) -> None:
    """Its clocks ended as met, at a moment before they began (the model of the order found it)."""
    await desk.tell(received(urgent=("safety",)), assigned(), planned("2026-11-23T11:00", "2026-11-24"))
    await desk.tell(announced("2026-11-23T11:05"), assigned("2026-11-24T08:40", 2, SECOND))
    answered_at = local("2026-11-23T11:05")
    await desk.tell(facts.reopened(ORDER, SECOND, local("2026-11-24T09:00"), redos=1, fed_back_at=answered_at))

    found = await states(desk)
    assert (found["final assignment:1"], found["final assignment:2"], found["final redo:1"]) == (
        "met",
        "void",
        "running",
    )
    assert (found["caller_reply assignment:2"], found["caller_reply redo:1"]) == ("void", "running")
    assert found["progress_note assignment:2"] == "running"


async def test_a_reply_that_a_redo_made_void_starts_no_review(desk: Desk) -> None:
    """Its leader approved it before he could know."""
    at = local(IN_TIME)
    await desk.tell(received(), assigned(), fed_back(IN_TIME), reopened(IN_TIME, fed_back_at=at))
    await desk.tell(facts.leader_approved(ORDER, UNIT, at, reply_id="r2", number=2))
    await desk.tell(facts.leader_approved(ORDER, UNIT, at, reply_id="r3", number=3, redos=1))

    found = await states(desk)
    assert [name for name in found if name.startswith("review_turnaround")] == ["review_turnaround round:3:r3"]


@pytest.mark.clause("S2.2.2b")
async def test_an_exclusion_that_its_acknowledgement_closed_has_no_call_back_that_was_met(desk: Desk) -> None:
    at = local(IN_TIME)
    await desk.tell(received(), assigned(), fed_back(IN_TIME))
    await desk.tell(facts.closed(ORDER, UNIT, at, disposition="out_of_scope", fed_back_at=at))

    found = await states(desk)
    assert (found["revisit reply:r1"], found["final assignment:1"]) == ("void", "met")


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize("reopened_first", [True, False])
async def test_a_late_call_about_an_earlier_reply_does_not_end_the_clock_of_the_call_about_the_present_one(
    desk: Desk, reopened_first: bool
) -> None:
    again = reopened("2026-11-24T11:00", fed_back_at=local("2026-11-24T10:00"))
    answered = fed_back("2026-11-25T10:00", "r2", redos=1)
    late = facts.revisited(ORDER, local("2026-11-24T10:30"), redos=0)
    await desk.tell(received(), assigned(), fed_back("2026-11-24T10:00", "r1"))
    await desk.tell(*((again, answered, late) if reopened_first else (answered, late, again)))
    assert (await states(desk))["revisit reply:r2"] == "running"

    of_plan = facts.revisited(ORDER, local("2026-11-25T09:00"), revisit=2, redos=1, of_earlier_reply=True)
    await desk.tell(of_plan)
    assert (await states(desk))["revisit reply:r2"] == "running"

    await desk.tell(facts.revisited(ORDER, local("2026-11-25T11:00"), revisit=3, redos=1))
    assert (await states(desk))["revisit reply:r2"] == "met"

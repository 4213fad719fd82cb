"""When the unit still has time and the signature chain has not: told once, at the latest start of the chain's first step."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.sla.calendar.store import current_version
from services.sla.firing.jobs import drain
from services.sla.recomputing.handlers import edit_days
from services.sla.recomputing.jobs import recompute
from shared.calendar import DayChange, Wanted
from shared.contracts.review import ReplyLeaderRejected
from shared.contracts.sla import ClockWarned
from shared.identity import Role
from tests.sla.story import (
    ORDER,
    SECOND,
    UNIT,
    assigned,
    fed_back,
    leader_approved,
    local,
    received,
    rejected,
    reopened,
    return_accepted,
    submitted,
    updated,
)
from tests.sla.test_extensions import ask, asked, decide
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S2.2.3i")

# Five steps of 18 working hours in all, two days of nine, before the end of Thursday 26 November.
SUBMIT_BY = "2026-11-25T08:30"


async def at(desk: Desk, moment: str) -> None:
    desk.clock.set(local(moment))
    await drain(desk.runtime)


async def told(desk: Desk) -> list[tuple[str, str | None, bool]]:
    """The chain's warnings: clock, unit, whether late."""
    warnings = [event for event in await desk.told(ClockWarned) if event.rung == "chain"]
    return [(event.kind, event.unit, event.fired_late) for event in warnings]


async def chain_at(desk: Desk, occasion: str = "assignment:1") -> list[datetime]:
    """The moments of the chain's warnings of a final clock."""
    [row] = await desk.rows("select rungs from clock where kind = 'final' and occasion = :occasion", occasion=occasion)
    return [datetime.fromisoformat(rung["at"]) for rung in row["rungs"] if rung["name"] == "chain"]


async def test_the_unit_is_warned_once_when_the_chain_has_to_begin(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned())
    await at(desk, "2026-11-25T08:29")
    before = await told(desk)
    await at(desk, SUBMIT_BY)
    await at(desk, "2026-11-26T12:00")

    assert (before, await told(desk)) == ([], [("final", UNIT, False)])
    [announced] = await desk.rows("select unit from announcement where stream = 'warnings' and convert_from(payload, 'UTF8') like '%\"chain\"%'")  # fmt: skip
    assert announced == {"unit": UNIT}
    answer = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/clocks", headers=desk.bearer(Role.CASEWORKER, unit=UNIT))
    [final] = [clock for clock in answer.json()["clocks"] if clock["kind"] == "final"]
    assert [(rung["name"], rung["fired"]) for rung in final["warnings"]] == [("chain", True), ("yellow", True)]


@pytest.mark.parametrize("scheme", ["national_report", "enterprise_fast"])
async def test_the_warning_is_where_the_plan_says_that_the_unit_has_to_submit(desk: Desk, scheme: str) -> None:
    await desk.tell(received(scheme=scheme, upstream_due_at=local("2026-11-26T18:00")), assigned())
    plan = await desk.http.get(f"/api/sla/v1/orders/{ORDER}/chain-plan", headers=desk.bearer(Role.DISPATCHER))

    assert [moment.isoformat() for moment in await chain_at(desk)] == [plan.json()["submit_by"].replace("Z", "+00:00")]


@pytest.mark.clause("S1.1.4c")
async def test_a_chain_no_longer_has_to_be_through_by_a_deadline_that_the_upstream_cleared(desk: Desk) -> None:
    due = local("2026-11-25T18:00")
    await desk.tell(received(scheme="national_report", upstream_due_at=due), assigned())
    early = await chain_at(desk)
    await desk.tell(updated("2026-11-23T10:05"))

    assert early < await chain_at(desk) == [local(SUBMIT_BY)]


async def test_an_ordinary_order_has_no_chain_to_be_warned_of(desk: Desk) -> None:
    await desk.tell(received(), assigned())

    assert await chain_at(desk) == []


async def test_a_unit_that_has_submitted_is_not_warned_and_is_again_when_the_reply_comes_back(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned(), submitted("2026-11-24T10:00"))
    await at(desk, SUBMIT_BY)
    assert await told(desk) == []

    await desk.tell(leader_approved("2026-11-25T09:00"), rejected("2026-11-25T10:00"))
    await at(desk, "2026-11-25T10:00")
    await desk.tell(submitted("2026-11-25T11:00", "r2"), rejected("2026-11-25T12:00", "r2", 2))
    await at(desk, "2026-11-25T12:00")
    assert await told(desk) == [("final", UNIT, True)]


async def test_a_reply_that_the_units_own_leader_rejects_brings_the_warning_back(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned(), submitted("2026-11-24T10:00"))
    assert await chain_at(desk) == []
    await desk.tell(
        ReplyLeaderRejected(
            order_id=ORDER,
            reply_id="r1",
            round=1,
            unit=UNIT,
            opinion="s1.sealed",
            rejected_by="head",
            rejected_at=local("2026-11-24T11:00"),
        )
    )

    assert await chain_at(desk) == [local(SUBMIT_BY)]


async def test_the_upstreams_own_deadline_moves_the_warning(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report", upstream_due_at=local("2026-11-25T18:00")), assigned())
    assert await chain_at(desk) == [local("2026-11-24T08:30")]
    await at(desk, "2026-11-24T08:30")
    await desk.tell(updated("2026-11-24T09:00", upstream_due_at=local("2026-11-26T18:00")))
    assert await chain_at(desk) == [local(SUBMIT_BY)]
    await at(desk, SUBMIT_BY)

    assert await told(desk) == [("final", UNIT, False)] * 2


async def test_a_new_calendar_moves_the_warning(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned())
    days = [DayChange(local("2026-11-25T00:00").date(), Wanted.OFF, "临时安排")]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await edit_days(work, days, reason="台风停工", document=None, base=None)
    async with desk.runtime.works.read() as session:
        version = await current_version(session)
    assert version is not None
    await recompute(desk.runtime, version)

    assert await chain_at(desk) == [local("2026-11-26T08:30")]


@pytest.mark.clause("S1.3.2e")
async def test_an_extension_moves_the_warning(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned())
    desk.clock.set(local("2026-11-23T15:00"))
    await decide(desk, (await ask(desk, asked())).json()["id"], "grant")

    # Five more working days: due at the end of 3 December.
    assert await chain_at(desk) == [local("2026-12-02T08:30")]


async def test_where_the_chain_is_too_late_from_the_start_the_unit_is_warned_at_once(desk: Desk) -> None:
    await desk.tell(received(scheme="national_report"), assigned())
    await at(desk, "2026-11-25T12:00")
    await desk.tell(return_accepted("2026-11-25T12:00"), assigned("2026-11-25T14:00", 2, SECOND))
    await at(desk, "2026-11-25T14:00")

    # The district's deadline is still the end of the 26th.
    assert (await told(desk))[-1] == ("final", SECOND, False)
    await at(desk, "2026-11-27T12:00")
    assert len(await told(desk)) == 2


async def test_a_redo_has_its_own_deadline_alone(desk: Desk) -> None:
    await desk.tell(
        received(scheme="national_report"),
        assigned(),
        submitted("2026-11-23T11:00"),
        fed_back("2026-11-24T09:00"),
        reopened("2026-11-30T09:00"),
    )

    assert await chain_at(desk, "redo:1") == [local("2026-12-02T08:30")]

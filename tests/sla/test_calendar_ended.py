"""A clock that ended by the calendar of then and would run on by a new one: put right, whichever service hears first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from services.sla.calendar import store
from services.sla.calendar.model import YearFile
from services.sla.firing.jobs import drain
from services.sla.recomputing import jobs
from services.sla.recomputing.handlers import edit_days, import_year
from shared.calendar import DayChange, Wanted
from shared.contracts.sla import BreachExcused, ClockBreached, ClockChanged, ClockStopped
from shared.identity import Role
from tests.calendar.published import NOTICE_2027
from tests.sla.story import (
    SECOND,
    assigned,
    closed,
    contacted,
    fed_back,
    leader_approved,
    local,
    received,
    reopened,
    return_accepted,
    return_rejected,
    return_requested,
)
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S1.1.4a")

# Assigned on Wednesday 30 December: without the notice the window closes with the 31st, by it that day is off, and so
# are 1 to 3 January: the window closes with Monday the 4th.
ASSIGNED_AT = "2026-12-30T10:00"
CLOSED_AT, CLOSES_AT = "2027-01-01T00:00", "2027-01-05T00:00"


async def recompute(desk: Desk) -> None:
    async with desk.runtime.works.read() as session:
        version = await store.version_in_force(session)
    await jobs.recompute(desk.runtime, version, batch=3)


async def import_2027(desk: Desk) -> None:
    file = YearFile(2027, "notice", NOTICE_2027, None, complete=True)
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await import_year(work, file, reason="通知发布", base=None)


async def edit(desk: Desk, day: str, wanted: Wanted) -> None:
    changes = [DayChange(local(f"{day}T00:00").date(), wanted, "临时安排")]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await edit_days(work, changes, reason="台风停工", document=None, base=None)


async def clock(desk: Desk, kind: str) -> dict[str, Any]:
    [row] = await desk.rows("select * from clock where kind = :kind order by started_at limit 1", kind=kind)
    return row


async def at(desk: Desk, moment: str) -> None:
    """Move on to this moment and let what is due fire."""
    desk.clock.set(local(moment))
    await drain(desk.runtime)


async def of_kind(
    desk: Desk, event: type[BreachExcused | ClockBreached | ClockChanged | ClockStopped], kind: str
) -> list[Any]:
    return [told for told in await desk.told(event) if told.kind == kind]


async def closed_window(desk: Desk, now: str = "2027-01-02T09:00") -> dict[str, Any]:
    """The return window that closed by the calendar without the notice."""
    desk.clock.set(local(ASSIGNED_AT))
    await desk.tell(received(ASSIGNED_AT), assigned(ASSIGNED_AT))
    await at(desk, now)
    window = await clock(desk, "return_window")
    assert (window["state"], window["stopped_at"], window["provisional"]) == ("void", local(CLOSED_AT), True)
    return window


@pytest.mark.clause("S2.2.1f")
async def test_a_window_that_closed_too_early_opens_again_until_its_right_moment(desk: Desk) -> None:
    await closed_window(desk)

    await import_2027(desk)
    await recompute(desk)

    window = await clock(desk, "return_window")
    assert (window["state"], window["stopped_at"], window["due_at"]) == ("running", None, local(CLOSES_AT))
    assert (window["provisional"], window["calendar"]) == (False, "calendar-2")
    [changed] = await of_kind(desk, ClockChanged, "return_window")
    assert (changed.reopened, changed.excused, changed.due_at) == (True, False, local(CLOSES_AT))
    path = f"/api/sla/v1/clocks/{window['id']}/explain"
    answer = (await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))).json()
    assert [line["ordinal"] for line in answer["lines"] if line["on"] == "2027-01-04"] == [1]

    await at(desk, CLOSES_AT)
    window = await clock(desk, "return_window")
    assert (window["state"], window["stopped_at"]) == ("void", local(CLOSES_AT))


@pytest.mark.clause("S2.2.1f")
async def test_a_window_that_would_be_over_by_the_new_calendar_too_stays_as_it_closed(desk: Desk) -> None:
    before = await closed_window(desk, "2027-01-06T09:00")

    await import_2027(desk)
    await recompute(desk)

    window = await clock(desk, "return_window")
    assert {**window, "kept_by": None} == before
    assert window["kept_by"] == "calendar-2"
    assert await of_kind(desk, ClockChanged, "return_window") == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param([closed("2027-01-02T10:00")], id="the order is closed"),
        pytest.param([assigned("2027-01-02T10:00", 2, SECOND)], id="another unit has it"),
        pytest.param([assigned("2027-01-02T10:00", 2, no_return=True)], id="it was assigned anew without return"),
        pytest.param([return_rejected("2027-01-02T10:00")], id="the centre has decided that it stays"),
        pytest.param([leader_approved("2027-01-02T10:00")], id="the unit has answered it"),
        pytest.param([closed("2027-01-02T10:00"), reopened("2027-01-02T11:00")], id="it came back as a redo"),
    ],
)
@pytest.mark.clause("S2.2.1f", "S3.1b")
async def test_a_window_stays_closed_where_the_order_can_no_longer_be_returned(
    desk: Desk, meanwhile: list[Any]
) -> None:
    await closed_window(desk)
    await desk.tell(*meanwhile)

    await import_2027(desk)
    await recompute(desk)

    windows = await desk.rows("select state from clock where kind = 'return_window' order by started_at")
    assert windows[0]["state"] == "void"
    assert not [event for event in await of_kind(desk, ClockChanged, "return_window") if event.reopened]


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.clause("S2.2.1f")
async def test_a_return_that_dispatch_took_by_the_newer_calendar_uses_the_window(desk: Desk, decided: bool) -> None:
    """Dispatch heard of the import and took the return before the clocks here were counted anew."""
    await closed_window(desk)
    await import_2027(desk)
    await desk.tell(return_requested("2027-01-02T09:30"))
    if decided:
        await desk.tell(return_accepted("2027-01-02T10:00"), assigned("2027-01-02T11:00", 2, SECOND))
    asked = await clock(desk, "return_window")
    assert (asked["state"], asked["stopped_at"]) == ("late", local("2027-01-02T09:30"))

    await recompute(desk)

    window = await clock(desk, "return_window")
    assert (window["state"], window["due_at"]) == ("met", local(CLOSES_AT))
    assert (window["stopped_at"], window["breached_at"], window["next_at"]) == (local("2027-01-02T09:30"), None, None)
    assert [event.met for event in await of_kind(desk, ClockStopped, "return_window")][-1]


@pytest.mark.clause("S2.2.1f")
async def test_a_return_asked_for_in_time_and_heard_after_the_window_closed_has_used_it(desk: Desk) -> None:
    await closed_window(desk)

    await desk.tell(return_requested("2026-12-31T23:59"))

    window = await clock(desk, "return_window")
    assert (window["state"], window["stopped_at"]) == ("met", local("2026-12-31T23:59"))


async def test_a_return_after_the_window_opened_again_stops_it(desk: Desk) -> None:
    await closed_window(desk)
    await import_2027(desk)
    await recompute(desk)

    await desk.tell(return_requested("2027-01-02T09:30"))

    assert (await clock(desk, "return_window"))["state"] == "met"


# -- breached and ended --------------------------------------------------------------------------------------------------


async def breached_final(desk: Desk) -> dict[str, Any]:
    """The final clock of an order of Monday 23 November, breached at the end of Thursday."""
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-27T00:01")
    breached = await clock(desk, "final")
    assert breached["breached_at"] is not None
    return breached


@pytest.mark.clause("S1.1.4b")
async def test_an_answer_that_was_late_by_the_old_calendar_and_is_not_by_the_new_is_in_time(desk: Desk) -> None:
    breached = await breached_final(desk)
    await desk.tell(fed_back("2026-11-27T12:00"))
    assert (await clock(desk, "final"))["state"] == "late"

    await edit(desk, "2026-11-25", Wanted.OFF)
    await recompute(desk)

    final = await clock(desk, "final")
    assert (final["state"], final["due_at"], final["breached_at"]) == ("met", local("2026-11-28T00:00"), None)
    assert (final["excused"], final["stopped_at"], final["next_at"]) == (True, local("2026-11-27T12:00"), None)
    assert [event.excused for event in await of_kind(desk, ClockChanged, "final")] == [True]
    [excused] = await of_kind(desk, BreachExcused, "final")
    assert (excused.cause, excused.due_at, excused.now_due_at) == ("calendar", local("2026-11-27T00:00"), None)
    assert [(event.met, event.due_at) for event in await of_kind(desk, ClockStopped, "final")] == [
        (False, local("2026-11-27T00:00")),
        (True, local("2026-11-28T00:00")),
    ]
    [change] = await desk.rows("select * from clock_change where clock_id = :id", id=final["id"])
    assert change["excused_breach_at"] == breached["breached_at"]
    [job] = await desk.rows("select excused, expected, seen from recomputation")
    assert (job["excused"], job["expected"]) == (2, job["seen"])


@pytest.mark.clause("S1.1.4b")
async def test_a_breach_of_an_order_that_has_left_its_unit_is_taken_back(desk: Desk) -> None:
    await breached_final(desk)
    await desk.tell(assigned("2026-11-27T12:00", 2, SECOND))

    await edit(desk, "2026-11-25", Wanted.OFF)
    await recompute(desk)

    final = await clock(desk, "final")
    assert (final["state"], final["breached_at"], final["excused"]) == ("void", None, True)


@pytest.mark.clause("S1.1.4b")
async def test_an_answer_that_is_late_by_both_calendars_is_a_breach_of_the_new_moment(desk: Desk) -> None:
    await breached_final(desk)
    desk.clock.set(local("2026-12-01T09:00"))
    await desk.tell(fed_back("2026-12-01T09:00"))

    await edit(desk, "2026-11-25", Wanted.OFF)
    await recompute(desk)

    final = await clock(desk, "final")
    assert (final["state"], final["due_at"], final["excused"]) == ("late", local("2026-11-28T00:00"), True)
    assert final["breached_at"] == local("2026-12-01T09:00")
    assert [(event.due_at, event.fired_late) for event in await of_kind(desk, ClockBreached, "final")][-1] == (
        local("2026-11-28T00:00"),
        True,
    )


@pytest.mark.clause("S2.2.1a", "S1.1.4b")
async def test_a_first_contact_that_was_late_on_what_became_a_day_off_is_in_time(desk: Desk) -> None:
    await desk.tell(received("2026-11-27T17:00"), assigned("2026-11-27T17:20"))  # a Friday, ten minutes before the end
    await at(desk, "2026-11-30T12:00")
    assert (await clock(desk, "first_contact"))["breached_at"] is not None
    await desk.tell(contacted("2026-11-30T13:00"))
    assert (await clock(desk, "first_contact"))["state"] == "late"

    await edit(desk, "2026-11-30", Wanted.OFF)
    await recompute(desk)

    contact = await clock(desk, "first_contact")
    assert (contact["state"], contact["breached_at"], contact["due_on"].isoformat()) == ("met", None, "2026-12-01")


async def test_an_ended_clock_is_never_counted_anew_to_the_harm_of_its_unit(desk: Desk) -> None:
    await desk.tell(received("2026-11-26T09:00"), assigned("2026-11-26T10:00"))  # a Thursday, due with Tuesday
    desk.clock.set(local("2026-12-01T12:00"))
    await desk.tell(fed_back("2026-12-01T12:00"))
    before = await clock(desk, "final")

    await edit(desk, "2026-11-28", Wanted.WORKED)  # by this calendar it was due with Monday
    await recompute(desk)

    assert await clock(desk, "final") == before


async def test_a_second_run_changes_nothing(desk: Desk) -> None:
    await breached_final(desk)
    await desk.tell(fed_back("2026-11-27T12:00"))
    await edit(desk, "2026-11-25", Wanted.OFF)
    await recompute(desk)
    told = len(await desk.told(ClockChanged))

    await edit(desk, "2026-11-25", Wanted.PLAIN)  # back: what is in time now stays so
    await recompute(desk)

    final = await clock(desk, "final")
    assert (final["state"], final["calendar"], final["kept_by"]) == ("met", "calendar-2", None)
    assert len(await desk.told(ClockChanged)) == told


async def test_a_preview_shows_what_would_open_again_and_be_taken_back(desk: Desk) -> None:
    await closed_window(desk)
    body = {"year": 2027, "form": "notice", "content": NOTICE_2027}
    headers = desk.bearer(Role.ADMIN)

    answer = (await desk.http.post("/api/sla/v1/calendar/imports/preview", json=body, headers=headers)).json()

    [window] = [item for item in answer["items"] if item["kind"] == "return_window"]
    assert window["reopened"]
    assert datetime.fromisoformat(window["new_due_at"]) == local(CLOSES_AT)
    assert not any(item["reopened"] for item in answer["items"] if item["kind"] != "return_window")

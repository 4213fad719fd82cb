"""After a change of the calendar every running clock is counted anew: once, with its reason, whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from services.sla.calendar import store
from services.sla.calendar.model import Version, YearFile
from services.sla.firing.jobs import drain
from services.sla.recomputing import handlers as recomputing
from services.sla.recomputing import jobs
from services.sla.recomputing.handlers import edit_days, import_year
from services.sla.recomputing.model import Applied
from services.sla.service import SERVICE
from shared.calendar import DayChange, Wanted
from shared.contracts.sla import ClockBreached, ClockChanged, ClockWarned, SupervisionCandidateRaised
from shared.identity import Role
from shared.run.process import build_runtime
from shared.service import Runtime
from tests.calendar.published import NOTICE_2027
from tests.sla.story import assigned, contacted, fed_back, local, numbered, planned, received
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, NoBus, desk_of

pytestmark = pytest.mark.clause("S1.1.4a")


async def edit(desk: Desk, *days: tuple[str, Wanted], reason: str = "台风停工") -> Applied:
    changes = [DayChange(local(f"{day}T00:00").date(), wanted, "临时安排") for day, wanted in days]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        return await edit_days(work, changes, reason=reason, document=None, base=None)


async def target(runtime: Runtime) -> Version:
    async with runtime.works.read() as session:
        version = await store.current_version(session)
    assert version is not None
    return version


async def recompute(runtime: Runtime, batch: int = 3) -> int:
    return await jobs.recompute(runtime, await target(runtime), batch=batch)


async def clock(desk: Desk, kind: str = "final") -> dict[str, Any]:
    [row] = await desk.rows("select * from clock where kind = :kind", kind=kind)
    return row


@asynccontextmanager
async def replica_of(desk: Desk) -> AsyncIterator[Runtime]:
    """A second process of sla on the same database and clock."""
    runtime = build_runtime(SERVICE, desk.runtime.settings, bus=NoBus(), clock=desk.clock)
    try:
        assert SERVICE.prepare is not None
        await SERVICE.prepare(runtime)
        yield runtime
    finally:
        await runtime.works.close()


async def test_a_day_off_moves_the_deadline_with_its_reason_and_an_event(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    applied = await edit(desk, ("2026-11-25", Wanted.OFF))

    await recompute(desk.runtime)

    moved = await clock(desk)
    assert moved["due_at"] == local("2026-11-28T00:00")
    assert moved["original_due_at"] == local("2026-11-27T00:00")
    assert (moved["calendar"], moved["excused"], moved["breached_at"]) == ("calendar-2", False, None)
    assert moved["next_at"] == local("2026-11-27T07:00")  # yellow with one working day left, after the quiet hours
    told = {event.kind: event for event in await desk.told(ClockChanged)}
    assert set(told) == {"final", "district_final"}
    assert (told["final"].was_due_at, told["final"].due_at) == (local("2026-11-27T00:00"), local("2026-11-28T00:00"))
    assert (told["final"].calendar, "台风停工" in told["final"].reason) == ("calendar-2", True)
    changes = await desk.rows("select * from clock_change where clock_id = :id", id=moved["id"])
    assert [(row["was_due_at"], row["due_at"], row["calendar"]) for row in changes] == [
        (local("2026-11-27T00:00"), local("2026-11-28T00:00"), "calendar-2")
    ]
    assert len(await desk.rows("select 1 from audit where action = 'clock.changed'")) == 2
    [job] = await desk.rows("select * from recomputation")
    assert (job["state"], job["moved"], job["seen"], job["expected"]) == ("done", 2, applied.expected, applied.expected)


async def test_a_make_up_day_brings_the_deadline_forward(desk: Desk) -> None:
    await desk.tell(received("2026-11-26T09:00"), assigned("2026-11-26T10:00"))  # a Thursday
    await edit(desk, ("2026-11-28", Wanted.WORKED))

    await recompute(desk.runtime)

    assert (await clock(desk))["due_at"] == local("2026-12-01T00:00")


@pytest.mark.clause("S1.1.4b")
async def test_warnings_move_with_the_days_off_of_the_new_calendar(desk: Desk) -> None:
    await desk.tell(received("2026-11-24T09:00"), assigned("2026-11-24T10:00"))
    before = {kind: (await clock(desk, kind))["next_at"] for kind in ("final", "district_final")}
    assert set(before.values()) == {local("2026-11-27T07:00")}
    await edit(desk, ("2026-11-27", Wanted.OFF), ("2026-11-28", Wanted.WORKED))

    await recompute(desk.runtime)

    moved = await clock(desk)
    assert (moved["due_at"], moved["next_at"]) == (local("2026-11-29T00:00"), local("2026-11-28T07:00"))


@pytest.mark.clause("S1.1.4b")
async def test_a_reminder_that_comes_due_on_what_has_become_a_day_off_waits_for_the_working_morning(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-27T00:00"))
    await drain(desk.runtime)
    await edit(desk, ("2026-11-27", Wanted.OFF))
    await recompute(desk.runtime)
    for moment in ("2026-11-27T09:00", "2026-11-28T09:00"):
        desk.clock.set(local(moment))
        await drain(desk.runtime)
    reds = [event for event in await of_final(desk, ClockWarned) if event.rung.startswith("red")]
    assert reds == []
    desk.clock.set(local("2026-11-30T09:00"))
    await drain(desk.runtime)

    assert [event.rung for event in await of_final(desk, ClockWarned) if event.rung.startswith("red")] == ["red:1"]


@pytest.mark.clause("S2.2.1a")
async def test_a_first_contact_moves_with_the_working_time_that_it_waits_for(desk: Desk) -> None:
    await desk.tell(received(), assigned("2026-11-23T17:30"))
    assert (await clock(desk, "first_contact"))["due_at"] == local("2026-11-24T10:30")
    await edit(desk, ("2026-11-24", Wanted.OFF))

    await recompute(desk.runtime)

    moved = await clock(desk, "first_contact")
    assert (moved["due_at"], moved["original_due_at"]) == (local("2026-11-25T10:30"), local("2026-11-24T10:30"))
    assert moved["next_at"] == local("2026-11-25T09:30")
    assert "first_contact" in {event.kind for event in await desk.told(ClockChanged)}


async def test_what_does_not_count_working_days_and_what_has_ended_stays(desk: Desk) -> None:
    await desk.tell(
        received(urgent=("safety",)), assigned(), contacted("2026-11-23T11:00"), fed_back("2026-11-23T12:00")
    )
    before = await desk.rows("select id, due_at from clock where state <> 'running' or span <> 'workdays' order by id")
    await edit(desk, ("2026-11-24", Wanted.OFF))

    await recompute(desk.runtime)

    after = await desk.rows("select id, due_at from clock where state <> 'running' or span <> 'workdays' order by id")
    assert after == before


@pytest.mark.clause("S2.2.2e", "S2.2.1e")
async def test_the_warning_of_a_named_moment_comes_a_working_day_before_by_the_new_calendar(desk: Desk) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-23T12:00", "2026-12-04"))
    await desk.tell(contacted("2026-11-23T12:00", promised_at=local("2026-12-04T17:00")))
    yellow_at = {
        "plan": ("2026-12-04T07:00", "2026-12-03T07:00"),
        "next_contact": ("2026-12-03T17:00", "2026-12-03T07:00"),
    }
    before = {kind: await clock(desk, kind) for kind in yellow_at}
    await edit(desk, ("2026-12-04", Wanted.OFF))
    await recompute(desk.runtime)

    for kind, was in before.items():
        now = await clock(desk, kind)
        assert (now["due_at"], now["calendar"]) == (was["due_at"], "calendar-2")
        [yellow] = [rung for rung in now["rungs"] if rung["name"] == "yellow"]
        [old] = [rung for rung in was["rungs"] if rung["name"] == "yellow"]
        moments = [datetime.fromisoformat(rung["at"]) for rung in (old, yellow)]
        assert moments == [local(moment) for moment in yellow_at[kind]]
        assert now["next_at"] == moments[1]
    assert [rung["name"] for rung in (await clock(desk, "plan"))["rungs"]] == ["yellow", "wake"]
    assert {event.kind for event in await desk.told(ClockChanged)} == set()
    assert await desk.rows("select 1 from clock_change") == []


@pytest.mark.parametrize(
    ("assigned_at", "due", "provisional", "becomes"),
    [
        ("2026-12-22T10:00", "2026-12-26T00:00", False, "2026-12-26T00:00"),
        ("2026-12-23T10:00", "2026-12-29T00:00", True, "2026-12-28T00:00"),  # Sunday the 27th is worked
        ("2026-12-24T10:00", "2026-12-30T00:00", True, "2026-12-29T00:00"),
        ("2026-12-25T10:00", "2026-12-31T00:00", True, "2026-12-30T00:00"),
        ("2026-12-27T10:00", "2026-12-31T00:00", True, "2026-12-31T00:00"),  # stays, and is certain
        ("2026-12-28T10:00", "2027-01-01T00:00", True, "2027-01-05T00:00"),  # Thursday the 31st is free
        ("2026-12-29T10:00", "2027-01-05T00:00", True, "2027-01-06T00:00"),
    ],
)
async def test_the_last_days_of_december_are_provisional_and_settled_by_the_next_year(
    desk: Desk, assigned_at: str, due: str, provisional: bool, becomes: str
) -> None:
    desk.clock.set(local(assigned_at))
    await desk.tell(received(assigned_at), assigned(assigned_at))
    armed = await clock(desk)
    headers = desk.bearer(Role.CENTRE_HEAD)
    board = (await desk.http.get("/api/sla/v1/boards/provisional", headers=headers)).json()
    [alarm] = (await desk.http.get("/api/sla/v1/calendar/alarms", headers=headers)).json()

    file = YearFile(2027, "notice", NOTICE_2027, None, complete=True)
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await import_year(work, file, reason="通知发布", base=None)
    await recompute(desk.runtime)

    settled = await clock(desk)
    explained = (await desk.http.get(f"/api/sla/v1/clocks/{armed['id']}/explain", headers=headers)).json()
    assert (armed["due_at"], armed["provisional"]) == (local(due), provisional)
    assert (str(armed["id"]) in {item["id"] for item in board["items"]}) == provisional
    assert (alarm["provisional_clocks"] > 0) == provisional
    assert (settled["due_at"], settled["provisional"]) == (local(becomes), False)
    assert settled["calendar"] == ("calendar-2" if provisional else "statutory-2026.1")
    assert not any("尚未公布" in line["text"] for line in explained["lines"])
    assert all(line["known"] for line in explained["lines"])


async def test_the_year_that_comes_in_settles_provisional_deadlines(desk: Desk) -> None:
    desk.clock.set(local("2026-12-30T09:00"))
    await desk.tell(received("2026-12-30T09:00"), assigned("2026-12-30T10:00"))
    armed = await clock(desk)
    assert (armed["provisional"], armed["due_at"]) == (True, local("2027-01-06T00:00"))

    file = YearFile(2027, "notice", NOTICE_2027, None, complete=True)
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await import_year(work, file, reason="通知发布", base=None)
    await recompute(desk.runtime)

    settled = await clock(desk)
    # 31 December and New Year's Day are off, 4 to 6 January count.
    assert (settled["provisional"], settled["due_at"]) == (False, local("2027-01-07T00:00"))
    assert not any(event.provisional for event in await desk.told(ClockChanged))


async def breached_and_excused(desk: Desk) -> dict[str, Any]:
    """A final clock that was breached at midnight, before Wednesday became a day off; the clock as it was breached."""
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-27T00:01"))
    await drain(desk.runtime)
    breached = await clock(desk)
    assert breached["breached_at"] is not None
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    return breached


async def of_final(desk: Desk, kind: type[ClockBreached | ClockChanged | ClockWarned]) -> list[Any]:
    return [event for event in await desk.told(kind) if event.kind == "final"]


async def test_a_breach_before_the_new_due_moment_is_taken_back_and_stays_on_record(desk: Desk) -> None:
    breached = await breached_and_excused(desk)
    desk.clock.set(local("2026-11-27T12:00"))
    await desk.tell(fed_back("2026-11-27T12:00"))
    desk.clock.set(local("2026-12-02T00:00"))
    await drain(desk.runtime)

    excused = await clock(desk)
    assert (excused["state"], excused["breached_at"], excused["excused"]) == ("met", None, True)
    assert len(await of_final(desk, ClockBreached)) == 1
    assert [event.excused for event in await of_final(desk, ClockChanged)] == [True]
    [job] = await desk.rows("select excused from recomputation")
    assert job["excused"] == 2
    path = f"/api/sla/v1/clocks/{excused['id']}/explain"
    answer = (await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))).json()
    [change] = answer["changes"]
    assert datetime.fromisoformat(change["excused_breach_at"]) == breached["breached_at"]


@pytest.mark.clause("S1.1.4b", "S3.4a")
async def test_a_clock_whose_breach_was_taken_back_warns_and_breaches_again_each_once(desk: Desk) -> None:
    await breached_and_excused(desk)
    desk.clock.set(local("2026-11-27T08:00"))
    await drain(desk.runtime)
    warned = [event for event in await of_final(desk, ClockWarned) if event.due_at == local("2026-11-28T00:00")]
    for moment in ("2026-11-27T23:59", "2026-11-28T00:00", "2026-11-28T09:00", "2026-11-30T09:00", "2026-12-01T09:00"):
        desk.clock.set(local(moment))
        await drain(desk.runtime)

    again = await clock(desk)
    assert (again["state"], again["excused"], again["breached_at"]) == ("running", True, local("2026-11-28T00:00"))
    assert [event.due_at for event in await of_final(desk, ClockBreached)] == [
        local("2026-11-27T00:00"),
        local("2026-11-28T00:00"),
    ]
    assert [event.rung for event in warned] == ["yellow"]
    reds = [event.rung for event in await of_final(desk, ClockWarned) if event.rung != "yellow"]
    assert reds == ["red:1", "red:2"]
    raised = await desk.rows("select cause, order_id from supervision_candidate")
    assert raised == [{"cause": "overdue", "order_id": again["order_id"]}]


@pytest.mark.clause("S3.4a")
async def test_a_unit_that_was_named_before_its_breach_was_taken_back_is_named_anew(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    for moment in ("2026-11-27T00:01", "2026-11-27T09:00"):
        desk.clock.set(local(moment))
        await drain(desk.runtime)
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    for moment in ("2026-11-28T00:00", "2026-11-28T09:00", "2026-11-30T09:00"):
        desk.clock.set(local(moment))
        await drain(desk.runtime)

    assert [event.cause for event in await desk.told(SupervisionCandidateRaised)] == ["overdue", "overdue"]


async def test_a_breach_taken_back_after_the_new_deadline_has_passed_is_followed_by_the_new_breach(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-27T00:01"))
    await drain(desk.runtime)
    desk.clock.set(local("2026-12-01T09:00"))
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    await drain(desk.runtime)

    late = await clock(desk)
    assert (late["excused"], late["breached_at"]) == (True, local("2026-12-01T09:00"))
    last = (await of_final(desk, ClockBreached))[-1]
    assert (last.due_at, last.fired_late) == (local("2026-11-28T00:00"), True)


@pytest.mark.clause("S1.1.4b", "S3.4a")
async def test_what_stays_late_is_breached_anew_by_the_new_deadline_though_its_breach_was_published_late(
    desk: Desk,
) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-12-01T08:00"))
    await drain(desk.runtime)
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    for moment in ("2026-12-01T08:00", "2026-12-01T09:00"):
        desk.clock.set(local(moment))
        await drain(desk.runtime)

    late = await clock(desk)
    assert (late["excused"], late["due_at"]) == (True, local("2026-11-28T00:00"))
    assert late["breached_at"] == local("2026-12-01T08:00")
    assert [event.due_at for event in await of_final(desk, ClockBreached)] == [
        local("2026-11-27T00:00"),
        local("2026-11-28T00:00"),
    ]
    assert [e.rung for e in await of_final(desk, ClockWarned) if e.rung != "yellow"] == ["red:1"]
    raised = [event.cause for event in await desk.told(SupervisionCandidateRaised)]
    assert raised == ["overdue", "overdue"]


async def test_a_deadline_that_comes_to_lie_in_the_past_is_breached_at_once(desk: Desk) -> None:
    await desk.tell(received("2026-11-26T09:00"), assigned("2026-11-26T10:00"))
    desk.clock.set(local("2026-12-01T09:00"))  # due at the end of this day, until Saturday becomes a working day
    await edit(desk, ("2026-11-28", Wanted.WORKED))

    await recompute(desk.runtime)
    await drain(desk.runtime)

    assert "final" in {event.kind for event in await desk.told(ClockBreached)}


async def test_a_change_back_brings_the_old_deadline_back_and_keeps_both_reasons(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await edit(desk, ("2026-11-25", Wanted.OFF), reason="台风停工")
    await recompute(desk.runtime)
    await edit(desk, ("2026-11-25", Wanted.PLAIN), reason="台风转向")
    await recompute(desk.runtime)

    back = await clock(desk)
    reasons = await desk.rows(
        "select reason from clock_change where clock_id = :id order by changed_at, id", id=back["id"]
    )
    assert (back["due_at"], back["calendar"]) == (local("2026-11-27T00:00"), "calendar-3")
    assert ["转向" in row["reason"] for row in reasons] == [False, True]


async def test_two_changes_before_the_recomputation_are_made_in_one_go(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await edit(desk, ("2026-11-26", Wanted.OFF))

    await recompute(desk.runtime)

    assert (await clock(desk))["due_at"] == local("2026-12-01T00:00")
    assert {row["state"] for row in await desk.rows("select state from recomputation")} == {"done"}
    assert len([event for event in await desk.told(ClockChanged) if event.kind == "final"]) == 1


class Killed(Exception):
    """The process died."""


async def killed_before_its_commit(desk: Desk, version: Version) -> None:
    async with desk.runtime.works.begin() as work:
        await recomputing.recompute_batch(work, version, "statutory-2026.1", after=None, limit=4)
        raise Killed


async def test_a_batch_that_dies_before_its_commit_is_repeated_and_no_clock_moves_twice(desk: Desk) -> None:
    await desk.tell(*(received(order_id=numbered(number)) for number in range(1, 11)))
    await edit(desk, ("2026-11-25", Wanted.OFF))
    version = await target(desk.runtime)
    async with desk.runtime.works.begin() as work:
        await recomputing.recompute_batch(work, version, "statutory-2026.1", after=None, limit=4)
    with pytest.raises(Killed):
        await killed_before_its_commit(desk, version)

    await recompute(desk.runtime)

    told = [event.order_id for event in await desk.told(ClockChanged)]
    assert (len(told), len(set(told))) == (10, 10)
    assert len(await desk.rows("select 1 from clock_change")) == 10
    [job] = await desk.rows("select state, moved from recomputation")
    assert (job["state"], job["moved"]) == ("done", 10)


async def test_a_run_that_is_cancelled_anywhere_is_finished_by_the_next(desk: Desk) -> None:
    await desk.tell(*(received(order_id=numbered(number)) for number in range(1, 31)))
    await edit(desk, ("2026-11-25", Wanted.OFF))
    for steps in (3, 20, 60, 150):
        async with asyncio.TaskGroup() as group:
            run = group.create_task(recompute(desk.runtime, batch=2))
            for _ in range(steps):
                await asyncio.sleep(0)
            run.cancel()

    await recompute(desk.runtime)

    told = [event.order_id for event in await desk.told(ClockChanged)]
    assert (len(told), len(set(told))) == (30, 30)
    assert {row["calendar"] for row in await desk.rows("select calendar from clock where span = 'workdays'")} == {
        "calendar-2"
    }


async def test_two_replicas_move_every_clock_once(desk: Desk) -> None:
    await desk.tell(*(received(order_id=numbered(number)) for number in range(1, 31)))
    await edit(desk, ("2026-11-25", Wanted.OFF))
    async with replica_of(desk) as second:
        assert second.works.calendar.version == "calendar-2"
        seen = await asyncio.gather(*(recompute(runtime, batch=2) for runtime in (desk.runtime, second)))

        # Whichever was refused while the other was at it looks again.
        for runtime in (desk.runtime, second):
            await recompute(runtime)

    told = [event.order_id for event in await desk.told(ClockChanged)]
    assert (len(told), len(set(told)), max(seen) > 0) == (30, 30, True)
    [job] = await desk.rows("select state, moved from recomputation")
    assert (job["state"], job["moved"]) == ("done", 30)


async def test_a_clock_that_a_replica_started_by_the_old_calendar_is_found(desk: Desk) -> None:
    old = desk.runtime.works.calendar
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    new, desk.runtime.works.calendar = desk.runtime.works.calendar, old
    await desk.tell(received())
    desk.runtime.works.calendar = new
    version = await target(desk.runtime)
    assert (await clock(desk, "district_final"))["due_at"] == local("2026-11-27T00:00")

    async with desk.runtime.works.begin() as work:
        assert await recomputing.sweep(work, version)
    await recompute(desk.runtime)

    assert (await clock(desk, "district_final"))["due_at"] == local("2026-11-28T00:00")
    async with desk.runtime.works.begin() as work:
        assert not await recomputing.sweep(work, version)


async def test_the_extension_of_the_spring_festival_of_2020_moves_a_running_clock(
    postgres_server: DatabaseServer,
) -> None:
    """On 27 January 2020 the State Council moved the end of the festival from 30 January to 2 February."""
    async with desk_of(SERVICE, postgres_server, now=local("2020-01-23T09:00")) as desk:
        await edit(
            desk,
            ("2020-01-31", Wanted.PLAIN),
            ("2020-02-01", Wanted.WORKED),
            ("2020-02-02", Wanted.PLAIN),
            reason="国办发明电〔2019〕16号",
        )
        await desk.tell(received("2020-01-23T09:00"), assigned("2020-01-23T10:00"))
        assert (await clock(desk))["due_at"] == local("2020-02-04T00:00")

        desk.clock.set(local("2020-01-27T08:00"))
        await edit(
            desk,
            ("2020-01-31", Wanted.OFF),
            ("2020-02-01", Wanted.OFF),
            ("2020-02-02", Wanted.OFF),
            reason="国办发明电〔2020〕1号",
        )
        await recompute(desk.runtime)

        assert (await clock(desk))["due_at"] == local("2020-02-06T00:00")


async def test_a_clock_that_ended_is_explained_by_the_calendar_that_it_was_counted_by(desk: Desk) -> None:
    await desk.tell(received(), assigned(), fed_back("2026-11-24T12:00"))
    ended = await clock(desk)
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)

    path = f"/api/sla/v1/clocks/{ended['id']}/explain"
    answer = (await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))).json()

    assert (answer["clock"]["calendar"], answer["clock"]["excused"]) == ("statutory-2026.1", False)
    assert [line["kind"] for line in answer["lines"] if line["on"] == "2026-11-25"] == ["working"]
    assert answer["lines"][-1]["on"] == "2026-11-26"


async def test_a_moved_clock_is_explained_with_the_change_and_its_reason(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await edit(desk, ("2026-11-25", Wanted.OFF))
    await recompute(desk.runtime)
    moved = await clock(desk)

    path = f"/api/sla/v1/clocks/{moved['id']}/explain"
    answer = (await desk.http.get(path, headers=desk.bearer(Role.DISPATCHER))).json()

    assert [line["kind"] for line in answer["lines"] if line["on"] == "2026-11-25"] == ["holiday"]
    assert answer["lines"][-1]["on"] == "2026-11-27"
    assert ["台风停工" in change["reason"] for change in answer["changes"]] == [True]

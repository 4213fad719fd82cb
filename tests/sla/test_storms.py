"""A storm: one statement writes what the outbox would, a digest instead of hundreds of warnings, quiet nights."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from services.sla.clocks.rules import breached
from services.sla.counting.model import DAILY, Quiet
from services.sla.counting.rules import outside_quiet_hours, quiet_ends, quiet_of
from services.sla.firing import handlers, jobs
from services.sla.firing.store import claim_due, take_turn
from services.sla.rulesets.policy import CIRCULAR_2022, Choice
from shared.calendar import SHANGHAI, statutory_calendar
from shared.contracts.intake import Urgency
from shared.contracts.sla import ClockBreached, ClockWarned, PlanWoken, SupervisionCandidateRaised, WarningsDigested
from tests.sla.story import UNIT, assigned, contacted, local, numbered, planned, received, updated
from tests.sla.test_firing import loop_of, replica_of, until
from tests.support.service import Desk

CALENDAR = statutory_calendar()


async def many(desk: Desk, orders: int, unit: str = UNIT) -> None:
    """So many orders with one unit since Monday 10:00."""
    for number in range(1, orders + 1):
        order = numbered(number)
        await desk.tell(
            received(order_id=order), assigned(unit=unit).model_copy(update={"order_id": order, "first_unit": unit})
        )


async def at(desk: Desk, moment: str | datetime) -> None:
    desk.clock.set(local(moment) if isinstance(moment, str) else moment)
    await jobs.drain(desk.runtime)


@pytest.mark.clause("S1.1.4b")
@pytest.mark.parametrize("late", [timedelta(seconds=7), timedelta(seconds=7, microseconds=250)])
@pytest.mark.parametrize("moved", [timedelta(), timedelta(hours=-1), timedelta(microseconds=-20)])
async def test_the_breaching_statement_writes_what_the_outbox_would_have_written(
    desk: Desk, late: timedelta, moved: timedelta
) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-26T20:00"))
    await jobs.drain(desk.runtime)
    async with desk.runtime.works.begin() as work:
        await work.session.execute(text("update clock set original_due_at = due_at + :moved"), {"moved": moved})
    desk.clock.set(local("2026-11-27T00:00") + late)
    async with desk.runtime.works.begin() as work:
        claimed, _ = await claim_due(work.session, work.now, 10)
        expected = {event.clock_id: event for event in (breached(clock, work.now) for clock in claimed)}
        await work.session.rollback()
    before = len(await desk.told())
    async with desk.runtime.works.begin() as work:
        assert await handlers.breach_plain_clocks(work, 10) == 2

    told = (await desk.told())[before:]
    payloads = await desk.rows("select payload from outbox where type = 'clock.breached.v1' order by position")
    bodies = {body["clock_id"]: body for body in (orjson.loads(bytes(row["payload"])) for row in payloads)}
    assert {id: bodies[id] for id in expected} == {id: event.model_dump(mode="json") for id, event in expected.items()}
    assert {event.clock_id: event for event in told} == expected
    assert all(event.fired_late for event in told)
    rows = await desk.rows(
        "select o.aggregateid, o.sequence, o.headers, s.last from outbox o join stream s"
        " on (s.topic, s.key) = (o.aggregatetype, o.aggregateid) where o.type = 'clock.breached.v1' order by position"
    )
    latest = {row["aggregateid"]: row for row in rows}
    assert all(row["sequence"] == row["last"] for row in latest.values())
    assert all(row["headers"].keys() == {"correlationid", "actor", "actorrole"} for row in rows)


async def test_a_storm_breaches_every_clock_once_and_keeps_the_order_of_each_unit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PLAIN_BATCH", 2)
    monkeypatch.setattr(jobs, "STORM_BATCH", 3)
    units = [f"unit-{number}" for number in range(5)]
    for number in range(1, 21):
        order, unit = numbered(number), units[number % len(units)]
        await desk.tell(
            received(order_id=order),
            assigned(f"2026-11-23T10:{number:02}", unit=unit).model_copy(
                update={"order_id": order, "first_unit": unit}
            ),
        )
    await at(desk, "2026-12-07T09:00")

    told = await desk.told(ClockBreached)
    clocks = await desk.rows("select id from clock where breached_at is not null")
    assert Counter(event.clock_id for event in told) == Counter(str(row["id"]) for row in clocks)
    for unit in units:
        moments = [event.due_at for event in told if event.unit == unit]
        assert len(moments) > 8
        assert moments == sorted(moments)
    assert await desk.rows("select 1 from clock where next_at <= :now", now=desk.clock.now()) == []


async def test_more_than_twenty_warnings_of_a_unit_in_a_minute_come_in_one_digest(desk: Desk) -> None:
    await many(desk, 21)
    await at(desk, "2026-11-23T12:00")

    [digest] = await desk.told(WarningsDigested)
    assert (digest.unit, digest.count, digest.key) == (UNIT, 21, UNIT)
    assert {warned.kind for warned in digest.warnings} == {"first_contact"}
    assert await desk.told(ClockWarned) == []


@pytest.mark.clause("S1.1.4b")
@pytest.mark.parametrize(("seconds", "late"), [(5, False), (6, True)])
async def test_each_warning_of_a_digest_says_whether_it_is_late(desk: Desk, seconds: int, *, late: bool) -> None:
    await many(desk, 21)
    await at(desk, local("2026-11-23T12:00") + timedelta(seconds=seconds))

    [digest] = await desk.told(WarningsDigested)
    assert {(warned.fired_late, warned.late_by_seconds) for warned in digest.warnings} == {(late, seconds)}


async def test_a_digest_after_a_standstill_says_of_each_warning_for_how_long_it_waited(desk: Desk) -> None:
    await many(desk, 21)
    await at(desk, "2026-11-24T09:00")

    [digest] = await desk.told(WarningsDigested)
    waited = {warned.kind: warned.late_by_seconds for warned in digest.warnings}
    assert all(warned.fired_late for warned in digest.warnings)
    assert waited["first_contact"] == timedelta(hours=21).total_seconds()


@pytest.mark.clause("S1.3.1b")
@pytest.mark.parametrize("plain", [19, 20, 21])
async def test_a_safety_emergency_is_warned_of_by_itself_and_counts_for_no_digest(desk: Desk, plain: int) -> None:
    await many(desk, plain)
    order = numbered(99)
    await desk.tell(received(order_id=order, urgent=("safety",)), assigned().model_copy(update={"order_id": order}))
    await at(desk, "2026-11-23T12:00")

    together = {warned.order_id for digest in await desk.told(WarningsDigested) for warned in digest.warnings}
    alone = Counter(event.order_id for event in await desk.told(ClockWarned))
    assert (order in together, alone[order]) == (False, 1)
    assert len(together) == (plain if plain > 20 else 0)


@pytest.mark.clause("S1.3.1b")
async def test_a_safety_emergency_waits_for_no_next_digest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 30)
    await many(desk, 45)
    emergency = numbered(46)
    for number in range(46, 61):  # the second batch, whose digest waits for the next minute
        order, urgent = numbered(number), ("safety",) if number == 46 else ()
        await desk.tell(received(order_id=order, urgent=urgent), assigned().model_copy(update={"order_id": order}))
    await at(desk, "2026-11-23T12:00")

    assert [digest.count for digest in await desk.told(WarningsDigested)] == [30]
    assert [event.order_id for event in await desk.told(ClockWarned)] == [emergency]


async def test_twenty_warnings_come_one_by_one_and_the_next_of_that_minute_together(desk: Desk) -> None:
    await many(desk, 20)
    await at(desk, "2026-11-23T12:00")
    assert len(await desk.told(ClockWarned)) == 20

    order = numbered(99)
    await desk.tell(received(order_id=order), assigned("2026-11-23T10:00:30").model_copy(update={"order_id": order}))
    await at(desk, local("2026-11-23T12:00") + timedelta(seconds=30))
    assert [digest.count for digest in await desk.told(WarningsDigested)] == [1]


async def test_a_second_digest_waits_for_the_next_minute_and_nothing_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BATCH", 30)
    await many(desk, 60)
    await at(desk, "2026-11-23T12:00")
    first = await desk.told(WarningsDigested)
    await at(desk, "2026-11-23T12:01")
    second = await desk.told(WarningsDigested)

    assert [digest.count for digest in first] == [30]
    assert [digest.count for digest in second] == [30, 30]
    told = Counter(warned.clock_id for digest in second for warned in digest.warnings)
    assert len(told) == 60
    assert set(told.values()) == {1}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("2026-11-23T21:59", "2026-11-23T21:59"),
        ("2026-11-23T22:00", "2026-11-24T07:00"),
        ("2026-11-24T00:00", "2026-11-24T07:00"),
        ("2026-11-24T06:59", "2026-11-24T07:00"),
        ("2026-11-24T07:00", "2026-11-24T07:00"),
    ],
)
def test_a_warning_of_the_quiet_hours_fires_at_their_end(wanted: str, told: str) -> None:
    start, due = local("2026-11-20T10:00"), local("2026-11-25T00:00")

    assert outside_quiet_hours(local(wanted), start, due, CIRCULAR_2022, CALENDAR, DAILY) == local(told)


def test_a_warning_for_which_the_end_of_the_quiet_hours_is_too_late_fires_before_they_begin() -> None:
    start, due = local("2026-11-23T14:00"), local("2026-11-24T06:30")

    told = outside_quiet_hours(local("2026-11-24T02:00"), start, due, CIRCULAR_2022, CALENDAR, DAILY)
    assert told == local("2026-11-23T21:59")


NIGHTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda d: d.replace(tzinfo=SHANGHAI))  # noqa: DTZ001 - given its zone at once


@given(NIGHTS, st.integers(1, 9000), st.integers(1, 9000), st.booleans())
def test_a_warning_stays_inside_its_clock_and_outside_of_the_quiet_times_where_it_can(
    at: datetime, before: int, after: int, rest_days: bool
) -> None:
    start, due = at - timedelta(minutes=before), at + timedelta(minutes=after)
    quiet = Quiet(night=True, rest_days=rest_days)
    told = outside_quiet_hours(at, start, due, CIRCULAR_2022, CALENDAR, quiet)

    assert start < told < due
    # What moved has left the night; where it is still on a day off, the days off hold the whole clock.
    assert told == at or not quiet_ends(told, CIRCULAR_2022, CALENDAR, DAILY)
    still = quiet_ends(told, CIRCULAR_2022, CALENDAR, quiet)
    assert not still or still[0] >= due


@pytest.mark.clause("X3")
@pytest.mark.parametrize(
    ("wanted", "start", "due", "told"),
    [
        ("2026-11-20T21:59", "2026-11-18T10:00", "2026-11-25T00:00", "2026-11-20T21:59"),
        ("2026-11-20T22:00", "2026-11-18T10:00", "2026-11-25T00:00", "2026-11-23T07:00"),  # Friday night
        ("2026-11-21T00:00", "2026-11-18T10:00", "2026-11-25T00:00", "2026-11-23T07:00"),
        ("2026-11-22T16:00", "2026-11-18T10:00", "2026-11-25T00:00", "2026-11-23T07:00"),
        ("2026-11-23T06:59", "2026-11-18T10:00", "2026-11-25T00:00", "2026-11-23T07:00"),
        ("2026-11-22T16:00", "2026-11-18T10:00", "2026-11-23T07:00", "2026-11-20T17:29"),  # over by Monday morning
        ("2026-11-22T16:00", "2026-11-20T18:00", "2026-11-23T07:00", "2026-11-22T16:00"),  # began after work
        ("2026-11-22T02:00", "2026-11-20T18:00", "2026-11-22T20:00", "2026-11-22T07:00"),  # the night alone
        ("2026-10-03T10:00", "2026-09-29T10:00", "2026-10-09T00:00", "2026-10-08T07:00"),  # 国庆
        ("2026-10-10T00:30", "2026-10-08T10:00", "2026-10-13T00:00", "2026-10-10T07:00"),  # a Saturday that is worked
    ],
)
def test_what_is_not_urgent_warns_on_no_day_off(wanted: str, start: str, due: str, told: str) -> None:
    keeps = Quiet(night=True, rest_days=True)

    found = outside_quiet_hours(local(wanted), local(start), local(due), CIRCULAR_2022, CALENDAR, keeps)
    assert found == local(told)


@pytest.mark.clause("S1.3.1b")
@pytest.mark.parametrize(("urgent", "warned_at"), [("livelihood", "2026-11-24T07:00"), ("safety", "2026-11-24T02:00")])
async def test_a_safety_emergency_knows_no_quiet_hours(desk: Desk, urgent: str, warned_at: str) -> None:
    await desk.tell(received(urgent=(urgent,)), assigned("2026-11-23T14:00"))

    [row] = await desk.rows("select next_at from clock where kind = 'caller_reply'")
    assert row["next_at"] == local(warned_at)


async def test_an_order_that_becomes_a_safety_emergency_gets_its_warnings_back(desk: Desk) -> None:
    await desk.tell(received(urgent=("livelihood",)), assigned("2026-11-23T14:00"))
    await desk.tell(updated("2026-11-23T15:00", urgent=("safety",)))

    [row] = await desk.rows("select next_at from clock where kind = 'caller_reply'")
    assert row["next_at"] == local("2026-11-24T02:00")


async def test_a_clock_that_is_set_back_publishes_nothing_twice(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-27T00:00")
    told = Counter((event.type, event.clock_id) for event in await desk.told())
    for moment in ("2026-11-24T09:00", "2026-11-26T00:00", "2026-11-27T00:00"):
        await at(desk, moment)

    assert Counter((event.type, event.clock_id) for event in await desk.told()) == told


async def test_what_fires_after_a_standstill_is_marked_late_and_what_fires_in_time_is_not(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-23T12:00")
    [warned] = await desk.told(ClockWarned)
    await at(desk, "2026-12-07T09:00")

    assert (warned.fired_late, warned.late_by_seconds) == (False, 0)
    rest = [e for e in await desk.told() if isinstance(e, ClockWarned | ClockBreached)][1:]
    assert rest
    assert all(event.fired_late and event.late_by_seconds > 5 for event in rest)
    [final] = [event for event in rest if isinstance(event, ClockBreached) and event.kind == "final"]
    assert final.late_by_seconds == timedelta(days=10, hours=9).total_seconds()


async def warned_of(desk: Desk, kind: str) -> list[tuple[str, bool]]:
    return [(event.rung, event.fired_late) for event in await desk.told(ClockWarned) if event.kind == kind]


@pytest.mark.clause("S1.1.4b")
async def test_a_missed_warning_waits_for_the_end_of_the_quiet_hours_and_fires_then_marked_late(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-27T18:00")), assigned())
    await at(desk, "2026-11-26T23:58")  # while sla was down, nothing was told; it should have been at 18:00
    assert await warned_of(desk, "upstream_due") == []

    await at(desk, "2026-11-27T06:59")
    assert await warned_of(desk, "upstream_due") == []
    await at(desk, "2026-11-27T07:00")
    assert await warned_of(desk, "upstream_due") == [("yellow", True)]
    [told] = [event for event in await desk.told(ClockWarned) if event.kind == "upstream_due"]
    assert told.late_by_seconds == timedelta(hours=13).total_seconds()


@pytest.mark.clause("S1.1.4b")
async def test_a_breach_in_the_quiet_hours_is_preceded_by_the_warning_that_waited(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-25T23:58")

    over = {"accept", "first_contact", "progress_note"}
    told = [event for event in await desk.told() if isinstance(event, ClockWarned | ClockBreached)]
    assert {event.kind for event in told if isinstance(event, ClockBreached)} == over
    for kind in over:
        assert [type(event) for event in told if event.kind == kind] == [ClockWarned, ClockBreached]
    # The return window closed at midnight: its warning comes before that too.
    assert {event.kind for event in told} == {*over, "return_window"}
    assert all(event.fired_late for event in told)

    await at(desk, "2026-11-26T06:59")
    await at(desk, "2026-11-26T07:00")
    morning = (await desk.told(ClockWarned))[len(over) + 1 :]
    assert sorted((event.kind, event.rung) for event in morning) == [("district_final", "yellow"), ("final", "yellow")]
    await at(desk, "2026-11-26T09:00")
    reds = [event.kind for event in await desk.told(ClockWarned) if event.rung == "red:1"]
    assert set(reds) == over


async def test_a_missed_warning_fires_in_the_quiet_hours_when_their_end_would_be_too_late(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    await at(desk, "2026-11-26T23:58")

    assert await warned_of(desk, "final") == [("yellow", True)]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("2026-11-27T02:00", "2026-11-26T07:00"),  # a working day before is 02:00
        ("2026-11-24T06:30", "2026-11-23T21:59"),  # half of the time is 22:15, and the morning would be too late
    ],
)
async def test_a_deadline_that_the_upstream_moves_warns_outside_of_the_quiet_hours_too(
    desk: Desk, named: str, told: str
) -> None:
    await desk.tell(received(upstream_due_at=local("2026-12-01T18:00")), assigned())
    await desk.tell(updated("2026-11-23T14:00", upstream_due_at=local(named)))
    await at(desk, local(told) - timedelta(minutes=1))
    assert await warned_of(desk, "upstream_due") == []
    await at(desk, told)

    assert await warned_of(desk, "upstream_due") == [("yellow", False)]


async def test_what_fires_in_the_quiet_hours_is_before_a_deadline_that_ends_within_them(desk: Desk) -> None:
    await many(desk, 30)
    await desk.tell(received(order_id=numbered(99), upstream_due_at=local("2026-11-25T10:00")))
    await at(desk, local("2026-11-25T00:00:30"))  # nothing was told since Monday

    morning, told = local("2026-11-25T07:00"), await desk.told(WarningsDigested)
    due = [warned.due_at for digest in told for warned in digest.warnings]
    assert due
    assert max([*due, *(event.due_at for event in await desk.told(ClockWarned))]) <= morning
    assert await warned_of(desk, "upstream_due") == []
    await at(desk, morning)
    assert await warned_of(desk, "upstream_due") == [("yellow", True)]


async def test_missed_warnings_of_a_safety_emergency_fire_at_once(desk: Desk) -> None:
    await desk.tell(received(urgent=("safety",)), assigned())
    await at(desk, "2026-11-24T23:58")

    assert "caller_reply" in {event.kind for event in await desk.told(ClockWarned)}


async def test_an_order_that_becomes_a_safety_emergency_in_the_quiet_hours_is_warned_of_at_once(desk: Desk) -> None:
    await desk.tell(received(upstream_due_at=local("2026-11-27T18:00")), assigned())
    await at(desk, "2026-11-26T23:58")
    assert await warned_of(desk, "upstream_due") == []
    await desk.tell(updated("2026-11-26T23:59", urgent=("safety",), upstream_due_at=local("2026-11-27T18:00")))
    await at(desk, "2026-11-26T23:59")

    assert await warned_of(desk, "upstream_due") == [("yellow", True)]


async def test_a_reminder_that_was_missed_comes_with_the_next_mornings(desk: Desk) -> None:
    await desk.tell(received("2026-11-20T09:00"), assigned("2026-11-20T10:00"))
    await at(desk, "2026-11-26T00:00")
    await at(desk, "2026-11-26T23:30")
    assert await warned_of(desk, "final") == [("yellow", True)]
    await at(desk, "2026-11-27T08:59")
    assert await warned_of(desk, "final") == [("yellow", True)]
    await at(desk, "2026-11-27T09:00")

    assert await warned_of(desk, "final") == [("yellow", True), ("red:1", False)]


async def test_a_planned_order_wakes_in_the_quiet_hours_although_its_warning_waits(desk: Desk) -> None:
    await desk.tell(received(), assigned(), planned("2026-11-23T12:00", "2026-12-04"))
    await at(desk, "2026-12-04T00:30")
    assert [event.plan_on.isoformat() for event in await desk.told(PlanWoken)] == ["2026-12-04"]
    plans = [event for event in await desk.told(ClockWarned) if event.kind == "plan"]
    await at(desk, "2026-12-04T07:00")

    assert plans == []
    assert [event.rung for event in await desk.told(ClockWarned) if event.kind == "plan"] == ["yellow"]
    assert len(await desk.told(PlanWoken)) == 1


def moment_of(event: ClockBreached | ClockWarned) -> datetime:
    """The moment that a breach or a warning belongs to."""
    if isinstance(event, ClockBreached):
        return event.due_at
    return event.warned_at - timedelta(seconds=event.late_by_seconds)


async def with_promises(desk: Desk, orders: int, units: tuple[str, ...]) -> None:
    """Orders of these units, each with a promised call of its own minute; the later it was given, the sooner it is due."""
    for number in range(1, orders + 1):
        order, unit = numbered(number), units[number % len(units)]
        promise = local("2026-11-25T16:00") - timedelta(hours=5 * number, minutes=number)
        await desk.tell(
            received(order_id=order),
            assigned(f"2026-11-23T10:{number:02}", unit=unit).model_copy(
                update={"order_id": order, "first_unit": unit}
            ),
            contacted(f"2026-11-23T11:{number:02}", unit=unit, promised_at=promise).model_copy(
                update={"order_id": order}
            ),
        )


@pytest.mark.clause("S1.1.4b")
@pytest.mark.parametrize("batch", [1_000, 4])
async def test_after_a_standstill_everything_is_published_in_the_sequence_of_its_moments(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    for name in ("BATCH", "PLAIN_BATCH", "STORM_BATCH"):
        monkeypatch.setattr(jobs, name, batch)
    units = ("unit-1", "unit-2", "unit-3")
    await with_promises(desk, 9, units)
    await at(desk, "2026-12-07T08:59")

    told = [event for event in await desk.told() if isinstance(event, ClockBreached | ClockWarned)]
    assert Counter((event.clock_id, type(event)) for event in told).most_common(1)[0][1] == 1
    assert all(event.fired_late for event in told)
    for unit in (*units, None):
        moments = [moment_of(event) for event in told if event.unit == unit]
        assert len(moments) > 9
        assert moments == sorted(moments)


async def test_two_replicas_that_catch_up_together_keep_the_order_of_each_unit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, many in (("BATCH", 5), ("PLAIN_BATCH", 2), ("STORM_BATCH", 3)):
        monkeypatch.setattr(jobs, name, many)
    units = ("unit-1", "unit-2", "unit-3")
    await with_promises(desk, 9, units)
    desk.clock.set(local("2026-12-07T08:59"))

    async def nothing_due() -> bool:
        return await desk.rows("select 1 from clock where next_at <= :now", now=desk.clock.now()) == []

    async with replica_of(desk) as second, loop_of(desk.runtime, second):
        await until(nothing_due)

    told = await desk.told(ClockBreached)
    assert Counter(event.clock_id for event in told).most_common(1)[0][1] == 1
    for unit in (*units, None):
        moments = [event.due_at for event in told if event.unit == unit]
        assert moments == sorted(moments)


async def test_while_one_replica_fires_another_leaves_the_clocks_to_it(desk: Desk) -> None:
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-12-07T09:00"))
    async with desk.runtime.works.begin() as first:
        assert await take_turn(first.session, (0,))
        async with desk.runtime.works.begin() as second:
            assert await handlers.fire_due_clocks(second, 10) == 0
            assert await handlers.breach_plain_clocks(second, 10) == 0
            assert await handlers.breach_plain_clocks(second, 10, lane=0) == 0
            assert await take_turn(second.session, (1,))
    await jobs.drain(desk.runtime)

    assert len(await desk.told(ClockBreached)) == 5


# -- days off -----------------------------------------------------------------------------------------------------------

FRIDAY = "2026-11-20T10:00"


@pytest.mark.clause("S1.1.4b", "S1.3.1b")
@pytest.mark.parametrize(
    ("urgent", "reminded"),
    [((), "2026-11-23T09:00"), (("policy",), "2026-11-21T09:00"), (("safety",), "2026-11-21T09:00")],
)
async def test_a_breach_before_a_weekend_reminds_on_the_next_working_day_unless_it_is_urgent(
    desk: Desk, urgent: tuple[Urgency, ...], reminded: str
) -> None:
    """Assigned on Friday; the note of the day is missed at midnight, by one statement or one by one."""
    desk.clock.set(local(FRIDAY))
    kinds = ("accept", "progress_note")
    await desk.tell(received(FRIDAY, urgent=urgent), assigned(FRIDAY))
    await at(desk, "2026-11-20T23:59")
    await at(desk, "2026-11-21T00:00")

    rows = await desk.rows("select kind, next_at, breached_at from clock where kind in ('accept', 'progress_note')")
    assert {row["kind"]: row["next_at"] for row in rows} == dict.fromkeys(kinds, local(reminded))
    assert all(row["breached_at"] == local("2026-11-21T00:00") for row in rows)
    for moment in ("2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"):
        await at(desk, moment)
    told = [event.warned_at for event in await desk.told(ClockWarned) if event.rung.startswith("red")]
    days = {moment.astimezone(SHANGHAI).day for moment in told}
    assert days == ({21, 22, 23} if urgent else {23})


@pytest.mark.clause("S3.4a")
async def test_a_unit_that_was_late_on_friday_is_named_on_monday_morning(desk: Desk) -> None:
    await desk.tell(received("2026-11-17T09:00"), assigned("2026-11-17T10:00"))
    for moment in ("2026-11-21T00:00", "2026-11-21T09:00", "2026-11-23T08:59"):
        await at(desk, moment)
        assert await desk.rows("select 1 from supervision_candidate") == []
    await at(desk, "2026-11-23T09:00")

    assert len(await desk.rows("select 1 from supervision_candidate")) == 1


@pytest.mark.clause("S3.4a")
async def test_a_morning_of_many_overdue_orders_names_their_units_by_one_statement(desk: Desk) -> None:
    await many(desk, 5)
    await at(desk, "2026-11-27T00:00")
    said: list[str] = []

    def note(*told: Any) -> None:
        said.append(told[2])

    engine = desk.runtime.works.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await at(desk, "2026-11-27T09:00")
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert len(await desk.rows("select 1 from supervision_candidate where cause = 'overdue'")) == 5
    assert len(await desk.told(SupervisionCandidateRaised)) == 5
    assert len([statement for statement in said if "insert into supervision_candidate" in statement]) == 1


async def test_both_ways_of_breaching_remind_at_the_same_moment_after_a_standstill(desk: Desk) -> None:
    for number, urgent in ((1, ()), (2, ("livelihood",))):
        order = numbered(number)
        await desk.tell(received("2026-11-17T09:00", order_id=order, urgent=urgent))
        await desk.tell(assigned("2026-11-17T10:00").model_copy(update={"order_id": order}))
    # Everything but the breach of the final clocks has fired; then the loop stands still until Sunday.
    await at(desk, "2026-11-20T23:59")
    desk.clock.set(local("2026-11-22T10:00"))
    async with desk.runtime.works.begin() as work:
        await handlers.breach_plain_clocks(work, 100)
    by_statement = await desk.rows(
        "select id, next_at from clock where kind in ('final', 'district_final') order by id"
    )
    async with desk.runtime.works.begin() as work:
        await work.session.execute(
            text("update clock set next_at = due_at, breached_at = null where kind in ('final', 'district_final')")
        )
        await handlers.fire_due_clocks(work, 100)
    one_by_one = await desk.rows("select id, next_at from clock where kind in ('final', 'district_final') order by id")

    moments = {row["next_at"] for row in by_statement}
    # Named at once where a reminder has been due already: of the urgent order on Saturday, of the other not yet.
    assert moments == {local("2026-11-22T10:00"), local("2026-11-23T09:00")}
    later = {row["id"]: row["next_at"] for row in one_by_one}
    for row in by_statement:
        if row["next_at"] > local("2026-11-22T10:00"):
            assert later[row["id"]] == row["next_at"]


async def test_a_warning_that_was_missed_until_a_weekend_waits_for_monday(desk: Desk) -> None:
    await desk.tell(received("2026-11-18T09:00"), assigned("2026-11-18T10:00"))
    await at(desk, "2026-11-21T10:00")
    assert await warned_of(desk, "final") == []
    await at(desk, "2026-11-23T07:00")

    assert await warned_of(desk, "final") == [("yellow", False)]


async def test_an_order_that_turns_urgent_on_a_day_off_is_reminded_of_the_next_morning(desk: Desk) -> None:
    desk.clock.set(local(FRIDAY))
    await desk.tell(received(FRIDAY), assigned(FRIDAY))
    await at(desk, "2026-11-21T00:00")
    await desk.tell(updated("2026-11-21T12:00", urgent=("policy",)))
    await at(desk, "2026-11-21T12:00")

    [row] = await desk.rows("select next_at from clock where kind = 'progress_note'")
    assert row["next_at"] == local("2026-11-22T09:00")


@pytest.mark.clause("X3")
async def test_a_rule_set_may_let_days_off_be_warned_on(desk: Desk) -> None:
    keeps = replace(CIRCULAR_2022, quiet_rest_days=Choice(yes=False, clause=""))

    assert quiet_of("day", keeps, urgent=False, safety=False) == DAILY
    assert quiet_of("day", CIRCULAR_2022, urgent=False, safety=False).rest_days
    assert quiet_of("hours", CIRCULAR_2022, urgent=False, safety=False) == DAILY
    assert quiet_of("day", CIRCULAR_2022, urgent=True, safety=True) == Quiet(night=False, rest_days=False)

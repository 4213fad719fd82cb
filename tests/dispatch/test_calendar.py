"""The return window is counted by the calendar that sla publishes."""

from __future__ import annotations

from datetime import date

import pytest

from services.dispatch.service import SERVICE
from shared.calendar import DayChange, Wanted, WorkCalendar, revised, statutory_calendar
from shared.contracts.sla import CalendarChanged
from shared.following.calendar import load_calendar, watch_calendar, years_of
from shared.run.process import build_runtime
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900, NoBus, desk_of

pytestmark = pytest.mark.clause("S1.1.4a")

FREE = date(2026, 11, 24)


def calendar(number: int, *days: date) -> WorkCalendar:
    return revised(
        statutory_calendar(), [DayChange(day, Wanted.OFF, "台风") for day in days], version=f"calendar-{number}"
    )


def changed(number: int, calendar: WorkCalendar) -> CalendarChanged:
    return CalendarChanged(
        number=number,
        version=calendar.version,
        previous="statutory-2026.1",
        changed_at=MONDAY_0900,
        years=years_of(calendar),
    )


async def test_a_changed_calendar_is_used_at_once_and_after_a_restart(postgres_server: DatabaseServer) -> None:
    async with desk_of(SERVICE, postgres_server) as desk:
        assert desk.runtime.works.calendar.is_workday(FREE)

        await desk.tell(changed(2, calendar(2, FREE)))

        assert not desk.runtime.works.calendar.is_workday(FREE)
        second = build_runtime(SERVICE, desk.runtime.settings, bus=NoBus(), clock=desk.clock)
        try:
            await load_calendar(second)
            assert second.works.calendar.version == "calendar-2"
            assert second.works.calendar.years == desk.runtime.works.calendar.years
        finally:
            await second.works.close()
        assert await desk.parked() == []


async def test_an_older_calendar_that_comes_late_changes_nothing(postgres_server: DatabaseServer) -> None:
    async with desk_of(SERVICE, postgres_server) as desk:
        await desk.tell(changed(3, calendar(3, FREE)), changed(2, calendar(2)))

        assert desk.runtime.works.calendar.version == "calendar-3"


def test_dispatch_subscribes_to_the_calendar_and_watches_it() -> None:
    assert CalendarChanged in SERVICE.subscriptions
    assert watch_calendar in SERVICE.jobs

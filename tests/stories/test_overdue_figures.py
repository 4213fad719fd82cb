"""An excused breach: the events of sla, and the figures that analytics makes of them."""

from __future__ import annotations

import pytest

from services.analytics.figures import handlers
from services.analytics.service import SERVICE as ANALYTICS
from services.sla.calendar.store import current_version
from services.sla.firing.jobs import drain
from services.sla.recomputing.handlers import edit_days
from services.sla.recomputing.jobs import recompute
from services.sla.service import SERVICE as SLA
from shared.calendar import DayChange, Wanted
from shared.identity import Role
from tests.analytics.events import Publisher
from tests.sla.story import UNIT, assigned, contacted, fed_back, local, received
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, desk_of

pytestmark = pytest.mark.clause("S1.1.4b", "S1.1.4a", "S3.2b")


async def told_with_a_day_off(desk: Desk) -> None:
    """Breached at midnight of the 27th; then Wednesday the 25th becomes a day off and the deadline a day later."""
    await desk.tell(received(), assigned())
    desk.clock.set(local("2026-11-27T00:01"))
    await drain(desk.runtime)
    days = [DayChange(local("2026-11-25T00:00").date(), Wanted.OFF, "临时安排")]
    async with desk.runtime.works.begin(desk.person(Role.ADMIN)) as work:
        await edit_days(work, days, reason="台风停工", document=None, base=None)
    async with desk.runtime.works.read() as session:
        version = await current_version(session)
    assert version is not None
    await recompute(desk.runtime, version)


@pytest.mark.parametrize(
    ("answered_at", "overdue"),
    [("2026-11-27T23:59", []), ("2026-11-28T00:01", [{"unit": UNIT, "day": "2026-11-27", "count": 1}])],
)
async def test_an_order_is_overdue_only_when_the_moved_deadline_is_missed(
    postgres_server: DatabaseServer, answered_at: str, overdue: list[dict[str, object]]
) -> None:
    async with desk_of(SLA, postgres_server) as sla, desk_of(ANALYTICS, postgres_server) as analytics:
        await told_with_a_day_off(sla)
        sla.clock.set(local(answered_at))
        await drain(sla.runtime)
        await sla.tell(fed_back(answered_at))
        publisher = Publisher()
        async with analytics.runtime.works.begin() as work:
            await handlers.project(work, [publisher.envelope(event) for event in await sla.told()])

        found = await analytics.rows(
            "select unit, day::text as day, count from figure where measure = 'overdue' and unit <> '' and count <> 0"
        )
    assert found == overdue


@pytest.mark.parametrize(
    ("answered_at", "overdue"),
    [("2026-11-27T00:00", []), ("2026-11-27T00:01", [{"unit": UNIT, "day": "2026-11-26", "count": 1}])],
)
async def test_an_answer_in_time_that_was_heard_after_the_breach_is_not_overdue(
    postgres_server: DatabaseServer, answered_at: str, overdue: list[dict[str, object]]
) -> None:
    async with desk_of(SLA, postgres_server) as sla, desk_of(ANALYTICS, postgres_server) as analytics:
        await sla.tell(received(), assigned())
        sla.clock.set(local("2026-11-27T00:05"))
        await drain(sla.runtime)
        await sla.tell(fed_back(answered_at))
        publisher = Publisher()
        async with analytics.runtime.works.begin() as work:
            await handlers.project(work, [publisher.envelope(event) for event in await sla.told()])

        found = await analytics.rows(
            "select unit, day::text as day, count from figure where measure = 'overdue' and unit <> '' and count <> 0"
        )
    assert found == overdue


@pytest.mark.clause("S1.2.2c")
@pytest.mark.parametrize(("answered", "late_replies"), [(True, 0), (False, 1)])
async def test_a_late_first_reply_and_a_late_finish_are_figures_apart(
    postgres_server: DatabaseServer, *, answered: bool, late_replies: int
) -> None:
    async with desk_of(SLA, postgres_server) as sla, desk_of(ANALYTICS, postgres_server) as analytics:
        await sla.tell(received(scheme="enterprise_fast", subject="enterprise"), assigned())
        if answered:
            await sla.tell(contacted("2026-11-23T11:00"))
        for moment in ("2026-11-26T00:00", "2026-12-11T00:00"):
            sla.clock.set(local(moment))
            await drain(sla.runtime)
        publisher = Publisher()
        async with analytics.runtime.works.begin() as work:
            await handlers.project(work, [publisher.envelope(event) for event in await sla.told()])

        async def late(week: str) -> tuple[int, int]:
            path = f"/api/analytics/v1/weekly?week={week}"
            shown = await analytics.http.get(path, headers=analytics.bearer(Role.ANALYST))
            district = shown.json()["district"]
            return district["first_reply_overdue"], district["overdue"]

        # Two working days end on Wednesday 25 November, thirteen on Thursday 10 December.
        assert (await late("2026-W48"), await late("2026-W50")) == ((late_replies, 0), (0, 1))

"""A year is imported while the platform runs, and dispatch counts by the same calendar as sla."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.clock import SHANGHAI
from tests.calendar.published import NOTICE_2027
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4a")


@pytest_asyncio.fixture(loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on Wednesday 2026-12-30, 09:00."""
    folder = tmp_path_factory.mktemp("year-end")
    async with district(postgres_server, folder, now=datetime(2026, 12, 30, 9, tzinfo=SHANGHAI)) as found:
        yield found


async def test_every_service_counts_by_an_imported_year(place: District) -> None:
    admin = await place.person("admin")
    order_id = await place.received_and_assigned()
    await eventually_final(place, order_id, provisional=True, due_at=local(2027, 1, 6))
    [alarm] = await call(admin, "GET", "/api/sla/v1/calendar/alarms")

    body = {"year": 2027, "form": "notice", "content": NOTICE_2027}
    preview = await call(admin, "POST", "/api/sla/v1/calendar/imports/preview", body)
    applied = await call(
        admin,
        "POST",
        "/api/sla/v1/calendar/imports",
        {**body, "reason": "通知发布", "base_version": preview["base_version"]},
    )

    # 31 December and New Year's Day are off now: the third working day is 6 January.
    await eventually_final(place, order_id, provisional=False, due_at=local(2027, 1, 7))
    assert alarm["year"] == 2027
    assert "final" in {item["kind"] for item in preview["items"] if item["order_id"] == order_id}
    assert await call(admin, "GET", "/api/sla/v1/calendar/alarms") == []
    assert place.process is not None
    dispatch, sla = (place.process.runtime_of(name).works for name in ("dispatch", "sla"))
    await eventually(lambda: of_version(dispatch, applied["version"]), within=20)
    assert dispatch.calendar.years == sla.calendar.years
    # Assigned on the 30th, the return window ends with 4 January, the first working day after the holiday.
    window = dispatch.calendar.due_at(local(2026, 12, 30) + timedelta(hours=9), 1)
    assert window.at == local(2027, 1, 5)


async def of_version(works: Any, version: str) -> bool:
    return bool(works.calendar.version == version)


async def call(caller: Any, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return await caller.call(method, path, body)


async def eventually_final(place: District, order_id: str, *, provisional: bool, due_at: datetime) -> None:
    """Wait until the order's final clock is as wanted."""

    async def is_so() -> bool:
        final = (await place.clocks(order_id)).get("final")
        if final is None:
            return False
        return bool(final["provisional"] == provisional and datetime.fromisoformat(final["due_at"]) == due_at)

    await eventually(is_so, within=30)


def local(year: int, month: int, day: int) -> datetime:
    """The beginning of a day in Yantai."""
    return datetime(year, month, day, tzinfo=SHANGHAI)

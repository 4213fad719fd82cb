"""A year is imported while the platform runs, and dispatch counts by the same calendar as sla."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from sample.staff import Refused
from shared.calendar import SHANGHAI
from tests.calendar.published import NOTICE_2027
from tests.support.files import PDF
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4a")

RETURN = {
    "reason": "经现场核实，问题为占道经营，不属于本单位职责",
    "policy_basis": "区综合行政执法局三定方案第三条",
    "suggested_unit": "chengguan",
}


@pytest_asyncio.fixture(loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on Wednesday 2026-12-30, 09:00."""
    folder = tmp_path_factory.mktemp("year-end")
    async with district(postgres_server, folder, now=datetime(2026, 12, 30, 9, tzinfo=SHANGHAI)) as found:
        yield found


@pytest.mark.clause("S2.2.1f")
async def test_every_service_counts_by_an_imported_year_and_a_window_that_had_closed_opens(place: District) -> None:
    admin = await place.person("admin")
    order_id = await place.received_and_assigned()
    await eventually_final(place, order_id, provisional=True, due_at=local(2027, 1, 6))
    # By the provisional calendar the return window ends with 31 December.
    place.at(local(2027, 1, 2) + timedelta(hours=9))
    await eventually(lambda: window_is(place, order_id, "void", local(2027, 1, 1)), within=30)
    caseworker = await place.person("zhujian-jingban")
    path = f"/api/dispatch/v1/orders/{order_id}/return"
    with pytest.raises(Refused) as refused:
        await caseworker.upload(path, RETURN, [("现场记录.pdf", PDF)])
    assert refused.value.problem["code"] == "return_window_closed"

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
    await eventually(lambda: window_is(place, order_id, "running", local(2027, 1, 5)), within=30)
    assert "return_window" in {item["kind"] for item in preview["items"] if item["reopened"]}
    shown = await caseworker.call("GET", f"/api/dispatch/v1/orders/{order_id}")
    assert datetime.fromisoformat(shown["return_closes_at"]) == local(2027, 1, 5)
    await caseworker.upload(path, RETURN, [("现场记录.pdf", PDF)])
    await eventually(lambda: window_is(place, order_id, "met", local(2027, 1, 5)), within=30)


async def window_is(place: District, order_id: str, state: str, due_at: datetime) -> bool:
    window = (await place.clocks(order_id)).get("return_window", {})
    return window.get("state") == state and datetime.fromisoformat(window["due_at"]) == due_at


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

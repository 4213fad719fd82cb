"""A rule set with another return window: drafted, published, and applied by sla and dispatch alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import pytest
import pytest_asyncio

from sample.staff import Refused
from shared.calendar import SHANGHAI
from tests.support.files import PDF
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("X3", "S2.2.1f")

RETURN: Final = {
    "reason": "经现场核实，问题为占道经营，不属于本单位职责",
    "policy_basis": "区综合行政执法局三定方案第三条",
    "suggested_unit": "chengguan",
}


@pytest_asyncio.fixture(loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on Monday 2026-11-23, 09:00."""
    async with district(postgres_server, tmp_path_factory.mktemp("rules")) as found:
        yield found


async def test_a_published_return_window_holds_for_what_is_received_from_its_day_on(place: District) -> None:
    admin = await place.person("admin")
    draft = {
        "version": "circular-2027",
        "document": "烟莱政办字〔2026〕9号（征求意见稿）",
        "numbers": {"return_window": 2},
        "reason": "部门反映一个工作日不足以核实职责",
    }
    await admin.call("POST", "/api/sla/v1/rules", draft)
    publication = {
        "effective_from": local(24).isoformat(),
        "document": "烟莱政办字〔2026〕9号",
        "reason": "印发",
    }
    await admin.call("POST", "/api/sla/v1/rules/circular-2027/publish", publication)

    # One order is received on the day before, the other on the day; both are assigned on the day.
    place.at(local(23, 16))
    older = await place.push()
    await place.case(older, status="triage")
    place.at(local(24, 9))
    newer = await place.push()
    await place.case(newer, status="triage")
    await place.assign(older)
    await place.assign(newer)

    # sla and dispatch show the same for each.
    for order_id, rules, closes_at in ((older, "circular-2022", local(26)), (newer, "circular-2027", local(27))):
        window = await window_of(place, order_id)
        shown = await eventually(lambda of=order_id, at=closes_at: closing(place, of, at), within=20)
        assert (window["rules"], datetime.fromisoformat(window["due_at"])) == (rules, closes_at)
        assert datetime.fromisoformat(shown["return_closes_at"]) == closes_at

    # On the second working day after the assignment the one is refused, and the other is returned.
    place.at(local(26, 15))
    with pytest.raises(Refused) as refused:
        await ask_return(place, older)
    await ask_return(place, newer)

    assert refused.value.problem["code"] == "return_window_closed"
    assert "（1 个工作日）" in refused.value.problem["detail"]
    assert (await place.case(newer, status="return_pending"))["unit"] == "zhujian"
    assert (await place.case(older))["status"] == "assigned"
    assert (await window_of(place, newer, state="met"))["rules"] == "circular-2027"


def local(day: int, hour: int = 0) -> datetime:
    """A moment of November in Yantai."""
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI)


async def ask_return(place: District, order_id: str) -> None:
    caseworker = await place.person("zhujian-jingban")
    await caseworker.upload(f"/api/dispatch/v1/orders/{order_id}/return", RETURN, [("现场记录.pdf", PDF)])


async def closing(place: District, order_id: str, closes_at: datetime) -> dict[str, Any]:
    """The order on the desk, once its window closes then: the rule set may still be on its way to dispatch."""
    shown = await place.case(order_id)
    return shown if datetime.fromisoformat(shown["return_closes_at"]) == closes_at else {}


async def window_of(place: District, order_id: str, **wanted: Any) -> dict[str, Any]:
    """sla's clock of the return window, when it is as wanted."""

    async def found() -> dict[str, Any]:
        try:
            window = (await place.clocks(order_id)).get("return_window", {})
        except Refused:
            return {}  # sla does not know the order yet
        return window if all(window[name] == value for name, value in wanted.items()) else {}

    window: dict[str, Any] = await eventually(found, within=20)
    return window

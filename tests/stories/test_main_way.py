"""The whole lifecycle of an order through five services, with rework, return and redo, on both buses."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from sample.staff import Refused
from shared.calendar import SHANGHAI
from tests.support.files import PNG
from tests.support.platform import District, cluster_district, district
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="session",
    params=[
        "postgres",
        pytest.param("kafka", marks=pytest.mark.kafka),
        pytest.param("cluster", marks=pytest.mark.kafka),
    ],
)
async def place(
    request: pytest.FixtureRequest, postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[District]:
    """The platform on each bus."""
    folder = tmp_path_factory.mktemp("district")
    bus_url = None
    if request.param == "cluster":
        request.getfixturevalue("kafka_server")  # skips, or fails, where no Kafka can run
        folder.chmod(0o711)
        async with cluster_district(folder) as found:
            yield found
        return
    if request.param == "kafka":
        bus_url = f"kafka://{request.getfixturevalue('kafka_server').bootstrap}"
    async with district(postgres_server, folder, bus_url=bus_url) as found:
        yield found


@pytest.fixture(autouse=True)
def monday_morning(place: District) -> None:
    """Every story begins on the same Monday, 2026-11-23 09:00 in Yantai."""
    place.at(MONDAY_0900)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in Yantai."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.clause("S2.3b", "S1.1.3", "S1.1.4a")
async def test_an_order_is_received_assigned_answered_reviewed_fed_back_revisited_and_closed(place: District) -> None:
    order_id = await place.received_and_assigned()
    assigned = await place.case(order_id, status="assigned", unit="zhujian")

    await eventually_clock(place, order_id, "final", "running")
    final = (await place.clocks(order_id))["final"]
    await place.answered(order_id)
    await place.revisited(order_id)
    closed = await place.case(order_id, status="closed")

    assert assigned["first_unit"] == closed["first_unit"] == "zhujian"
    assert datetime.fromisoformat(final["due_at"]) == local(27, 0)
    assert [f.number for f in place.upstream.received].count(place.orders[order_id].number) == 1
    await eventually_clock(place, order_id, "final", "met")


@pytest.mark.clause("S1.1.4c")
async def test_the_same_order_pushed_again_stays_one_order_and_a_changed_one_becomes_its_second_version(
    place: District,
) -> None:
    order_id = await place.push()
    demand = place.orders[order_id]

    again = await place.upstream.push(place.http, demand)
    changed = await place.upstream.push(place.http, demand, eventDesc="来电人补充：情况比昨天更严重，请尽快处理。")

    assert (again["order_id"], again["version"]) == (order_id, 1)
    assert (changed["order_id"], changed["version"]) == (order_id, 2)


@pytest.mark.clause("S2.3c", "S2.3d")
async def test_a_rejected_reply_is_handled_once_more_and_no_clock_is_reset(place: District) -> None:
    order_id = await place.received_and_assigned()
    await eventually_clock(place, order_id, "final", "running")
    before = (await place.clocks(order_id))["final"]
    await place.contact(order_id)
    first = await place.reply(order_id)
    await place.leader_approves(first)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.centre_rejects(first, "请补充现场整改情况")
    await place.case(order_id, status="rework")

    await place.contact(order_id)
    second = await place.reply(order_id)
    await place.leader_approves(second)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    after = (await place.clocks(order_id))["final"]
    await place.centre_approves(second)
    await place.case(order_id, status="revisit")

    assert first != second
    assert (before["id"], before["due_at"]) == (after["id"], after["due_at"])


@pytest.mark.clause("S2.2.1f", "S2.2.1i")
async def test_a_return_inside_its_window_goes_to_another_unit_and_the_district_clock_never_stops(
    place: District,
) -> None:
    order_id = await place.received_and_assigned("zhujian")
    caseworker = await place.person("zhujian-jingban")
    await return_order(place, order_id)
    await place.case(order_id, status="return_pending")
    await eventually_clock(place, order_id, "district_final", "running")
    running = (await place.clocks(order_id))["district_final"]
    dispatcher = await place.person("paidan")
    await dispatcher.call(
        "POST", f"/api/dispatch/v1/orders/{order_id}/return/decision", {"decision": "accept", "reason": "确属城管职责"}
    )
    await place.case(order_id, status="triage", returns=1)
    await place.assign(order_id, "chengguan")
    await place.answered(order_id, "chengguan")
    await place.revisited(order_id)
    closed = await place.case(order_id, status="closed")
    former = await caseworker.call("GET", f"/api/dispatch/v1/orders/{order_id}")

    assert running["state"] == "running"
    assert closed["first_unit"] == "zhujian"
    assert set(former) == {"order_id", "platform", "platform_no", "title", "part", "returned"}
    assert former["part"] == "former"


@pytest.mark.clause("S2.2.1h")
async def test_a_return_after_its_window_is_refused_with_its_clause(place: District) -> None:
    order_id = await place.received_and_assigned()
    place.at(local(25, 0, 1))

    with pytest.raises(Refused) as refused:
        await return_order(place, order_id)

    assert refused.value.status == 409
    assert refused.value.problem["code"] == "return_window_closed"
    assert refused.value.problem["clause"].startswith("S2.2.1")


@pytest.mark.clause("S1.1.4b")
async def test_an_order_that_is_late_breaches_once_and_may_still_be_answered(place: District) -> None:
    order_id = await place.received_and_assigned()
    await eventually_clock(place, order_id, "final", "running")
    place.at(local(27, 0) + timedelta(seconds=1))

    async def breached() -> bool:
        return len(await breaches(place, order_id, "final")) > 0

    await eventually(breached, within=20)
    await place.answered(order_id)
    await eventually_clock(place, order_id, "final", "late")

    assert len(await breaches(place, order_id, "final")) == 1


async def test_an_unsolved_order_is_opened_again_and_handled_by_the_same_unit(place: District) -> None:
    order_id = await place.received_and_assigned()
    await place.answered(order_id)
    await place.revisited(order_id, "未解决", "不满意")
    await place.case(order_id, status="handling", unit="zhujian")

    await place.answered(order_id)
    await place.revisited(order_id)
    closed = await place.case(order_id, status="closed")

    assert closed["redos"] == 1
    assert [f.number for f in place.upstream.received].count(place.orders[order_id].number) == 2


async def test_a_cancelled_order_is_ended_in_every_service(place: District) -> None:
    order_id = await place.received_and_assigned()
    number = place.orders[order_id].number
    cancellation = {"orderNum": number, "reason": "来电人撤回诉求", "operateTime": "2026-11-23 09:05:00"}
    answer = await place.upstream.send(place.http, "city_12345", "cancellations", cancellation)

    assert answer.is_success, answer.text
    await place.case(order_id, status="cancelled")
    await eventually_clock(place, order_id, "final", "void")


async def test_the_figures_of_the_week_equal_a_rebuild_from_the_events(place: District) -> None:
    analyst, admin = await place.person("fenxi"), await place.person("admin")
    order_id = await place.received_and_assigned()
    await place.answered(order_id)
    await place.revisited(order_id)
    await place.case(order_id, status="closed")

    async def counted() -> bool:
        week = await analyst.call("GET", "/api/analytics/v1/weekly", week="2026-W48")
        return any(row["unit"] == "zhujian" and row["closed"] > 0 for row in week["units"])

    await eventually(counted, within=20)
    rebuilt = await admin.call("POST", "/api/analytics/v1/rebuild", {})

    assert rebuilt["state"] == "equal"


async def return_order(place: District, order_id: str) -> None:
    """The unit asks to return the order with all four parts."""
    caseworker = await place.person("zhujian-jingban")
    await caseworker.upload(
        f"/api/dispatch/v1/orders/{order_id}/return",
        {
            "reason": "经现场核实，问题为占道经营，不属于本单位职责",
            "policy_basis": "区综合行政执法局三定方案第三条",
            "suggested_unit": "chengguan",
        },
        [("现场照片.png", PNG)],
    )


async def eventually_clock(place: District, order_id: str, kind: str, state: str) -> None:
    """Wait until the newest clock of a kind is in a state."""

    async def reached() -> bool:
        try:
            return (await place.clocks(order_id)).get(kind, {}).get("state") == state
        except Refused:
            return False  # sla does not know the order yet

    await eventually(reached, within=20)


async def breaches(place: District, order_id: str, kind: str) -> list[dict[str, object]]:
    """The breaches of an order, as operators see them."""
    dispatcher = await place.person("paidan")
    items: list[dict[str, object]] = (await dispatcher.call("GET", "/api/sla/v1/breaches", limit=200))["items"]
    return [item for item in items if item["order_id"] == order_id and item["kind"] == kind]

"""The upstream changes its demand, or cancels the order, while the reviewer approves.

What review could not know yet is found at the feedback.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from sample.staff import Refused
from shared.bus.postgres import PostgresBus
from tests.support.holding import HoldingBus
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4c", "S2.3a")

CHANGED = "来电人补充：路灯之外，井盖也已破损。"
OUTDATED = text(
    "select count(*) from outbox where aggregateid = :order_id and type = 'order.reply_outdated.v1' "
    "and published_at is not null"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bus(postgres_server: DatabaseServer) -> AsyncIterator[HoldingBus]:
    """The embedded bus, of which a story holds services back."""
    async with fresh_database(postgres_server, "bus") as url:
        yield HoldingBus(PostgresBus(url))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(
    postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory, bus: HoldingBus
) -> AsyncIterator[District]:
    """The platform on that bus."""
    async with district(postgres_server, tmp_path_factory.mktemp("district"), bus=bus) as found:
        yield found


@pytest.fixture(autouse=True)
def monday_morning(place: District) -> None:
    """Every story begins on the same Monday."""
    place.at(MONDAY_0900)


async def at_the_centre(place: District, **words: Any) -> tuple[str, str]:
    """An order whose reply the centre reviews, and the reply's id."""
    order_id = await place.received_and_assigned()
    await place.contact(order_id)
    reply_id = await place.reply(order_id, **words)
    await place.leader_approves(reply_id)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.case(order_id, status="centre_review")
    return order_id, reply_id


async def approved_while_it_changes(place: District, bus: HoldingBus, order_id: str, reply_id: str) -> None:
    """The push is answered, the reviewer approves, and only then review hears of the push."""
    bus.hold("review")
    answer = await place.upstream.push(place.http, place.orders[order_id], eventDesc=CHANGED)
    assert answer["version"] == 2
    await place.centre_approves(reply_id)

    async def told() -> bool:
        assert place.process is not None
        async with place.process.runtime_of("intake").works.read() as session:
            rows = await session.execute(OUTDATED, {"order_id": order_id})
            return rows.scalar() == 1

    await eventually(told, within=20)
    bus.release("review")


def sent(place: District, order_id: str) -> list[tuple[str, int]]:
    """Of each reply that the upstream got for the order: its id and the version that it answers."""
    number = place.orders[order_id].number
    bodies = [one.body for one in place.upstream.received if one.body.get("orderNum") == number]
    return [(body["replyId"], body["demandVersion"]) for body in bodies]


async def who_did(place: District, order_id: str) -> dict[str, str]:
    """By kind of entry, who did it last; once the timeline has the rejection."""
    desk, doers = await place.person("paidan"), dict[str, str]()

    async def told() -> bool:
        timeline = await desk.call("GET", f"/api/dispatch/v1/orders/{order_id}/timeline", limit=200)
        kinds = {"reply.approved", "order.reply_outdated", "reply.rejected", "clock.started"}
        doers.update({one["kind"]: one["who"]["account"] for one in timeline["items"] if one["kind"] in kinds})
        return doers.keys() == kinds

    await eventually(told, within=20)
    return doers


@pytest.mark.clause("X1")
async def test_a_reply_that_was_approved_before_review_heard_of_the_change_is_not_sent_and_comes_back(
    place: District, bus: HoldingBus
) -> None:
    order_id, first = await at_the_centre(place)
    await approved_while_it_changes(place, bus, order_id, first)
    back = await place.newest_reply(order_id, "zhujian", "rejected")
    case = await place.case(order_id, status="rework")
    clocks = await place.clocks(order_id)

    assert sent(place, order_id) == []
    assert back["taken_back_at"] is not None
    assert "第 2 版：诉求内容" in back["opinion"]
    assert [finding["code"] for finding in back["findings"]] == ["demand_changed"]
    assert [change["version"] for change in case["demand_changes"]] == [2]
    assert (back["centre_by"], back["opinion_by"]) == ("shenhe", "system")
    assert await who_did(place, order_id) == {
        "reply.approved": "shenhe",
        "order.reply_outdated": "system",
        "reply.rejected": "system",
        "clock.started": "system",
    }
    assert (clocks["final"]["state"], clocks["review_turnaround"]["state"]) == ("running", "met")

    second = await place.reply(order_id)
    await place.leader_approves(second)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.centre_approves(second)
    await place.case(order_id, status="revisit")
    await place.revisited(order_id)
    await place.case(order_id, status="closed")

    assert sent(place, order_id) == [(second, 2)]


@pytest.mark.clause("S2.2.2e", "S2.2.2f")
async def test_a_plan_comes_back_too_and_its_day_no_longer_counts(place: District, bus: HoldingBus) -> None:
    plan = {"disposition": "planned", "legal_basis": "市政设施管理条例第十二条", "plan_on": "2026-12-10"}
    order_id, first = await at_the_centre(place, **plan)
    await approved_while_it_changes(place, bus, order_id, first)
    await place.newest_reply(order_id, "zhujian", "rejected")
    await place.case(order_id, status="rework")

    async def without_a_day() -> bool:
        # sla hears dispatch and review in no common order.
        clocks = await place.clocks(order_id)
        return "plan" not in clocks or clocks["plan"]["state"] == "void"

    await eventually(without_a_day, within=20)
    clocks = await place.clocks(order_id)
    assert (clocks["final"]["state"], sent(place, order_id)) == ("running", [])


async def test_a_reason_is_good_for_the_version_that_the_reviewer_saw(place: District, bus: HoldingBus) -> None:
    order_id, reply_id = await at_the_centre(place)
    await place.upstream.push(place.http, place.orders[order_id], eventDesc=CHANGED)
    reviewer = await place.person("shenhe")
    await reviewer.when(f"/api/review/v1/replies/{reply_id}", blocking=1)
    bus.hold("review")
    newer = await place.upstream.push(place.http, place.orders[order_id], eventDesc=CHANGED + "请尽快处理。")
    reason = {"override_reason": "补充内容已一并处理", "demand_version": 2}
    with pytest.raises(Refused) as unheard:
        await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/approval", {**reason, "demand_version": 3})
    await reviewer.call("POST", f"/api/review/v1/replies/{reply_id}/approval", reason)
    bus.release("review")
    back = await place.newest_reply(order_id, "zhujian", "rejected")

    assert (newer["version"], unheard.value.problem["code"]) == (3, "demand_version_outdated")
    assert "第 3 版：诉求内容" in back["opinion"]
    assert (back["override_reason"], sent(place, order_id)) == (reason["override_reason"], [])


@pytest.mark.clause("S2.3b", "X1")
async def test_a_reply_that_was_approved_before_review_heard_of_the_cancellation_is_void_and_its_timeline_says_why(
    place: District, bus: HoldingBus
) -> None:
    order_id, reply_id = await at_the_centre(place)
    bus.hold("review")
    about = {"orderNum": place.orders[order_id].number, "operateTime": "2026-11-23 09:00:00", "reason": "来电人撤回"}
    assert (await place.upstream.send(place.http, "city_12345", "cancellations", about)).is_success
    await place.case(order_id, status="cancelled")
    await place.centre_approves(reply_id)
    bus.release("review")
    seen = await place.newest_reply(order_id, "zhujian", "void")
    desk = await place.person("paidan")
    told: list[dict[str, Any]] = []

    async def in_timeline() -> bool:
        timeline = await desk.call("GET", f"/api/dispatch/v1/orders/{order_id}/timeline", limit=200)
        told[:] = [item for item in timeline["items"] if item["kind"] == "order.reply_not_sent"]
        return bool(told)

    await eventually(in_timeline, within=20)
    assert (seen["void_reason"], sent(place, order_id)) == ("cancelled", [])
    said = [item["text"].partition("第 1 次答复")[2] for item in told]
    assert said == ["虽经审核通过，没有反馈上级平台：上级平台已撤单。"]
    assert [item["who"]["account"] for item in told] == ["system"], "nobody who approved it decided that"

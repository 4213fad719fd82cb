"""Notices that arrive late, twice or in another order than expected, through five services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from sample.staff import Refused
from sample.upstream import in_words_of_city
from shared.calendar import SHANGHAI
from tests.support.platform import SOME_UNITS, District, district
from tests.support.postgres import DatabaseServer
from tests.support.service import MONDAY_0900
from tests.support.waiting import eventually

SOLVED, UNSOLVED = ("解决", "满意"), ("未解决", "不满意")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """The platform on the embedded bus."""
    async with district(postgres_server, tmp_path_factory.mktemp("district")) as found:
        yield found


@pytest.fixture(autouse=True)
def monday_morning(place: District) -> None:
    """Every story begins on the same Monday, 2026-11-23 09:00 in Yantai."""
    place.at(MONDAY_0900)


async def send(place: District, order_id: str, kind: str, **more: Any) -> httpx.Response:
    """A notice of the platform about the order, dated now."""
    at = f"{place.clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    content = {"orderNum": place.orders[order_id].number, "operateTime": at, **more}
    return await place.upstream.send(place.http, "city_12345", kind, content)


async def clocks(place: District, order_id: str) -> dict[str, str]:
    """Each clock by its kind and the moment at which it started, with its state."""
    dispatcher = await place.person("paidan")
    items = (await dispatcher.call("GET", f"/api/sla/v1/orders/{order_id}/clocks"))["clocks"]
    items.sort(key=lambda clock: (clock["kind"], clock["started_at"]))
    seen: dict[str, int] = {}
    found = {}
    for clock in items:
        seen[clock["kind"]] = number = seen.get(clock["kind"], 0) + 1
        found[f"{clock['kind']} {number}"] = clock["state"]
    return found


async def clocks_when(place: District, order_id: str, **wanted: str) -> dict[str, str]:
    """The clocks, when these are in these states: `final_1="met"`."""
    names = {name.rpartition("_")[0] + " " + name.rpartition("_")[2]: state for name, state in wanted.items()}

    async def reached() -> dict[str, str]:
        try:
            found = await clocks(place, order_id)
        except Refused:
            return {}
        return found if all(found.get(name) == state for name, state in names.items()) else {}

    answer: dict[str, str] = await eventually(reached, within=20)
    return answer


async def delivery(place: District, order_id: str, **wanted: Any) -> dict[str, Any]:
    """The order's newest delivery, when it is as wanted."""
    reviewer = await place.person("shenhe")

    async def reached() -> dict[str, Any]:
        items = (await reviewer.call("GET", "/api/intake/v1/deliveries", order_id=order_id))["items"]
        if items and all(items[0][name] == value for name, value in wanted.items()):
            found: dict[str, Any] = items[0]
            return found
        return {}

    answer: dict[str, Any] = await eventually(reached, within=20)
    return answer


async def approved(place: District, order_id: str, **more: Any) -> str:
    """Contact, reply and both approvals; the reply's id."""
    await place.contact(order_id)
    reply_id = await place.reply(order_id, **more)
    await place.leader_approves(reply_id)
    await place.newest_reply(order_id, "zhujian", "centre_review")
    await place.centre_approves(reply_id)
    return reply_id


async def approved_and_not_acknowledged(place: District) -> str:
    """An order whose reply the platform took and answered with 500."""
    order_id = await place.received_and_assigned()
    await clocks_when(place, order_id, final_1="running")
    place.upstream.failing.add(place.orders[order_id].number)
    await approved(place, order_id)
    await delivery(place, order_id, state="waiting", attempts=1)
    await place.case(order_id, status="awaiting_feedback")
    return order_id


@pytest.mark.clause("S1.1.4a", "S2.3b")
@pytest.mark.parametrize("kind", ["revisits", "redos"])
async def test_a_redo_whose_feedback_was_never_acknowledged_keeps_its_own_deadline(place: District, kind: str) -> None:
    order_id = await approved_and_not_acknowledged(place)
    if kind == "redos":
        answer = await send(place, order_id, "redos", reason="来电人再次反映")
        assert answer.status_code == 200, answer.text
    else:
        await place.revisited(order_id, *UNSOLVED)
    await place.case(order_id, status="handling", redos=1)
    place.upstream.failing.clear()
    place.at(MONDAY_0900 + timedelta(hours=4))
    found = await clocks_when(place, order_id, final_2="running")
    line = await delivery(place, order_id)
    with pytest.raises(Refused) as again:
        await (await place.person("shenhe")).call("POST", f"/api/intake/v1/deliveries/{line['id']}/retry")

    assert (found["final 1"], found["district_final 1"]) == ("met", "met")
    assert (line["state"], line["acked_by"]) == ("acked", "redo" if kind == "redos" else "revisit")
    assert again.value.problem["code"] == "delivery_not_waiting"

    # The reply of the second cycle is acknowledged, and ends its deadline.
    await approved(place, order_id)
    await place.case(order_id, status="revisit", redos=1)
    await clocks_when(place, order_id, final_2="met")


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
async def test_late_notices_about_the_first_reply_do_not_end_the_second_cycle(place: District) -> None:
    order_id = await place.received_and_assigned()
    await approved(place, order_id)
    await place.case(order_id, status="revisit")
    redo = {"operateTime": "2026-11-23 09:00:10", "reason": "仍未解决"}
    place.at(MONDAY_0900 + timedelta(minutes=1))
    await send(place, order_id, "redos", **redo)
    await place.case(order_id, status="handling", redos=1)
    place.at(MONDAY_0900 + timedelta(hours=4))
    await clocks_when(place, order_id, final_2="running")
    place.upstream.failing.add(place.orders[order_id].number)
    await approved(place, order_id)
    await delivery(place, order_id, state="waiting", attempts=1)
    unsolved = {"isConnect": "1", "isSolve": "未解决", "satisfaction": "不满意"}
    answers = [
        await send(place, order_id, "revisits", operateTime="2026-11-23 09:00:08", **unsolved),
        await send(place, order_id, "redos", **redo),
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    line = await delivery(place, order_id)
    assert (line["state"], line["acked_by"]) == ("waiting", None)
    assert (await clocks(place, order_id))["final 2"] == "running"

    # Round 2 is still sent, and its acknowledgement is what ends the cycle.
    place.upstream.failing.clear()
    place.at(MONDAY_0900 + timedelta(hours=5))
    await delivery(place, order_id, state="acked", acked_by="answer")
    await place.case(order_id, status="revisit", redos=1)
    assert (await clocks_when(place, order_id, final_2="met", revisit_2="running")).get("final 3") is None


@pytest.mark.clause("S1.1.4a", "S2.3b")
@pytest.mark.parametrize(("after", "state"), [(timedelta(hours=1), "met"), (timedelta(days=4), "late")])
async def test_a_satisfied_revisit_without_an_acknowledgement_ends_the_clocks_met_or_late_and_never_void(
    place: District, after: timedelta, state: str
) -> None:
    order_id = await approved_and_not_acknowledged(place)
    place.at(MONDAY_0900 + after)
    await place.revisited(order_id, *SOLVED)
    await place.case(order_id, status="closed")
    found = await clocks_when(place, order_id, final_1=state)

    assert (found["district_final 1"], found["revisit 1"]) == (state, "met")

    async def ended() -> bool:
        # The revisit is heard before the close, which ends what still runs.
        return "running" not in (await clocks(place, order_id)).values()

    await eventually(ended, within=20)


@pytest.mark.clause("S2.3b")
async def test_a_revisit_proves_the_feedback_also_after_its_last_attempt_has_failed(place: District) -> None:
    order_id = await place.received_and_assigned()
    place.upstream.gone.add(place.orders[order_id].number)
    await approved(place, order_id)
    await delivery(place, order_id, state="failed")
    await place.revisited(order_id, *SOLVED)
    await place.case(order_id, status="closed")

    assert (await delivery(place, order_id))["acked_by"] == "revisit"
    await clocks_when(place, order_id, final_1="met", district_final_1="met")


@pytest.mark.clause("S2.3b")
async def test_a_redo_and_a_revisit_before_any_feedback_are_refused_alike_and_accepted_after_it(
    place: District,
) -> None:
    order_id = await place.received_and_assigned()
    result = {"isConnect": "1", "isSolve": "未解决", "satisfaction": "不满意"}
    early = [await send(place, order_id, "redos", reason="重办"), await send(place, order_id, "revisits", **result)]
    await place.answered(order_id)
    late = await send(place, order_id, "redos", reason="重办")
    await place.case(order_id, status="handling", redos=1)
    once_more = await send(place, order_id, "redos", reason="重办")
    about_before = await send(place, order_id, "revisits", **result)

    assert [(answer.status_code, answer.json()["code"]) for answer in early] == [(409, "not_fed_back")] * 2
    assert [answer.status_code for answer in (late, once_more, about_before)] == [200] * 3
    await place.answered(order_id)
    assert (await place.case(order_id, status="revisit"))["redos"] == 1


@pytest.mark.clause("S1.1.4c")
async def test_an_order_at_its_end_takes_no_other_content_until_a_redo_opens_it(place: District) -> None:
    closed, cancelled = await place.received_and_assigned(), await place.received_and_assigned()
    await place.answered(closed)
    await place.revisited(closed)
    await place.case(closed, status="closed")
    cancel = [await send(place, cancelled, "cancellations", reason="来电人撤回诉求") for _ in range(2)]
    await place.case(cancelled, status="cancelled")

    async def pushed(order_id: str, **changes: Any) -> httpx.Response:
        same = {**in_words(place, order_id), **changes}
        return await place.upstream.send(place.http, "city_12345", "orders", same)

    other = {"eventDesc": "来电人补充：情况比昨天更严重，请尽快处理。"}
    answers = {order_id: [await pushed(order_id), await pushed(order_id, **other)] for order_id in (closed, cancelled)}
    redo = [await send(place, order_id, "redos", reason="仍需办理") for order_id in (closed, cancelled)]
    changed = await pushed(closed, **other)

    assert [answer.status_code for answer in cancel] == [200, 200]
    assert [(a.status_code, a.json().get("code")) for a in answers[closed]] == [(200, None), (409, "order_closed")]
    assert [(a.status_code, a.json().get("code")) for a in answers[cancelled]] == [
        (200, None),
        (409, "order_cancelled"),
    ]
    assert [(a.status_code, a.json().get("code")) for a in redo] == [(200, None), (409, "order_cancelled")]
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    await place.case(closed, status="handling", redos=1)


def in_words(place: District, order_id: str) -> dict[str, Any]:
    """The order as the platform pushed it."""
    return in_words_of_city(place.orders[order_id])


@pytest.mark.clause("S2.2.2b")
async def test_an_approved_exclusion_is_closed_by_its_feedback_and_only_a_redo_opens_it(place: District) -> None:
    order_id = await place.received_and_assigned()
    statement = "诉求属于应当通过诉讼解决的民事纠纷，不在受理范围。"
    await approved(place, order_id, disposition="out_of_scope", statement=statement)
    closed = await place.case(order_id, status="closed")
    await place.revisited(order_id, *UNSOLVED)
    dispatcher = await place.person("paidan")

    async def noted() -> bool:
        lines = (await dispatcher.call("GET", f"/api/dispatch/v1/orders/{order_id}/history"))["items"]
        return any(line["action"] == "order.revisit_noted" for line in lines)

    await eventually(noted, within=20)
    await place.case(order_id, status="closed")
    # Closed by the acknowledgement, it needs no call to the person: the clock for that is void.
    await clocks_when(place, order_id, final_1="met", revisit_1="void")
    await send(place, order_id, "redos", reason="请再次核实")
    await place.case(order_id, status="handling", redos=1)

    assert closed["redos"] == 0


@pytest.mark.clause("S2.2.2f")
async def test_a_redo_of_a_planned_order_voids_the_completion_under_review(place: District) -> None:
    order_id = await place.received_and_assigned()
    await clocks_when(place, order_id, final_1="running")
    plan = {"disposition": "planned", "legal_basis": "市政设施管理条例第十二条", "plan_on": "2026-12-10"}
    await approved(place, order_id, **plan)
    await place.case(order_id, status="planned")
    await clocks_when(place, order_id, final_1="met", plan_1="running")
    await place.contact(order_id)
    await place.reply(order_id)
    answer = await send(place, order_id, "redos", reason="来电人不同意列入计划")
    await place.case(order_id, status="handling", redos=1)
    found = await clocks_when(place, order_id, plan_1="void", final_2="running")
    voided = await place.newest_reply(order_id, "zhujian", "void")

    assert answer.status_code == 200
    assert voided["round"] == 2
    assert datetime.fromisoformat(voided["submitted_at"]) == MONDAY_0900
    assert found["district_final 1"] == "met"


async def test_a_revisit_that_contradicts_itself_moves_nothing(place: District) -> None:
    order_id = await place.received_and_assigned()
    await place.answered(order_id)
    answer = await send(place, order_id, "revisits", isConnect="0", isSolve="解决", satisfaction="满意")

    assert (answer.status_code, answer.json()["code"]) == (422, "revisit_contradicts")
    assert {fault["field"] for fault in answer.json()["errors"]} == {"isSolve", "satisfaction"}
    await place.case(order_id, status="revisit")


@pytest.mark.clause("S1.1.4c", "S2.3a", "S2.2.3b")
async def test_a_demand_that_changes_under_review_is_seen_by_all_and_the_feedback_names_what_it_answers(
    place: District,
) -> None:
    order_id = await place.received_and_assigned()
    await place.contact(order_id)
    first = await place.reply(order_id)
    await place.upstream.push(place.http, place.orders[order_id], eventDesc="来电人补充：路灯之外，井盖也已破损。")
    await place.case(order_id, demand_version=2)
    reviewer, caseworker = await place.person("shenhe"), await place.person("zhujian-jingban")
    seen = await reviewer.when(f"/api/review/v1/replies/{first}", blocking=1)
    await place.leader_approves(first)
    with pytest.raises(Refused) as refused:
        await place.centre_approves(first)
    await place.centre_rejects(first, "诉求已变更，请补充井盖处理情况")
    order = await caseworker.when(f"/api/dispatch/v1/orders/{order_id}", status="rework")
    second = await place.reply(order_id)
    await place.leader_approves(second)
    await place.centre_approves(second)
    await place.case(order_id, status="revisit")

    assert [finding["code"] for finding in seen["findings"]] == ["demand_changed"]
    assert [change["fields"] for change in seen["demand_changes"]] == [[{"name": "content", "title": "诉求内容"}]]
    assert refused.value.problem["code"] == "blocking_findings"
    assert [change["version"] for change in order["demand_changes"]] == [2]
    body = place.upstream.received[-1].body
    zhujian = next(unit for unit in SOME_UNITS if unit.code == "zhujian")
    assert (body["replyId"], body["demandVersion"], body["replyDate"]) == (second, 2, "2026-11-23")
    assert (body["unit"], body["reviewer"]) == (zhujian.name, zhujian.principal)


@pytest.mark.clause("X1")
async def test_the_history_of_every_service_names_who_decided(place: District) -> None:
    order_id = await place.received_and_assigned()
    await place.answered(order_id)
    dispatcher = await place.person("paidan")
    lines = (await dispatcher.call("GET", f"/api/dispatch/v1/orders/{order_id}/history"))["items"]
    actors = {line["action"]: (line["actor"], line["role"]) for line in lines}

    assert actors["reply.leader_approved"] == ("zhujian-lingdao", "unit_head")
    assert actors["reply.approved"] == ("shenhe", "reviewer")
    assert actors["order.opened"][0] == "channel:city_12345"

"""A notice has its own moment and content: the same again is known, and one of before the reply is about an earlier reply."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.feedback import handlers
from shared.calendar import SHANGHAI
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderRedoRequested, OrderRevisited, OrderUrged
from shared.identity import Role
from tests.intake.test_feedback import ADDRESSED, Receiver, deliverer
from tests.intake.upstream import Platform, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

UNSOLVED = {"isConnect": "1", "isSolve": "未解决", "satisfaction": "不满意"}
SOLVED = {"isConnect": "1", "isSolve": "解决", "satisfaction": "满意"}
IN_VAIN = {"isConnect": "0"}
REDO = {"reason": "仍未解决"}
KINDS: list[tuple[str, dict[str, Any]]] = [("revisits", UNSOLVED), ("redos", REDO)]


def failing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


def about(desk: Desk, **more: Any) -> dict[str, Any]:
    """A notice of now, in whole seconds of local time."""
    return {"orderNum": "N1", "operateTime": f"{desk.clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}", **more}


def later(desk: Desk, **passed: float) -> None:
    desk.clock.set(desk.clock.now() + timedelta(**passed))


async def in_second_cycle(desk: Desk, kind: str, more: dict[str, Any], *, answer: Any) -> dict[str, Any]:
    """Round 1 was acknowledged and rejected by this notice, round 2 is approved and was sent once; the notice."""
    platform = Platform(desk)
    order_id = await platform.accepted(orderNum="N1")
    await desk.tell(approved(desk, order_id))
    assert await deliverer(desk, Receiver()).send_due() == 1
    later(desk, minutes=1)
    notice = about(desk, **more)
    assert (await platform.push(notice, kind=kind)).status_code == 200
    await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
    later(desk, minutes=1)
    await desk.tell(approved(desk, order_id, round=2, redos=1))
    assert await deliverer(desk, Receiver(answer)).send_due() == 1
    return notice


async def seen(desk: Desk) -> Any:
    """What a notice might move."""
    deliveries = await desk.rows("select round, state, acked_by from delivery order by round")
    return await desk.rows("select state, redos from upstream_order"), deliveries


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
@pytest.mark.parametrize("answer", [None, failing])
@pytest.mark.parametrize(("kind", "more"), KINDS)
async def test_the_same_notice_after_the_next_reply_is_known_and_moves_and_proves_nothing(
    kind: str, more: dict[str, Any], answer: Any, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        notice = await in_second_cycle(desk, kind, more, answer=answer)
        before, told = await seen(desk), await desk.told()
        again = await Platform(desk).push(notice, kind=kind)

        assert again.status_code == 200
        assert await seen(desk) == before
        assert await desk.told() == told
        later(desk, minutes=1)
        assert await deliverer(desk, Receiver()).send_due() == (0 if answer is None else 1)


@pytest.mark.clause("S1.1.4a", "S1.1.4c")
@pytest.mark.parametrize("answer", [None, failing])
@pytest.mark.parametrize("ended", [False, True])
async def test_a_notice_dated_before_the_next_reply_was_approved_is_about_the_reply_of_before(
    ended: bool, answer: Any, postgres_server: DatabaseServer
) -> None:
    """Heard for the first time, late: a revisit is recorded of the earlier cycle, a redo is known."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        first = await in_second_cycle(desk, "redos", REDO, answer=answer)
        if ended:
            [row] = await desk.rows("select order_id::text from upstream_order")
            await desk.tell(facts.closed(row["order_id"], "u1", desk.clock.now()))
        before, fed_back = await seen(desk), await desk.told(OrderFedBack)
        moment = {**first, "operateTime": first["operateTime"][:-2] + "30"}
        answers = [
            await platform.push({**moment, **UNSOLVED}, kind="revisits"),
            await platform.push({**moment, "reason": "要求重新办理"}, kind="redos"),
        ]

        assert [one.status_code for one in answers] == [200, 200]
        assert await seen(desk) == before
        assert await desk.told(OrderFedBack) == fed_back
        assert [(one.redos, one.solved) for one in await desk.told(OrderRevisited)] == [(0, "unsolved")]
        assert len(await desk.told(OrderRedoRequested)) == 1
        later(desk, minutes=1)
        assert await deliverer(desk, Receiver()).send_due() == (0 if answer is None else 1)


@pytest.mark.clause("S2.3b")
async def test_a_notice_of_the_second_in_which_the_reply_was_approved_is_about_that_reply(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await in_second_cycle(desk, "redos", REDO, answer=failing)
        notice = about(desk, **UNSOLVED)  # the approval was in the same second, or the clock goes a second slow
        await Platform(desk).push(notice, kind="revisits")

        assert [one.redos for one in await desk.told(OrderRevisited)] == [1]
        assert [one.redos for one in await desk.told(OrderFedBack)] == [0, 1]


@pytest.mark.clause("S2.2.2f", "S2.3b")
async def test_a_late_revisit_about_a_plan_is_not_about_its_completion(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await desk.tell(approved(desk, order_id, disposition="planned"))
        await deliverer(desk, Receiver()).send_due()
        call = about(desk, **UNSOLVED)
        later(desk, days=1)
        await desk.tell(approved(desk, order_id, round=2))
        await deliverer(desk, Receiver(failing)).send_due()
        before = await seen(desk)
        assert (await platform.push(call, kind="revisits")).status_code == 200
        later(desk, minutes=1)
        await platform.push(about(desk, **SOLVED), kind="revisits")

        assert before[1][1] == {"round": 2, "state": "waiting", "acked_by": None}
        told = await desk.told(OrderRevisited)
        assert [(one.redos, one.of_earlier_reply) for one in told] == [(0, True), (0, False)]
        replies = await desk.rows("select reply_id from delivery order by created_at, id")
        assert [one.reply_id for one in told] == [row["reply_id"] for row in replies]
        assert (await seen(desk))[1][1]["acked_by"] == "revisit"
        assert [type(one) for one in (await desk.told())[-3:]] == [OrderRevisited, OrderFedBack, OrderRevisited]


@pytest.mark.clause("S1.1.4c")
@pytest.mark.parametrize("other", [SOLVED, IN_VAIN, {**UNSOLVED, "visitOpinion": "要求重新办理"}])
async def test_a_call_that_is_reported_with_another_result_is_refused_with_the_way_out(
    other: dict[str, Any], postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        call = about(desk)
        await platform.push({**call, **UNSOLVED}, kind="revisits")
        told = await desk.told()
        second = await platform.push({**call, **other}, kind="revisits", webhook_id="second")
        assert (second.status_code, second.json()["code"]) == (409, "revisit_recorded_otherwise")
        assert "重办" in second.json()["detail"]
        assert await desk.told() == told

        later(desk, seconds=5)
        another = await platform.push({**about(desk), **other}, kind="revisits", webhook_id="second")
        assert another.status_code == 200


@pytest.mark.clause("S1.1.4c")
async def test_an_urge_is_counted_by_its_moment_and_content_also_after_the_feedback(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        urge = about(desk)
        answers = [await platform.push(urge, kind="urges") for _ in range(2)]
        answers.append(await platform.push({**urge, "reason": "市民再次来电"}, kind="urges"))
        await desk.tell(approved(desk, order_id))
        await deliverer(desk, Receiver()).send_due()
        answers.append(await platform.push(urge, kind="urges"))

        assert [answer.status_code for answer in answers] == [200] * 4
        assert len(await desk.told(OrderUrged)) == 2
        assert await desk.rows("select urges from upstream_order") == [{"urges": 2}]


@pytest.mark.clause("S1.1.4c")
async def test_the_same_notice_at_two_replicas_at_once_counts_once(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        pushes = (platform.push(about(desk, **UNSOLVED), kind="revisits") for _ in range(4))

        assert [answer.status_code for answer in await asyncio.gather(*pushes)] == [200] * 4
        assert len(await desk.told(OrderRevisited)) == 1


# --- A cancellation ends what was still to be sent ------------------------------------------------------------------------


async def cancelled(desk: Desk) -> None:
    answer = await Platform(desk).push(about(desk, reason="来电人撤回"), kind="cancellations")
    assert answer.status_code == 200


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("status", [None, 500, 410])
async def test_a_cancelled_order_is_not_answered_any_more_and_people_see_why(
    status: int | None, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver()
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        if status is not None:
            await deliverer(desk, Receiver(lambda _: httpx.Response(status))).send_due()
        await cancelled(desk)
        later(desk, days=1)

        assert await deliverer(desk, receiver).send_due() == len(receiver.requests) == 0
        who = desk.bearer(Role.REVIEWER)
        listed = await desk.http.get("/api/intake/v1/deliveries", params={"state": "cancelled"}, headers=who)
        [line] = listed.json()["items"]
        again = await desk.http.post(f"/api/intake/v1/deliveries/{line['id']}/retry", headers=who)
        assert (again.status_code, again.json()["code"]) == (409, "delivery_not_waiting")
        state = await platform.push({"orderNum": "N1"}, kind="states")
        assert [one["state_title"] for one in state.json()["deliveries"]] == ["工单已撤单，不再发送"]


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("status", [200, 500])
async def test_the_outcome_of_an_attempt_under_way_changes_nothing_in_a_cancelled_order(
    status: int, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, receiver = Platform(desk), Receiver(lambda _: httpx.Response(status))
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        sender = deliverer(desk, receiver)
        [under_way] = await sender.claimed()
        await cancelled(desk)
        told = await desk.told()
        await handlers.attempt(desk.runtime.works, receiver.client(), sender._secrets.of("city_12345"), under_way)

        assert await desk.told() == told
        assert await desk.rows("select state from upstream_order") == [{"state": "cancelled"}]
        assert await desk.rows("select state, acked_at from delivery") == [{"state": "cancelled", "acked_at": None}]
        outcome = "acked" if status == 200 else "status_500"
        assert await desk.rows("select outcome from delivery_attempt") == [{"outcome": outcome}]
        assert len(await desk.told(OrderCancelled)) == 1

"""Cancellations, urges, revisit results and redos of the platforms."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.intake import NoticeRepeated, OrderCancelled, OrderRedoRequested, OrderRevisited, OrderUrged
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer

AT = {"operateTime": "2026-11-23 08:55:00"}
LATER = {"operateTime": "2026-11-23 08:56:00"}
REACHED = {"isConnect": "1", "isSolve": "解决", "satisfaction": "满意"}


async def test_a_cancellation_is_published_once(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        notice = {"orderNum": "N1", "reason": "市民电话13800138000要求撤单", **AT}
        answers = [await platform.push(notice, kind="cancellations") for _ in range(2)]

        assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"order_id": order_id})] * 2
        [event] = await desk.told(OrderCancelled)
        assert "13800138000" not in event.reason
        [row] = await desk.rows("select state from upstream_order")
        assert row["state"] == "cancelled"


async def test_urges_are_counted_and_a_repeated_request_is_not(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.accepted(orderNum="N1")
        for webhook_id, at in (("u1", AT), ("u1", AT), ("u2", LATER)):
            answer = await platform.push({"orderNum": "N1", **at}, kind="urges", webhook_id=webhook_id)
            assert answer.status_code == 200

        assert len(await desk.told(OrderUrged)) == 2
        assert await desk.rows("select urges from upstream_order") == [{"urges": 2}]


async def test_revisits_are_numbered_and_a_person_who_was_not_reached_has_no_opinion(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        first = {"orderNum": "N1", **AT, "isConnect": "0", "satisfaction": "无人接听"}
        second = {
            "orderNum": "N1",
            **LATER,
            "isConnect": "1",
            "isSolve": "解决",
            "satisfaction": "基本满意",
            "visitOpinion": "谢谢",
        }
        await platform.push(first, kind="revisits")
        await platform.push(second, kind="revisits")

        events = await desk.told(OrderRevisited)
        assert [(e.revisit, e.valid, e.solved, e.satisfied) for e in events] == [
            (1, False, None, None),
            (2, True, "solved", "mostly_satisfied"),
        ]
        opinions = await desk.rows("select opinion from revisit order by revisit")
        assert opinions[0]["opinion"] is None
        assert opinions[1]["opinion"].startswith("s1.")


RESULT = {"orderNum": "N1", **AT, "isConnect": "1", "isSolve": "未解决", "satisfaction": "不满意"}


@pytest.mark.clause("S2.3b")
async def test_a_revisit_of_an_order_without_an_approved_reply_is_refused_and_not_stored(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.accepted(orderNum="N1")
        answer = await platform.push(RESULT, kind="revisits", webhook_id="early")

        assert (answer.status_code, answer.json()["code"]) == (409, "not_fed_back")
        assert "反馈" in answer.json()["detail"]
        assert not await desk.told(OrderRevisited)
        assert not await desk.rows("select 1 from revisit")
        assert not await desk.rows("select 1 from quarantine")


@pytest.mark.clause("S2.3b")
async def test_the_same_revisit_is_accepted_once_a_reply_is_approved_also_before_it_is_acknowledged(
    postgres_server: DatabaseServer,
) -> None:
    """The acknowledgement may have been lost; the webhook-id of the refused request may be used again."""
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await platform.push(RESULT, kind="revisits", webhook_id="m")
        await desk.tell(approved(desk, order_id))
        answer = await platform.push(RESULT, kind="revisits", webhook_id="m")

        assert (answer.status_code, answer.json()) == (200, {"order_id": order_id})
        [event] = await desk.told(OrderRevisited)
        assert (event.revisit, event.solved) == (1, "unsolved")


@pytest.mark.clause("S2.3b")
async def test_a_revisit_of_an_order_that_was_answered_and_is_handled_once_more_is_accepted(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await desk.tell(approved(desk, order_id))
        await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        answer = await platform.push(RESULT, kind="revisits")

        assert answer.status_code == 200


async def test_a_redo_is_published_with_its_reason(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk, "province_12345")
        order_id = await platform.accepted(taskId="N1")
        await desk.tell(approved(desk, order_id))
        answer = await platform.push(
            {"taskId": "N1", "reason": "答复内容与诉求不符", "operateTime": 1795395600000}, kind="redos"
        )

        assert answer.status_code == 200
        [event] = await desk.told(OrderRedoRequested)
        assert (event.order_id, event.reason) == (order_id, "答复内容与诉求不符")


@pytest.mark.clause("S2.3b")
async def test_the_opinion_of_a_revisit_is_read_by_the_unit_that_handles_the_order_again(
    postgres_server: DatabaseServer,
) -> None:
    """It was taken in, sealed, and shown to nobody."""
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await desk.tell(facts.assigned(order_id, "u1", desk.clock.now()), approved(desk, order_id))
        said = {**RESULT, "isSolve": "未解决", "satisfaction": "不满意", "visitOpinion": "路灯仍不亮"}
        assert (await platform.push(said, kind="revisits")).status_code == 200
        path = f"/api/intake/v1/orders/{order_id}/revisits"
        own = await desk.http.get(path, headers=desk.bearer(Role.CASEWORKER, unit="u1"))
        other = await desk.http.get(path, headers=desk.bearer(Role.CASEWORKER, unit="u2"))

        assert own.status_code == 200, own.text
        [call] = own.json()
        assert (call["solved"], call["satisfied"], call["opinion"]) == ("unsolved", "unsatisfied", "路灯仍不亮")
        assert other.status_code == 404


@pytest.mark.clause("S1.1.4c")
async def test_one_webhook_id_is_good_for_one_kind_of_notice(postgres_server: DatabaseServer) -> None:
    """The same body as another kind got the answer of the first one, and nothing happened."""
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        body = {"orderNum": "N1", **AT, "reason": "来电人说不用了"}
        urge = await platform.push(body, kind="urges", webhook_id="m")
        again = await platform.push(body, kind="urges", webhook_id="m")
        cancellation = await platform.push(body, kind="cancellations", webhook_id="m")

        assert (urge.status_code, again.status_code) == (200, 200)
        assert (cancellation.status_code, cancellation.json()["code"]) == (422, "webhook_id_reused")
        [event] = await desk.told(OrderUrged)
        assert (event.order_id, event.reason) == (order_id, "来电人说不用了")
        assert await desk.told(OrderCancelled) == []


@pytest.mark.clause("S1.1.4c")
async def test_what_a_platform_says_once_more_in_other_words_can_be_read(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        order_id = await platform.accepted(orderNum="N1")
        await desk.tell(approved(desk, order_id))
        for second, reason in enumerate(("甲理由", "乙理由，电话 13905350000")):
            said = {"orderNum": "N1", "operateTime": f"2026-11-23 09:00:0{second}", "reason": reason}
            assert (await platform.push(said, kind="redos")).status_code == 200
            await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))

        assert [event.reason for event in await desk.told(OrderRedoRequested)] == ["甲理由"]
        [again] = await desk.told(NoticeRepeated)
        assert (again.order_id, again.notice) == (order_id, "redo")
        assert again.reason.startswith("乙理由")
        assert "13905350000" not in again.reason


@pytest.mark.parametrize("kind", ["cancellations", "urges", "revisits", "redos"])
async def test_a_notice_of_an_unknown_order_is_kept_for_a_person(kind: str, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        more = REACHED if kind == "revisits" else {"reason": "原因"}
        answer = await Platform(desk).push({"orderNum": "nobody", **AT, **more}, kind=kind)

        assert (answer.status_code, answer.json()["facts"]["reason"]) == (422, "unknown_order")
        assert len(await desk.rows("select 1 from quarantine")) == 1


NOTICES: list[tuple[str, dict[str, Any]]] = [
    ("cancellations", {"reason": "撤单"}),
    ("urges", {}),
    ("revisits", {"isConnect": "1", "isSolve": "解决", "satisfaction": "满意"}),
    ("redos", {"reason": "重办"}),
]


@pytest.mark.parametrize(("kind", "more"), NOTICES)
@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-23 08:31:07", None),  # the call itself
        ("2026-11-23 08:31:06", "时间：不能早于该工单的来电时间，请核对"),
        ("2001-01-01 00:00:00", "时间：不能早于该工单的来电时间，请核对"),
        ("2026-11-23 09:10:00", None),
        ("2026-11-23 09:10:01", "时间：不能晚于当前时间，请核对"),
    ],
)
async def test_a_notice_is_dated_between_the_call_of_its_order_and_now(
    kind: str, more: dict[str, Any], at: str, said: str | None, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await desk.tell(approved(desk, await platform.accepted(orderNum="N1")))
        answer = await platform.push({"orderNum": "N1", "operateTime": at, **more}, kind=kind)

        if said is None:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
            [fault] = answer.json()["errors"]
            assert (fault["field"], fault["message"]) == ("operateTime", said)
            assert {event.type for event in await desk.told()} == {"order.received.v1", "intake.request_quarantined.v1"}
            assert len(await desk.rows("select 1 from quarantine")) == 1


async def test_another_platform_cannot_cancel_the_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        await Platform(desk, "city_12345").push(an_order(orderNum="N1"))
        answer = await Platform(desk, "city_enterprise").push(
            {"orderNum": "N1", "reason": "撤单", **AT}, kind="cancellations"
        )

        assert answer.status_code == 422
        assert not await desk.told(OrderCancelled)

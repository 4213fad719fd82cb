"""An approved reply to an earlier demand: it is sent only where the centre knew the demand as it is now."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.intake.feedback import handlers
from shared.calendar import SHANGHAI
from shared.contracts.intake import OrderFedBack, ReplyOutdated
from shared.contracts.review import ReplyApproved
from shared.identity import Role
from tests.intake.test_feedback import ADDRESSED, Receiver, deliverer
from tests.intake.test_told_again import cancelled
from tests.intake.upstream import Platform, an_order, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S1.1.4c", "S2.3a")


async def pushed(desk: Desk, *changes: dict[str, Any]) -> str:
    """An order that the platform has sent, and again with each of these changes; its id."""
    platform, first = Platform(desk), an_order()
    answers = [await platform.push({**first, **change}) for change in ({}, *changes)]
    assert [answer.status_code for answer in answers] == [201, *[200] * len(changes)]
    return str(answers[0].json()["order_id"])


async def state_of(desk: Desk, order_id: str) -> str:
    [row] = await desk.rows("select state from upstream_order where order_id = cast(:id as uuid)", id=order_id)
    return str(row["state"])


CONTENT = {"eventDesc": "来电人补充：今天又有三盏路灯不亮。"}
TITLE = {"title": "路灯不亮已经一周"}


async def test_a_reply_to_a_demand_that_the_centre_did_not_know_to_be_changed_is_not_sent(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await pushed(desk, CONTENT, {**CONTENT, **TITLE})
        event = approved(desk, order_id)
        await desk.tell(facts.assigned(order_id, "u1", desk.clock.now()), event)
        receiver = Receiver()
        assert await deliverer(desk, receiver).send_due() == 0

        assert (receiver.requests, await desk.rows("select id from delivery")) == ([], [])
        [told] = await desk.told(ReplyOutdated)
        assert (told.order_id, told.reply_id, told.round, told.unit) == (order_id, event.reply_id, 1, "u1")
        assert (told.demand_version, told.known_version, told.version) == (1, 1, 3)
        assert (sorted(told.changed), told.outdated_at) == (["content", "title"], desk.clock.now())
        assert await state_of(desk, order_id) == "assigned", "no reply is on its way"
        [noted] = await desk.rows("select after from audit where action = 'feedback.outdated'")
        assert noted["after"]["reply_id"] == event.reply_id
        assert await desk.parked() == []


@pytest.mark.clause("X1")
@pytest.mark.parametrize("why", ["outdated", "cancelled", "reopened"])
async def test_what_is_not_sent_is_the_platforms_decision_and_not_the_reviewers(
    postgres_server: DatabaseServer, why: str
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted(orderNum="N1")
        if why == "outdated":
            assert (await Platform(desk).push(an_order(orderNum="N1", **TITLE))).status_code == 200
        now, reviewer = desk.clock.now(), desk.person(Role.REVIEWER, account="reviewer-1")
        await desk.tell(facts.assigned(order_id, "u1", now))
        if why == "cancelled":
            await cancelled(desk)
        if why == "reopened":
            await desk.tell(facts.reopened(order_id, "u1", now))
        await desk.tell(approved(desk, order_id), by=reviewer)

        types = "('order.reply_outdated.v1', 'order.reply_not_sent.v1')"
        [sent] = await desk.rows(f"select headers from outbox where type in {types}")
        actions = "('feedback.outdated', 'feedback.void')"
        [noted] = await desk.rows(f"select actor, role, correlation from audit where action in {actions}")
        assert (sent["headers"]["actor"], sent["headers"]["actorrole"]) == ("system", "system")
        assert (noted["actor"], noted["role"]) == ("system", "system")
        assert sent["headers"]["correlationid"] == noted["correlation"] == "test", "its cause stays known"


@pytest.mark.parametrize(
    ("answers", "knew", "named"),
    [(1, 2, [["content", "title"]]), (1, 3, []), (2, 2, [["title"]]), (3, 3, [])],
    ids=["1 knew 2", "1 knew 3", "2 knew 2", "3 knew 3"],
)
async def test_an_approval_is_good_for_the_versions_that_it_considered_and_for_no_later_one(
    postgres_server: DatabaseServer, answers: int, knew: int, named: list[list[str]]
) -> None:
    """What is named is all that the unit has not answered, also what the centre knew."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await pushed(desk, CONTENT, {**CONTENT, **TITLE})
        await desk.tell(approved(desk, order_id, demand_version=answers, known_version=knew))
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()

        assert [sorted(one.changed) for one in await desk.told(ReplyOutdated)] == named
        assert len(receiver.requests) == (0 if named else 1)


async def test_a_correction_of_the_flags_and_a_version_without_another_demand_send_no_reply_back(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await pushed(desk, {"isTest": "1"})
        flags = {"urgent": ["safety"], "out_of_scope": None, "reason": "经核实"}
        who = desk.bearer(Role.DISPATCHER)
        corrected = await desk.http.post(f"/api/intake/v1/orders/{order_id}/flags", json=flags, headers=who)
        await desk.tell(approved(desk, order_id))
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()

        [row] = await desk.rows("select version, flags_version from upstream_order")
        assert (corrected.is_success, row) == (True, {"version": 2, "flags_version": 2})
        assert (len(receiver.requests), await desk.told(ReplyOutdated)) == (1, [])


async def test_a_change_after_the_reply_was_queued_takes_nothing_back(postgres_server: DatabaseServer) -> None:
    """The queue is where it is decided: an attempt may have reached the platform, which is told what was answered."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, order = Platform(desk), an_order()
        order_id = (await platform.push(order)).json()["order_id"]
        event = approved(desk, order_id)
        await desk.tell(event)
        assert (await platform.push({**order, **CONTENT})).json()["version"] == 2
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()
        async with desk.runtime.works.begin() as work:  # as a handler that runs a second time
            await handlers.queue_feedback(work, event)

        [request] = receiver.requests
        assert orjson.loads(request.content)["demandVersion"] == 1
        assert (len(await desk.told(OrderFedBack)), await desk.told(ReplyOutdated)) == (1, [])


@pytest.mark.parametrize("how", ["cancelled", "reopened"])
async def test_a_reply_that_is_void_anyway_is_not_called_outdated(postgres_server: DatabaseServer, how: str) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform, order = Platform(desk), an_order()
        order_id = (await platform.push(order)).json()["order_id"]
        await platform.push({**order, **CONTENT})
        if how == "cancelled":
            at = f"{desk.clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
            notice = {"orderNum": order["orderNum"], "operateTime": at, "reason": "来电人撤回"}
            answer = await platform.push(notice, kind="cancellations")
            assert answer.is_success, answer.text
        else:
            await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        await desk.tell(approved(desk, order_id))

        assert (await desk.told(ReplyOutdated), await desk.rows("select id from delivery")) == ([], [])
        assert len(await desk.rows("select 1 from audit where action = 'feedback.void'")) == 1


async def test_the_next_reply_of_the_order_is_sent_under_an_identity_of_its_own(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await pushed(desk, CONTENT)
        first: ReplyApproved = approved(desk, order_id)
        second = approved(desk, order_id, round=2, demand_version=2)
        await desk.tell(first, second, first)
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()

        [fed_back] = await desk.told(OrderFedBack)
        assert (fed_back.reply_id, await state_of(desk, order_id)) == (second.reply_id, "fed_back")
        assert await desk.parked() == []

"""An approved reply that is not sent, because its order was cancelled or reopened: the others are told, with the reason."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.intake.feedback import handlers
from shared.contracts.intake import OrderCancelled, ReplyNotSent
from shared.identity import Role
from tests.intake.test_feedback import ADDRESSED, Receiver, deliverer
from tests.intake.test_told_again import REDO, about, cancelled, later
from tests.intake.upstream import Platform, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

pytestmark = pytest.mark.clause("S2.3b")


async def told_not_sent(desk: Desk) -> list[tuple[str, int, str, str, int]]:
    return [(one.reply_id, one.round, one.unit, one.reason, one.redos) for one in await desk.told(ReplyNotSent)]


@pytest.mark.parametrize("reason", ["cancelled", "reopened"])
async def test_an_approval_that_comes_after_the_end_of_its_cycle_is_told_not_to_be_sent(
    reason: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted(orderNum="N1")
        if reason == "cancelled":
            await cancelled(desk)
        else:
            await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        later(desk, minutes=1)
        event = approved(desk, order_id, round=2)
        await desk.tell(event)

        assert await told_not_sent(desk) == [(event.reply_id, 2, "u1", reason, 0)]
        [told] = await desk.told(ReplyNotSent)
        assert (told.order_id, told.not_sent_at) == (order_id, desk.clock.now())
        assert await desk.rows("select 1 from delivery") == []
        assert await desk.parked() == []


async def test_the_reply_of_an_order_that_was_reopened_and_cancelled_names_the_cancellation(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted(orderNum="N1")
        await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        await cancelled(desk)
        await desk.tell(approved(desk, order_id))

        assert [one.reason for one in await desk.told(ReplyNotSent)] == ["cancelled"]


@pytest.mark.parametrize("status", [None, 500, 410])
async def test_of_a_cancelled_order_only_a_reply_that_was_never_attempted_is_told_not_to_be_sent(
    status: int | None, postgres_server: DatabaseServer
) -> None:
    """An attempt that failed may have reached the platform all the same: then nobody can say so."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        event = approved(desk, await Platform(desk).accepted(orderNum="N1"))
        await desk.tell(event)
        if status is not None:
            await deliverer(desk, Receiver(lambda _: httpx.Response(status))).send_due()
        await cancelled(desk)

        assert [one.reply_id for one in await desk.told(ReplyNotSent)] == [event.reply_id] * (status is None)
        types = [type(one) for one in await desk.told()]
        assert status is not None or types[-2:] == [OrderCancelled, ReplyNotSent], "after its cause"


async def test_a_reply_whose_attempt_is_under_way_at_the_cancellation_may_have_arrived(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted(orderNum="N1")))
        await deliverer(desk, Receiver()).claimed()
        await cancelled(desk)

        assert await desk.told(ReplyNotSent) == []


async def test_a_reply_that_a_redo_proved_is_not_told_not_to_be_sent(postgres_server: DatabaseServer) -> None:
    """The platform answered it, so that it knows it, although no attempt is on record."""
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted(orderNum="N1")
        await desk.tell(approved(desk, order_id))
        later(desk, minutes=1)
        assert (await Platform(desk).push(about(desk, **REDO), kind="redos")).status_code == 200
        await desk.tell(facts.reopened(order_id, "u1", desk.clock.now()))
        await cancelled(desk)

        assert await desk.told(ReplyNotSent) == []


@pytest.mark.parametrize("sent", [True, False])
async def test_an_approval_that_is_heard_again_after_the_cancellation_says_nothing_new(
    sent: bool, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        event = approved(desk, await Platform(desk).accepted(orderNum="N1"))
        await desk.tell(event)
        if sent:
            await deliverer(desk, Receiver(lambda _: httpx.Response(500))).send_due()
        await cancelled(desk)
        before = await desk.told()
        async with desk.runtime.works.begin() as work:  # as a handler that runs a second time
            await handlers.queue_feedback(work, event)

        assert await desk.told() == before
        assert len(await desk.told(ReplyNotSent)) == (0 if sent else 1)


async def test_the_desk_sees_such_a_delivery_as_cancelled(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        event = approved(desk, await Platform(desk).accepted(orderNum="N1"))
        await desk.tell(event)
        await cancelled(desk)
        listed: Any = await desk.http.get("/api/intake/v1/deliveries", headers=desk.bearer(Role.REVIEWER))

        assert [(line["reply_id"], line["state"]) for line in listed.json()["items"]] == [(event.reply_id, "cancelled")]

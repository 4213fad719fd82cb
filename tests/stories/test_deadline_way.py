"""The deadline that the upstream names, takes back and names again: intake, dispatch and sla agree on it."""

from __future__ import annotations

import pytest

from services.dispatch.service import SERVICE as DISPATCH
from services.sla.firing.jobs import drain
from services.sla.service import SERVICE as SLA
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.contracts.sla import BreachExcused
from shared.identity import Role
from tests.dispatch.story import Story
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.sla.test_excused_breaches import board
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of

pytestmark = pytest.mark.clause("S1.1.1a", "S1.1.4c")


async def test_a_deadline_that_the_platform_clears_is_gone_from_every_service_until_it_is_named_again(
    postgres_server: DatabaseServer,
) -> None:
    async with (
        intake_desk(postgres_server) as intake,
        desk_of(DISPATCH, postgres_server) as dispatch,
        desk_of(SLA, postgres_server) as sla,
    ):
        platform, order = Platform(intake), an_order(callTime="2026-11-20 09:00:00", limitTime="2026-11-20 10:00:00")
        order_id = (await platform.push(order)).json()["order_id"]
        for desk in (dispatch, sla):
            await desk.tell(*await intake.told(OrderReceived))
        await drain(sla.runtime)
        assert "upstream_due" in await board(sla, "overdue")

        await platform.push({**order, "limitTime": None})
        [cleared] = await intake.told(OrderUpdated)
        for desk in (dispatch, sla):
            await desk.tell(cleared)

        path = f"/api/intake/v1/orders/{order_id}"
        shown = (await intake.http.get(path, headers=intake.bearer(Role.DISPATCHER))).json()
        assert shown["upstream_due_at"] is None
        assert (await Story(dispatch).order(order_id))["upstream_due_at"] is None
        assert "upstream_due" not in await board(sla, "overdue")
        assert [event.cause for event in await sla.told(BreachExcused)] == ["upstream"]

        for same in ("", None):  # an empty field says the same, and so does none
            answer = await platform.push({**order, "limitTime": same})
            assert answer.status_code == 200
        assert len(await intake.told(OrderUpdated)) == 1
        await platform.push({**order, "limitTime": "2026-12-30 18:00:00"})
        again = (await intake.told(OrderUpdated))[-1]
        for desk in (dispatch, sla):
            await desk.tell(again)
        assert (await Story(dispatch).order(order_id))["upstream_due_at"] == "2026-12-30T10:00:00Z"
        rows = await sla.rows("select state from clock where kind = 'upstream_due' order by started_at")
        assert [row["state"] for row in rows] == ["void", "running"]

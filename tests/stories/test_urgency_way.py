"""The urgent classes of an order, decided by a person at intake: dispatch and sla follow, and a later push undoes nothing."""

from __future__ import annotations

import pytest

from services.dispatch.service import SERVICE as DISPATCH
from services.sla.firing.jobs import drain
from services.sla.service import SERVICE as SLA
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.contracts.sla import BreachExcused
from shared.identity import Role
from tests.dispatch.story import URBAN, Story
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.sla.story import assigned, local
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of

pytestmark = pytest.mark.clause("S1.3.1a", "S1.3.1c", "S1.1.4c")


async def test_safety_that_a_person_takes_away_ends_the_24_hours_and_a_later_push_does_not_bring_it_back(
    postgres_server: DatabaseServer,
) -> None:
    async with (
        intake_desk(postgres_server) as intake,
        desk_of(DISPATCH, postgres_server) as dispatch,
        desk_of(SLA, postgres_server) as sla,
    ):
        platform, order = Platform(intake), an_order(eventDesc="小区燃气泄漏，请马上处理")
        order_id = (await platform.push(order)).json()["order_id"]
        [received] = await intake.told(OrderReceived)
        await dispatch.tell(received)
        await sla.tell(received, assigned(unit=URBAN).model_copy(update={"order_id": order_id}))
        sla.clock.set(local("2026-11-24T10:01"))
        await drain(sla.runtime)

        who = intake.bearer(Role.DISPATCHER)
        body: dict[str, object] = {"urgent": [], "out_of_scope": None, "reason": "现场核实，并无泄漏"}
        await intake.http.post(f"/api/intake/v1/orders/{order_id}/flags", json=body, headers=who)
        await platform.push({**order, "eventDesc": "小区燃气泄漏，仍未处理"})
        told = await intake.told(OrderUpdated)
        for desk in (dispatch, sla):
            await desk.tell(*told)

        shown = await Story(dispatch).order(order_id)
        assert (shown["urgent"], shown["urgent_found"]) == ([], ["safety"])
        assert "仍未处理" in shown["content"]
        [clock] = await sla.rows("select state, breached_at from clock where kind = 'caller_reply'")
        assert clock == {"state": "void", "breached_at": None}
        assert [event.cause for event in await sla.told(BreachExcused)] == ["not_urgent"]

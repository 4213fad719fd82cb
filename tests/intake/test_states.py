"""A platform asks how far its own order is, by its own number and with its signature."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.intake.channels.policy import CHANNELS
from tests.intake.test_orders import assigned
from tests.intake.upstream import Platform, an_order, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer

pytestmark = pytest.mark.clause("S2.3b", "S1.1.4c")


@pytest.mark.parametrize("channel", sorted(CHANNELS))
async def test_a_platform_reads_the_state_of_its_order_in_its_own_field_name(
    channel: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk, channel), an_order(channel)
        name = CHANNELS[channel].theirs("upstream_no")
        order_id = (await platform.push(order)).json()["order_id"]

        answer = await platform.push({name: order[name]}, kind="states")

        assert answer.status_code == 200, answer.text
        told = answer.json()
        due = told.pop("upstream_due_at")
        assert due is None or datetime.fromisoformat(due).utcoffset() == timedelta(hours=8)
        assert datetime.fromisoformat(told.pop("received_at")) == desk.clock.now()
        assert told.pop("changed_at").endswith("+08:00")
        assert told == {
            "order_id": order_id,
            "platform_no": order[name],
            "state": "received",
            "state_title": "已接收，待交办",
            "version": 1,
            "unit_name": None,
            "urges": 0,
            "revisits": 0,
            "deliveries": [],
        }


async def test_the_state_follows_the_order_and_names_its_unit_and_each_reply(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        order_id = (await platform.push(order)).json()["order_id"]
        await platform.push({**order, "eventDesc": "占道经营更严重了，请尽快处理"})
        question = {"orderNum": order["orderNum"]}
        await desk.tell(assigned(desk, order_id, "u1"))
        early = (await platform.push(question, kind="states")).json()
        await desk.tell(
            facts.unit_changed("u1", desk.clock.now(), name="住建局"), approved(desk, order_id, demand_version=2)
        )
        late = (await platform.push(question, kind="states")).json()
        [delivery] = await desk.rows("select id::text from delivery")

        assert (early["state"], early["unit_name"], early["version"]) == ("assigned", "u1", 2)
        assert (late["state"], late["unit_name"], late["state_title"]) == ("approved", "住建局", "审核通过，待反馈")
        [sent] = late["deliveries"]
        assert (sent["id"], sent["state"], sent["acked_at"]) == (delivery["id"], "waiting", None)
        assert (sent["round"], sent["state_title"]) == (1, "待发送")
        assert "13800138000" not in str(late)


async def test_a_platform_reads_no_other_channels_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order = an_order("city_12345")
        await Platform(desk, "city_12345").push(order)
        other = Platform(desk, "city_enterprise")

        stranger = await other.push({"orderNum": order["orderNum"]}, kind="states")
        unknown = await other.push({"orderNum": "NEVER1"}, kind="states")

        assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_order")
        different = {"request_id"}
        assert {k: v for k, v in stranger.json().items() if k not in different} == {
            k: v for k, v in unknown.json().items() if k not in different
        }


async def test_a_question_needs_the_signature_of_its_channel(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        await platform.push(order)
        body = {"orderNum": order["orderNum"]}
        foreign = await platform.push(body, kind="states", secret="whsec_" + "A" * 44)
        stale = await platform.push(body, kind="states", shift=-301)
        unsigned = await desk.http.post("/api/intake/v1/channels/city_12345/states", json=body)
        elsewhere = await desk.http.post("/api/intake/v1/channels/nowhere/states", json=body)

        assert [answer.status_code for answer in (foreign, stale, unsigned)] == [401, 401, 401]
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "unknown_channel")


@pytest.mark.parametrize("body", [{}, {"orderNum": ""}, {"orderNum": "a b"}, {"orderNum": 5}, b"[]", b"{"])
async def test_a_question_that_is_not_understood_is_answered_and_not_kept(
    body: dict[str, str] | bytes, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(body, kind="states")

        assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
        assert await desk.rows("select 1 from quarantine") == []


async def test_the_same_question_may_be_sent_again(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        await platform.push(order)
        body = {"orderNum": order["orderNum"]}
        answers = [await platform.push(body, kind="states", webhook_id="msg_same") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        # The id stays free: nothing was stored under it.
        assert (await platform.push(an_order(), webhook_id="msg_same")).status_code == 201

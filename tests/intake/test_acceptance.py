"""An order is stored once, also when its platform repeats or changes it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from services.intake.acceptance import jobs, policy, store
from services.intake.channels.policy import CHANNELS
from services.intake.service import SERVICE
from shared.contracts.intake import OrderReceived, OrderUpdated
from shared.outbox.writer import WRITE
from shared.run.postgres import PostgresServer
from tests.intake.upstream import CHANNEL_SECRETS, Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of
from tests.support.waiting import eventually


@pytest.mark.clause("S1.1.1a", "S1.1.2", "S1.1.3", "S1.2.1")
@pytest.mark.parametrize("code", CHANNELS)
async def test_each_channel_brings_its_level_subject_and_scheme(code: str, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk, code).accepted()

        [event] = await desk.told(OrderReceived)

    channel = CHANNELS[code]
    assert event.order_id == order_id
    assert (event.platform, event.level, event.subject, event.scheme) == (
        code,
        channel.level,
        channel.subject,
        channel.scheme,
    )


@pytest.mark.clause("S1.1.4c")
async def test_the_same_order_twice_is_one_order_and_one_event(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        first = await platform.push(order)
        second = await platform.push(order)

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json() == {"order_id": first.json()["order_id"], "version": 1}
        assert len(await desk.told()) == 1
        assert len(await desk.rows("select * from receipt")) == 2


@pytest.mark.clause("S1.1.4c")
async def test_changed_content_is_a_new_version_that_names_what_changed(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        first = await platform.push(order)
        second = await platform.push({**order, "eventDesc": "市民补充：夜间也有。", "callerPhone": "13900139000"})

        assert second.status_code == 200
        assert second.json() == {"order_id": first.json()["order_id"], "version": 2}
        [event] = await desk.told(OrderUpdated)
        assert (event.version, event.changed) == (2, ("content", "caller_phone"))
        versions = await desk.rows("select version from order_version order by version")
        assert [row["version"] for row in versions] == [1, 2]
        [audit] = await desk.rows("select actor, action from audit")
        assert audit == {"actor": "channel:city_12345", "action": "order.updated"}


@pytest.mark.clause("S1.1.4c")
async def test_the_same_request_gets_its_stored_answer_again(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        first = await platform.push(order, webhook_id="msg_same")
        await platform.push({**order, "title": "另一标题"})
        again = await platform.push(order, webhook_id="msg_same")

        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(await desk.told(OrderUpdated)) == 1


async def test_a_webhook_id_with_another_body_is_refused(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(an_order(), webhook_id="msg_same")
        other = await platform.push(an_order(), webhook_id="msg_same")

        assert (other.status_code, other.json()["code"]) == (422, "webhook_id_reused")
        assert len(await desk.told()) == 1
        assert len(await desk.rows("select * from upstream_order")) == 1


async def test_two_channels_may_use_the_same_webhook_id_and_the_same_number(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        one = await Platform(desk, "city_12345").push(an_order(orderNum="N1"), webhook_id="m")
        two = await Platform(desk, "city_enterprise").push(an_order("city_enterprise", orderNum="N1"), webhook_id="m")

        assert (one.status_code, two.status_code) == (201, 201)
        assert one.json()["order_id"] != two.json()["order_id"]


@pytest.mark.clause("S1.1.4c")
async def test_twenty_copies_at_once_are_one_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        answers = await asyncio.gather(*(platform.push(order) for _ in range(20)))
        same = await asyncio.gather(*(platform.push(an_order(orderNum="X"), webhook_id="m") for _ in range(20)))

        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.json()["order_id"] for answer in [*answers]}) == 1
        assert {answer.status_code for answer in same} == {201}
        assert len({answer.content for answer in same}) == 1
        assert len(await desk.told(OrderReceived)) == 2


async def test_one_row_that_cannot_be_stored_does_not_fail_the_others_of_its_batch(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(an_order(), webhook_id="taken")
        answers = await asyncio.gather(
            platform.push(an_order()), platform.push(an_order(), webhook_id="taken"), platform.push(an_order())
        )

        assert [answer.status_code for answer in answers] == [201, 422, 201]
        assert len(await desk.told(OrderReceived)) == 3


async def test_versions_of_one_order_that_arrive_together_count_without_gaps(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        answers = await asyncio.gather(
            *(platform.push(an_order(orderNum="B", eventDesc=f"第{n}版的内容，请处理")) for n in range(10))
        )

        assert sorted(answer.json()["version"] for answer in answers) == list(range(1, 11))
        rows = await desk.rows("select sequence from outbox order by position")
        assert [row["sequence"] for row in rows] == list(range(1, 11))


async def test_versions_that_arrive_together_are_stored_in_the_sequence_they_arrived(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        words = ["甲：请尽快处理", "乙：请尽快处理", "甲：请尽快处理"]
        answers = await asyncio.gather(*(platform.push(an_order(orderNum="B", eventDesc=word)) for word in words))

        assert [answer.json()["version"] for answer in answers] == [1, 2, 3]
        assert [event.changed for event in await desk.told(OrderUpdated)] == [("content",), ("content",)]


@pytest.mark.clause("S1.1.4c")
async def test_a_change_that_reaches_a_replica_whose_clock_is_slow_is_the_newest_all_the_same(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform, order = Platform(desk), an_order()
        await platform.push(order)
        desk.clock.set(desk.clock.now() - timedelta(seconds=2))
        changed = await platform.push({**order, "eventDesc": "市民补充：夜间也有。"})

        assert (changed.status_code, changed.json()["version"]) == (200, 2)


async def test_a_full_queue_answers_503_with_retry_after(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with intake_desk(postgres_server) as desk:
        monkeypatch.setattr(policy, "WAITING_ORDERS", 0)
        answer = await Platform(desk).push(an_order())

        assert (answer.status_code, answer.json()["code"]) == (503, "intake_busy")
        assert int(answer.headers["Retry-After"]) >= 1


async def test_a_backlog_of_events_refuses_new_orders(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "OUTBOX_CEILING", 1)
    monkeypatch.setattr(policy, "COUNT_SECONDS", 0.0)
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        statuses = [(await platform.push(an_order())).status_code for _ in range(3)]

        assert statuses == [201, 201, 503]


async def test_without_a_writer_the_answer_is_503(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "WRITER_SECONDS", 0.05)
    async with desk_of(SERVICE, postgres_server, channel_secrets=CHANNEL_SECRETS) as desk:
        answer = await Platform(desk).push(an_order())

        assert answer.status_code == 503


async def test_a_request_that_arrives_before_the_writer_has_started_waits_for_it(
    postgres_server: DatabaseServer,
) -> None:
    async with (
        desk_of(SERVICE, postgres_server, channel_secrets=CHANNEL_SECRETS) as desk,
        asyncio.TaskGroup() as group,
    ):
        early = group.create_task(Platform(desk).push(an_order()))
        await asyncio.sleep(0)
        writer = group.create_task(jobs.write_orders(desk.runtime))
        assert (await early).status_code == 201
        writer.cancel()


@pytest.mark.parametrize("look_seconds", [3600.0, 0.0], ids=["found when writing", "found when counting the outbox"])
async def test_while_the_database_is_unavailable_the_answer_is_503_and_nothing_is_lost(
    durable_postgres: PostgresServer, look_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "COUNT_SECONDS", look_seconds)
    async with intake_desk(durable_postgres) as desk:
        platform, order = Platform(desk), an_order()
        assert (await platform.push(an_order())).status_code == 201
        durable_postgres.stop("immediate")
        async with asyncio.timeout(20):
            away = [await platform.push(order, webhook_id="m") for _ in range(3)]
        durable_postgres.restart()

        async def back() -> bool:
            return (await platform.push(order, webhook_id="m")).status_code == 201

        await eventually(back, within=20)
        assert {answer.status_code for answer in away} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in away)
        assert len(await desk.told(OrderReceived)) == 2


async def test_writers_whose_connections_end_while_they_wait_reconnect_before_the_next_order(
    durable_postgres: PostgresServer,
) -> None:
    async with intake_desk(durable_postgres) as desk:
        platform = Platform(desk)
        assert (await platform.push(an_order())).status_code == 201
        durable_postgres.restart("immediate")

        async def back() -> bool:
            connection = await asyncpg.connect(durable_postgres.url())
            try:
                query = "select count(*) from pg_stat_activity where application_name = 'gongdan-intake-writer'"
                return bool(await connection.fetchval(query) == policy.WRITERS)
            finally:
                await connection.close()

        await eventually(back, within=20, every=0.1)

        assert (await platform.push(an_order())).status_code == 201


async def test_the_outbox_statement_is_the_kernels_own() -> None:
    assert re.sub(r"\$\d+", "?", store._WRITE) == re.sub(r"(?<!:):[a-z]+", "?", WRITE)


async def test_the_caller_is_stored_sealed_and_is_found_by_phone(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk).accepted(callerPhone="13811112222", callerName="王测试", beReflected="某公司")
        [caller] = await desk.rows("select * from caller where order_id = :id", id=order_id)
        everything = str(
            await desk.rows(
                "select o::text, v::text, c::text, u::text from upstream_order o, order_version v, caller c, (select encode(payload, 'escape') from outbox) u"
            )
        )

        assert desk.runtime.works.sealer.search_print("phone", "13811112222") in caller["prints"]
        assert caller["name"].startswith("s1.")
    for secret in ("13811112222", "王测试", "某公司", "占道经营，堵塞"):
        assert secret not in everything

"""Approved replies reach their platform: at once, in order, once each; or they are shown as failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from services.intake.channels.policy import CHANNELS
from services.intake.feedback import handlers, jobs, policy
from services.intake.feedback.clients import FeedbackClient
from services.intake.settings import SecretsByChannel
from shared.contracts.intake import FeedbackFailed, OrderFedBack
from shared.identity import Role
from tests.intake.upstream import SECRETS, Platform, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk
from tests.support.waiting import eventually

URL = "http://platform.test/feedback"
ADDRESSED = {code: {**secrets, "url": URL} for code, secrets in SECRETS.items()}
DELIVERIES = "/api/intake/v1/deliveries"


class Receiver:
    """A platform's address with an answer that the test chooses."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer or (lambda _: httpx.Response(200))

    def client(self) -> FeedbackClient:
        return FeedbackClient(httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


def deliverer(desk: Desk, receiver: Receiver) -> jobs.Deliverer:
    return jobs.Deliverer(desk.runtime, receiver.client())


async def state_of(desk: Desk) -> list[dict[str, Any]]:
    return await desk.rows("select state, attempts, next_at from delivery order by created_at, id")


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize("code", CHANNELS)
async def test_an_approved_reply_is_sent_signed_and_in_the_platforms_field_names(
    code: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk, code).accepted()
        event = approved(desk, order_id)
        await desk.tell(event)
        receiver = Receiver()
        assert await deliverer(desk, receiver).send_due() == 1

        [request] = receiver.requests
        assert str(request.url) == URL
        body = orjson.loads(request.content)
        words = CHANNELS[code].feedback
        assert body[words["reply_id"]] == event.reply_id
        assert body[words["findings"]] == "现场已清理，安排专人值守。"
        signed = signature_by_library(code, request)
        assert signed == request.headers["webhook-signature"]
        assert request.headers["idempotency-key"] == request.headers["webhook-id"]
        [told] = await desk.told(OrderFedBack)
        assert (told.reply_id, told.attempts, told.platform) == (event.reply_id, 1, code)
        assert [row["state"] for row in await state_of(desk)] == ["acked"]
        assert await desk.rows("select state from upstream_order") == [{"state": "fed_back"}]
        assert await desk.parked() == []


@pytest.mark.clause("S2.2.3b", "S2.2.3c")
@pytest.mark.parametrize("code", CHANNELS)
async def test_the_feedback_names_the_unit_the_day_the_leader_and_the_version_that_it_answers(
    code: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk, code).accepted()
        late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # the 24th in Shanghai
        await desk.tell(approved(desk, order_id, leader_at=late, demand_version=2))
        await desk.tell(facts.unit_changed("u1", desk.clock.now(), name="区住房和城乡建设局"))
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()

        body, words = orjson.loads(receiver.requests[0].content), CHANNELS[code].feedback
        assert body[words["unit"]] == "区住房和城乡建设局"
        assert body[words["replied_on"]] == "2026-11-24"
        assert body[words["leader_name"]] == "周局长"
        assert body[words["demand_version"]] == 2


async def test_a_reply_does_not_wait_for_the_name_of_its_unit(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        receiver = Receiver()
        assert await deliverer(desk, receiver).send_due() == 1

        body = orjson.loads(receiver.requests[0].content)
        assert body[CHANNELS["city_12345"].feedback["unit"]] == "u1"


def signature_by_library(code: str, request: httpx.Request) -> str:
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    oracle = Webhook(SECRETS[code]["out"])
    return oracle.sign(request.headers["webhook-id"], at, request.content.decode())


async def test_the_same_approval_twice_is_one_delivery(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted()
        event = approved(desk, order_id)
        await desk.tell(event, event)
        receiver = Receiver()
        assert await deliverer(desk, receiver).send_due() == 1
        assert await deliverer(desk, receiver).send_due() == 0


@pytest.mark.clause("S2.3b")
async def test_a_platform_that_is_down_is_retried_by_the_schedule_under_one_id_until_it_is_back(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted()
        await desk.tell(approved(desk, order_id))
        receiver = Receiver(lambda _: httpx.Response(503))
        sender = deliverer(desk, receiver)
        for number in range(6):
            assert await sender.send_due() == 1
            assert await sender.send_due() == 0, "not before it is due"
            wait = policy.FEEDBACK_SCHEDULE[number + 1]
            desk.clock.set(desk.clock.now() + wait * (1 + policy.FEEDBACK_JITTER))
        receiver.answer = lambda _: httpx.Response(204)
        assert await sender.send_due() == 1

        assert len(set(receiver.ids)) == 1
        assert len({request.headers["x-gongdan-attempt"] for request in receiver.requests}) == 7
        failures = await desk.told(FeedbackFailed)
        assert [(f.attempt, f.reason, f.final) for f in failures] == [(n, "status_503", False) for n in range(1, 7)]
        [fed_back] = await desk.told(OrderFedBack)
        assert fed_back.attempts == 7


async def test_after_the_last_attempt_a_delivery_has_failed_and_a_person_can_start_it_again(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        order_id = await Platform(desk).accepted()
        await desk.tell(approved(desk, order_id))
        receiver = Receiver(lambda _: httpx.Response(302, headers={"location": "http://elsewhere.test/"}))
        sender = deliverer(desk, receiver)
        while await sender.send_due():
            desk.clock.set(desk.clock.now() + timedelta(hours=27))

        failures = await desk.told(FeedbackFailed)
        assert len(failures) == len(policy.FEEDBACK_SCHEDULE)
        assert [failure.final for failure in failures] == [False] * 9 + [True]
        who = desk.bearer(Role.REVIEWER)
        [failed] = (await desk.http.get(DELIVERIES, params={"state": "failed"}, headers=who)).json()["items"]
        receiver.answer = lambda _: httpx.Response(200)
        retried = await desk.http.post(f"{DELIVERIES}/{failed['id']}/retry", headers=who)
        assert retried.status_code == 204
        assert await sender.send_due() == 1
        shown = (await desk.http.get(f"{DELIVERIES}/{failed['id']}", headers=who)).json()
        assert (shown["state"], len(shown["history"]), shown["history"][-1]["outcome"]) == ("acked", 11, "acked")
        assert len(set(receiver.ids)) == 1
        assert all(str(request.url) == URL for request in receiver.requests), "no redirect is followed"
        refused = await desk.http.post(f"{DELIVERIES}/{failed['id']}/retry", headers=who)
        assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_waiting")


async def test_after_410_nothing_is_sent_again(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        await deliverer(desk, Receiver(lambda _: httpx.Response(410))).send_due()

        [failure] = await desk.told(FeedbackFailed)
        assert (failure.final, failure.reason) == (True, "status_410")


@pytest.mark.parametrize("spelling", ["3600", "Mon, 23 Nov 2026 02:00:00 GMT"])
async def test_retry_after_is_honoured(spelling: str, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        now = desk.clock.now()
        await deliverer(desk, Receiver(lambda _: httpx.Response(429, headers={"retry-after": spelling}))).send_due()

        [row] = await state_of(desk)
        assert row["next_at"] == now + timedelta(hours=1)


@pytest.mark.parametrize(
    ("fault", "word"),
    [(httpx.ReadTimeout("slow"), "timeout"), (httpx.ConnectError("down"), "unreachable")],
)
async def test_a_platform_that_does_not_answer_is_a_failed_attempt(
    fault: Exception, word: str, postgres_server: DatabaseServer
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise fault

    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        await deliverer(desk, Receiver(fail)).send_due()

        [failure] = await desk.told(FeedbackFailed)
        assert (failure.reason, failure.final) == (word, False)


async def test_a_channel_without_an_address_is_a_failed_attempt_and_not_a_lost_reply(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        receiver = Receiver()
        await deliverer(desk, receiver).send_due()

        [failure] = await desk.told(FeedbackFailed)
        assert failure.reason == "no_address"
        assert receiver.requests == []


@pytest.mark.clause("S2.3b")
async def test_an_attempt_whose_result_was_not_stored_is_repeated_under_the_same_id(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        receiver = Receiver()
        [lost] = await deliverer(desk, receiver).claimed()
        assert await deliverer(desk, receiver).send_due() == 0, "exactly one attempt is alive"

        async with desk.runtime.works.begin() as work:
            await work.session.execute(text("update delivery set leased_until = clock_timestamp() - interval '1 s'"))
        assert await deliverer(desk, receiver).send_due() == 1
        assert receiver.ids == [lost.id]
        attempts = await desk.rows("select number, outcome from delivery_attempt order by number")
        assert attempts == [{"number": 1, "outcome": None}, {"number": 2, "outcome": "acked"}]


async def test_a_sender_that_lost_its_lease_decides_nothing(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        receiver = Receiver()
        [lost] = await deliverer(desk, receiver).claimed()
        async with desk.runtime.works.begin() as work:
            await work.session.execute(text("update delivery set leased_until = clock_timestamp() - interval '1 s'"))
        await deliverer(desk, receiver).send_due()
        receiver.answer = lambda _: httpx.Response(500)
        secrets = desk.runtime.parts.of(SecretsByChannel).of("city_12345")
        await handlers.attempt(desk.runtime.works, receiver.client(), secrets, lost)

        assert [row["state"] for row in await state_of(desk)] == ["acked"]
        assert len(await desk.told(OrderFedBack)) == 1
        assert await desk.told(FeedbackFailed) == []


async def test_replies_of_one_order_arrive_in_their_order(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        platform = Platform(desk)
        order_id, other = await platform.accepted(), await platform.accepted()
        first = approved(desk, order_id)
        await desk.tell(first)
        desk.clock.set(desk.clock.now() + timedelta(seconds=1))
        second = approved(desk, order_id, round=2)
        await desk.tell(second, approved(desk, other))
        receiver = Receiver(lambda request: httpx.Response(500 if first.reply_id.encode() in request.content else 200))
        sender = deliverer(desk, receiver)
        await sender.send_due()
        await sender.send_due()
        assert [second.reply_id in request.content.decode() for request in receiver.requests] == [False, False]

        receiver.answer = lambda _: httpx.Response(200)
        desk.clock.set(desk.clock.now() + timedelta(seconds=10))
        assert [await sender.send_due() for _ in range(3)] == [1, 1, 0]
        assert [event.reply_id for event in await desk.told(OrderFedBack)][1:] == [first.reply_id, second.reply_id]


@pytest.mark.clause("S2.3b")
async def test_the_running_job_is_woken_by_the_approval(
    postgres_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver()
    monkeypatch.setattr(FeedbackClient, "new", classmethod(lambda _: receiver.client()))
    async with (
        intake_desk(postgres_server, secrets=ADDRESSED, workers_poll_seconds=600.0) as desk,
        asyncio.TaskGroup() as group,
    ):
        job = group.create_task(jobs.deliver_feedback(desk.runtime))
        await desk.tell(approved(desk, await Platform(desk).accepted()))

        await eventually(lambda: desk.told(OrderFedBack), within=5)
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        await eventually(lambda: len(receiver.requests) == 2, within=5)
        job.cancel()


JSON = {"content-type": "application/json"}


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(204),
        httpx.Response(200, content=b""),
        httpx.Response(200, text=" \n"),
        httpx.Response(202, json={}),
        httpx.Response(200, json={"ack": "7f", "code": None}),
        httpx.Response(200, json={"code": 0, "success": True, "message": "成功"}),
        httpx.Response(200, json={"Code": "200", "status": "SUCCESS"}),
        httpx.Response(
            201, content=b'{"status":1}', headers={"content-type": "application/problem+json; charset=utf-8"}
        ),
    ],
)
async def test_an_empty_body_or_an_object_that_says_nothing_against_it_acknowledges(
    answer: httpx.Response, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        await deliverer(desk, Receiver(lambda _: answer)).send_due()

        assert len(await desk.told(OrderFedBack)) == 1


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200, html="<html><form>请登录</form></html>"), "not_json"),
        (httpx.Response(200, content=b"<html>", headers=JSON), "not_json"),
        (httpx.Response(200, text="success"), "not_json"),
        (httpx.Response(200, content=b'{"code":0}', headers={"content-type": "text/html"}), "not_json"),
        (httpx.Response(200, json=["ok"]), "not_an_object"),
        (httpx.Response(200, content=b"null", headers=JSON), "not_an_object"),
        (httpx.Response(200, json={"code": 500, "message": "工单不存在"}), "says_failure:code=500"),
        (httpx.Response(200, json={"code": 1}), "says_failure:code=1"),
        (httpx.Response(200, json={"code": 200, "success": False}), "says_failure:success=false"),
        (httpx.Response(200, json={"status": "处理失败"}), "says_failure:status"),
        (httpx.Response(200, json={"errcode": 40001}), "says_failure:errcode=40001"),
        (httpx.Response(200, json={"pad": "x" * policy.ANSWER_BYTES}), "too_long"),
        (httpx.Response(200, content=b"x", headers={**JSON, "content-encoding": "gzip"}), "encoded"),
    ],
)
async def test_any_other_answer_with_2xx_is_not_acknowledged_and_sent_again(
    answer: httpx.Response, reason: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        receiver = Receiver(lambda _: httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream))
        await deliverer(desk, receiver).send_due()

        assert await desk.told(OrderFedBack) == []
        [failure] = await desk.told(FeedbackFailed)
        assert (failure.reason, failure.final) == ("not_acknowledged", False)
        [row] = await state_of(desk)
        assert (row["state"], row["next_at"] > desk.clock.now()) == ("waiting", True)
        who = desk.bearer(Role.REVIEWER)
        [shown] = (await desk.http.get(DELIVERIES, headers=who)).json()["items"]
        [attempt] = (await desk.http.get(f"{DELIVERIES}/{shown['id']}", headers=who)).json()["history"]
        assert (attempt["status"], attempt["outcome"], attempt["reason"]) == (200, "not_acknowledged", reason)
        assert attempt["words"].startswith("平台的回答不能视为确认收到：")


async def test_an_endless_answer_is_read_to_its_limit_and_is_no_acknowledgement(
    postgres_server: DatabaseServer,
) -> None:
    given = 0

    async def endless():
        nonlocal given
        while True:
            given += 8192
            yield b"x" * 8192

    async with intake_desk(postgres_server, secrets=ADDRESSED) as desk:
        await desk.tell(approved(desk, await Platform(desk).accepted()))
        await deliverer(desk, Receiver(lambda _: httpx.Response(200, content=endless()))).send_due()

        [failure] = await desk.told(FeedbackFailed)
        assert failure.reason == "not_acknowledged"
        assert given <= policy.ANSWER_BYTES + 8192

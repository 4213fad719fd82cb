"""Invalid requests are refused with a clear message, and nothing of them is half applied."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from services.intake.channels.handlers import Signatures
from services.intake.channels.policy import CHANNELS, SIGNATURE_WINDOW
from services.intake.quarantine import policy
from shared.contracts.intake import RequestQuarantined
from shared.identity import Role
from tests.intake.upstream import SECRETS, Platform, an_order, intake_desk, secret_of
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk

ADDRESS = "/api/intake/v1/channels/city_12345/orders"


async def nothing_happened(desk: Desk) -> bool:
    tables = ("upstream_order", "receipt", "quarantine", "outbox", "caller", "order_version")
    return not any([await desk.rows(f"select 1 from {table}") for table in tables])


async def test_without_a_signature_the_answer_is_401_and_nothing_is_kept(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await desk.http.post(ADDRESS, json=an_order())

        assert (answer.status_code, answer.json()["code"]) == (401, "signature_refused")
        assert answer.headers["content-type"] == "application/problem+json"
        assert await nothing_happened(desk)
        counted = desk.runtime.parts.of(Signatures).refused.labels("city_12345", "missing")._value.get()
        assert counted == 1


async def test_a_stale_request_is_401(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(), shift=-301)

        assert (answer.status_code, answer.json()["facts"]) == (401, {"reason": "stale"})
        assert timedelta(minutes=5) == SIGNATURE_WINDOW, "the answer says so"
        assert "相差超过 5 分钟" in answer.json()["detail"]
        assert await nothing_happened(desk)


async def test_each_fault_of_a_signature_has_its_own_message_and_none_is_a_missing_login(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps(an_order())
        good = Platform(desk).headers(body)
        answers = [
            await desk.http.post(ADDRESS, content=body, headers={**good, **changes})
            for changes in (
                {"webhook-signature": ""},
                {"webhook-timestamp": "now"},
                {"webhook-timestamp": "1"},
                {"webhook-id": "another"},
            )
        ]

        found = [answer.json() for answer in answers]
        assert [problem["facts"]["reason"] for problem in found] == ["missing", "malformed", "stale", "mismatch"]
        assert {problem["title"] for problem in found} == {"签名校验未通过"}
        assert len({problem["detail"] for problem in found}) == 4


async def test_the_older_of_two_secrets_still_signs(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(), secret=SECRETS["city_12345"]["in"][1])

        assert answer.status_code == 201


async def test_one_channels_secret_does_not_sign_for_another(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(), secret=SECRETS["province_12345"]["in"][0])

        assert answer.status_code == 401


def opened(desk: Desk, kept: dict[str, Any]) -> bytes:
    """The exact bytes of a kept request: they are sealed, because they may name a person."""
    return base64.b64decode(desk.runtime.works.sealer.open(kept["body"], f"quarantine:{kept['id']}:body"))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"eventDesc": None}, "eventDesc", "诉求内容：缺少必填项"),
        ({"eventDesc": ""}, "eventDesc", "诉求内容：缺少必填项"),
        ({"callerPhone": None}, "callerPhone", "来电号码：缺少必填项"),
        ({"title": "铃\x07声"}, "title", "诉求标题：含有控制字符，请删除后重新提交"),
        ({"title": "两\n行"}, "title", "诉求标题：不能换行"),
        ({"title": 7}, "title", "诉求标题：应为文字"),
        ({"callTime": "1899-01-01 00:00:00"}, "callTime", "来电时间：日期应在 2000 年至 2099 年之间"),
        ({"callTime": "2098-01-01 00:00:00"}, "callTime", "来电时间：不能晚于当前时间，请核对"),
        ({"callTime": "2026-11-23 09:10:01"}, "callTime", "来电时间：不能晚于当前时间，请核对"),
        ({"sendTime": "2026-11-24 08:00:00"}, "sendTime", "转办时间：不能晚于当前时间，请核对"),
        ({"acceptTime": "2001-01-01 00:00:00"}, "acceptTime", "受理时间：不能早于来电时间，请核对"),
        ({"acceptTime": "2026-11-22 08:31:06"}, "acceptTime", "受理时间：不能早于来电时间，请核对"),
        ({"filingTime": "2026-11-22 08:31:06"}, "filingTime", "立案时间：不能早于来电时间，请核对"),
        ({"sendTime": "2026-11-22 08:31:06"}, "sendTime", "转办时间：不能早于来电时间，请核对"),
        ({"limitTime": "2028-11-23 09:00:01"}, "limitTime", "办理截止时间：不能晚于当前时间两年以上，请核对"),
        ({"limitTime": "2099-12-31 00:00:00"}, "limitTime", "办理截止时间：不能晚于当前时间两年以上，请核对"),
        ({"callTime": "昨天"}, "callTime", "来电时间：时间应写作 2026-11-23 09:00:00"),
        ({"callTime": 1795395600000}, "callTime", "来电时间：时间应写作 2026-11-23 09:00:00"),
        (
            {"limitTime": "2026-11-23 08:31:07"},
            "limitTime",
            "办理截止时间：不能早于来电时间，请核对",
        ),  # the call itself
        ({"limitTime": "2026-11-20 09:00:00"}, "limitTime", "办理截止时间：不能早于来电时间，请核对"),
        ({"attachments": [{"name": "a"}]}, "attachments.0.url", "附件第 1 项的下载地址：缺少必填项"),
    ],
)
async def test_a_fault_is_named_in_chinese_and_kept_for_a_person(
    changes: dict[str, Any], field: str, said: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps({**an_order(), **changes} if None not in changes.values() else an_order(**changes))
        answer = await Platform(desk).push(body)

        assert answer.status_code == 422
        problem = answer.json()
        assert problem["code"] == "not_understood"
        assert {"field": field, "message": said} in [
            {"field": fault["field"], "message": fault["message"]} for fault in problem["errors"]
        ]
        assert said in problem["detail"]
        [kept] = await desk.rows("select * from quarantine")
        assert kept["id"].__str__() == problem["facts"]["quarantine_id"]
        assert (opened(desk, kept), kept["signed_by"], kept["state"]) == (body, "city_12345", "waiting")
        [event] = await desk.told()
        assert isinstance(event, RequestQuarantined)
        assert not await desk.rows("select 1 from upstream_order")


@pytest.mark.clause("S1.1.1a")
@pytest.mark.parametrize("limit", ["2026-11-23 08:31:08", "2026-11-23 08:40:00", "2026-11-23 08:50:00"])
async def test_an_order_whose_deadline_is_over_already_is_accepted(limit: str, postgres_server: DatabaseServer) -> None:
    """Its clock is breached at once; no person has to release it."""
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(limitTime=limit))

        assert answer.status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"callTime": "2026-11-23 09:10:00"},
        {"callTime": "2019-03-05 10:00:00"},
        {"acceptTime": "2026-11-22 08:31:07"},
        {"limitTime": "2028-11-23 09:00:00"},
    ],
)
async def test_a_date_at_its_limit_and_an_old_call_are_accepted(
    changes: dict[str, Any], postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(an_order(**changes))

        assert answer.status_code == 201, answer.text


@pytest.mark.clause("S1.1.1a")
async def test_an_order_due_before_its_call_is_released_with_another_deadline(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order = an_order(limitTime="2026-11-20 09:00:00")
        answer = await Platform(desk).push(orjson.dumps(order))
        kept = answer.json()["facts"]["quarantine_id"]
        path = f"/api/intake/v1/quarantine/{kept}/release"
        mended = {**order, "limitTime": "2026-11-26 23:59:59"}
        body = {"reason": "已与上级平台核对", "payload": mended}
        released = await desk.http.post(path, json=body, headers=desk.bearer(Role.DISPATCHER))

        assert answer.json()["errors"][0]["code"] == "due_before_start"
        assert released.status_code == 200, released.text
        assert len(await desk.rows("select 1 from upstream_order")) == 1


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[]", b"null", b'"text"', b"{", b"NaN", b'{"a":"\\ud800"}', b"[" * 5000]
)
async def test_bytes_that_are_no_json_object_are_kept_as_they_are(body: bytes, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(body)

        assert (answer.status_code, answer.json()["facts"]["reason"]) == (
            422,
            "not_finite" if body == b"NaN" else "undecodable",
        )
        [kept] = await desk.rows("select id, body from quarantine")
        assert opened(desk, kept) == body


_TWICE = {
    "orders": (b'{"orderNum": "NO-1", "title": "x", "title": "y"}', "title"),
    "cancellations": (b'{"orderNum": "NO-1", "reason": "r", "orderNum": "NO-2"}', "orderNum"),
    "urges": (b'{"operateTime": "2026-11-23 08:55:00", "operateTime": "2026-11-23 08:56:00"}', "operateTime"),
    "revisits": (
        b'{"isSolve": "\xe8\xa7\xa3\xe5\x86\xb3", "isSolve": "\xe6\x9c\xaa\xe8\xa7\xa3\xe5\x86\xb3"}',
        "isSolve",
    ),
    "redos": (b'{"a": {"b": [{"reason": "r", "reas\\u006fn": "s"}]}}', "a.b.0.reason"),
}


@pytest.mark.parametrize("kind", _TWICE)
async def test_a_key_that_comes_twice_is_refused_at_any_depth_and_no_value_wins(
    kind: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        body, field = _TWICE[kind]
        answer = await Platform(desk).push(body, kind=kind)

        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["facts"]["reason"]) == (
            422,
            "not_understood",
            "repeated_field",
        )
        [fault] = problem["errors"]
        assert (fault["field"], fault["code"]) == (field, "repeated_field")
        [kept] = await desk.rows("select * from quarantine")
        assert (opened(desk, kept), kept["kind"], kept["reason"]) == (body, kind, "repeated_field")
        assert not await desk.rows("select 1 from upstream_order")


@pytest.mark.parametrize("kind", _TWICE)
@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
async def test_a_word_in_place_of_a_number_is_refused_with_its_own_code(
    kind: str, word: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(f'{{"a": [{{"lng": {word}}}]}}'.encode(), kind=kind)

        problem = answer.json()
        assert (answer.status_code, problem["facts"]["reason"]) == (422, "not_finite")
        assert len(await desk.rows("select 1 from quarantine where reason = 'not_finite'")) == 1


async def test_an_object_nested_too_deep_is_refused_and_kept(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        for depth in (900, 1010, 1100):
            answer = await Platform(desk).push(b'{"a":' * depth + b"1" + b"}" * depth)
            assert answer.status_code == 422, depth
        assert len(await desk.rows("select 1 from quarantine")) == 3


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "9" * 5000])
async def test_a_number_that_is_too_large_has_a_message_of_its_own(
    number: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(orjson.dumps(an_order())[:-1] + f', "lng": {number}}}'.encode())

        assert (answer.status_code, answer.json()["facts"]["reason"]) == (422, "undecodable")
        assert "过大的数值" in answer.json()["detail"]
        assert len(await desk.rows("select 1 from quarantine")) == 1


async def test_the_same_unreadable_request_is_kept_once_and_answered_the_same(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        first = await platform.push(b"{", webhook_id="m")
        again = await platform.push(b"{", webhook_id="m")
        other = await platform.push(b"[", webhook_id="m")

        assert first.json()["facts"] == again.json()["facts"]
        assert other.json()["code"] == "webhook_id_reused"
        assert len(await desk.rows("select 1 from quarantine")) == 1
        assert len(await desk.told()) == 1


async def test_the_nul_character_is_refused_and_not_a_server_error(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        for field in ("title", "eventDesc", "category", "orderNum", "callerName"):
            answer = await Platform(desk).push(an_order(**{field: "a\x00b"}))
            assert answer.status_code == 422


async def test_more_than_a_megabyte_is_413(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(b"x" * (1024 * 1024 + 1))

        async def chunks():
            for _ in range(17):
                yield b"x" * 65536

        chunked = await desk.http.post(ADDRESS, content=chunks())

        assert (answer.status_code, chunked.status_code) == (413, 413)
        assert await nothing_happened(desk)


@pytest.mark.parametrize(
    ("header", "value", "fault"),
    [
        ("content-encoding", "gzip", "encoding"),
        ("content-encoding", "deflate, identity", "encoding"),
        ("content-type", "application/json; charset=GBK", "charset"),
        ("content-type", "text/plain; charset=iso-8859-1", "charset"),
    ],
)
@pytest.mark.parametrize("path", ["city_12345/orders", "city_12345/urges", "nowhere/orders"])
async def test_a_compressed_body_and_another_charset_are_refused(
    path: str, header: str, value: str, fault: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps(an_order())
        headers = {**Platform(desk).headers(body), header: value}
        answer = await desk.http.post(f"/api/intake/v1/channels/{path}", content=body, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content")
        assert answer.json()["facts"]["fault"] == fault
        assert await nothing_happened(desk)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream; charset=UTF-8", "application/json"])
async def test_a_signed_request_may_have_any_content_type(kind: str, postgres_server: DatabaseServer) -> None:
    """The signature covers the bytes, and platforms are known to send JSON with other content types."""
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps(an_order())
        headers = {**Platform(desk).headers(body), "content-type": kind, "content-encoding": "identity"}
        answer = await desk.http.post(ADDRESS, content=body, headers=headers)

        assert answer.status_code == 201


@pytest.mark.clause("S1.1.1a")
async def test_an_unknown_channel_is_kept_unverified_and_never_taken_for_another(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await desk.http.post("/api/intake/v1/channels/city_999/orders", json=an_order())

        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_channel")
        [kept] = await desk.rows("select channel, signed_by, reason from quarantine")
        assert kept == {"channel": "city_999", "signed_by": None, "reason": "unknown_channel"}
        assert not await desk.rows("select 1 from upstream_order")


@pytest.mark.clause("X2")
@pytest.mark.parametrize("code", ["mars_hotline", "zhang-san-13800000000", "张三"])
async def test_an_address_that_names_no_channel_goes_into_no_log_and_no_event(
    postgres_server: DatabaseServer, code: str
) -> None:
    async with intake_desk(postgres_server) as desk:
        with capture_logs() as lines:
            await desk.http.post(f"/api/intake/v1/channels/{code}/orders", json=an_order())

        [event] = await desk.told()
        [line] = [line for line in lines if line["event"] == "request quarantined"]
        assert (event.channel, line["channel"]) == ("unknown", "unknown")
        assert code not in str(lines)
        assert code not in str(await desk.rows("select payload, headers from outbox"))
        assert code not in str(await desk.rows("select * from audit"))


@pytest.mark.clause("S1.1.1a")
async def test_unsigned_requests_are_limited_and_the_answer_names_the_limit(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:

        async def push(size: int = 10) -> httpx.Response:
            return await desk.http.post("/api/intake/v1/channels/x/orders", content=b"x" * size)

        big = await push(policy.UNVERIFIED_BYTES + 1)
        answers = [await push() for _ in range(policy.UNVERIFIED_PER_SOURCE + 1)]

        assert {answer.status_code for answer in [big, *answers]} == {422}
        kept, *others = answers[-2], big, answers[-1]
        assert kept.json()["code"] == "unknown_channel"
        assert "quarantine_id" in kept.json()["facts"]
        assert "已隔离" in kept.json()["detail"]
        for lost, bound, limit, said in zip(
            others,
            ("bytes", "source"),
            (policy.UNVERIFIED_BYTES, policy.UNVERIFIED_PER_SOURCE),
            ("超过 64 KB", "已达 20 件"),
            strict=True,
        ):
            assert lost.json()["code"] == "unknown_channel_not_kept"
            assert (lost.json()["facts"]["bound"], lost.json()["facts"]["limit"]) == (bound, limit)
            assert "quarantine_id" not in lost.json()["facts"]
            assert said in lost.json()["detail"]
            assert "未保存" in lost.json()["detail"]
            assert "已隔离" not in lost.json()["detail"]


@pytest.mark.clause("S1.1.1a")
async def test_a_signed_request_at_a_misspelt_address_is_kept_beyond_the_limits_for_unsigned_ones(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        address = "/api/intake/v1/channels/city_1234/orders"
        for _ in range(policy.UNVERIFIED_PER_SOURCE):
            await desk.http.post(address, content=b"x")
        body = orjson.dumps(an_order(eventDesc="长" * policy.UNVERIFIED_BYTES))
        platform, who = Platform(desk), desk.bearer(Role.DISPATCHER)
        headers = platform.headers(body, secret=SECRETS["city_12345"]["in"][1])
        first, again = [await desk.http.post(address, content=body, headers=headers) for _ in range(2)]
        forged = await desk.http.post(
            address, content=body, headers=platform.headers(body, secret=secret_of("nobody's"))
        )
        listed = (await desk.http.get("/api/intake/v1/quarantine", headers=who)).json()["items"]

        assert (first.status_code, first.json()["code"]) == (422, "unknown_channel")
        assert first.json()["facts"]["signed_by"] == "city_12345"
        assert "市12345平台（city_12345）" in first.json()["detail"]
        assert again.json()["facts"] == first.json()["facts"]
        assert forged.json()["code"] == "unknown_channel_not_kept"
        assert (listed[0]["id"], listed[0]["channel"], listed[0]["verified"], listed[0]["signed_by"]) == (
            first.json()["facts"]["quarantine_id"], "city_1234", True, "city_12345",
        )  # fmt: skip
        assert len(listed) == policy.UNVERIFIED_PER_SOURCE + 1
        assert {(line["verified"], line["signed_by"]) for line in listed[1:]} == {(False, None)}


@pytest.mark.clause("S1.1.1a")
async def test_a_misaddressed_order_that_is_sent_again_to_the_right_address_waits_no_more(
    postgres_server: DatabaseServer,
) -> None:
    """The webhook-id may be used again at the right address; the copy in quarantine is overtaken by it."""
    async with intake_desk(postgres_server) as desk:
        body = orjson.dumps(an_order())
        platform, wrong = Platform(desk), "/api/intake/v1/channels/city_1234/orders"
        headers = platform.headers(body, webhook_id="m")
        kept = (await desk.http.post(wrong, content=body, headers=headers)).json()["facts"]["quarantine_id"]
        right = await desk.http.post(ADDRESS, content=body, headers=headers)
        released = await desk.http.post(
            f"/api/intake/v1/quarantine/{kept}/release",
            json={"channel": "city_12345", "reason": "地址写错"},
            headers=desk.bearer(Role.DISPATCHER),
        )
        [copy] = await desk.rows("select state, order_id::text from quarantine")

        assert right.status_code == 201
        assert (released.status_code, released.json()["code"]) == (409, "quarantine_decided")
        assert copy == {"state": "overtaken", "order_id": right.json()["order_id"]}


@pytest.mark.parametrize("code", CHANNELS)
async def test_each_channels_whole_example_is_accepted(code: str, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        order_id = await Platform(desk, code).accepted()
        answer = await desk.http.get(f"/api/intake/v1/orders/{order_id}", headers=desk.bearer(Role.DISPATCHER))

        shown = answer.json()
        example = CHANNELS[code].example
        assert shown["title"] == example[CHANNELS[code].theirs("title")]
        assert shown["content"] == example[CHANNELS[code].theirs("content")]
        assert shown["street"] in {"滨海路街道", "初家街道", "黄海路街道"}
        assert shown["upstream_due_at"] is not None

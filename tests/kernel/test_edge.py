"""Whatever a client sends is answered by a problem in Chinese, never by 5xx, and never with its own text."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.app import build_app, mount
from shared.clock import SimulatedClock
from shared.files.limits import BODY_BYTES
from shared.identity import Role
from tests.kernel.tiny import Tiny, tiny_at

CHINESE = re.compile("[\u4e00-\u9fff]")
UUID = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}")


def is_problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert body["type"] == f"urn:gongdan:problem:{code}"
    assert CHINESE.search(body["title"])
    assert CHINESE.search(body["detail"])
    assert UUID.fullmatch(body["request_id"])
    assert answer.headers["x-request-id"] == body["request_id"]


async def raw_call(
    tiny: Tiny, path: str, pieces: Iterable[bytes], headers: list[tuple[bytes, bytes]]
) -> tuple[int, dict[str, str], bytes, int]:
    """Call the application as a server would: the body in pieces, no Content-Length unless given; pieces read."""
    app = mount([(tiny.runtime, build_app(tiny.runtime.service, tiny.runtime))])
    left, read = list(pieces), 0
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": left.pop(0) if left else b"", "more_body": bool(left)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "server": ("tiny", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]), read


def authorization(tiny: Tiny) -> tuple[bytes, bytes]:
    return (b"authorization", tiny.dispatcher["Authorization"].encode())


@pytest.mark.parametrize("path", ["/api/intake/v1/things", "/api/intake/v1/raw"])
async def test_a_declared_body_beyond_the_limit_is_refused_unread(tiny: Tiny, path: str) -> None:
    length = str(BODY_BYTES + 1).encode()
    status, headers, body, read = await raw_call(
        tiny, path, [b"x"] * 3, [authorization(tiny), (b"content-length", length)]
    )
    assert status == 413
    assert b"payload_too_large" in body
    assert headers["connection"] == "close"
    assert read == 0


@pytest.mark.parametrize("path", ["/api/intake/v1/things", "/api/intake/v1/raw"])
@pytest.mark.parametrize("declared", [None, b"5", b"abc"])
async def test_a_chunked_body_beyond_the_limit_is_refused_while_it_comes(
    tiny: Tiny, path: str, declared: bytes | None
) -> None:
    """The limit holds without a Content-Length, and with a false one (R5)."""
    headers = [authorization(tiny), (b"content-type", b"application/json")]
    if declared is not None:
        headers.append((b"content-length", declared))
    status, answered, body, read = await raw_call(tiny, path, (b" " * 65_536 for _ in range(1600)), headers)
    assert status == 413
    assert b"payload_too_large" in body
    assert answered["connection"] == "close"
    assert read <= BODY_BYTES // 65_536 + 1


async def test_a_body_of_exactly_the_limit_is_read(tiny: Tiny) -> None:
    status, headers, body, _ = await raw_call(tiny, "/api/intake/v1/raw", [b"x" * 65_536] * 16, [])
    assert (status, body) == (200, str(BODY_BYTES).encode())
    assert "connection" not in headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v1/no%0Athing",
        "http://tiny/",
        "http://tiny/%0A",
        "http://tiny/api/unknown/v1",
        "http://tiny/api/intake",
        "http://tiny/favicon.ico",
    ],
)
async def test_an_unknown_address_is_a_problem_by_any_method(tiny: Tiny, method: str, path: str) -> None:
    is_problem(await tiny.http.request(method, path), 404, "http_404")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(tiny: Tiny, method: str) -> None:
    answer = await tiny.http.request(method, "/v1/things")
    is_problem(answer, 405, "http_405")
    assert answer.headers["allow"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz", "/api/intake/metrics"])
async def test_a_wrong_method_on_a_health_route_is_a_problem_too(tiny: Tiny, path: str) -> None:
    is_problem(await tiny.http.post(f"http://tiny{path}"), 404, "http_404")


async def test_a_head_request_is_answered_without_a_server_error(tiny: Tiny) -> None:
    answer = await tiny.http.head("/v1/things", headers=tiny.dispatcher)
    assert answer.status_code in {200, 405}
    assert answer.headers["x-request-id"]


BAD_BODIES: list[tuple[str, bytes, set[int]]] = [
    ("nothing", b"", {422}),
    ("not JSON", b"{", {422}),
    ("a word", b"nonsense", {422}),
    ("a list", b"[]", {422}),
    ("null", b"null", {422}),
    ("invalid UTF-8", b'{"key": "\xff\xfe"}', {400, 422}),
    ("UTF-16 with its mark", '{"key": "a"}'.encode("utf-16"), {201, 400, 422}),
    ("NUL in a string", b'{"key": "a\\u0000b"}', {422}),
    ("a lone surrogate", b'{"key": "\\ud800"}', {422}),
    ("a number for text", b'{"key": 7}', {422}),
    ("an unknown field", b'{"key": "a", "kee": 1}', {422}),
    ("an integer beyond int4", b'{"key": "a", "small": 4294967296}', {422}),
    ("an integer beyond int8", b'{"key": "a", "small": 99999999999999999999999999}', {422}),
    ("an endless integer", b'{"key": "a", "small": ' + b"9" * 10_000 + b"}", {422}),
    ("infinity", b'{"key": "a", "small": 1e999}', {422}),
    ("not a number", b'{"key": "a", "small": NaN}', {422}),
    ("deep nesting", b'{"key": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {400, 422}),
    ("unclosed deep nesting", b"[" * 500_000, {400, 422}),
]


@pytest.mark.parametrize(
    ("body", "statuses"), [(b, s) for _, b, s in BAD_BODIES], ids=[name for name, _, _ in BAD_BODIES]
)
async def test_a_malformed_body_is_an_error_of_the_sender(tiny: Tiny, body: bytes, statuses: set[int]) -> None:
    headers = {**tiny.dispatcher, "Content-Type": "application/json"}
    answer = await tiny.http.post("/v1/things", content=body, headers=headers)
    assert answer.status_code in statuses, answer.text
    if answer.status_code != 201:
        is_problem(answer, answer.status_code, answer.json()["code"])
        assert await tiny.one("select count(*) from thing") == 0


@pytest.mark.parametrize(
    "body", [b'{"value": ' + b"[" * 900 + b"]" * 900 + b"}", b'{"value": "\\ud800\\u0000"}', b'{"value": NaN}']
)
async def test_strange_json_that_a_route_accepts_as_anything_does_not_break_the_answer(tiny: Tiny, body: bytes) -> None:
    headers = {**tiny.dispatcher, "Content-Type": "application/json"}
    assert (await tiny.http.post("/v1/things/anything", content=body, headers=headers)).status_code < 500


@pytest.mark.parametrize(
    ("body", "field", "code", "said"),
    [
        (b'{"key": "a", "key": "b"}', "key", "repeated_field", "key：该字段出现了两次"),
        (b'{"key": "a", "key": "a"}', "key", "repeated_field", "key：该字段出现了两次"),
        (b'{"key": "a", "refuse": [{"x": 1, "x": 2}]}', "refuse.0.x", "repeated_field", "：该字段出现了两次"),
        (b'{"key": "a", "refuse": {"x": 1, "x": 2}, "y": ' + b"9" * 5000 + b"}", "", "repeated_field", "出现了两次"),
        (b'{"key": "a", "\\u0007": 1, "\\u0007": 2}', "?", "repeated_field", "该字段出现了两次"),
        (b'{"key": "a", "small": ' + b"9" * 5000 + b"}", "", "too_large", "其中有过大的数值"),
        (b'{"key": "a", "small": 1e400}', "small", "wrong_format", "small：应为有限的数值"),
    ],
)
async def test_json_with_a_key_twice_or_a_number_too_large_is_refused(
    tiny: Tiny, body: bytes, field: str, code: str, said: str
) -> None:
    headers = {**tiny.dispatcher, "Content-Type": "application/json", "Idempotency-Key": "k"}
    answer = await tiny.http.post("/v1/things", content=body, headers=headers)
    is_problem(answer, 422, "invalid_request")
    assert [(fault["field"], fault["code"]) for fault in answer.json()["errors"]] == [(field, code)]
    assert said in answer.json()["detail"]
    assert await tiny.one("select count(*) from thing") == 0


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({}, "type"),
        ({"Content-Type": ""}, "type"),
        ({"Content-Type": "text/plain"}, "type"),
        ({"Content-Type": "application/xml"}, "type"),
        ({"Content-Type": "text/json"}, "type"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "type"),
        ({"Content-Type": "application/json/x"}, "type"),
        ({"Content-Type": "\x7f"}, "type"),
        ({"Content-Type": "application/json; charset=gbk"}, "charset"),
        ({"Content-Type": 'application/json;v=1; Charset="utf-16"'}, "charset"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "encoding"),
        ({"Content-Type": "application/json", "Content-Encoding": "identity, br"}, "encoding"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/things", "/v1/things/a"])
async def test_a_body_that_is_not_json_in_utf_8_by_its_own_account_is_refused(
    tiny: Tiny, path: str, headers: dict[str, str], fault: str
) -> None:
    """Also where the operation takes no body: nothing that a client sends is ignored."""
    method = "PUT" if path.endswith("/a") else "POST"
    answer = await tiny.http.request(method, path, content=b'{"key": "a"}', headers={**tiny.dispatcher, **headers})
    is_problem(answer, 415, "unsupported_content")
    assert answer.json()["facts"]["fault"] == fault
    assert answer.json()["facts"]["expected"] in answer.json()["detail"] or fault == "encoding"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "APPLICATION/JSON",
        'application/json; charset="UTF-8"',
        "application/problem+json;charset=utf8",
    ],
)
async def test_json_is_accepted_under_each_of_its_media_types(tiny: Tiny, kind: str) -> None:
    headers = {**tiny.dispatcher, "Content-Type": kind, "Content-Encoding": "identity"}
    assert (await tiny.http.post("/v1/things", content=b'{"key": "a"}', headers=headers)).status_code == 201


async def test_a_chunked_body_needs_a_content_type_too(tiny: Tiny) -> None:
    headers = [authorization(tiny), (b"transfer-encoding", b"chunked")]
    assert (await raw_call(tiny, "/api/intake/v1/things", [b'{"key": ', b'"a"}'], headers))[0] == 415


async def test_a_request_without_a_body_needs_no_content_type(tiny: Tiny) -> None:
    assert (await tiny.http.put("/v1/things/a", headers=tiny.dispatcher)).status_code == 204
    answer = await tiny.http.post("/v1/things", headers=tiny.dispatcher)
    is_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("stauts=closed", "stauts", "stauts：不认识的查询参数"),
        ("limit=1&limit=2", "limit", "每页条数：该查询参数只能填写一次"),
        ("limit=1&limit=1", "limit", "每页条数：该查询参数只能填写一次"),
        ("date=a&date=b", "date", "日期：该查询参数只能填写一次"),
        ("day=a", "day", "day：不认识的查询参数"),
        ("Limit=1", "Limit", "Limit：不认识的查询参数"),
        ("limit", "limit", "每页条数："),
        ("=", "", "不认识的查询参数"),
        ("a%07=1", "?", "不认识的查询参数"),
    ],
)
async def test_an_unknown_or_repeated_query_parameter_is_refused_and_named(
    tiny: Tiny, query: str, field: str, said: str
) -> None:
    answer = await tiny.http.get(f"/v1/things/found?{query}", headers=tiny.dispatcher)
    is_problem(answer, 422, "invalid_request")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/things", "/v1/things/a", "/v1/operations/clock"])
async def test_an_operation_without_a_query_takes_none(tiny: Tiny, path: str) -> None:
    method = "PUT" if path.endswith("/a") else "GET"
    answer = await tiny.http.request(method, f"{path}?limit=5", headers=tiny.bearer(Role.DISPATCHER, Role.ADMIN))
    is_problem(answer, 422, "invalid_request")


async def test_a_parameter_that_is_a_list_may_be_repeated(tiny: Tiny) -> None:
    answer = await tiny.http.get("/v1/things/found?kind=a&kind=b&date=today&limit=7", headers=tiny.dispatcher)
    assert answer.json() == ["a", "b", "today", "7"]


async def test_of_many_unknown_parameters_some_are_named(tiny: Tiny) -> None:
    many = "&".join(f"a{number}=1" for number in range(1000))
    answer = await tiny.http.get(f"/v1/things/found?{many}", headers=tiny.dispatcher)
    is_problem(answer, 422, "invalid_request")
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize(
    "path", ["/v1/things/%00", "/v1/things/%ff%fe", "/v1/things/" + "k" * 5000, "/v1/things/%ed%a0%80"]
)
async def test_a_strange_path_is_no_server_error(tiny: Tiny, path: str) -> None:
    assert (await tiny.http.put(path, headers=tiny.dispatcher)).status_code < 500


async def test_the_field_that_is_wrong_is_named_and_its_value_is_not_repeated(tiny: Tiny) -> None:
    answer = await tiny.http.post("/v1/things", json={"key": "a", "small": "13812345678x"}, headers=tiny.dispatcher)
    is_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "small"
    assert "13812345678" not in answer.text


async def test_an_unexpected_exception_is_answered_without_its_text(tiny: Tiny, logs: list[dict[str, Any]]) -> None:
    answer = await tiny.http.get("/v1/things/broken")
    is_problem(answer, 500, "internal")
    assert "张三" not in answer.text
    assert "13812345678" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["unforeseen"]


async def test_without_its_database_a_service_asks_to_try_later(tmp_path: Path) -> None:
    async with tiny_at("postgresql://nobody@127.0.0.1:1/nowhere", folder=tmp_path) as tiny:
        for answer in (
            await tiny.http.post("/v1/things", json={"key": "a"}, headers=tiny.dispatcher),
            await tiny.http.get("/v1/things", headers=tiny.dispatcher),
        ):
            is_problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0


async def test_a_backend_that_is_ended_in_mid_request_asks_to_try_again(tiny: Tiny) -> None:
    await tiny.http.get("/v1/things", headers=tiny.dispatcher)
    await tiny.execute(
        "create function end_me() returns trigger language plpgsql as $$ "
        "begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
    )
    await tiny.execute("create trigger end_me before insert on thing for each row execute function end_me()")
    answer = await tiny.http.post("/v1/things", json={"key": "a"}, headers=tiny.dispatcher)
    is_problem(answer, 503, "unavailable")
    await tiny.execute("drop trigger end_me on thing")
    assert (await tiny.http.post("/v1/things", json={"key": "a"}, headers=tiny.dispatcher)).status_code == 201


async def test_a_full_pool_asks_to_try_later(database: str, tmp_path: Path) -> None:
    async with tiny_at(database, folder=tmp_path, pool_size=2) as tiny:
        tiny.runtime.works.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
        async with tiny.runtime.works.begin() as one, tiny.runtime.works.begin() as two:
            await one.session.connection()
            await two.session.connection()
            is_problem(await tiny.http.get("/v1/things", headers=tiny.dispatcher), 503, "unavailable")


@pytest.mark.parametrize("path", ["/v1/things", "/v1/things/broken", "/v1/nothing", "http://tiny/nowhere"])
async def test_every_answer_carries_the_security_headers_and_a_request_id(tiny: Tiny, path: str) -> None:
    answer = await tiny.http.get(path, headers=tiny.dispatcher)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert UUID.fullmatch(answer.headers["x-request-id"])
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/v1/things", "/v1/things/broken", "/v1/nothing", "http://tiny/nowhere", "/openapi.json"]
)
async def test_every_answer_says_what_time_it_is_for_the_platform(tiny: Tiny, path: str) -> None:
    assert isinstance(tiny.clock, SimulatedClock)
    tiny.clock.set(datetime(2026, 11, 22, 16, 5, 9, 47_900, tzinfo=UTC))

    answer = await tiny.http.get(path, headers=tiny.dispatcher)

    assert answer.headers.get_list("gongdan-now") == ["2026-11-23T00:05:09.047+08:00"]


async def test_the_document_names_the_header_with_the_platforms_now(tiny: Tiny) -> None:
    document = (await tiny.http.get("/openapi.json")).json()

    answer = document["paths"]["/v1/things"]["get"]["responses"]["200"]
    assert answer["headers"]["Gongdan-Now"] == {"$ref": "#/components/headers/Gongdan-Now"}
    assert document["components"]["headers"]["Gongdan-Now"]["schema"]["format"] == "date-time"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-123_X", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("a\tb", False),
        ("关联", False),
        ("", False),
    ],
)
async def test_the_callers_correlation_id_flows_into_the_event_when_it_is_a_plain_word(
    tiny: Tiny, given: str, *, kept: bool
) -> None:
    headers = [*tiny.dispatcher.items(), ("X-Correlation-Id", given.encode())]
    answer = await tiny.http.post("/v1/things", json={"key": "a"}, headers=headers)  # type: ignore[arg-type]
    found = await tiny.one("select headers->>'correlationid' from outbox")
    assert found == (given if kept else answer.headers["x-request-id"])
    assert await tiny.one("select correlation from audit") == found


async def test_a_missing_login_and_a_wrong_role_are_refused_before_anything_happens(tiny: Tiny) -> None:
    nobody = await tiny.http.post("/v1/things", json={"key": "a"})
    is_problem(nobody, 401, "unauthenticated")
    assert nobody.headers["www-authenticate"] == "Bearer"
    is_problem(
        await tiny.http.post("/v1/things", json={"key": "a"}, headers=tiny.bearer(Role.LEADER)), 403, "forbidden"
    )
    assert await tiny.one("select count(*) from thing") == 0


async def test_refusals_and_answers_are_counted_by_route_and_code(tiny: Tiny) -> None:
    await tiny.http.post("/v1/things", json={"key": "a"})
    metrics = (await tiny.http.get("http://tiny/api/intake/metrics")).text
    assert 'gongdan_intake_refusals_total{code="unauthenticated"} 1.0' in metrics
    assert 'gongdan_intake_http_requests_total{route="/v1/things",status="401"} 1.0' in metrics

"""Whatever a client sends: a clear answer, no partial effect, no growing memory, and no personal data in logs (P10).

On the running platform, over real HTTP, most of it as raw bytes: a decent client library would not send them.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from sample.orders import Demand
from sample.staff import Refused
from sample.upstream import in_words_of_city, signed_headers
from services.intake.channels.model import TITLES
from services.intake.channels.policy import CHANNELS
from shared.files.limits import BODY_BYTES
from shared.telemetry import configure_logs
from tests.support.files import PDF
from tests.support.platform import District, district
from tests.support.postgres import DatabaseServer
from tests.support.waiting import eventually

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
WEBHOOK: Final = "/api/intake/v1/channels/city_12345/orders"
PASSING: Final = frozenset({"outbox", "stream", "seen", "inbox"})
"""The kernel's tables, which change without a request."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(postgres_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[District]:
    """One platform for all tests of this module."""
    async with district(postgres_server, tmp_path_factory.mktemp("bad-input")) as found:
        yield found


# --- Asking -----------------------------------------------------------------------------------------------------------


def an_order(place: District, **changes: Any) -> dict[str, Any]:
    """A valid municipal order with a number of its own."""
    return {**in_words_of_city(place.upstream.next_demand()), **changes}


def moment(place: District) -> int:
    """The platform's time, as a signature contains it."""
    return int(place.clock.now().timestamp())


async def push(place: District, body: bytes, *, path: str = WEBHOOK, channel: str = "city_12345") -> httpx.Response:
    """POST these bytes with a valid signature."""
    headers = signed_headers(place.upstream.secrets[channel]["in"], body, now=moment(place))
    return await place.http.post(path, content=body, headers=headers)


async def raw(place: District, *pieces: bytes, within: float = 20.0) -> bytes:
    """Send bytes as they are and read until the server closes or sends nothing more."""
    where = urlsplit(place.upstream.base_url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        async with asyncio.timeout(within):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            answer = b""
            while b"\r\n\r\n" not in answer or not _is_whole(answer):
                piece = await reader.read(65_536)
                if not piece:
                    break
                answer += piece
            return answer
    finally:
        writer.transport.abort()


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return length is not None and len(body) >= int(length[1])


def status_of(answer: bytes) -> int:
    """The status of a raw answer."""
    return int(answer.split(b" ", 2)[1])


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code, body
    assert CHINESE.search(body["detail"])
    assert body["request_id"]


def is_raw_problem(answer: bytes, statuses: Iterable[int]) -> None:
    """A problem, also where no application has seen the request because it is no HTTP."""
    assert status_of(answer) in statuses, answer[:400]
    assert b"content-type: application/problem+json\r\n" in answer, answer[:400]


async def rows(place: District) -> dict[str, int]:
    """How many rows each table of intake holds."""
    assert place.process is not None
    engine = place.process.runtime_of("intake").works.engine
    async with engine.connect() as connection:
        names = await connection.scalars(text("select tablename from pg_tables where schemaname = 'public'"))
        found = {}
        for name in names.all():
            if name not in PASSING:
                found[name] = await connection.scalar(text(f'select count(*) from "{name}"'))
        return found


def more(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What was added."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


KEPT: Final = {"quarantine": 1, "receipt": 1, "audit": 1}
"""What a signed request leaves that cannot be read: its bytes, for a person to look at."""


# --- Who sends it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["missing", "wrong", "stale", "of tomorrow", "another body", "no number"])
async def test_a_request_without_a_valid_signature_leaves_nothing(place: District, fault: str) -> None:
    body, secret, now = json.dumps(an_order(place)).encode(), place.upstream.secrets["city_12345"]["in"], moment(place)
    headers = signed_headers(secret, body, now=now)
    match fault:
        case "missing":
            headers = {"content-type": "application/json"}
        case "wrong":
            headers["webhook-signature"] = "v1," + base64.b64encode(bytes(32)).decode()
        case "stale":
            headers = signed_headers(secret, body, now=now - 301)
        case "of tomorrow":
            headers = signed_headers(secret, body, now=now + 301)
        case "another body":
            headers = signed_headers(secret, body + b" ", now=now)
        case _:
            headers["webhook-timestamp"] = "now"
    before = await rows(place)

    is_problem(await place.http.post(WEBHOOK, content=body, headers=headers), 401, "signature_refused")

    assert await rows(place) == before


async def test_the_same_id_with_another_body_is_refused_and_the_first_order_stays(place: District) -> None:
    first, second = (json.dumps(an_order(place)).encode() for _ in range(2))
    secret, now = place.upstream.secrets["city_12345"]["in"], moment(place)
    taken = await place.http.post(
        WEBHOOK, content=first, headers=signed_headers(secret, first, now=now, message_id="m")
    )
    before = await rows(place)

    again = await place.http.post(
        WEBHOOK, content=first, headers=signed_headers(secret, first, now=now, message_id="m")
    )
    other = await place.http.post(
        WEBHOOK, content=second, headers=signed_headers(secret, second, now=now, message_id="m")
    )

    assert taken.status_code == 201
    assert again.json() == taken.json()
    assert again.headers["idempotent-replayed"] == "true"
    is_problem(other, 422, "webhook_id_reused")
    assert await rows(place) == before


async def test_an_unknown_channel_is_kept_with_its_bytes_and_released_into_an_order(place: District) -> None:
    body = json.dumps(an_order(place), ensure_ascii=False).encode()
    before = await rows(place)
    refused = await place.http.post("/api/intake/v1/channels/town_hall/orders", content=body)
    is_problem(refused, 422, "unknown_channel")
    kept = refused.json()["facts"]["quarantine_id"]
    assert more(before, await rows(place)) == {"quarantine": 1, "audit": 1}

    head = await place.person("paidan")
    listed = await head.call("GET", "/api/intake/v1/quarantine", state="waiting")
    shown = await head.call("GET", f"/api/intake/v1/quarantine/{kept}")
    released = await head.call(
        "POST", f"/api/intake/v1/quarantine/{kept}/release", {"channel": "city_12345", "reason": "地址写错"}
    )

    assert kept in [item["id"] for item in listed["items"]]
    assert base64.b64decode(shown["body_base64"]) == body
    assert shown["size"] == len(body)
    await place.case(released["order_id"], status="triage")


# --- What it says -----------------------------------------------------------------------------------------------------


def _text_of(place: District, **changes: Any) -> bytes:
    return json.dumps(an_order(place, **changes), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _spliced(place: District, extra: bytes) -> bytes:
    return _text_of(place)[:-1] + b", " + extra + b"}"


NONSENSE: Final[dict[str, Any]] = {
    "nothing": lambda place: b"",
    "not JSON": lambda place: b"{",
    "bytes": lambda place: bytes(range(256)),
    "UTF-16": lambda place: _text_of(place).decode().encode("utf-16"),
    "GBK": lambda place: _text_of(place).decode().encode("gbk"),
    "a list": lambda place: b"[" + _text_of(place) + b"]",
    "null": lambda place: b"null",
    "a number": lambda place: b"1e999",
    "deep nesting": lambda place: b"[" * 200_000 + b"]" * 200_000,
    "unclosed nesting": lambda place: b'{"a":' * 100_000,
    "deep nesting in a field": lambda place: _spliced(place, b'"tags": ' + b"[" * 50_000 + b"]" * 50_000),
    "a key twice": lambda place: _spliced(place, b'"orderNum": "TWICE-1", "orderNum": "TWICE-2"'),
    "a key twice in a field": lambda place: _spliced(place, b'"colour": [{"a": 1, "a": 1}]'),
    "more unknown fields than are kept": lambda place: _text_of(place, **{f"colour{n}": 1 for n in range(51)}),
    "NUL": lambda place: _text_of(place, title="a\x00b"),
    "a control character": lambda place: _text_of(place, title="a\x07b"),
    "an escape of the terminal": lambda place: _text_of(place, eventDesc="\x1b[31mred"),
    "a lone surrogate, escaped": lambda place: _spliced(place, b'"tags": ["\\ud800"]'),
    "a lone surrogate, in bytes": lambda place: _text_of(place, title="a\ud800b"),
    "a noncharacter": lambda place: _text_of(place, title="a\ufffeb"),
    "a line break in a line": lambda place: _text_of(place, title="a\nb"),
    "blank": lambda place: _text_of(place, title="  \t "),
    "endless text": lambda place: _text_of(place, eventDesc="长" * 10_001),
    "year 1": lambda place: _text_of(place, callTime="0001-01-01 00:00:00"),
    "year 9999": lambda place: _text_of(place, callTime="9999-12-31 23:59:59"),
    "30 February": lambda place: _text_of(place, callTime="2026-02-30 00:00:00"),
    "hour 25": lambda place: _text_of(place, callTime="2026-11-23 25:00:00"),
    "a date that is a number": lambda place: _text_of(place, callTime=1e300),
    "a date that is a list": lambda place: _text_of(place, callTime=[]),
    "a huge integer": lambda place: _spliced(place, b'"longitude": ' + b"9" * 5000),
    "infinity": lambda place: _spliced(place, b'"longitude": 1e999'),
    "not a number": lambda place: _spliced(place, b'"longitude": NaN'),
    "an object for a text": lambda place: _text_of(place, title={"a": 1}),
    "a text for a list": lambda place: _spliced(place, b'"tags": {"0": "a"}'),
}


@pytest.mark.parametrize("what", NONSENSE)
async def test_a_signed_request_that_cannot_be_read_is_quarantined_and_becomes_no_order(
    place: District, what: str
) -> None:
    body = NONSENSE[what](place)
    before = await rows(place)

    answer = await push(place, body)

    is_problem(answer, 422, "not_understood")
    assert more(before, await rows(place)) == KEPT


REQUIRED: Final = [(code, name) for code, channel in CHANNELS.items() for name in channel.required]


@pytest.mark.parametrize(("code", "name"), REQUIRED)
async def test_a_missing_field_is_named_in_chinese(place: District, code: str, name: str) -> None:
    channel = CHANNELS[code]
    content = {key: value for key, value in channel.example.items() if channel.order[key] != name}
    body = json.dumps(content).encode()
    before = await rows(place)

    answer = await push(place, body, path=f"/api/intake/v1/channels/{code}/orders", channel=code)

    is_problem(answer, 422, "not_understood")
    faults = answer.json()["errors"]
    assert [fault["code"] for fault in faults] == ["missing"]
    assert TITLES[name] in faults[0]["message"]
    assert more(before, await rows(place)) == KEPT


NOBODY: Final = "00000000-0000-4000-8000-000000000000"
IN_CHINESE: Final[dict[str, tuple[str, str, str, Any, dict[str, str]]]] = {
    "a missing field": (
        "paidan",
        "POST",
        f"/api/dispatch/v1/orders/{NOBODY}/assign",
        {"unit": "zhujian", "grounds": "职责"},
        {"basis": "交办依据：缺少必填项"},
    ),
    "two of them": (
        "zhujian-jingban",
        "POST",
        f"/api/dispatch/v1/orders/{NOBODY}/contacts",
        {},
        {"outcome": "联系结果：缺少必填项", "contacted_at": "联系时间：缺少必填项"},
    ),
    "a field of a field": (
        "zhujian-jingban",
        "POST",
        f"/api/sla/v1/orders/{NOBODY}/extensions",
        {"reason_code": "legal", "workdays": 1, "consent": {"person": "王", "phone": "0535-1", "agreed": True,
         "evidence": "录音", "agreed_at": "昨天"}},
        {"consent.agreed_at": "来电人意见的沟通时间（何时）：时间格式不正确"},
    ),
    "a field of a list's item": (
        "admin",
        "POST",
        "/api/sla/v1/calendar/edits/preview",
        {"days": [{"wanted": "off"}]},
        {"days.0.on": "更改的日期第 1 项的日期：缺少必填项"},
    ),
    "an opinion": (
        "shenhe", "POST", f"/api/review/v1/replies/{NOBODY}/rejection", {}, {"opinion": "修改意见：缺少必填项"}
    ),
    "an account": (
        "admin",
        "POST",
        "/api/dispatch/v1/accounts",
        {"account": "x"},
        {"name": "姓名：缺少必填项", "roles": "角色：缺少必填项", "password": "密码：缺少必填项"},
    ),
    "a purpose": (
        "paidan", "POST", f"/api/intake/v1/orders/{NOBODY}/caller/reveal", {}, {"purpose": "查看用途：缺少必填项"}
    ),
    "a query": ("paidan", "GET", "/api/dispatch/v1/orders?limit=x", None, {"limit": "每页条数：应为整数"}),
    "a path": ("paidan", "GET", "/api/dispatch/v1/orders/x", None, {"order_id": "工单编号：格式不正确"}),
    "the kernel's own": ("admin", "POST", "/api/sla/v1/operations/parked/1/drop", {}, {"why": "理由：缺少必填项"}),
    "an unknown field": (
        "paidan", "POST", f"/api/intake/v1/orders/{NOBODY}/caller/reveal", {"purpose": "核实", "colour": 1},
        {"colour": "colour：不认识的字段，请删除"},
    ),
    "no object": ("paidan", "POST", f"/api/dispatch/v1/orders/{NOBODY}/assign", [], {"": "请求内容：应为 JSON 对象"}),
}  # fmt: skip


@pytest.mark.parametrize("what", IN_CHINESE)
async def test_a_field_of_a_command_is_named_in_chinese_and_by_its_machine_name(place: District, what: str) -> None:
    account, method, path, body, said = IN_CHINESE[what]
    token = (await place.person(account))._token

    answer = await place.http.request(
        method, path, json=body, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"chinese {what}"}
    )

    is_problem(answer, 422, "invalid_request")
    assert {fault["field"]: fault["message"] for fault in answer.json()["errors"]} == said
    assert answer.json()["detail"] == "请按提示修改后重新提交：" + "；".join(said.values())


@pytest.mark.parametrize("body", [b"{", b'{"account": }', b""])
async def test_broken_json_is_a_fault_of_the_whole_body_and_of_no_field(place: District, body: bytes) -> None:
    answer = await place.http.post(
        "/api/dispatch/v1/tokens", content=body, headers={"content-type": "application/json"}
    )

    is_problem(answer, 422, "invalid_request")
    [fault] = answer.json()["errors"]
    assert (fault["field"], fault["message"][:5]) == ("", "请求内容：")


# --- How much it is ---------------------------------------------------------------------------------------------------


def resident() -> int:
    """Bytes of memory that this process, which is also the platform, holds now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


HUNDRED_MEGABYTES: Final = 100 * 1024 * 1024


@pytest.mark.parametrize("path", [WEBHOOK, "/api/dispatch/v1/tokens", "/api/nobody/v1/orders"])
async def test_a_declared_body_of_100_mb_is_refused_before_it_is_sent(place: District, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {HUNDRED_MEGABYTES}\r\n\r\n".encode()

    answer = await raw(place, head, b"{")

    is_raw_problem(answer, {413} if "nobody" not in path else {404, 413})


@pytest.mark.parametrize("path", [WEBHOOK, "/api/dispatch/v1/tokens"])
async def test_a_chunked_body_of_100_mb_is_cut_off_and_memory_does_not_grow(place: District, path: str) -> None:
    where = urlsplit(place.upstream.base_url)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    before, counts, sent, answer = resident(), await rows(place), 0, b""
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n".encode())
        writer.write(b"content-type: application/json\r\n\r\n")
        try:
            while sent < HUNDRED_MEGABYTES:
                writer.write(chunk)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass  # disconnected, as it should be
        async with asyncio.timeout(10):
            answer = await reader.read(65_536)
    except ConnectionError:
        pass  # the answer was lost with the connection; the body was read nevertheless
    finally:
        writer.transport.abort()

    assert not answer or status_of(answer) == 413
    assert sent < 16 * BODY_BYTES
    assert resident() - before < 32 * 1024 * 1024
    assert await rows(place) == counts


async def test_a_body_that_trickles_in_beyond_the_limit_is_answered_with_413(place: District) -> None:
    """One byte too long, so that the answer is not lost because of bytes that are still being sent."""
    piece = b"%x\r\n" % BODY_BYTES + b"x" * BODY_BYTES + b"\r\n"
    head = f"POST {WEBHOOK} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()

    is_raw_problem(await raw(place, head, piece, b"1\r\nx\r\n"), {413})


# --- How it is asked --------------------------------------------------------------------------------------------------

GET: Final = b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n"
STRANGE_HTTP: Final[dict[str, tuple[bytes, set[int]]]] = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "a strange method": (b"BREW %s HTTP/1.1\r\nhost: x\r\n\r\n" % WEBHOOK.encode(), {400, 404, 405}),
    "a wrong method": (b"DELETE %s HTTP/1.1\r\nhost: x\r\n\r\n" % WEBHOOK.encode(), {405}),
    "a path out of the tree": (GET % b"/api/intake/../../../../etc/passwd", {404}),
    "the same, encoded": (GET % b"/api/intake/%2e%2e/%2e%2e/%2e%2e/etc/passwd", {404}),
    "through the static files": (GET % b"/api/intake/docs-assets/..%2f..%2f..%2f..%2fetc%2fpasswd", {404}),
    "a backslash": (GET % b"/api/intake/docs-assets/..\\..\\..\\etc\\passwd", {400, 404}),
    "a NUL in the static files' path": (GET % b"/api/intake/docs-assets/a%00b", {400, 404}),
    "an endless name in the static files' path": (GET % (b"/api/intake/docs-assets/" + b"a" * 5_000), {404}),
    "an invalid escape": (GET % b"/api/intake/v1/orders/%zz", {400, 401, 404, 422}),
    "an escape cut short": (GET % b"/api/intake/v1/orders/%e", {400, 401, 404, 422}),
    "no UTF-8 in the path": (GET % b"/api/intake/v1/channels/%ff%fe/orders", {400, 404, 405, 422}),
    "a line break in the path": (GET % b"/api/intake/v1/orders/a%0d%0aset-cookie:x", {401, 404, 422}),
    "a long path": (GET % (b"/api/intake/v1/orders/" + b"a" * 60_000), {400, 401, 404, 414, 422}),
    "a long query": (GET % (b"/api/intake/v1/orders?cursor=" + b"a" * 60_000), {400, 401, 414, 422}),
    "an invalid escape in the query": (GET % b"/api/intake/v1/orders?cursor=%zz&limit=%", {400, 401, 422}),
    "a long header": (b"GET /api/intake/v1/orders HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 60_000 + b"\r\n\r\n", {400, 401, 431}),
    "many headers": (
        b"GET /api/intake/v1/orders HTTP/1.1\r\nhost: x\r\n" + b"x-a: a\r\n" * 5_000 + b"\r\n",
        {400, 401, 431},
    ),
    "a header that is no text": (b"GET /api/intake/v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: \xff\xfe\r\n\r\n", {400, 401}),
    "two lengths": (
        b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab" % WEBHOOK.encode(),
        {400, 401},
    ),
    "a length below nothing": (b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n" % WEBHOOK.encode(), {400}),
    "length and chunks": (
        b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" % WEBHOOK.encode(),
        {400, 401},
    ),
    "a chunk of no size": (
        b"POST %s HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n" % WEBHOOK.encode(),
        {400, 401},
    ),
    "another HTTP": (b"GET /api/intake/v1/orders HTTP/9.9\r\nhost: x\r\n\r\n", {400, 401, 505}),
}  # fmt: skip


@pytest.mark.parametrize("what", STRANGE_HTTP)
async def test_strange_http_is_answered_and_leaves_nothing(place: District, what: str) -> None:
    request, statuses = STRANGE_HTTP[what]
    before = await rows(place)

    answer = await raw(place, request)

    is_raw_problem(answer, statuses)
    assert b"root:" not in answer
    assert await rows(place) == before


async def test_headers_without_an_end_are_cut_off(place: District) -> None:
    where = urlsplit(place.upstream.base_url)
    before, sent = resident(), 0
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    line = b"x-a: " + b"a" * 65_000 + b"\r\n"
    try:
        writer.write(b"GET /api/intake/v1/orders HTTP/1.1\r\nhost: x\r\n")
        try:
            while sent < HUNDRED_MEGABYTES:
                writer.write(line)
                await writer.drain()
                sent += len(line)
                if reader.at_eof():
                    break
        except ConnectionError:
            pass  # disconnected, as it should be
    finally:
        writer.transport.abort()

    assert sent < HUNDRED_MEGABYTES
    assert resident() - before < 32 * 1024 * 1024


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
async def test_a_command_in_another_form_than_json_is_refused(place: District, kind: str | None) -> None:
    body = b'{"account": "admin", "password": "x"}'

    answer = await place.http.post(
        "/api/dispatch/v1/tokens", content=body, headers={"content-type": kind} if kind else {}
    )

    assert answer.status_code in {415, 422}
    is_problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("stream", ["sla/v1/breaches", "sla/v1/warnings", "dispatch/v1/news"])
@pytest.mark.parametrize("last", [b"-1", b"x", b"1.5", b"9" * 5_000, b"\xff\xfe", b"1 2", b"%31"])
async def test_a_stream_refuses_an_event_id_that_cannot_be_read(place: District, stream: str, last: bytes) -> None:
    who = (await place.person("paidan"))._token
    async with place.http.stream(
        "GET",
        f"/api/{stream}/stream",
        headers=[(b"authorization", f"Bearer {who}".encode()), (b"last-event-id", last)],
    ) as answer:
        assert answer.status_code in {400, 422}, answer.status_code
        assert answer.headers["content-type"] == "application/problem+json"


# --- Personal data ----------------------------------------------------------------------------------------------------

NAME, PHONE, IDENTITY, ADDRESS = "欧阳金丝雀", "13907530753", "370613199001017531", "金丝雀巷七号院三单元"
CANARIES: Final = (NAME, PHONE, IDENTITY, ADDRESS, "金丝雀")


def spellings(secret: str) -> set[str]:
    """A text as it stands in UTF-8, in JSON's escapes, and in the hexadecimal of a dumped bytea column."""
    escaped = json.dumps(secret)[1:-1]
    return {secret, escaped, secret.encode().hex(), escaped.encode().hex(), json.dumps(escaped)[1:-1]}


NEEDLES: Final = tuple(sorted({spelling for canary in CANARIES for spelling in spellings(canary)}))


def found_in(haystack: str) -> list[str]:
    """Which of the canaries are found there."""
    lowered = haystack.lower()
    return [needle for needle in NEEDLES if needle.lower() in lowered]


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What is written to the log while this test runs, as in production."""
    import logging  # noqa: PLC0415 - restored below, needed nowhere else

    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs("DEBUG", stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**config)


async def dump(url: str) -> dict[str, list[str]]:
    """Every row of every table of a database as text, bytea columns in hexadecimal."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            tables = await connection.execute(
                text(
                    "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
                )
            )
            found = {}
            for schema, table in tables.all():
                rows = await connection.scalars(text(f'select t::text from "{schema}"."{table}" t'))
                found[table] = [str(row) for row in rows.all()]
            return found
    finally:
        await engine.dispose()


@pytest.mark.clause("X2")
async def test_no_log_event_metric_or_clear_column_holds_the_caller(place: District, log_lines: io.StringIO) -> None:
    about = {"callerName": NAME, "callerPhone": PHONE, "idNumber": IDENTITY, "address": ADDRESS, "title": f"{NAME}反映"}
    # Valid, changed, with each fault whose answer quotes the content, and to an address of no channel.
    demand: Demand = place.upstream.next_demand()
    order = {**in_words_of_city(demand), **about, "eventDesc": f"{NAME}（{IDENTITY}）住{ADDRESS}，电话{PHONE}"}
    order.pop("idNumber")
    taken = (await push(place, json.dumps(order).encode())).json()
    order_id = taken["order_id"]
    place.orders[order_id] = demand
    await push(place, json.dumps({**order, "eventDesc": f"补充：{NAME}，{PHONE}"}).encode())
    for fault in ({"callerPhone": f"{PHONE}x"}, {"callTime": NAME}, {"title": f"{NAME}\x00"}):
        assert (await push(place, json.dumps({**order, **fault}).encode())).status_code == 422
    assert (await push(place, json.dumps({**order, "colour": f"{NAME}，{PHONE}"}).encode())).status_code == 200
    await push(place, json.dumps(order, ensure_ascii=False).encode("gbk"))
    await place.http.post("/api/intake/v1/channels/town_hall/orders", json=order)
    await place.http.post(f"/api/intake/v1/channels/{NAME}/orders", json=order)
    await place.http.get(f"/api/dispatch/v1/orders/{PHONE}?unit={NAME}")
    await place.http.post("/api/dispatch/v1/tokens", json={"account": NAME, "password": PHONE, NAME: NAME})

    # The whole lifecycle of the order; each text that a person may write names the caller.
    await place.case(order_id, status="triage")
    await place.assign(order_id, grounds=f"{NAME}所在小区的物业管理由其负责")
    await return_in_vain(place, order_id)
    await place.contact(order_id, content=f"已联系{NAME}（{PHONE}）", phone=PHONE, person="王科员")
    caseworker = await place.person("zhujian-jingban")
    await caseworker.call(
        "POST",
        f"/api/dispatch/v1/orders/{order_id}/notes",
        {"text": f"与{NAME}约定再次联系", "promised_at": (place.clock.now() + timedelta(hours=2)).isoformat()},
    )
    await extended_and_supervised(place, order_id)
    reviewer, head = await place.person("shenhe"), await place.person("zhujian-lingdao")
    first = await place.reply(order_id, findings=f"{ADDRESS}的垃圾已清运，{NAME}表示满意。", contact_phone=PHONE)
    await head.call("POST", f"/api/review/v1/replies/{first}/leader-approval", {})
    await place.centre_rejects(first, f"请写明与{NAME}（{PHONE}）的联系情况")
    await place.case(order_id, status="rework")
    await place.answered(order_id, findings=f"{ADDRESS}的垃圾已清运，{NAME}表示满意，经办人已现场核实。")
    await reviewer.call("GET", f"/api/review/v1/orders/{order_id}/replies")
    await place.http.post(
        f"/api/intake/v1/orders/{order_id}/caller/reveal",
        json={"purpose": "电话核实诉求"},
        headers={"Authorization": f"Bearer {(await place.person('paidan'))._token}", "Idempotency-Key": "reveal-1"},
    )
    number = demand.number
    result = {
        **place.upstream.result("city_12345", number, "解决", "满意", at=place.clock.now()),
        "visitOpinion": f"{NAME}满意",
    }
    revisited = await place.upstream.send(place.http, "city_12345", "revisits", result)
    assert revisited.status_code == 200, revisited.text
    await place.case(order_id, status="closed")

    assert place.process is not None
    leaks = {f"log: {line}" for line in log_lines.getvalue().splitlines() if found_in(line)}
    for runtime in place.process.runtimes:
        metrics = (await place.http.get(f"/api/{runtime.service.name}/metrics")).text
        if found_in(metrics):
            leaks.add(f"metrics of {runtime.service.name}")
        leaks |= leaks_of(runtime.service.name, await dump(runtime.database_url))
    leaks |= leaks_of("bus", await dump(place.process.runtimes[0].settings.bus_url))
    assert log_lines.getvalue()
    assert not leaks, "\n".join(sorted(leaks))


async def return_in_vain(place: District, order_id: str) -> None:
    """The unit asks to give the order back, and the centre rejects it; both name the caller."""
    request = {
        "reason": f"{NAME}（{PHONE}）反映的不属于本单位职责",
        "policy_basis": f"三定方案第四条，{ADDRESS}不在辖区",
        "suggested_unit": "chengguan",
    }
    caseworker, dispatcher = await place.person("zhujian-jingban"), await place.person("paidan")
    address = f"/api/dispatch/v1/orders/{order_id}/return"
    await caseworker.upload(address, request, [("现场照片.pdf", PDF)])
    await dispatcher.call("POST", f"{address}/decision", {"decision": "reject", "reason": f"{NAME}的小区归其管理"})


async def extended_and_supervised(place: District, order_id: str) -> None:
    """The unit asks for more days in vain and then with success, the centre sets a clock by hand; all name the caller."""
    caseworker, dispatcher = await place.person("zhujian-jingban"), await place.person("paidan")
    head = await place.person("zhuren")
    await eventually(lambda: final_runs(place, order_id), within=20)
    consent = {
        "person": f"王科员问过{NAME}",
        "agreed_at": place.clock.now().isoformat(),
        "phone": PHONE,
        "agreed": True,
        "evidence": f"{NAME}的录音",
    }
    request = {
        "reason_code": "complex",
        "workdays": 5,
        "citation": f"条例第十二条，{NAME}（{IDENTITY}）适用",
        "explanation": f"{NAME}家在{ADDRESS}，需现场勘测",
        "override_reason": f"{NAME}本人要求",
        "consent": consent,
    }
    extensions = f"/api/sla/v1/orders/{order_id}/extensions"
    clocks = []
    for decision in ("refuse", "grant"):
        asked = await caseworker.call("POST", extensions, request)
        answer = {"decision": decision, "reason": f"已向{NAME}（{PHONE}）核实"}
        await dispatcher.call("POST", f"/api/sla/v1/extensions/{asked['id']}/decision", answer)
        clocks.append(asked["clock_id"])
    wanted = {"order_id": order_id, "kind": "supervise_case", "workdays": 5, "reason": f"{NAME}多次来电"}
    started = await head.call("POST", "/api/sla/v1/clocks", wanted)
    await head.call("POST", f"/api/sla/v1/clocks/{started['id']}/stop", {"reason": f"{NAME}已撤回"})

    # Those who handle the order or answer for it still read what was written.
    read = [
        await caseworker.call("GET", extensions),
        await dispatcher.call("GET", f"/api/sla/v1/clocks/{clocks[-1]}/explain"),
        await head.call("GET", f"/api/sla/v1/clocks/{started['id']}/explain"),
    ]
    assert [NAME in str(answer) for answer in read] == [True, True, True]


async def final_runs(place: District, order_id: str) -> bool:
    """Whether sla knows that the unit has the order."""
    try:
        return "final" in await place.clocks(order_id)
    except Refused:
        return False


def leaks_of(database: str, tables: dict[str, list[str]]) -> set[str]:
    """The tables that hold a canary, with what they hold."""
    return {
        f"{database}.{name} {found_in(row)[:2]}: {row}"
        for name, rows in tables.items()
        for row in rows
        if found_in(row)
    }


# --- After all of it --------------------------------------------------------------------------------------------------


async def test_the_platform_works_after_all_of_it(place: District) -> None:
    order_id = await place.received_and_assigned()

    await place.answered(order_id)

    assert (await place.http.get("/readyz")).json() == {"status": "ready", "faults": {}}

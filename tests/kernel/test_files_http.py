"""A form with files over HTTP: bounds are met while it comes, a refusal leaves nothing, a download is what was kept."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shared.app import build_app, mount
from shared.db import sqlalchemy_url
from shared.db.logins import grant_access
from shared.files import limits, upload
from shared.files.download import disposition, part_of
from shared.files.limits import BODY_BYTES
from shared.files.scanner import Clamd
from shared.identity import Role
from shared.run.http_server import HttpServer
from tests.kernel.filing import METADATA, SOUND_FILES, filing_service, form, part, sha256
from tests.kernel.test_edge import authorization, is_problem, raw_call
from tests.kernel.tiny import Tiny, tiny_at
from tests.support.files import pdf, picture
from tests.support.postgres import DatabaseServer, fresh_database, template_database
from tests.support.waiting import eventually

PNG = picture()
JSON = "application/json"


async def prepare(url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(url))
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.run_sync(grant_access, METADATA)
    await engine.dispose()


@pytest.fixture
async def filing(postgres_server: DatabaseServer, tmp_path: Path) -> AsyncIterator[Tiny]:
    template = await template_database(postgres_server, "filing", prepare)
    async with fresh_database(postgres_server, "filing", template) as url:
        where = f"{tmp_path.as_uri()}/files/{{service}}"
        async with tiny_at(url, service=filing_service(), folder=tmp_path, files_url=where) as service:
            yield service


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / "files" / "intake").rglob("*") if path.is_file()}


async def send(filing: Tiny, body: bytes, headers: Mapping[str, str | bytes], key: str | None = None) -> httpx.Response:
    given: dict[str, Any] = {**filing.dispatcher, **headers}
    if key is not None:
        given["Idempotency-Key"] = key
    return await filing.http.post("/v1/papers", content=body, headers=given)


async def test_a_form_is_read_its_files_are_kept_and_given_back(filing: Tiny, tmp_path: Path) -> None:
    answer = await send(filing, *form(list(SOUND_FILES.items()), '{"thing": "事项"}'.encode()))

    assert answer.status_code == 201, answer.text
    assert answer.json() == [sha256(content) for content in SOUND_FILES.values()]
    assert kept(tmp_path) == set(answer.json())
    for name, content in SOUND_FILES.items():
        got = await filing.http.get(f"/v1/papers/{sha256(content)}", headers=filing.dispatcher)
        assert got.content == content
        assert got.headers["content-disposition"] == disposition(name)
        assert got.headers["etag"] == f'"{sha256(content)}"'
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert await filing.one("select count(*) from audit where action = 'paper.read'") == len(SOUND_FILES)
    assert await filing.one("select count(*) from audit where action = 'papers.attached'") == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_parts_may_come_in_any_order_and_in_any_pieces(filing: Tiny, size: int) -> None:
    body = part('form-data; name="files"; filename="a.png"', PNG) + form((), b'{"thing": "a"}')[0]
    headers = [authorization(filing), (b"content-type", b"multipart/form-data; boundary=xYzZY")]
    pieces = [body[begin : begin + size] for begin in range(0, len(body), size)]

    status, _, answer, _ = await raw_call(filing, "/api/intake/v1/papers", pieces, headers)
    assert (status, answer) == (201, f'["{sha256(PNG)}"]'.encode())


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([("a.pdf", PNG)], 422, "file_content_unfit"),
        ([("a.png", b"")], 422, "file_content_unfit"),
        ([("a.png", PNG), ("b.png", PNG[:-20])], 422, "file_content_unfit"),
        ([("a.png", PNG), ("b.exe", b"MZ")], 415, "file_kind_refused"),
        ([("../../etc/passwd.png", PNG)], 422, "file_name_unfit"),
        ([("C:\\a\\b.png", PNG)], 422, "file_name_unfit"),
        ([("\\\\server\\b.png", PNG)], 422, "file_name_unfit"),
        ([("a\u202egnp.png", PNG)], 422, "file_name_unfit"),
        ([("a.exe.png", PNG)], 422, "file_name_unfit"),
        ([("", PNG)], 422, "file_name_unfit"),
        ([(None, PNG)], 422, "file_name_unfit"),
        ([("a" * limits.NAME_LENGTH + ".png", PNG)], 422, "file_name_unfit"),
        ([("a.png", PNG)] * (limits.MOST_FILES + 1), 422, "too_many_files"),
        ([("a.txt", b"x" * (limits.FILE_BYTES + 1))], 413, "file_too_large"),
    ],
)
async def test_a_file_that_is_not_taken_takes_the_whole_form_with_it(
    filing: Tiny, tmp_path: Path, files: Any, status: int, code: str
) -> None:
    answer = await send(filing, *form(files))
    is_problem(answer, status, code)
    assert kept(tmp_path) == set()
    assert await filing.one("select count(*) from paper") == 0


async def test_the_largest_file_and_the_most_files_are_taken(filing: Tiny) -> None:
    most = [(f"{number}.txt", f"{number}".encode()) for number in range(limits.MOST_FILES - 1)]
    answer = await send(filing, *form([*most, ("a.txt", b"x" * limits.FILE_BYTES)]))
    assert answer.status_code == 201, answer.text


def bare(*parts: bytes) -> tuple[bytes, dict[str, str]]:
    return b"".join(parts) + b"--xYzZY--\r\n", {"Content-Type": "multipart/form-data; boundary=xYzZY"}


DATA = part('form-data; name="data"', b'{"thing": "a"}')
FILE = 'form-data; name="files"; filename="a.png"'


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (DATA, "multipart/form-data", 400, "form_unreadable"),
        (DATA, "multipart/form-data; boundary=", 400, "form_unreadable"),
        (DATA, f"multipart/form-data; boundary={'x' * 71}", 400, "form_unreadable"),
        (DATA, "multipart/form-data; boundary=\u00e9", 400, "form_unreadable"),
        (DATA, "multipart/form-data; boundary=other", 400, "form_unreadable"),
        (DATA, "multipart/mixed; boundary=xYzZY", 415, "unsupported_content"),
        (DATA, "application/json", 415, "unsupported_content"),
        (DATA, "", 415, "unsupported_content"),
        (DATA, "multipart/form-data; boundary=xYzZY; charset=gbk", 415, "unsupported_content"),
        (b"", None, 400, "form_unreadable"),
        (b"nonsense", None, 400, "form_unreadable"),
        (DATA, None, 400, "form_unreadable"),
        (bare(DATA)[0][:-5], None, 400, "form_unreadable"),
        (bare(part(FILE, PNG), DATA)[0][:200], None, 400, "form_unreadable"),
        (bare()[0], None, 422, "invalid_request"),
        (bare(part("form-data", b"x"))[0], None, 400, "form_unreadable"),
        (bare(part('attachment; name="data"', b"x"))[0], None, 400, "form_unreadable"),
        (bare(part("x" * 5000, b"x"))[0], None, 400, "form_unreadable"),
        (bare(part(FILE, PNG, headers={f"x-{n}": "y" for n in range(20)}))[0], None, 400, "form_unreadable"),
        (bare(part(FILE, PNG, headers={"Content-Disposition": FILE}))[0], None, 400, "form_unreadable"),
        (bare(part(FILE, PNG, headers={"Content-Transfer-Encoding": "base64"}))[0], None, 400, "form_unreadable"),
        (bare(part(FILE, PNG, headers={"x y": "z"}))[0], None, 400, "form_unreadable"),
        (bare(DATA, DATA)[0], None, 422, "invalid_request"),
        (bare(DATA, part('form-data; name="other"', b"x"))[0], None, 422, "invalid_request"),
        (bare(part(FILE, PNG))[0], None, 422, "invalid_request"),
        (bare(DATA, *[part('form-data; name="x"', b"")] * 5000)[0], None, 422, "invalid_request"),
        (bare(*[part(FILE, b"")] * 5000)[0], None, 422, "too_many_files"),
        (bare(part('form-data; name="files"; filename="\udcff.png"'.replace("\udcff", "?"), PNG).replace(b"?", b"\xff"))[0],
         None, 422, "file_name_unfit"),
    ],
)  # fmt: skip
async def test_a_form_that_makes_no_sense_is_a_problem(
    filing: Tiny, tmp_path: Path, body: bytes, content_type: str | None, status: int, code: str
) -> None:
    said = "multipart/form-data; boundary=xYzZY" if content_type is None else content_type
    is_problem(await send(filing, body, {"Content-Type": said.encode()}), status, code)
    assert kept(tmp_path) == set()


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        (b"", 422, ""),
        (b"{", 422, ""),
        (b"[]", 422, ""),
        (b"null", 422, ""),
        (b"\xff\xfe", 422, ""),
        (b"{}", 422, "thing"),
        (b'{"thing": "a", "thing": "b"}', 422, "thing"),
        (b'{"thing": "a", "other": 1}', 422, "other"),
        (b'{"thing": "a", "reasons": [{"words": 1}]}', 422, "reasons.0.words"),
        (b'{"thing": ' + b"9" * 5000 + b"}", 422, ""),
        (b'{"thing": "\\ud800"}', 422, "thing"),
        (b'{"thing": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, None),
        (b'{"thing": "' + b"x" * limits.DATA_BYTES + b'"}', 413, None),
    ],
)
async def test_the_data_is_held_to_its_model_as_a_body_is(
    filing: Tiny, tmp_path: Path, data: bytes, status: int, field: str | None
) -> None:
    answer = await send(filing, *form([("a.png", PNG)], data))
    is_problem(answer, status, answer.json()["code"])
    assert field is None or [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert kept(tmp_path) == set()


async def test_a_field_of_the_data_is_called_by_its_chinese_name(filing: Tiny) -> None:
    answer = await send(filing, *form((), b'{"thing": "a", "reasons": [{}]}'))
    assert "说明第 1 项的理由：缺少必填项" in answer.json()["detail"]


async def test_nobody_and_the_wrong_role_are_refused_before_the_form_is_read(filing: Tiny) -> None:
    body, headers = form([("a.png", PNG)])
    is_problem(await filing.http.post("/v1/papers", content=body, headers=headers), 401, "unauthenticated")
    wrong = {**filing.bearer(Role.LEADER), **headers}
    is_problem(await filing.http.post("/v1/papers", content=body, headers=wrong), 403, "forbidden")
    _, answered, _, read = await raw_call(
        filing, "/api/intake/v1/papers", [body], [(b"content-type", headers["Content-Type"].encode())]
    )
    assert read == 0
    assert answered["connection"] == "close"


FORM_TYPE = (b"content-type", b"multipart/form-data; boundary=xYzZY")


async def test_a_form_beyond_the_limit_is_refused_unread_or_while_it_comes(filing: Tiny) -> None:
    length = (b"content-length", str(limits.REQUEST_BYTES + 1).encode())
    status, _, body, read = await raw_call(
        filing, "/api/intake/v1/papers", [b"x"] * 3, [authorization(filing), FORM_TYPE, length]
    )
    assert (status, read) == (413, 0)
    assert b"payload_too_large" in body

    # Ahead of the first boundary a line break lets the parser skip what it does not know.
    pieces = (b"\r\n" + b"x" * 65_534 for _ in range(limits.REQUEST_BYTES // 65_536 + 100))
    status, headers, body, read = await raw_call(
        filing, "/api/intake/v1/papers", pieces, [authorization(filing), FORM_TYPE]
    )
    assert status == 413
    assert headers["connection"] == "close"
    assert b"payload_too_large" in body
    assert read == limits.REQUEST_BYTES // 65_536 + 1


@pytest.mark.parametrize("path", ["/api/intake/v1/papers/none", "/api/intake/v1/nothing", "/api/intake/v1/papers/a"])
async def test_where_no_form_is_read_none_may_be_longer_than_a_body(filing: Tiny, path: str) -> None:
    pieces = (b"x" * 65_536 for _ in range(100))
    length = (b"content-length", str(BODY_BYTES + 1).encode())
    status, _, _, read = await raw_call(filing, path, pieces, [authorization(filing), FORM_TYPE, length])
    assert (status, read) == (413, 0)


async def test_a_command_without_files_on_the_same_router_reads_json(filing: Tiny) -> None:
    good = await filing.http.post("/v1/papers/none", json={"thing": "a"}, headers=filing.dispatcher)
    assert good.status_code == 204
    body, headers = form()
    answer = await filing.http.post("/v1/papers/none", content=body, headers={**filing.dispatcher, **headers})
    is_problem(answer, 415, "unsupported_content")


async def test_the_rest_of_a_refused_form_is_dropped_so_that_every_sender_comes_to_read_the_answer(
    filing: Tiny,
) -> None:
    body, headers = form([("a.exe", b"MZ"), ("b.txt", b"x" * 1_000_000)])
    pieces = [body[begin : begin + 65_536] for begin in range(0, len(body), 65_536)]
    status, answered, _, read = await raw_call(
        filing,
        "/api/intake/v1/papers",
        pieces,
        [authorization(filing), (b"content-type", headers["Content-Type"].encode())],
    )
    assert status == 415
    assert "connection" not in answered
    assert read == len(pieces)


async def test_a_client_that_goes_away_leaves_nothing_behind(
    filing: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: list[dict[str, Any]]
) -> None:
    made: list[Any] = []
    usual = tempfile.TemporaryFile

    def noted(*arguments: Any, **named: Any) -> Any:
        made.append(usual(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    body, headers = form([("a.png", PNG), ("b.txt", b"x" * 1_000_000)])
    app = mount([(filing.runtime, build_app(filing.runtime.service, filing.runtime))])
    async with HttpServer(app) as server:
        host, port = server.address.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        lines = [
            "POST /api/intake/v1/papers HTTP/1.1",
            "Host: x",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in {**filing.dispatcher, **headers}.items()),
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body[:500_000])
        await writer.drain()
        await eventually(lambda: len(made) == 2)
        writer.close()
        await eventually(lambda: all(file.closed for file in made))
    assert kept(tmp_path) == set()
    assert await filing.one("select count(*) from paper") == 0
    assert [line for line in logs if line["log_level"] == "error"] == []


async def test_a_slow_sender_is_told_so(filing: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_SECONDS", 0.05)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"--xYzZY\r\n"
        await asyncio.Event().wait()

    headers = {**filing.dispatcher, "Content-Type": "multipart/form-data; boundary=xYzZY"}
    is_problem(await filing.http.post("/v1/papers", content=slowly(), headers=headers), 408, "upload_too_slow")


async def test_more_forms_at_once_than_there_are_places_are_asked_to_wait(
    filing: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_places", asyncio.Semaphore(0))
    answer = await send(filing, *form([("a.png", PNG)]))
    is_problem(answer, 503, "too_many_uploads")
    assert int(answer.headers["retry-after"]) > 0


async def test_the_same_form_under_the_same_key_is_one_command_whatever_its_boundary(filing: Tiny) -> None:
    first = await send(filing, *form([("a.png", PNG)]), key="k")
    again = await send(filing, *form([("a.png", PNG)], boundary="other"), key="k")
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    for other in (form([("b.png", PNG)]), form([("a.pdf", pdf())]), form([("a.png", PNG)], b'{"thing": "b"}')):
        is_problem(await send(filing, *other, key="k"), 422, "idempotency_key_reused")
    assert await filing.one("select count(*) from paper") == 1


async def test_one_content_by_two_names_lies_once_and_is_two_files(filing: Tiny, tmp_path: Path) -> None:
    answer = await send(filing, *form([("a.png", PNG), ("b.png", PNG)]))
    assert answer.json() == [sha256(PNG)] * 2
    assert kept(tmp_path) == {sha256(PNG)}
    assert [row["name"] for row in await filing.rows("select name from paper order by id")] == ["a.png", "b.png"]


async def test_a_refusal_names_no_file_in_the_log(filing: Tiny, logs: list[dict[str, Any]]) -> None:
    await send(filing, *form([("张三的照片.png", b"x")]))
    assert "张三" not in str(logs)
    assert [line["code"] for line in logs if line["event"] == "refused"] == ["file_content_unfit"]


# --- Downloads ------------------------------------------------------------------------------------------------------

SIZE = 1_000_000
TEXT = ("0123456789" * (SIZE // 10)).encode()


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-", range(SIZE)),
        ("Bytes=5-9", range(5, 10)),
        ("bytes = 5 - 9", range(5, 10)),
        (f"bytes={SIZE - 1}-", range(SIZE - 1, SIZE)),
        (f"bytes=5-{10 * SIZE}", range(5, SIZE)),
        ("bytes=-1", range(SIZE - 1, SIZE)),
        (f"bytes=-{SIZE + 1}", range(SIZE)),
        (f"bytes={SIZE}-", range(0)),
        (f"bytes={SIZE}-{SIZE + 5}", range(0)),
        ("bytes=-0", range(0)),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=+1-5", None),
        ("bytes=١-٢", None),
        ("items=0-1", None),
        (f"bytes={'9' * 5000}-", None),
    ],
)
def test_a_range_is_read_as_the_standard_says(asked: str, part: range | None) -> None:
    found = part_of(asked, SIZE)
    assert found == part
    assert (found is None) == (part is None)


@pytest.fixture
async def text(filing: Tiny) -> str:
    answer = await send(filing, *form([("记录.txt", TEXT)]))
    assert answer.status_code == 201
    return f"/v1/papers/{answer.json()[0]}"


async def get(filing: Tiny, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await filing.http.get(path, headers={**filing.dispatcher, **named})


async def test_a_part_is_answered_with_206_and_its_place(filing: Tiny, text: str) -> None:
    answer = await get(filing, text, range="bytes=5-300004")
    assert answer.status_code == 206
    assert answer.content == TEXT[5:300_005]
    assert answer.headers["content-range"] == f"bytes 5-300004/{SIZE}"
    assert answer.headers["content-length"] == "300000"


async def test_a_range_outside_is_416_with_the_length(filing: Tiny, text: str) -> None:
    answer = await get(filing, text, range=f"bytes={SIZE}-")
    is_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


async def test_a_part_of_another_version_is_the_whole_and_the_same_version_is_not_sent_again(
    filing: Tiny, text: str
) -> None:
    tag = f'"{sha256(TEXT)}"'
    assert (await get(filing, text, range="bytes=0-4", if_range=tag)).content == TEXT[:5]
    assert (await get(filing, text, range="bytes=0-4", if_range='"other"')).content == TEXT
    same = await get(filing, text, if_none_match=f'"x", W/{tag}')
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)


async def test_a_file_that_was_altered_where_it_lies_never_arrives_whole(
    filing: Tiny, text: str, tmp_path: Path
) -> None:
    [place] = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    place.write_bytes(TEXT[:-1] + b"?")
    app = mount([(filing.runtime, build_app(filing.runtime.service, filing.runtime))])
    async with HttpServer(app) as server, httpx.AsyncClient(base_url=server.address, trust_env=False) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"/api/intake{text}", headers=filing.dispatcher)


async def test_a_file_that_is_lost_is_our_fault_and_not_the_callers(filing: Tiny, text: str, tmp_path: Path) -> None:
    for path in (tmp_path / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    is_problem(await get(filing, text), 503, "file_lost")


@pytest.mark.parametrize("name", ['a"b.txt', "a;b.txt", "a\r\nX-Evil: 1.txt", "情况说明.pdf", "a%22.txt", "é.txt"])
def test_a_name_is_given_in_a_form_that_cannot_leave_its_header(name: str) -> None:
    said = disposition(name)
    assert said.isascii()
    assert said.isprintable()
    assert said.startswith("attachment; ")
    assert said.count('"') == 2


@pytest.mark.parametrize("name", ["../../etc/passwd.png", "..\\passwd.png", "\u202e./passwd.png"])
def test_a_download_gives_the_base_name_only_whatever_is_stored(name: str) -> None:
    assert disposition(name) == "attachment; filename=\"passwd.png\"; filename*=UTF-8''passwd.png"


# --- The scanner ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def clamd(answer: bytes | None) -> AsyncIterator[tuple[Clamd, list[bytes]]]:
    """A daemon that answers so to everything, or hangs up; and what it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(length)
        seen.append(content)
        if answer is not None:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Clamd("127.0.0.1", server.sockets[0].getsockname()[1], seconds=5), seen


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"stream: OK\0", 201, ""),
        (b"stream: Eicar-Test-Signature FOUND\0", 422, "file_infected"),
        (b"INSTREAM size limit exceeded. ERROR\0", 503, "scanner_away"),
        (b"stream: OK", 503, "scanner_away"),
        (b"x" * 100_000, 503, "scanner_away"),
        (None, 503, "scanner_away"),
    ],
)
async def test_what_the_scanner_says_decides(
    filing: Tiny, tmp_path: Path, logs: list[dict[str, Any]], answer: bytes | None, status: int, code: str
) -> None:
    async with clamd(answer) as (scanner, seen):
        filing.runtime.files.scanner = scanner
        found = await send(filing, *form([("张三.png", PNG)]))
    assert seen == [PNG]
    assert found.status_code == status, found.text
    assert kept(tmp_path) == ({sha256(PNG)} if status == 201 else set())
    if code:
        is_problem(found, status, code)
    assert "张三" not in str(logs)
    assert ("infected file refused" in str(logs)) == (code == "file_infected")


async def test_without_its_scanner_no_file_is_taken(filing: Tiny, tmp_path: Path) -> None:
    filing.runtime.files.scanner = Clamd("127.0.0.1", 1, seconds=5)
    answer = await send(filing, *form([("a.png", PNG)]))
    is_problem(answer, 503, "scanner_away")
    assert kept(tmp_path) == set()
    filing.runtime.files.scanner = None
    assert (await send(filing, *form([("a.png", PNG)]))).status_code == 201


def test_a_document_of_the_routes_says_what_a_form_holds() -> None:
    document = build_app(filing_service()).openapi()
    content = document["paths"]["/v1/papers"]["post"]["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    schema = content["multipart/form-data"]["schema"]
    assert schema["properties"]["data"] == {"title": "内容", "$ref": "#/components/schemas/Papers"}
    assert schema["properties"]["files"]["maxItems"] == limits.MOST_FILES
    assert {"Papers", "Reason", "Problem"} <= set(document["components"]["schemas"])
    assert "application/json" in document["paths"]["/v1/papers/none"]["post"]["requestBody"]["content"]
    either = document["paths"]["/v1/papers/mostly-none"]["post"]["requestBody"]["content"]
    assert list(either) == ["application/json", "multipart/form-data"]


async def test_data_without_files_may_come_as_json_where_the_route_says_so(filing: Tiny) -> None:
    address, who = "/v1/papers/mostly-none", filing.dispatcher | {"Idempotency-Key": "either"}
    body, headers = form()

    alone = await filing.http.post(address, content=b'{"thing": "a"}', headers=who | {"Content-Type": JSON})
    same = await filing.http.post(address, content=body, headers=who | headers)
    with_file = await filing.http.post(address, content=form([("a.png", PNG)])[0], headers=filing.dispatcher | headers)

    assert (alone.status_code, alone.json()) == (200, ["a"])
    assert (same.status_code, same.json(), same.headers["idempotent-replayed"]) == (200, ["a"], "true")
    assert with_file.json() == ["a", sha256(PNG)]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 422, "invalid_request"),
        (b"{", "application/json", 422, "invalid_request"),
        (b'{"thing": "a", "thing": "b"}', "application/json", 422, "invalid_request"),
        (b"[" * 100_000, "application/json", 400, "form_unreadable"),
        (b'"' + b"x" * BODY_BYTES + b'"', "application/json", 413, "payload_too_large"),
        (b'{"thing": "a"}', "multipart/mixed; boundary=x", 415, "unsupported_content"),
        (b'{"thing": "a"}', "text/plain", 415, "unsupported_content"),
    ],
)
async def test_json_in_place_of_a_form_is_held_to_the_rules_of_json(
    filing: Tiny, body: bytes, content_type: str, status: int, code: str
) -> None:
    headers = filing.dispatcher | {"Content-Type": content_type}
    is_problem(await filing.http.post("/v1/papers/mostly-none", content=body, headers=headers), status, code)


async def test_a_form_that_was_damaged_on_its_way_is_never_an_error_of_ours(filing: Tiny) -> None:
    rng = random.Random(12345)
    body, headers = form([("a.png", PNG), ("通知.pdf", pdf()), ("表.xlsx", SOUND_FILES["表.xlsx"])])
    for _ in range(150):
        damaged = bytearray(body)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(damaged))
            match rng.randrange(4):
                case 0:
                    damaged[at] = rng.randrange(256)
                case 1:
                    del damaged[at : at + rng.randint(1, 40)]
                case 2:
                    damaged[at:at] = rng.randbytes(rng.randint(1, 40))
                case _:
                    damaged[at:at] = damaged[rng.randrange(len(damaged)) :][: rng.randint(1, 200)]
        answer = await send(filing, bytes(damaged), headers)
        assert answer.status_code < 500, (answer.text, bytes(damaged))
        await filing.execute("delete from paper")

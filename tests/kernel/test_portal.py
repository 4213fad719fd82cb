"""How the files of the web portal are served."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from shared.app.portal import Portal

SCRIPT = b"console.log('an order');\n" * 40


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html><title>portal</title>")
    (tmp_path / "assets" / "page-1a2b.js").write_bytes(SCRIPT)
    portal = Portal(PlainTextResponse("elsewhere", status_code=404), tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(portal), base_url="http://portal") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/desk", "/orders/019a-22", "/help/dispatcher"])
async def test_every_page_of_the_portal_is_its_index(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/api", "/api/intake", "/metrics", "/readyz", "/assets/gone-9f.js", "/sample/x", "/a%0Ab"]
)
async def test_what_is_no_page_is_not_answered_with_one(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).text == "elsewhere"


async def test_without_sample_data_there_are_no_accounts_to_show_and_that_is_no_fault(http: httpx.AsyncClient) -> None:
    answer = await http.get("/sample/accounts")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_page_can_only_be_read(http: httpx.AsyncClient, method: str) -> None:
    assert (await http.request(method, "/desk")).text == "elsewhere"


async def test_nothing_from_elsewhere_and_no_script_in_a_page_runs(http: httpx.AsyncClient) -> None:
    policy = (await http.get("/")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_built_files_are_kept_for_ever_and_sent_compressed(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/page-1a2b.js", headers={"accept-encoding": "gzip"})

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT, 9, mtime=0))
    assert answer.content == SCRIPT


async def test_who_cannot_unpack_gets_the_file_as_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.get("/assets/page-1a2b.js", headers={"accept-encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.content == SCRIPT


async def test_an_unchanged_page_is_not_sent_again(http: httpx.AsyncClient) -> None:
    etag = (await http.get("/")).headers["etag"]

    again = await http.get("/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_head_request_has_the_length_and_no_body(http: httpx.AsyncClient) -> None:
    answer = await http.head("/")

    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0

"""The token in a cookie: let in like a bearer token, but changes only from the platform's own pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from shared.clock import SimulatedClock
from shared.identity import TOKEN_LIFE, Role
from shared.web.cookies import TOKEN_COOKIE
from tests.kernel.tiny import Tiny, tiny_at
from tests.support.reuse import KeptDatabase
from tests.support.service import settings_for

pytestmark = pytest.mark.clause("S4.2a")

OWN: Final = {"Origin": "http://tiny"}
CHANGES: Final = ("POST", "/v1/things", {"key": "a"})


def cookie(tiny: Tiny, *roles: Role) -> dict[str, str]:
    """The header of a browser that has signed in."""
    token = tiny.bearer(*roles or (Role.DISPATCHER,))["Authorization"].removeprefix("Bearer ")
    return {"Cookie": f"theme=dark; {TOKEN_COOKIE}={token}; size=2"}


async def post(tiny: Tiny, headers: Mapping[str, str], key: str = "a") -> tuple[int, str]:
    """Whether a change was made: the status, and the code of a refusal."""
    answer = await tiny.http.post("/v1/things", json={"key": key}, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def test_a_query_is_let_in_by_the_cookie_wherever_it_comes_from(tiny: Tiny) -> None:
    for more in ({}, OWN, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "none"}):
        assert (await tiny.http.get("/v1/things", headers=cookie(tiny) | more)).status_code == 200


async def test_a_role_in_the_cookie_may_do_no_more_than_in_the_header(tiny: Tiny) -> None:
    assert await post(tiny, cookie(tiny, Role.AUDITOR) | OWN) == (403, "forbidden")


@pytest.mark.parametrize(
    "origin",
    [
        {"Origin": "http://tiny"},
        {"Origin": "HTTP://Tiny"},
        {"Origin": "https://tiny"},
        {"Origin": "http://tiny:80"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://outside-of-a-proxy.example"},
    ],
    ids=str,
)
async def test_a_change_from_a_page_of_the_platform_is_made(tiny: Tiny, origin: dict[str, str]) -> None:
    assert await post(tiny, cookie(tiny) | origin) == (201, "")


@pytest.mark.parametrize(
    "origin",
    [
        {},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://tiny.evil.example"},
        {"Origin": "http://tiny:8080"},
        {"Origin": "https://tiny:80"},
        {"Origin": "http://evil@tiny"},
        {"Origin": "tiny"},
        {"Origin": "file://tiny"},
        {"Origin": "http://tiny/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://tiny"},
        {"Referer": "http://tiny/orders"},
    ],
    ids=str,
)
async def test_a_change_that_does_not_show_its_page_is_refused_and_not_made(tiny: Tiny, origin: dict[str, str]) -> None:
    assert await post(tiny, cookie(tiny) | origin) == (403, "cross_origin")
    assert await tiny.one("select count(*) from thing") == 0


async def test_two_origins_are_none(tiny: Tiny) -> None:
    headers = [*cookie(tiny).items(), ("Origin", "http://tiny"), ("Origin", "http://evil.example")]

    answer = await tiny.http.post("/v1/things", json={"key": "a"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin")


@pytest.mark.parametrize("more", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=str)
async def test_a_bearer_token_needs_no_origin_also_beside_a_cookie(tiny: Tiny, more: dict[str, str]) -> None:
    assert await post(tiny, tiny.dispatcher | more) == (201, "")
    assert await post(tiny, tiny.dispatcher | cookie(tiny, Role.AUDITOR) | more, "b") == (201, "")


async def test_a_wrong_bearer_token_is_not_mended_by_a_cookie(tiny: Tiny) -> None:
    assert await post(tiny, {"Authorization": "Bearer nonsense"} | cookie(tiny) | OWN) == (401, "unauthenticated")


async def test_the_password_of_a_proxy_does_not_hide_the_cookie(tiny: Tiny) -> None:
    assert await post(tiny, {"Authorization": "Basic Og=="} | cookie(tiny) | OWN) == (201, "")
    assert await post(tiny, {"Authorization": "Basic Og=="} | cookie(tiny), "b") == (403, "cross_origin")


async def test_two_cookies_of_the_name_are_nobodys(tiny: Tiny) -> None:
    """One of them was planted by another page of the same host; which one, nobody can tell."""
    both = f"{cookie(tiny)['Cookie']}; {TOKEN_COOKIE}=planted"

    answer = await tiny.http.get("/v1/things", headers={"Cookie": both})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("value", ["", "nonsense", "a.b.c", '"', "x" * 9000], ids=lambda value: value[:9])
async def test_a_malformed_cookie_is_no_login(tiny: Tiny, value: str) -> None:
    answer = await tiny.http.get("/v1/things", headers={"Cookie": f"{TOKEN_COOKIE}={value}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_an_ended_token_in_the_cookie_asks_for_the_next_one_and_in_the_header_is_refused_as_before(
    tiny: Tiny,
) -> None:
    by_cookie, by_header = cookie(tiny), tiny.dispatcher
    assert isinstance(tiny.clock, SimulatedClock)

    codes = []
    for length in (TOKEN_LIFE - timedelta(seconds=1), timedelta(seconds=1), timedelta(days=30)):
        tiny.clock.set(tiny.clock.now() + length)
        found = [await tiny.http.get("/v1/things", headers=headers) for headers in (by_cookie, by_header)]
        codes.append([answer.json()["code"] if answer.is_error else "" for answer in found])

    assert codes == [["", ""], ["token_ended", "unauthenticated"], ["token_ended", "unauthenticated"]]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://order.example.gov.cn", 201),
        ("http://order.example.gov.cn", 403),
        ("https://order.example.gov.cn:8443", 403),
        ("http://tiny", 403),
    ],
)
async def test_with_an_address_of_the_platform_only_its_pages_count(
    kept_database: KeptDatabase, tmp_path: Path, origin: str, status: int
) -> None:
    url = "https://Order.example.gov.cn:443/"
    async with tiny_at(kept_database.url, folder=tmp_path, kept=kept_database, public_url=url) as tiny:
        assert (await post(tiny, cookie(tiny) | {"Origin": origin}))[0] == status


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, None),
        ("http://10.0.0.8", "http://10.0.0.8"),
        ("http://10.0.0.8:80/", "http://10.0.0.8"),
        ("http://order:443", "http://order:443"),
        ("https://Order.GOV.cn:443", "https://order.gov.cn"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_the_address_of_the_platform_is_compared_as_browsers_write_it(url: Any, origin: str | None) -> None:
    assert settings_for("postgresql://nowhere/x", public_url=url).public_origin == origin

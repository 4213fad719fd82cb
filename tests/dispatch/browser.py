"""A browser for tests: it keeps cookies by their paths, and says which page a request comes from."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from typing import Any, Final

import httpx

from tests.dispatch.story import Story

PASSWORD: Final = "a fine password"
CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36"
)
SESSIONS: Final = "/sessions"


class Browser:
    """One browser of one person."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self.cookies: dict[str, Morsel[str]] = {}
        self.headers: dict[str, str] = {"Origin": "http://desk", "User-Agent": CHROME}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request, with the cookies that belong to its address; those of the answer are kept."""
        url = f"{self._story.base}{path}"
        pairs = [f"{name}={one.value}" for name, one in self.cookies.items() if url.startswith(one["path"])]
        given = {**self.headers, **({"Cookie": "; ".join(pairs)} if pairs else {}), **headers}
        answer = await self._story.desk.http.request(
            method, url, json=body, headers={name: value for name, value in given.items() if value}
        )
        self._story.desk.http.cookies.clear()  # what the client keeps by itself
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel
        return answer

    async def sign_in(self, account: str, password: str = PASSWORD) -> httpx.Response:
        return await self.ask("POST", SESSIONS, {"account": account, "password": password})

    async def refresh(self) -> httpx.Response:
        return await self.ask("POST", f"{SESSIONS}/refresh")

    async def me(self) -> httpx.Response:
        return await self.ask("GET", "/me")

    async def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status of a request, and the code of its refusal."""
        answer = await self.ask(method, path, body, **headers)
        return answer.status_code, answer.json()["code"] if answer.is_error else ""


async def enter(story: Story, account: str, **changes: object) -> None:
    """An account with a password."""
    body = {"account": account, "name": "王丽", "roles": ["dispatcher"], "password": PASSWORD, **changes}
    answer = await story.post("/accounts", body, story.admin)
    assert answer.status_code == 201, answer.text


async def signed_in(story: Story, account: str) -> Browser:
    """A browser in which this account has signed in."""
    browser = Browser(story)
    answer = await browser.sign_in(account)
    assert answer.status_code == 201, answer.text
    return browser

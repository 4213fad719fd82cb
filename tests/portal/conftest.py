"""One platform and one browser for all tests of the portal, and for each test people with a browser of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.make_run import standing
from tests.support.portal import Person, Platform
from tools.chromium.finding import NoChromium, chromium

SCREEN = {"width": 1366, "height": 768}
Opens = Callable[..., Person]

expect.set_options(timeout=20_000)


# Of the package, not of the run: an open Playwright keeps a loop running in its thread, and other tests need theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        found = chromium()
    except NoChromium as fault:
        reason = f"THE PORTAL IS NOT TESTED: no Chromium: {fault}"
        if os.environ.get("GONGDAN_REQUIRE_CHROMIUM") == "1":
            raise RuntimeError(reason) from fault
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # The sandbox needs user namespaces, which root in a container has not.
        opened = playwright.chromium.launch(
            executable_path=found.path,
            env={**os.environ, **found.environment},
            chromium_sandbox=os.geteuid() != 0,
        )
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def platform(browser: Browser) -> Iterator[Platform]:
    """Started when a browser has been found; no order comes but those that the tests push."""
    folder = Path(tempfile.mkdtemp(prefix="gongdan-portal-"))
    folder.chmod(0o711)
    quiet = {"GONGDAN_SAMPLE_HISTORY": "0", "GONGDAN_SAMPLE_SECONDS": "100000"}
    with standing(folder, **quiet) as address, httpx.Client(base_url=address, timeout=30, trust_env=False) as http:
        yield Platform(address, folder, http)
    shutil.rmtree(folder, ignore_errors=True)  # the database server may still be taking its own files away


@pytest.fixture
def opens(platform: Platform, browser: Browser) -> Iterator[Opens]:
    """A person with a fresh browser, signed in when an account is named; at the end no browser has complained."""
    people: list[Person] = []

    def one(account: str | None = None, **settings: Any) -> Person:
        # Somewhere else: the portal shows Chinese time wherever the machine believes that it stands.
        usual = {"viewport": SCREEN, "locale": "zh-CN", "timezone_id": "America/New_York"}
        context = browser.new_context(**{**usual, **settings})
        context.set_default_timeout(20_000)
        people.append(Person(platform, context, context.new_page()))
        return people[-1] if account is None else people[-1].signs_in(account)

    yield one
    for person in people:
        person.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []

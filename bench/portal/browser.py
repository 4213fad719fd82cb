"""A browser on a slow machine and a slow line, and what a person waits for in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page, Response, async_playwright

from bench.portal.platform import Platform
from tools.chromium.finding import chromium

BITS: Final = 2_000_000
LATENCY_MS: Final = 20
ROUNDS: Final = 5
STEPS: Final = 5
"""How often one goes to the next order in a round."""

# The next order stands there when what is drawn is on its way to the screen.
_DRAWN: Final = """
const drawn = () => new Promise((done) => requestAnimationFrame(() => {
  const after = new MessageChannel()
  after.port1.onmessage = () => done()
  after.port2.postMessage(null)
}))
const seen = async (test) => {
  while (!test()) await new Promise(requestAnimationFrame)
  await drawn()
}
const shownOrder = () => document.querySelector('section[aria-label="选中的一件"] p a[href^="/orders/"]')?.getAttribute('href')
const usable = () => shownOrder() !== undefined && document.querySelector('ol[aria-label="推荐单位"] button') !== null
"""
_SIGN_IN: Final = (
    "async (account) => {"
    + _DRAWN
    + """
  const button = [...document.querySelectorAll('button')].find((each) => each.textContent.includes(account))
  const began = performance.now()
  button.click()
  await seen(usable)
  return performance.now() - began
}"""
)
_USABLE: Final = "async () => {" + _DRAWN + "await seen(usable); return performance.now() }"
_NEXT: Final = (
    "() => {"
    + _DRAWN
    + """
  const before = shownOrder()
  window.next = new Promise((done) => {
    addEventListener('keydown', async (event) => {
      await seen(() => shownOrder() !== undefined && shownOrder() !== before)
      done(performance.now() - event.timeStamp)
    }, { once: true, capture: true })
  })
}"""
)


@dataclass
class Visit:
    """A browser of one person, with nothing kept from before."""

    page: Page
    wire: CDPSession
    scripts: dict[str, float] = field(default_factory=dict)
    """Compressed bytes of each script that came, by its address; the heads of the answers are not counted."""
    asked: list[str] = field(default_factory=list)
    """The addresses of the API that the page asked for."""

    async def slow(self, *, cpu: int, line: bool) -> None:
        """As an old machine, and on a line of two megabits."""
        await self.wire.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
        if line:
            limits = {
                "offline": False,
                "latency": LATENCY_MS,
                "downloadThroughput": BITS / 8,
                "uploadThroughput": BITS / 8,
            }
            await self.wire.send("Network.emulateNetworkConditions", limits)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as the tests of the portal start it."""
    found = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=found.path,
            env={**os.environ, **found.environment},
            chromium_sandbox=os.geteuid() != 0,
        )
        try:
            yield opened
        finally:
            await opened.close()


@asynccontextmanager
async def visit(opened: Browser, platform: Platform, account: str | None = None) -> AsyncIterator[Visit]:
    """A person's browser; signed in when an account is named."""
    context = await opened.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.set_default_timeout(60_000)
    try:
        if account is not None:
            await context.request.post(
                f"{platform.address}/api/dispatch/v1/sessions",
                data={"account": account, "password": platform.secrets["staff_password"]},
                headers={"origin": platform.address},
                fail_on_status_code=True,
            )
        page = await context.new_page()
        wire = await context.new_cdp_session(page)
        visited = Visit(page, wire)
        await _listen(visited, platform)
        yield visited
    finally:
        await context.close()


async def _listen(visited: Visit, platform: Platform) -> None:
    def came(said: dict[str, Any]) -> None:
        if said["type"] == "Script":
            answer = said["response"]
            headers = {name.lower(): value for name, value in answer["headers"].items()}
            visited.scripts[answer["url"]] = float(headers["content-length"])

    def answered(response: Response) -> None:
        path = response.url.removeprefix(platform.address)
        if path.startswith("/api/") and response.request.method == "GET" and response.ok:
            visited.asked.append(path)

    visited.wire.on("Network.responseReceived", came)
    visited.page.on("response", answered)
    await visited.wire.send("Network.enable")


async def first_load(opened: Browser, platform: Platform) -> dict[str, float]:
    """Kilobytes of script, compressed, until each page can be used."""
    weights = {}
    async with visit(opened, platform) as one:
        await one.page.goto(f"{platform.address}/sign-in")
        await one.page.get_by_text("示例账号").wait_for()
        weights["sign-in"] = sum(one.scripts.values()) / 1000
    async with visit(opened, platform, "paidan") as one:
        await one.page.goto(f"{platform.address}/desk")
        await one.page.evaluate(_USABLE)
        weights["dispatch desk"] = sum(one.scripts.values()) / 1000
    return weights


async def signing_in(opened: Browser, platform: Platform) -> dict[str, list[float]]:
    """Milliseconds at 6x and 2 Mbit/s: until the sign-in page is there, and from the press to the usable desk."""
    figures: dict[str, list[float]] = {"sign-in page": [], "desk": []}
    for _ in range(ROUNDS):
        async with visit(opened, platform) as one:
            await one.slow(cpu=6, line=True)
            await one.page.goto(f"{platform.address}/desk")
            await one.page.get_by_role("button", name="paidan").wait_for()
            figures["sign-in page"].append(await one.page.evaluate("performance.now()"))
            figures["desk"].append(await one.page.evaluate(_SIGN_IN, "paidan"))
    return figures


async def going_on(opened: Browser, platform: Platform) -> list[float]:
    """Milliseconds at 4x from J to the next order, each order seen for the first time."""
    figures: list[float] = []
    for _ in range(ROUNDS):
        async with visit(opened, platform, "paidan") as one:
            await one.slow(cpu=4, line=False)
            await one.page.goto(f"{platform.address}/desk")
            await one.page.evaluate(_USABLE)
            for _ in range(STEPS):
                # Whoever presses J has looked at this one.
                await one.page.evaluate(_USABLE)
                await one.page.wait_for_load_state("networkidle")
                await one.page.evaluate(_NEXT)
                await one.page.keyboard.press("j")
                figures.append(await one.page.evaluate("window.next"))
    return figures


async def asked_by_an_order(opened: Browser, platform: Platform, order_id: str) -> list[str]:
    """The addresses that the page of an order asks for."""
    async with visit(opened, platform, "paidan") as one:
        await one.page.goto(f"{platform.address}/orders/{order_id}")
        await one.page.get_by_role("heading", name="经过").wait_for()
        await one.page.wait_for_load_state("load")
        await one.page.wait_for_timeout(1_500)
        return [path for path in dict.fromkeys(one.asked) if order_id in path]

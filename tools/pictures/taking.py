"""Which pages are shown, by whom, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, sync_playwright

from tools.chromium.finding import chromium

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
DEFAULT_DATA: Final = Path("var")
_THEMES: Final = ("light", "dark")
_QUIET_MS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the account that opens it, and the keys that are pressed before its picture is taken."""

    name: str
    account: str
    path: str
    keys: tuple[str, ...] = ()


PAGES: Final = (
    Page("desk", "paidan", "/desk", ("1",)),
    Page("order", "paidan", "/orders/{order}"),
    Page("handling", "zhujian-jingban", "/handling"),
    Page("review", "shenhe", "/review"),
    Page("deadlines", "zhuren", "/deadlines/overdue"),
    Page("wall", "zhuren", "/wall"),
    Page("figures", "fenxi", "/figures"),
)


def take_all(address: str, folder: Path = FOLDER) -> list[Path]:
    """Every page in light and dark at 1366x768; the files, named by page and theme."""
    folder.mkdir(parents=True, exist_ok=True)
    found = chromium()
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http, sync_playwright() as playwright:
        accounts = {
            each["account"]: each for each in http.get("/sample/accounts").raise_for_status().json()["accounts"]
        }
        order = _longest_order(http, accounts)
        browser = playwright.chromium.launch(
            executable_path=found.path, chromium_sandbox=False, env=dict(found.environment) or None
        )
        try:
            return [
                _take(browser, address, page, theme, accounts[page.account]["password"], order, folder)
                for page in PAGES
                for theme in _THEMES
            ]
        finally:
            browser.close()


def _longest_order(http: httpx.Client, accounts: dict[str, Any]) -> str:
    """An open order with a history: one that came back."""
    body = {"account": "paidan", "password": accounts["paidan"]["password"]}
    token = http.post("/api/dispatch/v1/tokens", json=body).raise_for_status().json()["access_token"]
    listed = http.get(
        "/api/dispatch/v1/orders",
        params={"sort": "pressing", "limit": 200},
        headers={"Authorization": f"Bearer {token}"},
    )
    orders = listed.raise_for_status().json()["items"]
    return str(
        max(orders, key=lambda order: (order["redos"], order["returns"], order["assigned_at"] or ""))["order_id"]
    )


def _take(browser: Browser, address: str, page: Page, theme: str, password: str, order: str, folder: Path) -> Path:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    try:
        context.add_init_script(f"localStorage.setItem('gongdan.theme', '{theme}')")
        context.request.post(
            f"{address}/api/dispatch/v1/sessions",
            data={"account": page.account, "password": password},
            headers={"origin": address},
            fail_on_status_code=True,
        )
        shown = context.new_page()
        shown.goto(address + page.path.format(order=order))
        shown.wait_for_load_state("load")
        shown.locator("main h1, main h2").first.wait_for(state="attached")
        # Streams stay open, so that the network is never quiet: the lists have had time to come by now.
        shown.wait_for_timeout(_QUIET_MS)
        for key in page.keys:
            shown.keyboard.press(key)
            shown.wait_for_timeout(_QUIET_MS)
        target = folder / f"{page.name}-{theme}.png"
        shown.screenshot(path=target)
    finally:
        context.close()
    return target

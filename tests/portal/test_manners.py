"""For everybody and on weak machines: axe finds nothing, and the first load is small."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.conftest import Opens
from tests.support.portal import AXE, HANDLER, LEADER, ROOT, Person, Platform, violations

pytestmark = pytest.mark.xdist_group("portal")

LOOKS = [("light", "normal"), ("dark", "normal"), ("light", "larger"), ("dark", "larger")]
FIRST_LOAD = 120_000
REQUESTS = 30
KEEPING = {
    "parked": "暂存事件",
    "calendar": "年历",
    "rules": "起草新版本",
    "units": "单位与账号",
    "health": "事件总线",
}
DIST = ROOT / "portal" / "dist"


def shown(person: Person, path: str, sign: str) -> Page:
    """The page at a path, once it shows this text and its heading: a part of a page comes after the list of its parts."""
    page = person.opens(path)
    expect(page.get_by_text(sign).first).to_be_visible()
    expect(page.locator("h1").first).to_be_attached()
    return page


@pytest.fixture(autouse=True)
def axe() -> None:
    if not AXE.exists() and os.environ.get("GONGDAN_REQUIRE_CHROMIUM") != "1":
        pytest.skip("AXE DID NOT LOOK: no portal/node_modules; make check-portal installs it")


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_axe_finds_nothing(platform: Platform, opens: Opens, theme: str, size: str) -> None:
    waiting, handled = platform.pushed(), platform.contacted()
    outside, dispatcher, handler = (
        opens(account).looks(theme=theme, type=size) for account in (None, "paidan", HANDLER)
    )
    pages: Sequence[tuple[Person, str, str]] = [
        (outside, "/sign-in", "示例账号"),
        (dispatcher, "/", "今日"),
        (dispatcher, "/settings", "字号"),
        (dispatcher, "/no/such/page", "没有这个页面"),
        (dispatcher, f"/desk/{waiting.order_id}", "依据说明"),
        (dispatcher, f"/orders/{handled.order_id}", "经过"),
        (handler, f"/handling/{handled.order_id}", "问题落实情况"),
    ]

    found = {path: violations(shown(person, path, sign)) for person, path, sign in pages}

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("theme", "size"), [("light", "normal"), ("dark", "larger")])
def test_axe_finds_nothing_where_people_judge_watch_and_operate(
    platform: Platform, opens: Opens, theme: str, size: str
) -> None:
    _, reply = platform.replied()
    leader, dispatcher, admin = (
        opens(account).looks(theme=theme, type=size) for account in (LEADER, "paidan", "admin")
    )
    pages: Sequence[tuple[Person, str, str]] = [
        (leader, f"/review/{reply}", "同意，送中心审核"),
        (dispatcher, "/deadlines/today", "今日到期"),
        (dispatcher, "/deadlines/extensions", "状态"),
        (dispatcher, "/revisits", "回访"),
        (dispatcher, "/orders", "工单库"),
        (dispatcher, "/figures", "各单位"),
        (dispatcher, "/wall", "时限大屏"),
        (dispatcher, "/help", "怎么用"),
        (dispatcher, "/operations/quarantine", "按原因"),
        (dispatcher, "/operations/deliveries", "反馈状态"),
        *((admin, f"/operations/{part}", sign) for part, sign in KEEPING.items()),
    ]

    found = {path: violations(shown(person, path, sign)) for person, path, sign in pages}

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_axe_finds_nothing_in_what_opens_above_a_page(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    page = shown(opens("paidan"), f"/desk/{order.order_id}", "依据说明")
    page.keyboard.press("u")
    expect(page.get_by_role("option", name="区住房和城乡建设局")).to_be_visible()
    assert violations(page) == []

    page.keyboard.press("Escape")
    page.get_by_role("button", name="依据", exact=True).first.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("起算")
    assert violations(page) == []


def weight_of(asked: Sequence[str]) -> dict[str, int]:
    """By its name, the compressed bytes of each script that was asked for."""
    scripts = [re.sub(r".*/assets/", "", url) for url in asked if url.endswith(".js")]
    assert len(scripts) == len(set(scripts))
    return {name: len(gzip.compress((DIST / "assets" / name).read_bytes(), 9)) for name in scripts}


def test_the_first_load_is_small(platform: Platform, opens: Opens) -> None:
    person = opens()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))

    shown(person, "/sign-in", "示例账号")

    weight = weight_of(asked)
    assert sum(weight.values()) < FIRST_LOAD, weight
    assert len(asked) <= REQUESTS, asked


def test_the_desk_is_opened_with_few_requests(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    person = opens("paidan")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))

    page = shown(person, f"/desk/{order.order_id}", order.title)
    expect(page.get_by_role("button", name="区住房和城乡建设局")).to_be_visible()

    weight = weight_of(asked)
    assert sum(weight.values()) < FIRST_LOAD, weight
    assert len(asked) <= REQUESTS + 10, asked


PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("path", ["/", "/desk/{order}", "/orders/{order}", "/orders", "/deadlines"])
def test_nothing_runs_off_the_screen_of_a_phone(platform: Platform, opens: Opens, path: str) -> None:
    order = platform.assigned()
    page = opens("paidan", viewport=PHONE).opens(path.format(order=order.order_id))
    expect(page.locator("main :is(h1, h2)").first).to_be_attached()
    expect(page.get_by_role("navigation", name="主要页面").get_by_role("link").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("header.bar").bounding_box()["height"] < PHONE["height"] / 8  # type: ignore[index]


def test_a_message_on_a_phone_covers_no_title(platform: Platform, opens: Opens) -> None:
    order = platform.assigned()
    page = opens(HANDLER, viewport=PHONE).opens(f"/handling/{order.order_id}")
    page.get_by_role("button", name="认领").press("Enter")
    message = page.get_by_role("status").filter(has_text="已认领")
    expect(message).to_be_visible()

    below = message.bounding_box()["y"] + message.bounding_box()["height"]  # type: ignore[index]
    assert below <= page.get_by_role("heading", name=order.title).bounding_box()["y"]  # type: ignore[index]


@pytest.mark.parametrize("size", ["normal", "larger"])
def test_the_figures_of_today_stand_inside_of_their_tiles(platform: Platform, opens: Opens, size: str) -> None:
    page = opens("paidan").looks(type=size).opens("/")
    expect(page.get_by_role("list", name="等着办的")).to_be_visible()

    outside = "tiles => tiles.filter(tile => tile.scrollWidth > tile.clientWidth).map(tile => tile.textContent)"
    assert page.locator(".tile").evaluate_all(outside) == []


def test_who_is_not_signed_in_is_not_asked_for(opens: Opens) -> None:
    person = opens()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))

    shown(person, "/", "示例账号")

    assert [url for url in asked if "/api/" in url] == []


def test_while_the_sample_lives_through_its_past_every_page_says_so_and_then_no_more(opens: Opens) -> None:
    page = opens("paidan").page
    past = {"gongdan-now": "2026-11-03T10:00:00.000+08:00", "gongdan-catching-up": "true"}

    def in_the_past(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, **past})

    page.route(re.compile(r"/v1/(me|orders|units|news\?).*"), in_the_past)
    page.goto(f"{opens('paidan').platform.address}/")
    note = page.get_by_role("status").filter(has_text="样例区正在补录过去 28 天的工单（已到 11月3日），可以照常使用")
    expect(note).to_be_visible()

    past.clear()
    page.keyboard.press("r")
    expect(note).to_have_count(0)
    page.unroute_all(behavior="wait")

"""The pages of those who watch: deadlines, wall, figures, the library of orders, and the operators' part."""

from __future__ import annotations

import json
import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from sample.upstream import signed_headers
from shared.clock import RealClock
from shared.web.cookies import TOKEN_COOKIE
from tests.portal.conftest import Opens
from tests.support.portal import HANDLER, Order, Platform
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("portal")


def asked_for_more(platform: Platform) -> Order:
    """An order whose unit asks for two more working days, with the caller's consent."""
    order = platform.contacted()
    body = {
        "reason_code": "complex",
        "workdays": 2,
        "explanation": "管网须分段停水检修，三个工作日内不能完成。",
        "consent": {
            "person": "来电人本人",
            "agreed_at": RealClock().now().isoformat(),
            "phone": "0535-6890000",
            "agreed": True,
            "evidence": "录音 20261127-01",
        },
    }
    # The service of the deadlines hears of the order a moment later.
    until(lambda: platform.call(HANDLER, "POST", f"/api/sla/v1/orders/{order.order_id}/extensions", body))
    return order


@pytest.mark.clause("S1.3.2e")
def test_the_centre_grants_more_time_by_keyboard(platform: Platform, opens: Opens) -> None:
    order = asked_for_more(platform)
    page = opens("zhuren").opens("/deadlines/extensions")
    page.get_by_role("option").filter(has_text=order.title).click()
    form = page.get_by_role("form", name="审批延期")
    form.get_by_role("button", name="同意", exact=False).first.press("Enter")
    form.get_by_label("审批理由").fill("情况属实，来电人已同意。")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text=order.number)).to_be_visible()
    [asked] = platform.call("zhuren", "GET", f"/api/sla/v1/orders/{order.order_id}/extensions")["items"]
    assert asked["state"] == "granted"


@pytest.mark.clause("S1.1.4b")
def test_a_board_shows_an_order_and_the_proof_of_its_deadline(platform: Platform, opens: Opens) -> None:
    order = platform.assigned()
    page = opens("paidan").opens("/deadlines/today")
    row = page.get_by_role("option").filter(has_text=order.title).first
    row.click()
    expect(page.get_by_text("逐日计算").or_(page.get_by_text("起算")).first).to_be_visible()


@pytest.mark.clause("S1.1.4b", "S4.2a")
def test_the_wall_counts_what_presses_and_stays_connected(platform: Platform, opens: Opens) -> None:
    platform.assigned()
    page = opens("paidan").opens("/wall")

    expect(page.get_by_role("status").first).to_contain_text("实时")
    expect(page.get_by_role("row").filter(has_text="区住房和城乡建设局")).to_be_visible()


def test_the_figures_have_a_table_beside_the_drawing(platform: Platform, opens: Opens) -> None:
    platform.assigned()
    page = opens("paidan").opens("/figures")
    row = page.get_by_role("table").get_by_role("row").filter(has_text="区住房和城乡建设局")
    expect(row.first).to_be_visible()
    page.get_by_role("button", name="区住房和城乡建设局").first.press("Enter")
    expect(page.locator("svg[role=img]").first).to_be_visible()


@pytest.fixture
def library(platform: Platform, opens: Opens) -> tuple[Page, Order]:
    order = platform.pushed()
    return opens("paidan").opens("/orders"), order


def test_an_order_is_found_by_its_number_and_by_words_of_its_title(library: tuple[Page, Order]) -> None:
    page, order = library
    for words in (order.number, order.title):
        page.get_by_role("searchbox").fill(words)
        page.keyboard.press("Enter")
        expect(page.get_by_role("option").filter(has_text=order.number)).to_be_visible()
        # What is found is worked through by keyboard.
        expect(page.get_by_role("listbox", name="工单").get_by_role("option").first).to_be_focused()


def test_a_filter_stands_in_the_address_and_is_there_after_back(library: tuple[Page, Order]) -> None:
    page, order = library
    page.get_by_role("navigation", name="视图").get_by_role("link").nth(1).press("Enter")
    expect(page).to_have_url(re.compile(r"/orders\?"))
    chosen = page.url
    page.goto(f"{page.url.split('/orders', maxsplit=1)[0]}/orders/{order.order_id}")
    page.go_back()
    expect(page).to_have_url(chosen)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_is_shown_is_saved_as_a_file(library: tuple[Page, Order], form: str) -> None:
    page, order = library
    page.get_by_role("button", name="导出").press("Enter")
    with page.expect_download() as waited:
        page.get_by_role("menuitem", name="xlsx" if form == "xlsx" else "CSV").press("Enter")
    saved = waited.value.path().read_bytes()
    text = ZipFile(BytesIO(saved)).read("xl/worksheets/sheet1.xml") if form == "xlsx" else saved
    assert order.number.encode() in text


def quarantined(platform: Platform, number: str) -> None:
    """A push that names no demand: it is kept until somebody decides."""
    now = RealClock().now()
    body = json.dumps({"工单编号": number, "来电时间": now.isoformat()}, ensure_ascii=False).encode()
    headers = signed_headers(platform.secrets["channels"]["city_12345"]["in"], body, now=int(now.timestamp()))
    answer = platform.http.post("/api/intake/v1/channels/city_12345/orders", content=body, headers=headers)
    assert answer.status_code == 422, answer.text


@pytest.mark.clause("S1.1.1a")
def test_a_quarantined_request_is_read_and_dropped_with_a_reason(platform: Platform, opens: Opens) -> None:
    quarantined(platform, "QT-0001")
    page = opens("paidan").opens("/operations/quarantine")
    page.get_by_role("tab", name="待处理").click()
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="丢弃").first.click()
    expect(page.get_by_text("请写明处理理由")).to_be_visible()


def test_days_that_are_off_are_shown_before_they_are_changed(platform: Platform, opens: Opens) -> None:
    page = opens("admin").opens("/operations/calendar")
    page.get_by_role("tab", name="调整个别日期").click()
    page.get_by_label("日期 1").fill("2026-03-04")
    page.get_by_role("button", name="预览变动").press("Enter")
    expect(page.get_by_role("region", name="预览")).to_be_visible()
    expect(page.get_by_role("form", name="确认调整")).to_be_visible()


def test_the_health_of_each_service_is_shown(opens: Opens) -> None:
    page = opens("admin").opens("/operations/health")
    for service in ("受理", "派单", "时限", "审核", "统计"):
        expect(page.get_by_role("heading", name=service).first).to_be_visible()
    expect(page.get_by_role("heading", name="事件总线")).to_contain_text("正常")


def test_an_account_whose_role_was_taken_away_reads_what_it_may_no_longer_do(platform: Platform, opens: Opens) -> None:
    account = {
        "account": "linshi-paidan",
        "name": "临时派单员",
        "roles": ["dispatcher"],
        "password": platform.password_of("paidan"),
        "unit": None,
    }
    platform.call("admin", "POST", "/api/dispatch/v1/accounts", account)
    order = platform.pushed()
    person = opens("linshi-paidan")
    person.refusals |= {401, 403}
    page = person.opens(f"/desk/{order.order_id}")
    expect(page.get_by_role("button", name="区住房和城乡建设局")).to_be_visible()
    changed = {"name": "临时派单员", "roles": ["analyst"], "unit": None, "active": True}
    platform.call("admin", "PUT", "/api/dispatch/v1/accounts/linshi-paidan", changed)

    person.context.clear_cookies(name=TOKEN_COOKIE)  # as when its quarter of an hour is over
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("登录已结束，请重新登录；没有提交的内容仍在。")).to_be_visible()
    assert platform.order(order.order_id)["unit"] is None

"""What goes wrong on an ordinary day: nothing is lost, nothing is done twice, and a clear word says what to do."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.portal.conftest import Opens
from tests.support.portal import HANDLER, Platform

pytestmark = pytest.mark.xdist_group("portal")

MARKUP = "<b>粗体</b><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"


def test_a_wrong_password_is_said_and_focused(opens: Opens) -> None:
    person = opens()
    person.refusals.add(401)
    page = person.opens("/sign-in")
    page.get_by_role("textbox", name="账号").fill("paidan")
    page.get_by_label("密码").fill("not the password")

    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("密码")
    expect(page.get_by_role("textbox", name="账号")).to_have_value("paidan")


def test_a_submit_whose_answer_is_lost_is_done_once(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    person = opens("paidan")
    person.refusals.add(0)
    page = person.opens(f"/desk/{order.order_id}")
    keys: list[str | None] = []

    def arrives_and_is_lost(route: Route, request: Request) -> None:
        keys.append(request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/assign", arrives_and_is_lost)
    page.get_by_role("button", name="区住房和城乡建设局").press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert").filter(has_text="可以再按一次，不会重复办理")).to_be_visible()
    expect(page.get_by_role("combobox", name="承办单位")).to_have_value("区住房和城乡建设局")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text=f"{order.number} 已交办")).to_be_visible()
    assert len(keys) == 2
    assert keys[0] is not None
    assert keys[0] == keys[1]
    moves = platform.call("paidan", "GET", f"/api/dispatch/v1/orders/{order.order_id}/timeline")
    assert json.dumps(moves).count('"order.assigned"') == 1


def test_two_tabs_that_write_one_draft_are_asked_which_one_stays(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    person = opens("paidan")
    person.refusals |= {409}
    first = person.opens(f"/desk/{order.order_id}")
    grounds = first.get_by_label("依据说明")
    grounds.fill("第一份")
    expect(first.get_by_text("草稿已保存")).to_be_visible()
    elsewhere = opens("paidan").opens(f"/desk/{order.order_id}")
    expect(elsewhere.get_by_label("依据说明")).to_have_value("第一份")
    elsewhere.get_by_label("依据说明").fill("第二份")
    expect(elsewhere.get_by_text("草稿已保存")).to_be_visible()

    grounds.fill("第一份，改过")

    expect(first.get_by_role("alert").filter(has_text="在另一个窗口改过")).to_be_visible()
    expect(grounds).to_have_value("第一份，改过")
    first.get_by_role("button", name="用那一份").click()
    expect(grounds).to_have_value("第二份")


def test_who_signed_out_in_all_places_reads_that_it_is_done(opens: Opens) -> None:
    person = opens("fenxi")
    person.refusals.add(401)  # what the page was asking for meanwhile
    page = person.opens("/settings")
    expect(page.get_by_text("（这里）")).to_be_visible()
    page.get_by_role("button", name="在所有地方退出登录").press("Enter")

    expect(page.get_by_role("status").filter(has_text="已在所有地方退出登录")).to_be_visible()


def test_an_ended_token_is_renewed_before_anything_is_refused_for_it(opens: Opens) -> None:
    person = opens("paidan")
    person.context.clear_cookies(name="gongdan_token")

    expect(person.opens("/desk").get_by_role("tab", name="待研判")).to_be_visible()


def test_what_was_typed_is_there_after_the_session_ended(platform: Platform, opens: Opens) -> None:
    order = platform.assigned()
    person = opens(HANDLER)
    person.refusals.add(401)
    page = person.opens(f"/handling/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    page.keyboard.press("y")
    expect(page.get_by_role("status").filter(has_text="已认领")).to_be_visible()
    content = page.get_by_label("沟通内容")
    content.fill("来电人说室温只有十四度")
    expect(page.get_by_text("草稿已保存")).to_be_visible()
    platform.call(HANDLER, "DELETE", "/api/dispatch/v1/sessions")
    # The token of a minute ends with the session here.
    person.context.clear_cookies(name="gongdan_token")
    content.fill("来电人说室温只有十四度，希望今天上门")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text="登录已结束")).to_be_visible()
    page.get_by_role("textbox", name="账号").fill(HANDLER)
    page.get_by_label("密码").fill(platform.password_of(HANDLER))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/handling/{order.order_id}"))
    expect(page.get_by_label("沟通内容")).to_have_value("来电人说室温只有十四度，希望今天上门")


@pytest.mark.parametrize("path", ["desk", "orders"])
def test_markup_and_script_of_an_order_are_text(platform: Platform, opens: Opens, path: str) -> None:
    order = platform.pushed(title=f"标题{MARKUP}", eventDesc=f"诉求{MARKUP}")
    page = opens("paidan").opens(f"/{path}/{order.order_id}")

    expect(page.get_by_role("heading", name=f"标题{MARKUP}")).to_be_visible()
    expect(page.get_by_text(f"诉求{MARKUP}").first).to_be_visible()
    expect(page.locator("#main img, #main script, #main b")).to_have_count(0)
    expect(page).not_to_have_title("taken")


def test_a_paste_of_a_hundred_thousand_characters_is_kept_and_its_excess_said(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    person = opens("paidan")
    person.refusals |= {413, 422}
    page = person.opens(f"/desk/{order.order_id}")
    long = "长" * 100_000
    page.get_by_label("依据说明").focus()

    page.keyboard.insert_text(long)

    grounds = page.get_by_label("依据说明")
    expect(grounds).to_have_value(long)
    expect(grounds).to_have_accessible_description(re.compile("2000"))
    page.reload()
    expect(grounds).to_have_value(long)


@pytest.mark.parametrize("name", ["现场录像.pdf", "现场照片.exe"], ids=["too big", "no kind of evidence"])
def test_a_file_that_would_be_refused_is_said_before_it_is_sent(platform: Platform, opens: Opens, name: str) -> None:
    order = platform.contacted()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    reply = page.get_by_role("form", name="提交答复")
    reply.get_by_label("问题落实情况").fill("已上门测温。")
    # A driver sends no file of this size: the browser makes it.
    size = 20 * 1024 * 1024 + 1 if name.endswith(".pdf") else 1
    chosen = page.evaluate_handle(
        "([name, size]) => { const given = new DataTransfer(); given.items.add(new File([new Uint8Array(size)], name));"
        " return given }",
        [name, size],
    )
    reply.locator(".drop").dispatch_event("drop", {"dataTransfer": chosen})

    expect(reply.get_by_role("alert").or_(reply.locator(".fault")).filter(has_text=name)).to_be_visible()
    expect(reply.get_by_role("listitem").filter(has_text=name)).to_have_count(0)
    expect(reply.get_by_label("问题落实情况")).to_have_value("已上门测温。")


def test_a_service_that_is_away_leaves_the_others_and_is_asked_again(platform: Platform, opens: Opens) -> None:
    """As the gateway answers for a service whose replicas are all silent."""
    order = platform.contacted()
    person = opens("paidan")
    person.refusals.add(503)
    page = person.page
    away = {
        "type": "urn:gongdan:problem:service_away",
        "title": "服务暂时不可用",
        "status": 503,
        "code": "service_away",
        "detail": "时限服务暂时没有应答，请稍后再试。",
    }

    def silent(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(away))

    page.route("**/api/sla/**", silent)
    person.opens(f"/orders/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    clocks = page.get_by_role("region", name="时限")
    expect(clocks.get_by_role("alert")).to_contain_text("时限服务暂时没有应答", timeout=40_000)

    page.unroute("**/api/sla/**", silent)
    clocks.get_by_role("button", name="再试一次").press("Enter")
    expect(clocks.get_by_role("button", name="依据").first).to_be_visible()


def test_a_page_that_does_not_exist_says_so_and_leads_back(opens: Opens) -> None:
    page = opens("paidan").opens("/no/such/page")

    expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()
    page.get_by_role("link", name="回到今日").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("今日")


def test_an_order_that_does_not_exist_says_so(opens: Opens) -> None:
    person = opens("paidan")
    person.refusals.add(404)
    page = person.opens("/orders/01a21bb8-0000-7000-a000-000000000000")

    expect(page.get_by_role("alert").first).to_be_visible()


def due_of(page: Page) -> str:
    """The first deadline of the order that is open, without the minutes."""
    words = page.get_by_role("list").filter(has_text="截止").locator(".due").first
    expect(words).to_contain_text(re.compile("剩|明天|月|今天"))
    return re.sub(r" \d+ 分", "", words.inner_text())


@pytest.mark.parametrize("wrong_by", [-3_600_000, 3_600_000], ids=["an hour slow", "an hour fast"])
def test_countdowns_are_right_on_a_machine_whose_clock_is_wrong(
    platform: Platform, opens: Opens, wrong_by: int
) -> None:
    order = platform.pushed()
    right, wrong = opens("paidan"), opens("paidan")
    wrong.context.add_init_script(f"const machine = Date.now; Date.now = () => machine() + ({wrong_by})")

    shown = [due_of(person.opens(f"/desk/{order.order_id}")) for person in (right, wrong)]

    assert shown[0] == shown[1]


def test_an_old_tab_after_an_upgrade_loads_the_new_portal_at_the_page_asked_for(opens: Opens) -> None:
    person = opens("paidan")
    person.refusals.add(404)
    page = person.opens("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("今日")
    gone: list[str] = []

    def is_gone_once(route: Route) -> None:
        if gone:
            route.continue_()
        else:
            gone.append(route.request.url)
            route.fulfill(status=404)

    page.route("**/assets/DeskPage-*.js", is_gone_once)
    page.get_by_role("link", name="派单台").first.click()

    expect(page.get_by_role("tab", name="待研判")).to_be_visible()
    expect(page).to_have_url(re.compile("/desk"))
    assert len(gone) == 1

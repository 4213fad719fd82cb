"""The dispatcher's day, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.portal.conftest import Opens
from tests.support.portal import UNIT, Order, Platform

pytestmark = pytest.mark.xdist_group("portal")

CHOSEN = '[role="option"][aria-selected="true"]'


@pytest.fixture
def order(platform: Platform) -> Order:
    return platform.pushed()


@pytest.fixture
def desk(opens: Opens, order: Order) -> Page:
    """The dispatch desk with this order open."""
    page = opens("paidan").opens(f"/desk/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    expect(page.get_by_role("button", name="区住房和城乡建设局")).to_be_visible()
    return page


def test_one_signs_in_with_a_sample_account_by_keyboard(opens: Opens) -> None:
    page = opens().opens("/desk")
    sample = page.get_by_role("button", name="paidan")

    sample.focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/desk"))
    expect(page.get_by_role("tab", name="待研判")).to_be_visible()


def test_an_ordinary_order_is_assigned_with_two_keys_and_the_next_is_open(
    platform: Platform, order: Order, opens: Opens
) -> None:
    platform.pushed()
    page = opens("paidan").opens(f"/desk/{order.order_id}")
    expect(page.locator(CHOSEN)).to_contain_text(order.number)
    expect(page.get_by_role("button", name="区住房和城乡建设局")).to_be_visible()

    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text=f"{order.number} 已交办 区住房和城乡建设局")).to_be_visible()
    expect(page.locator(CHOSEN)).not_to_contain_text(order.number)
    expect(page.locator(CHOSEN)).to_be_focused()
    expect(page.get_by_role("option").filter(has_text=order.number)).to_have_count(0)
    assert platform.order(order.order_id)["unit"] == "zhujian"


def test_the_next_order_has_been_read_before_it_is_asked_for(platform: Platform, opens: Opens) -> None:
    platform.pushed()
    platform.pushed()
    person = opens("paidan")
    person.refusals.add(0)
    read: list[str] = []

    def second(answer: Response) -> bool:
        found = re.search("/api/dispatch/v1/orders/([^/]{36})$", answer.url)
        if found is not None and found.group(1) not in read:
            read.append(found.group(1))
        return len(read) == 2

    with person.page.expect_response(second):
        page = person.opens("/desk")
    chosen, following = read
    expect(page).to_have_url(re.compile(chosen))

    person.context.set_offline(True)
    page.keyboard.press("j")

    expect(page).to_have_url(re.compile(following))
    expect(page.get_by_role("heading", level=2)).to_contain_text(platform.order(following)["title"])


def test_a_unit_is_found_by_its_pinyin(desk: Page) -> None:
    desk.keyboard.press("u")
    desk.keyboard.type("zhuj")
    expect(desk.get_by_role("option", name="区住房和城乡建设局")).to_be_visible()
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("combobox", name="承办单位")).to_have_value("区住房和城乡建设局")


def test_another_unit_than_the_recommended_one_is_typed_without_clearing_the_field(desk: Page) -> None:
    desk.keyboard.press("1")
    desk.keyboard.press("u")
    desk.keyboard.type("shuiwu")
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("combobox", name="承办单位")).to_have_value("区水务局")


def test_a_unit_is_found_while_its_pinyin_is_composed(desk: Page) -> None:
    desk.keyboard.press("u")
    expect(desk.get_by_role("combobox", name="承办单位")).to_be_focused()
    wire = desk.context.new_cdp_session(desk)

    wire.send("Input.imeSetComposition", {"text": "zhu'j", "selectionStart": 5, "selectionEnd": 5})

    expect(desk.locator(".ui-combobox-list").get_by_role("option")).to_have_text([re.compile("区住房和城乡建设局")])


def test_the_keys_of_an_input_method_are_no_shortcuts(desk: Page) -> None:
    desk.keyboard.press("e")
    expect(desk.get_by_label("依据说明")).to_be_focused()
    wire = desk.context.new_cdp_session(desk)
    wire.send("Input.imeSetComposition", {"text": "jk1", "selectionStart": 3, "selectionEnd": 3})
    wire.send("Input.insertText", {"text": "住建"})

    expect(desk.get_by_label("依据说明")).to_have_value("住建")


def test_single_keys_are_letters_while_one_types(desk: Page, order: Order) -> None:
    desk.keyboard.press("e")
    desk.keyboard.type("jk1")

    expect(desk.get_by_label("依据说明")).to_have_value("jk1")
    expect(desk).to_have_url(re.compile(order.order_id))


def test_a_missing_unit_is_said_where_it_is_missing(desk: Page) -> None:
    desk.keyboard.press("Control+Enter")

    unit = desk.get_by_role("combobox", name="承办单位")
    expect(unit).to_be_focused()
    expect(unit).to_have_attribute("aria-invalid", "true")
    expect(unit).to_have_accessible_description("请选择承办单位")


def test_one_goes_from_place_to_place_by_keyboard_and_back_and_forward(desk: Page, order: Order) -> None:
    desk.keyboard.press("o")
    expect(desk).to_have_url(re.compile(f"/orders/{order.order_id}$"))
    desk.keyboard.press("g")
    desk.keyboard.press("t")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("今日")

    desk.go_back()
    expect(desk.get_by_role("heading", name=order.title)).to_be_visible()
    desk.go_back()
    expect(desk).to_have_url(re.compile(f"/desk/{order.order_id}"))
    desk.go_forward()
    expect(desk).to_have_url(re.compile(f"/orders/{order.order_id}$"))


def test_what_is_missing_is_said_all_at_once_and_no_longer_of_what_is_filled(desk: Page) -> None:
    desk.keyboard.press("Control+Enter")
    wrong = desk.locator('#main [aria-invalid="true"]')
    expect(wrong).to_have_count(2)

    desk.get_by_label("依据说明").fill("职责目录第 3 条")
    expect(wrong).to_have_count(1)
    desk.get_by_role("button", name="区住房和城乡建设局").press("Enter")
    expect(wrong).to_have_count(0)


def test_who_types_is_told_that_somebody_else_has_assigned_the_order_and_keeps_what_he_typed(
    platform: Platform, desk: Page, order: Order
) -> None:
    grounds = desk.get_by_label("依据说明")
    grounds.fill("供热问题由住建部门负责")
    body = {"unit": UNIT, "basis": "duty", "grounds": "职责目录与诉求内容相符"}
    platform.call("zhuren", "POST", f"/api/dispatch/v1/orders/{order.order_id}/assign", body)

    desk.keyboard.press("Escape")
    desk.keyboard.press("r")

    note = desk.get_by_role("alert").filter(has_text="此工单已由")
    expect(note).to_contain_text(re.compile("由欧阳启（中心负责人）于 .*[0-9]{2}:[0-9]{2} 交办给区住房和城乡建设局"))
    expect(grounds).to_have_value("供热问题由住建部门负责")
    expect(desk.get_by_role("form", name="交办").locator("[type=submit]")).to_be_disabled()
    desk.keyboard.press("Control+Enter")
    assert platform.order(order.order_id)["unit"] == UNIT
    desk.reload()
    expect(grounds).to_have_value("供热问题由住建部门负责")


def test_a_lost_race_is_said_with_who_won_it(platform: Platform, opens: Opens, order: Order) -> None:
    person = opens("paidan")
    person.refusals.add(409)
    page = person.opens(f"/desk/{order.order_id}")
    page.get_by_role("button", name="区住房和城乡建设局").press("Enter")
    body = {"unit": "shuiwu", "basis": "duty", "grounds": "职责目录与诉求内容相符"}
    platform.call("zhuren", "POST", f"/api/dispatch/v1/orders/{order.order_id}/assign", body)

    page.keyboard.press("Control+Enter")

    note = page.get_by_role("alert").filter(has_text="此工单已由欧阳启")
    expect(note).to_contain_text("交办给区水务局")
    assert platform.order(order.order_id)["unit"] == "shuiwu"
    note.get_by_role("button", name="放弃已填写的内容").press("Enter")
    expect(page).not_to_have_url(re.compile(order.order_id))


@pytest.mark.clause("S2.2.1h")
def test_a_return_is_decided_by_keyboard_and_the_footer_shows_its_keys(platform: Platform, opens: Opens) -> None:
    order = platform.returning()
    page = opens("paidan").opens(f"/desk/{order.order_id}?tab=returns")
    expect(page.get_by_role("form", name="审定回退")).to_contain_text("供热不属本单位职责")
    keys = page.locator("footer.keys")
    expect(keys).to_contain_text("同意回退")
    expect(keys).not_to_contain_text("采用第一个推荐")

    page.keyboard.press("b")
    page.keyboard.press("Control+Enter")
    reason = page.get_by_label("决定的理由")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("属该单位职责目录第 3 条")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text=f"已驳回 {order.number} 的回退")).to_be_visible()
    assert platform.order(order.order_id)["status"] == "handling"


def test_a_return_that_somebody_else_has_decided_says_so_and_keeps_the_reason(platform: Platform, opens: Opens) -> None:
    order = platform.returning()
    page = opens("paidan").opens(f"/desk/{order.order_id}?tab=returns")
    reason = page.get_by_label("决定的理由")
    reason.fill("请再看一看")
    path = f"/api/dispatch/v1/orders/{order.order_id}/return/decision"
    platform.call("zhuren", "POST", path, {"decision": "accept"})

    page.keyboard.press("Escape")
    page.keyboard.press("r")

    expect(page.get_by_role("alert").filter(has_text="此回退已由欧阳启")).to_contain_text("审定：同意")
    expect(reason).to_have_value("请再看一看")
    expect(page.get_by_role("form", name="审定回退").locator("[type=submit]")).to_be_disabled()


def test_an_order_whose_return_was_accepted_is_assigned_at_once(platform: Platform, opens: Opens) -> None:
    order = platform.returning()
    page = opens("paidan").opens(f"/desk/{order.order_id}?tab=returns")
    expect(page.get_by_role("form", name="审定回退")).to_be_visible()
    path = f"/api/dispatch/v1/orders/{order.order_id}/return/decision"
    platform.call("zhuren", "POST", path, {"decision": "accept"})

    page.keyboard.press("Escape")
    page.keyboard.press("r")

    expect(page.get_by_role("form", name="交办")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="回退已经同意")).to_be_visible()
    expect(page).to_have_url(re.compile(order.order_id))


@pytest.mark.clause("S3.1h")
def test_the_head_of_the_centre_assigns_by_the_panels_decision(platform: Platform, opens: Opens) -> None:
    order = platform.pushed()
    path = f"/api/dispatch/v1/orders/{order.order_id}"
    for unit in (UNIT, "shuiwu"):
        platform.call("paidan", "POST", f"{path}/assign", {"unit": unit, "basis": "duty", "grounds": "职责目录"})
        platform.asks_back(order, f"{unit}-jingban")
        platform.call("paidan", "POST", f"{path}/return/decision", {"decision": "accept"})
    page = opens("zhuren").opens(f"/desk/{order.order_id}?tab=consult")
    # Who returned the order is not recommended: the head looks the unit up, is told, and decides all the same.
    expect(page.get_by_role("list", name="推荐单位").get_by_role("button")).to_have_count(3)
    expect(page.get_by_role("button", name="区住房和城乡建设局")).to_have_count(0)
    page.get_by_role("combobox", name="承办单位").fill("zhujian")
    page.get_by_role("option", name="区住房和城乡建设局").click()
    expect(page.get_by_text("区住房和城乡建设局已回退过此单，中心已同意")).to_be_visible()
    page.get_by_label("依据说明").fill("职责目录")

    page.keyboard.press("Control+Enter")
    decision = page.get_by_label("研判决定")
    expect(decision).to_be_focused()
    page.keyboard.type("经研判小组会商，由区住房和城乡建设局承办")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text="该单位曾回退此单，本次不得再次回退")).to_be_visible()
    assert platform.order(order.order_id)["no_return"] is True


@pytest.mark.clause("S1.3.2e")
def test_an_extension_that_somebody_else_has_decided_says_so_and_keeps_the_reason(
    platform: Platform, opens: Opens
) -> None:
    asked = platform.asks_for_time(platform.contacted())
    page = opens("zhuren").opens(f"/deadlines/extensions?extension={asked}")
    reason = page.get_by_label("审批理由")
    reason.fill("请说明停暖的日期")
    decision = {"decision": "grant", "reason": "情况属实"}
    platform.call("fuzhuren", "POST", f"/api/sla/v1/extensions/{asked}/decision", decision)

    page.keyboard.press("Escape")
    page.keyboard.press("r")

    note = page.get_by_role("alert").filter(has_text="此延期申请已由闻人雅（中心负责人）于")
    expect(note).to_contain_text("审批：同意")
    expect(reason).to_have_value("请说明停暖的日期")
    expect(page.get_by_role("form", name="审批延期").locator("[type=submit]")).to_be_disabled()

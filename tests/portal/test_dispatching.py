"""The dispatcher's day, by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.portal.conftest import Opens
from tests.support.portal import Order, Platform

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

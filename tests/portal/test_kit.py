"""The developers' page of all controls: what only a browser shows of them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.portal.conftest import Opens
from tests.portal.test_manners import LOOKS
from tests.support.portal import Person, Platform, violations

pytestmark = pytest.mark.xdist_group("portal")


def kit(opens: Opens, **look: str) -> tuple[Person, Page]:
    """The page, as anybody sees it without a sign-in."""
    person = opens().looks(**look)
    page = person.opens("/kit")
    expect(page.get_by_role("listbox", name="两千行")).to_be_visible()
    return person, page


@pytest.mark.parametrize(("theme", "size"), LOOKS)
def test_axe_finds_nothing_in_any_control(opens: Opens, theme: str, size: str) -> None:
    _, page = kit(opens, theme=theme, type=size)

    assert violations(page) == []


def test_it_asks_the_platform_for_nothing(platform: Platform, opens: Opens) -> None:
    person = opens()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url.removeprefix(platform.address)))

    person.opens("/kit")
    expect(person.page.get_by_role("listbox", name="两千行")).to_be_visible()

    assert [path for path in asked if path.startswith("/api/")] == []


@pytest.mark.parametrize("size", ["normal", "larger"])
def test_a_table_of_ten_thousand_rows_draws_those_in_view_and_has_an_end(opens: Opens, size: str) -> None:
    _, page = kit(opens, type=size)
    table = page.get_by_role("region", name="一万行")
    expect(table.get_by_role("row")).not_to_have_count(0)
    assert table.get_by_role("row").count() < 80

    table.focus()
    page.keyboard.press("End")

    expect(table.get_by_role("cell", name="10000", exact=True)).to_be_in_viewport()
    assert table.get_by_role("row").count() < 80
    # The rows that are not drawn are as high as they would be: the last one stands at the very end.
    gap = "box => box.scrollHeight - box.scrollTop - box.clientHeight"
    assert abs(table.evaluate(gap)) <= 1
    assert table.evaluate("box => Math.round(box.scrollHeight / box.querySelector('[aria-rowindex]').offsetHeight)") in {
        10_001, 10_002,
    }  # fmt: skip


@pytest.mark.parametrize("size", ["normal", "larger"])
def test_a_list_of_two_thousand_rows_is_walked_to_its_end_and_back(opens: Opens, size: str) -> None:
    _, page = kit(opens, type=size)
    options = page.get_by_role("listbox", name="两千行").get_by_role("option")
    options.first.focus()

    page.keyboard.press("End")
    last = options.filter(has_text=re.compile("2000$"))
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    assert options.count() < 80
    box = page.get_by_role("listbox", name="两千行")
    assert abs(box.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight")) <= 1

    page.keyboard.press("ArrowUp")
    expect(options.filter(has_text=re.compile(" ?1999$"))).to_be_focused()
    box.evaluate("box => { box.scrollTop = 0 }")
    expect(options.filter(has_text=re.compile("[^0-9]1$"))).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(options.filter(has_text=re.compile("[^0-9]1$"))).to_be_focused()


def test_the_menu_is_walked_by_keyboard_and_gives_the_focus_back(opens: Opens) -> None:
    _, page = kit(opens)
    button = page.get_by_role("button", name="打开菜单")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="怎么用")).to_be_focused()

    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="快捷键")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.get_by_role("menu")).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    page.get_by_role("menuitem", name="快捷键").click()
    expect(page.get_by_role("status").filter(has_text="选了“快捷键”")).to_be_visible()


def test_what_opens_stands_where_it_belongs_and_axe_finds_nothing_in_it(opens: Opens) -> None:
    _, page = kit(opens)
    button = page.get_by_role("button", name="打开菜单")
    button.scroll_into_view_if_needed()
    under = button.bounding_box()
    button.click()
    menu = page.get_by_role("menu")
    expect(menu).to_be_visible()
    place = menu.bounding_box()
    assert place is not None
    assert under is not None
    assert abs(place["y"] - under["y"] - under["height"]) < 10
    assert violations(page) == []
    page.keyboard.press("Escape")

    opener = page.get_by_role("button", name="打开对话框")
    opener.click()
    expect(page.get_by_role("dialog", name="改派理由")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_part_that_cannot_be_had_is_said_and_can_be_had_later(opens: Opens) -> None:
    person, page = kit(opens)
    person.refusals.add(0)
    page.route(re.compile("DialogBox-.*js"), lambda route: route.abort())
    page.get_by_role("button", name="打开对话框").click()
    expect(page.get_by_role("alert").filter(has_text="请刷新页面后再试")).to_be_visible()

    page.reload()
    page.unroute_all()
    page.get_by_role("button", name="打开对话框").click()
    expect(page.get_by_role("dialog", name="改派理由")).to_be_visible()

"""A reply's way through the unit's leader and the centre, and what a reply that is sent back looks like to the unit."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.portal.conftest import Opens
from tests.support.portal import HANDLER, LEADER, Order, Platform
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("portal")

PHONE = {"width": 390, "height": 844}


def at_reply(page: Page, order: Order) -> Page:
    """The page, once it shows the reply to this order."""
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    expect(page.get_by_role("form", name="审阅结果")).to_be_visible()
    return page


@pytest.mark.clause("S2.2.3c", "S2.3a")
@pytest.mark.parametrize("screen", [PHONE, {"width": 1366, "height": 768}], ids=["phone", "desk"])
def test_a_leader_lets_a_reply_go_and_the_centre_sends_it_upstream(
    platform: Platform, opens: Opens, screen: dict[str, int]
) -> None:
    order, reply = platform.replied()
    leader = at_reply(opens(LEADER, viewport=screen).opens(f"/review/{reply}"), order)
    leader.get_by_role("button", name="同意，送中心审核").click()
    leader.get_by_role("button", name="同意并看下一件").press("Enter")
    expect(leader.get_by_role("status").filter(has_text=f"已同意 {order.number} 的答复")).to_be_visible()

    reviewer = at_reply(opens("shenhe").opens(f"/review/{reply}"), order)
    reviewer.keyboard.press("a")
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_role("status").filter(has_text=f"已通过 {order.number} 的答复")).to_be_visible()

    until(lambda: platform.order(order.order_id, "revisit"))


@pytest.mark.clause("S2.3c")
def test_a_reply_that_is_sent_back_needs_an_opinion_that_the_unit_reads_where_it_goes_on(
    platform: Platform, opens: Opens
) -> None:
    order, sent = platform.replied()
    platform.call(LEADER, "POST", f"/api/review/v1/replies/{sent}/leader-approval", {})
    person = opens("shenhe")
    reviewer = at_reply(person.opens(f"/review/{sent}"), order)
    reviewer.keyboard.press("b")
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_text("请写明要修改什么，承办单位据此重办")).to_be_visible()
    reviewer.keyboard.type("请写明室温复测的数值和时间。")
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_role("status").filter(has_text=f"已退回 {order.number} 的答复")).to_be_visible()

    until(lambda: platform.order(order.order_id, "rework"))
    unit = opens(HANDLER).opens(f"/handling/{order.order_id}")
    reply = unit.get_by_role("form", name="提交答复")
    expect(reply.get_by_role("region", name="退回意见")).to_contain_text("请写明室温复测的数值和时间。")
    reply.get_by_role("button", name="在上一轮答复的基础上修改").press("Enter")
    expect(reply.get_by_label("问题落实情况")).not_to_have_value("")


@pytest.mark.clause("S2.3a")
def test_two_reviewers_of_one_reply_the_second_reads_that_it_is_decided(platform: Platform, opens: Opens) -> None:
    order, reply = platform.replied()
    platform.call(LEADER, "POST", f"/api/review/v1/replies/{reply}/leader-approval", {})
    person = opens("shenhe")
    person.refusals |= {409, 412}
    second = at_reply(person.opens(f"/review/{reply}"), order)
    second.keyboard.press("b")
    second.keyboard.type("缺少复测的室温。")
    platform.call("shenhe", "POST", f"/api/review/v1/replies/{reply}/rejection", {"opinion": "请补充现场照片。"})
    second.keyboard.press("Control+Enter")

    expect(second.get_by_text("缺少复测的室温。")).to_be_visible()  # what was written is not lost
    expect(second.get_by_role("alert").first).to_be_visible()


@pytest.mark.clause("S1.1.4c", "S2.3a")
def test_whoever_decides_sees_that_newer_content_of_the_order_waits_in_quarantine(
    platform: Platform, opens: Opens
) -> None:
    order, reply = platform.replied()
    assert platform.sent({"orderNum": order.number, "title": "读不懂的新版本"}).status_code == 422
    platform.call(LEADER, "POST", f"/api/review/v1/replies/{reply}/leader-approval", {})
    note = "就此编号发来的 1 份内容未能识别，在隔离区等待处理，可能改变诉求"

    unit = opens(HANDLER)
    for path in (f"/handling/{order.order_id}", f"/orders/{order.order_id}"):
        told = unit.opens(path).get_by_role("status").filter(has_text=note)
        expect(told).to_be_visible()
        expect(told.get_by_role("link")).to_have_count(0)  # who may not work on the quarantine is led nowhere

    centre = opens("shenhe")
    page = at_reply(centre.opens(f"/review/{reply}"), order)
    expect(page.get_by_role("status").filter(has_text=note)).to_be_visible()
    page.get_by_role("link", name="到隔离区处理").click()
    expect(page.get_by_role("navigation", name="运维的各部分")).to_be_visible()

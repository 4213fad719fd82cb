"""The day of a unit: accept, contact, reply, and what its leader finds; the order page beside it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sample.walk import REPLY
from shared.clock import RealClock
from tests.portal.conftest import Opens
from tests.support.files import pdf
from tests.support.portal import HANDLER, LEADER, TELEPHONE, Order, Platform

pytestmark = pytest.mark.xdist_group("portal")


@pytest.mark.clause("S2.2.1b")
def test_a_caseworker_accepts_records_a_contact_and_replies_by_keyboard(platform: Platform, opens: Opens) -> None:
    order = platform.assigned()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()

    page.keyboard.press("y")
    expect(page.get_by_role("status").filter(has_text=f"{order.number} 已认领")).to_be_visible()

    page.keyboard.press("c")
    contact = page.get_by_role("form", name="登记联系记录")
    contact.get_by_label("用何电话号码").focus()
    page.keyboard.type("0535-6890000")
    contact.get_by_label("沟通内容").focus()
    page.keyboard.type("已与来电人联系，约定当天上门测温。")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="已登记第 1 次联系，计为有效联系")).to_be_visible()

    # What comes next is open, and the keys are free again.
    reply = page.get_by_role("form", name="提交答复")
    reply.get_by_role("button", name="区住房和城乡建设局经办人").first.press("Enter")
    expect(reply.get_by_label("用何电话号码")).to_have_value("0535-6890000")
    reply.get_by_label("问题落实情况").focus()
    page.keyboard.type("当天上门测温，已督促供热公司调试管网，室温升到二十度。")
    reply.get_by_label("来电人满意度").select_option("满意")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text="第 1 轮答复已提交，等单位主要领导审阅")).to_be_visible()
    assert platform.order(order.order_id)["status"] == "leader_review"


@pytest.mark.clause("S2.2.1i")
def test_a_unit_reads_why_the_centre_left_the_order_with_it(platform: Platform, opens: Opens) -> None:
    order = platform.assigned()
    platform.asks_back(order)
    page = opens(HANDLER).opens(f"/handling/{order.order_id}?group=returns")
    expect(page.get_by_role("tab", name=re.compile("^待中心决定回退 ?[1-9]"))).to_be_visible()
    returned = page.get_by_role("region", name="回退")
    expect(returned).to_contain_text("待中心决定")
    expect(page.get_by_text("等待中心审定，无需再次申请")).to_be_visible()

    path = f"/api/dispatch/v1/orders/{order.order_id}/return/decision"
    platform.call("paidan", "POST", path, {"decision": "reject", "reason": "供热由住建部门主管，请继续办理"})
    page.goto(f"{platform.address}/handling/{order.order_id}?group=return_rejected")

    expect(page.get_by_role("tab", name=re.compile("^回退被驳回 ?[1-9]"))).to_be_visible()
    expect(returned).to_contain_text("供热由住建部门主管，请继续办理")
    expect(page.get_by_role("form", name="登记联系记录")).to_be_visible()
    page.goto(f"{platform.address}/orders/{order.order_id}")
    expect(returned).to_contain_text("供热由住建部门主管，请继续办理")


@pytest.fixture
def page_of_order(platform: Platform, opens: Opens) -> Page:
    order = platform.contacted()
    page = opens("paidan").opens(f"/orders/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    return page


def test_the_page_of_an_order_shows_all_that_happened(page_of_order: Page) -> None:
    happened = page_of_order.get_by_role("region", name="经过").get_by_role("listitem")

    expect(happened.filter(has_text="收到上级平台工单")).not_to_have_count(0)
    expect(happened.filter(has_text="交办")).not_to_have_count(0)
    expect(happened.filter(has_text="联系")).not_to_have_count(0)


@pytest.mark.clause("S3.1a")
def test_the_page_of_an_order_shows_what_was_written_about_it(platform: Platform, opens: Opens) -> None:
    order, _ = platform.replied()
    page = opens("paidan").opens(f"/orders/{order.order_id}")
    records = page.get_by_role("region", name="办理记录")

    expect(records.get_by_role("region", name="历次交办")).to_contain_text("职责目录与诉求内容相符")
    expect(records.get_by_role("region", name="联系记录")).to_contain_text("约定当天到现场查看")
    expect(records.get_by_role("region", name="答复记录")).to_contain_text(str(REPLY["findings"]))


def test_files_that_a_draft_does_not_keep_are_named_after_a_reload(platform: Platform, opens: Opens) -> None:
    order = platform.contacted()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    reply = page.get_by_role("form", name="提交答复")
    reply.get_by_label("证明材料").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    expect(reply.get_by_role("button", name="去掉 a.pdf")).to_be_visible()
    page.reload()

    expect(reply.get_by_role("status")).to_contain_text("附件不随草稿保存，请重新选择：a.pdf")
    reply.get_by_role("button", name="经办人").first.press("Enter")
    reply.get_by_label("问题落实情况").fill("已上门测温")
    reply.get_by_label("来电人满意度").select_option("满意")
    page.keyboard.press("Control+Enter")
    expect(reply.get_by_text("上次选择的附件还没有重新选择，仍要提交？")).to_be_visible()
    assert platform.order(order.order_id)["status"] == "handling"
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").filter(has_text="第 1 轮答复已提交")).to_be_visible()


def test_the_page_of_an_order_shows_what_its_upstream_sent_beside_the_fields_that_we_know(
    platform: Platform, opens: Opens
) -> None:
    file: dict[str, Any] = {"name": "室温照片.jpg", "url": "https://upstream.example/files/7.jpg", "size": 20481}
    order = platform.pushed(attachments=[file], weather="零下五度")
    page = opens("paidan").opens(f"/orders/{order.order_id}")
    files = page.get_by_role("region", name="附件")

    expect(files).to_contain_text("室温照片.jpg")
    expect(files).to_contain_text(file["url"])
    expect(files.get_by_role("link")).to_have_count(0)  # where it leads nobody here has checked
    others = page.get_by_role("region", name="上级平台的其他内容")
    expect(others).to_contain_text("20481")
    expect(others).to_contain_text("零下五度")


def test_the_timeline_names_people_once_and_writes_days_one_way(page_of_order: Page) -> None:
    happened = page_of_order.get_by_role("region", name="经过")

    expect(happened).to_contain_text("苏映雪（派单员）")
    # Who is called by his role is not called by it twice.
    expect(happened.get_by_text("区住房和城乡建设局经办人", exact=True)).not_to_have_count(0)
    expect(happened).to_contain_text(re.compile("[0-9]+月[0-9]+日 周. 24:00 截止"))
    expect(happened).not_to_contain_text(re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"))


def test_a_deadline_shows_its_proof_day_by_day(page_of_order: Page) -> None:
    page_of_order.get_by_role("region", name="时限").get_by_role("button", name="依据").first.press("Enter")

    proof = page_of_order.get_by_role("dialog")
    expect(proof.get_by_role("list", name="逐日计算").get_by_role("listitem")).not_to_have_count(0)
    expect(proof).to_contain_text("起算")
    page_of_order.keyboard.press("Escape")
    expect(proof).to_have_count(0)


@pytest.mark.clause("X2")
def test_the_caller_is_shown_for_a_purpose_under_a_watermark(platform: Platform, opens: Opens) -> None:
    person = opens(HANDLER)
    person.refusals.add(422)
    order = platform.contacted()
    page = person.opens(f"/orders/{order.order_id}")
    caller = page.get_by_role("region", name="来电人")
    expect(caller).to_contain_text("****")
    expect(caller).not_to_contain_text(TELEPHONE)

    caller.get_by_role("button", name="查看身份").press("Enter")
    page.keyboard.press("Enter")
    expect(caller.get_by_role("alert")).to_be_visible()
    expect(caller).not_to_contain_text(TELEPHONE)

    caller.get_by_label("用途").focus()
    page.keyboard.type("联系来电人核实室温")
    page.keyboard.press("Enter")
    expect(caller).to_contain_text(TELEPHONE)
    expect(page.get_by_text(re.compile(f"{HANDLER} .*[0-9]{{2}}:[0-9]{{2}}")).first).to_be_visible()


def test_what_is_open_does_not_outlive_the_page(platform: Platform, opens: Opens) -> None:
    order: Order = platform.contacted()
    page = opens(HANDLER).opens(f"/orders/{order.order_id}")
    caller = page.get_by_role("region", name="来电人")
    caller.get_by_role("button", name="查看身份").press("Enter")
    caller.get_by_label("用途").fill("联系来电人核实室温")
    page.keyboard.press("Enter")
    expect(caller).to_contain_text(TELEPHONE)

    page.reload()

    expect(caller).to_contain_text("****")
    expect(caller).not_to_contain_text(TELEPHONE)


def test_what_a_reply_lacks_is_said_all_at_once_and_goes_as_it_is_filled(platform: Platform, opens: Opens) -> None:
    order = platform.contacted()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    reply = page.get_by_role("form", name="提交答复")
    expect(reply).to_be_visible()

    page.keyboard.press("Control+Enter")
    wrong = reply.locator('[aria-invalid="true"]')
    expect(wrong).to_have_count(5)
    expect(reply.get_by_label("何人联系")).to_be_focused()
    reply.get_by_label("问题落实情况").fill("已上门测温")
    reply.get_by_label("来电人满意度").select_option("满意")
    reply.get_by_role("button", name="经办人").first.press("Enter")

    expect(wrong).to_have_count(0)


@pytest.mark.clause("S1.3.2e")
def test_no_form_asks_for_an_extension_that_would_be_refused(platform: Platform, opens: Opens) -> None:
    order = platform.contacted()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    page.keyboard.press("x")
    asking = page.get_by_role("form", name="申请延期")
    expect(asking).to_be_visible()
    asking.get_by_label("具体说明").fill("管网改造须停暖施工")
    platform.asks_for_time(order)

    # What was typed before stays, and cannot be sent; without it there is no form at all.
    page.reload()
    expect(page.get_by_role("heading", name=order.title)).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_role("alert").filter(has_text="已申请延期，等待中心审批")).to_be_visible()
    expect(asking.get_by_label("具体说明")).to_have_value("管网改造须停暖施工")
    expect(asking.locator("[type=submit]")).to_be_disabled()
    asking.get_by_role("button", name="放弃已填写的内容").press("Enter")
    expect(page.get_by_text("已申请延期，等待中心审批")).to_be_visible()
    expect(asking).to_have_count(0)
    expect(page.get_by_role("list", name="申请过的延期")).to_contain_text("待审批")


@pytest.mark.clause("X2")
def test_the_unit_of_a_confidential_order_is_told_who_calls_the_caller(platform: Platform, opens: Opens) -> None:
    order = platform.assigned(isSecret="1")
    platform.call(HANDLER, "POST", f"/api/dispatch/v1/orders/{order.order_id}/accept")
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")

    expect(page.get_by_role("region", name="来电人")).to_contain_text("请致电区89000中心，由中心代为联系")
    expect(page.get_by_role("form", name="登记联系记录")).to_contain_text("请致电区89000中心")
    expect(page.get_by_role("button", name="查看身份")).to_have_count(0)


def test_what_a_colleague_does_meanwhile_is_said_and_the_reply_stays(platform: Platform, opens: Opens) -> None:
    order = platform.contacted()
    page = opens(HANDLER).opens(f"/handling/{order.order_id}")
    findings = page.get_by_label("问题落实情况")
    findings.fill("已上门测温，正在调试管网")
    body = {**REPLY, "contact_at": RealClock().now().isoformat()}
    platform.call(HANDLER, "POST", f"/api/dispatch/v1/orders/{order.order_id}/reply", body)

    page.keyboard.press("Escape")
    page.keyboard.press("r")

    expect(page.get_by_role("alert").filter(has_text="等待单位主要领导审阅")).to_be_visible()
    expect(findings).to_have_value("已上门测温，正在调试管网")
    expect(page.get_by_role("form", name="提交答复").locator("[type=submit]")).to_be_disabled()


@pytest.mark.clause("S2.2.3c")
def test_the_page_of_an_order_leads_its_judge_to_the_reply_that_waits(platform: Platform, opens: Opens) -> None:
    order, reply = platform.replied()
    page = opens(LEADER).opens(f"/orders/{order.order_id}")

    page.get_by_role("link", name="审阅第 1 轮答复").press("Enter")

    expect(page).to_have_url(re.compile(f"/review/{reply}$"))

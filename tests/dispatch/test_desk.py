"""The dispatch desk over HTTP: assigning, reassigning, returns and their decisions."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from sample.staff import File
from services.dispatch.materials.jobs import sweep
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAssigned,
    ProgressNoted,
    ReturnAccepted,
    ReturnRejected,
    ReturnRequested,
)
from shared.identity import Role
from tests.dispatch.story import STREET, URBAN, WATER, Story, material
from tests.support import facts
from tests.support.files import PDF, PNG


@pytest.mark.clause("S2.1c")
async def test_an_assignment_keeps_basis_person_time_and_what_became_of_the_recommendation(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id, URBAN, basis="territory", grounds="属地")

    chain = (await story.get(f"/orders/{order_id}/assignments")).json()

    assert len(chain) == 1
    link = chain[0]
    assert (link["basis"], link["grounds"], link["assigned_by"]) == ("territory", "属地", "dispatcher-centre")
    assert (link["recommended"][0], link["followed"]) == (URBAN, True)
    told = (await story.desk.told(OrderAssigned))[0]
    assert (told.unit, told.first_unit, told.cause, told.basis) == (URBAN, URBAN, "first", "territory")
    assert told.assigned_at == told.determined_at == story.now


async def with_every_text(story: Story, canary: str) -> str:
    """An order with an assignment, a reassignment, an accepted return and a decision of the panel; each text contains the canary."""
    order_id = await story.arrive()
    words: dict[str, Any] = {"grounds": f"依据{canary}", "reason": f"理由{canary}"}
    await story.assign(order_id, URBAN, **words)
    await story.assign(order_id, WATER, **words)
    await story.ask_return(order_id, WATER, suggested_unit=URBAN, reason=f"回退{canary}", policy_basis=f"政策{canary}")
    assert (await story.decide(order_id, "accept", f"审定{canary}")).status_code == 204
    await story.assign(order_id, STREET, who=story.head, decision=f"研判{canary}", **words)
    return order_id


_CHAIN, _RETURNS = "/orders/{}/assignments", "/orders/{}/returns"


@pytest.mark.clause("X2")
async def test_the_texts_of_assignments_and_returns_are_sealed_at_rest_and_shown_by_role(story: Story) -> None:
    order_id = await with_every_text(story, "金丝雀")
    analyst = story.desk.bearer(Role.ANALYST)

    rows = [
        str(row)
        for table in ("assignment", "return_request", "audit", "outbox")
        for row in await story.desk.rows(f"select t::text as t from {table} t")
    ]
    chain, masked = [(await story.get(_CHAIN.format(order_id), who)).json() for who in (story.dispatcher, analyst)]
    asked, hidden = [(await story.get(_RETURNS.format(order_id), who)).json() for who in (story.dispatcher, analyst)]

    assert [row for row in rows if "金丝雀" in row] == []
    assert [(link["grounds"], link["reason"], link["decision"]) for link in chain] == [
        ("依据金丝雀", "理由金丝雀", None),
        ("依据金丝雀", "理由金丝雀", None),
        ("依据金丝雀", "理由金丝雀", "研判金丝雀"),
    ]
    assert [(line["reason"], line["policy_basis"], line["decision_reason"]) for line in asked] == [
        ("回退金丝雀", "政策金丝雀", "审定金丝雀")
    ]
    assert {(link["grounds"], link["reason"], link["decision"]) for link in masked} == {(None, None, None)}
    assert {(line["reason"], line["policy_basis"], line["decision_reason"]) for line in hidden} == {(None, None, None)}
    assert [link["unit"] for link in masked] == [URBAN, WATER, STREET]


@pytest.mark.clause("S2.1c")
async def test_another_unit_than_the_recommended_is_on_the_record(story: Story) -> None:
    order_id = await story.arrive()

    await story.assign(order_id, WATER)

    assert (await story.get(f"/orders/{order_id}/assignments")).json()[0]["followed"] is False


@pytest.mark.clause("S2.1c")
@pytest.mark.parametrize("part", ["unit", "basis", "grounds"])
async def test_an_assignment_without_a_part_is_refused_by_its_name(story: Story, part: str) -> None:
    order_id = await story.arrive()
    body = {"unit": URBAN, "basis": "duty", "grounds": "职责目录"}
    del body[part]

    answer = await story.post(f"/orders/{order_id}/assign", body)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [part]
    assert await story.status(order_id) == "triage"


@pytest.mark.clause("S2.1b")
async def test_the_unit_may_have_been_determined_before_the_assignment(story: Story) -> None:
    order_id = await story.arrive()
    determined = story.now + timedelta(minutes=10)
    story.pass_time(minutes=30)

    assert (await story.assign(order_id, determined_at=determined.isoformat())).status_code == 200

    told = (await story.desk.told(OrderAssigned))[0]
    assert (told.determined_at, told.assigned_at) == (determined, story.now)


@pytest.mark.clause("S4.1a")
async def test_a_unit_without_an_active_caseworker_is_not_assigned_to(story: Story) -> None:
    await story.post("/units", story.unit_body("empty"), story.head)
    order_id = await story.arrive()

    answer = await story.assign(order_id, "empty")

    assert (answer.status_code, answer.json()["code"]) == (409, "unit_not_ready")
    assert answer.json()["facts"]["missing"] == ["caseworkers"]
    assert answer.json()["clause"] == "S4.1a"


async def test_an_unknown_unit_is_refused(story: Story) -> None:
    order_id = await story.arrive()

    answer = await story.assign(order_id, "nobody")

    assert (answer.status_code, answer.json()["code"]) == (422, "unit_not_listed")


@pytest.mark.clause("S3.1a")
async def test_the_first_unit_stays_the_first_through_return_and_reassignment(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, URBAN)
    await story.assign(order_id, WATER)
    await story.assign(order_id, STREET, reason="属地处理更快")

    order = await story.order(order_id)
    chain = (await story.get(f"/orders/{order_id}/assignments")).json()

    assert (order["unit"], order["first_unit"]) == (STREET, URBAN)
    assert [(link["number"], link["unit"], link["cause"]) for link in chain] == [
        (1, URBAN, "first"),
        (2, WATER, "returned"),
        (3, STREET, "reassigned"),
    ]
    assert {event.first_unit for event in await story.desk.told(OrderAssigned)} == {URBAN}


@pytest.mark.clause("S2.2.1h")
async def test_after_the_window_the_unit_is_refused_and_the_centre_reassigns_on_the_record(story: Story) -> None:
    order_id = await story.handled()
    story.desk.clock.set(story.now + timedelta(hours=39, minutes=1))  # Wednesday 00:01

    refused = await story.ask_return(order_id, who=story.desk.bearer(Role.UNIT_HEAD, unit=URBAN))
    without = await story.assign(order_id, WATER)
    reassigned = await story.assign(order_id, WATER, reason="经核实属供水职责")

    assert (refused.status_code, refused.json()["code"]) == (409, "return_window_closed")
    assert refused.json()["clause"] == "S2.2.1f"
    assert refused.json()["facts"]["closed_at"] == "2026-11-25T00:00:00+08:00"
    assert (without.status_code, without.json()["code"]) == (422, "reassign_reason_missing")
    assert reassigned.status_code == 200
    lines = (await story.get(f"/orders/{order_id}/history")).json()["items"]
    assert (lines[-1]["action"], lines[-1]["reason"]) == ("order.reassigned", "assignment:2")
    chain = (await story.get(f"/orders/{order_id}/assignments")).json()
    assert [link["reason"] for link in chain] == [None, "经核实属供水职责"]
    # The unit from which it was taken does not see it any more.
    assert (await story.get(f"/orders/{order_id}", story.caseworker(URBAN))).json()["part"] == "former"


@pytest.mark.clause("S2.2.1f")
async def test_a_return_in_the_last_minute_is_accepted_for_decision(story: Story) -> None:
    order_id = await story.handled()
    story.desk.clock.set(story.now + timedelta(hours=38, minutes=59))  # Tuesday 23:59

    assert (await story.ask_return(order_id)).status_code == 202


@pytest.mark.clause("S2.2.1g")
@pytest.mark.parametrize("part", ["reason", "policy_basis", "suggested_unit", "materials"])
async def test_a_return_without_a_part_is_refused_by_its_name(story: Story, part: str) -> None:
    order_id = await story.handled()
    body = story.return_body()
    files = [material()] if part != "materials" else []
    body.pop(part, None)

    answer = await story.upload(f"/orders/{order_id}/return", body, files, story.caseworker())

    assert (answer.status_code, answer.json()["facts"]["missing"]) == (422, [part])
    assert await story.status(order_id) == "handling"


@pytest.mark.clause("S2.2.1g")
@pytest.mark.parametrize("suggested", [URBAN, "nobody", "closed"])
async def test_the_proposed_unit_exists_is_active_and_another(story: Story, suggested: str) -> None:
    await story.enter_unit("closed", active=False)
    order_id = await story.handled()

    answer = await story.ask_return(order_id, suggested_unit=suggested)

    assert (answer.status_code, answer.json()["code"]) == (422, "suggested_unit_unfit")


@pytest.mark.clause("S2.2.1g")
@pytest.mark.parametrize(
    ("broken", "status", "code"),
    [
        (material(b"<html>"), 422, "file_content_unfit"),
        (material(PDF[:-20]), 422, "file_content_unfit"),
        (material(b"MZ", "现场.exe"), 415, "file_kind_refused"),
    ],
    ids=["content", "truncated", "kind"],
)
async def test_a_material_that_is_not_what_it_says_leaves_nothing_behind(
    story: Story, broken: File, status: int, code: str
) -> None:
    order_id = await story.handled()

    answer = await story.ask_return(order_id, materials=[material(), broken])

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await story.desk.rows("select id from attachment") == []
    assert await story.status(order_id) == "handling"


async def test_a_return_that_is_sent_twice_with_one_key_is_asked_once(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker() | {"Idempotency-Key": "return-1"}

    first, again = [await story.ask_return(order_id, who=who) for _ in range(2)]
    other = await story.ask_return(order_id, who=who, materials=[material(PNG, "现场.png")])

    assert (first.status_code, again.status_code, again.json()) == (202, 202, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await story.desk.rows("select id from attachment")) == 1


async def test_who_may_not_return_is_refused_before_the_form_is_read(story: Story) -> None:
    order_id = await story.handled()

    read = []

    async def form() -> AsyncIterator[bytes]:
        read.append("the first piece")
        yield b"--x\r\n"

    for who, status in ((story.dispatcher, 403), ({"Authorization": "Bearer x"}, 401)):
        headers = who | {"Content-Type": "multipart/form-data; boundary=x"}
        address = f"{story.base}/orders/{order_id}/return"
        answer = await story.desk.http.post(address, content=form(), headers=headers)
        assert (answer.status_code, read) == (status, [])


async def test_a_file_is_read_whole_or_in_part_and_each_reading_is_audited(story: Story) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id, materials=[material(PNG, "现场 1.png")])
    [listed] = (await story.get(f"/orders/{order_id}/attachments")).json()
    address = f"/orders/{order_id}/attachments/{listed['attachment_id']}"

    whole = await story.get(address, story.caseworker())
    part = await story.get(address, story.dispatcher | {"Range": "bytes=1-3"})
    nobody = await story.get(address, story.caseworker(WATER))

    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, PNG, "image/png")
    assert (listed["sha256"], listed["size"]) == (hashlib.sha256(PNG).hexdigest(), len(PNG))
    assert (part.status_code, part.content) == (206, b"PNG")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "order_not_found")
    audited = await story.desk.rows("select actor, after from audit where action = 'attachment.read' order by id")
    assert [row["actor"] for row in audited] == ["caseworker-urban", "dispatcher-centre"]
    assert {row["after"]["attachment"] for row in audited} == {listed["attachment_id"]}


@pytest.mark.clause("S4.2a")
async def test_a_former_unit_reads_its_own_files_and_no_other(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, URBAN)
    await story.assign(order_id, WATER)
    assert (await story.ask_return(order_id, WATER, suggested_unit=STREET)).status_code == 202
    files = (await story.get(f"/orders/{order_id}/attachments")).json()
    addresses = [f"/orders/{order_id}/attachments/{file['attachment_id']}" for file in files]

    former = [(await story.get(address, story.caseworker(URBAN))).status_code for address in addresses]
    current = [(await story.get(address, story.caseworker(WATER))).status_code for address in addresses]

    assert (former, current) == ([200, 404], [200, 200])


async def test_a_file_without_a_record_is_removed_and_one_with_a_record_stays(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id, materials=[material(PNG, "现场.png")])
    assert (await story.ask_return(order_id)).status_code == 409  # its file is kept, and its transaction rolled back
    monkeypatch.setattr("shared.files.store.ORPHANED_AFTER", timedelta(seconds=-1))

    assert await sweep(story.desk.runtime) == 1

    [listed] = (await story.get(f"/orders/{order_id}/attachments")).json()
    kept = await story.get(f"/orders/{order_id}/attachments/{listed['attachment_id']}")
    assert kept.content == PNG


@pytest.mark.clause("S2.2.1g")
async def test_the_centre_reads_the_material_of_a_return(story: Story) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id)

    listed = (await story.get(f"/orders/{order_id}/attachments")).json()
    download = await story.get(f"/orders/{order_id}/attachments/{listed[0]['attachment_id']}")
    asked = (await story.get(f"/orders/{order_id}/returns")).json()

    assert (listed[0]["name"], listed[0]["media_type"]) == ("现场照片.pdf", "application/pdf")
    assert download.content.startswith(b"%PDF-")
    assert download.headers["content-disposition"].startswith("attachment;")
    assert (asked[0]["reason"], asked[0]["suggested_unit"]) == ("不属于本单位职责", WATER)


@pytest.mark.clause("S2.2.1i")
async def test_an_accepted_return_brings_the_order_back_to_triage(story: Story) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id)
    assert await story.status(order_id) == "return_pending"

    assert (await story.decide(order_id, "accept")).status_code == 204

    order = await story.order(order_id)
    assert (order["status"], order["unit"], order["returns"]) == ("triage", None, 1)
    assert [event.suggested_unit for event in await story.desk.told(ReturnRequested)] == [WATER]
    assert [(event.unit, event.returns) for event in await story.desk.told(ReturnAccepted)] == [(URBAN, 1)]


@pytest.mark.clause("S3.1d")
async def test_a_rejected_return_leaves_the_order_with_the_unit_for_good(story: Story) -> None:
    order_id = await story.handled()
    await story.ask_return(order_id)

    silent = await story.decide(order_id, "reject", None)
    assert (await story.decide(order_id, "reject")).status_code == 204
    again = await story.ask_return(order_id)

    assert (silent.status_code, silent.json()["code"]) == (422, "rejection_reason_missing")
    assert await story.status(order_id) == "handling"
    (told,) = await story.desk.told(ReturnRejected)
    context = f"order:{order_id}:return:{told.return_id}:decision_reason"
    assert story.desk.runtime.works.sealer.open(told.reason, context) == "研判意见"
    assert (again.status_code, again.json()["code"]) == (409, "no_return")


@pytest.mark.clause("S2.2.1i", "S3.1d")
async def test_a_unit_finds_its_rejected_return_in_a_list_of_its_own_with_the_centres_reason(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    await story.ask_return(order_id)
    who = story.caseworker()

    async def lists() -> dict[str, int]:
        return dict((await story.get("/orders/counts", who)).json()["groups"])

    asked = (await lists(), (await story.get(f"/orders/{order_id}", who)).json()["can"])
    await story.decide(order_id, "reject", "属该单位职责目录第 3 条")
    found = await story.get("/orders", who, group="return_rejected")
    (decided,) = (await story.get(f"/orders/{order_id}/returns", who)).json()
    kept = (await lists(), (await story.get(f"/orders/{order_id}", who)).json()["can"])
    await story.assign(order_id, WATER, reason="职责调整")
    await story.assign(order_id, URBAN, reason="职责调整")

    # Who waits for the centre still answers the caller, and does nothing else.
    assert asked == ({"returns": 1}, ["contact"])
    # Taken up by the decision itself: there is nothing to accept, and no clock for it.
    assert kept == ({"return_rejected": 1}, ["contact", "note"])
    assert [one["order_id"] for one in found.json()["items"]] == [order_id]
    assert (decided["decision_reason"], decided["decided_as"]) == ("属该单位职责目录第 3 条", "dispatcher")
    assert await lists() == {"new": 1}


@pytest.mark.clause("S3.1b")
async def test_an_order_given_back_to_a_unit_that_returned_it_stays_there(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, URBAN)
    await story.assign(order_id, URBAN)

    answer = await story.ask_return(order_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "no_return")


@pytest.mark.clause("S2.1a", "S2.2.1i")
async def test_after_an_accepted_return_the_proposed_unit_is_recommended_and_giving_it_back_is_said(
    story: Story,
) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    await story.ask_return(order_id, suggested_unit=WATER)
    asked = (await story.get(f"/orders/{order_id}/recommendations")).json()
    await story.decide(order_id, "accept")

    shown = (await story.get(f"/orders/{order_id}/recommendations")).json()
    back = await story.assign(order_id, URBAN)
    (_, link) = (await story.get(f"/orders/{order_id}/assignments")).json()

    assert (asked["candidates"][0]["unit"], asked["returned_by"]) == (URBAN, [])
    # There are but three units: who returned the order is the last of them, and says so.
    assert [(one["unit"], one["evidence"][0]["text"]) for one in shown["candidates"]] == [
        (WATER, "回退单位建议"),
        (STREET, "属地范围含初家街道（初家街道辖区事务）"),
        (URBAN, "此单已由该单位回退"),
    ]
    assert shown["returned_by"] == [URBAN]
    assert back.json() == {"assignment": 2, "returned_before": True}
    assert (link["recommended"], link["followed"], link["no_return"]) == ([WATER, STREET, URBAN], False, True)


@pytest.mark.clause("S2.1a", "S1.1.4c")
async def test_a_change_of_the_demand_does_not_forget_the_return(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, URBAN, suggested=WATER)
    await story.desk.tell(facts.updated(order_id, story.now, version=2, category="其他"))

    shown = (await story.get(f"/orders/{order_id}/recommendations")).json()
    given = await story.assign(order_id, WATER)

    assert [one["unit"] for one in shown["candidates"]] == [WATER, STREET, URBAN]
    assert given.json() == {"assignment": 2, "returned_before": False}


@pytest.mark.clause("S3.1h")
async def test_after_two_accepted_returns_only_a_decision_of_the_panel_assigns(story: Story) -> None:
    order_id = await story.arrive()
    await story.returned(order_id, URBAN)
    await story.returned(order_id, WATER, suggested=STREET)
    assert await story.status(order_id) == "consult"

    ordinary = await story.assign(order_id, STREET)
    pretended = await story.assign(order_id, STREET, decision="研判第7号")
    decided = await story.assign(order_id, STREET, who=story.head, decision="研判第7号：由初家街道承办")

    assert (ordinary.status_code, ordinary.json()["code"]) == (409, "panel_decision_needed")
    assert (pretended.status_code, pretended.json()["code"]) == (403, "decision_not_yours")
    assert decided.status_code == 200
    assert (await story.order(order_id))["no_return"] is True
    refused = await story.ask_return(order_id, STREET)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_return")


async def test_two_dispatchers_at_once_assign_once(story: Story) -> None:
    order_id = await story.arrive()
    headers = story.dispatcher | {"If-Match": '"1"'}

    first = await story.assign(order_id, URBAN, who=headers)
    second = await story.assign(order_id, WATER, who=headers, reason="我先看到的")

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (409, "changed_meanwhile")


async def test_a_repeated_command_with_its_key_is_done_once(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    headers = story.caseworker() | {"Idempotency-Key": "contact-1"}
    body = story.contact_body()

    first = await story.post(f"/orders/{order_id}/contacts", body, headers)
    second = await story.post(f"/orders/{order_id}/contacts", body, headers)

    assert first.json() == second.json()
    assert len(await story.desk.rows("select id from contact")) == 1


@pytest.mark.clause("S2.2.1b")
async def test_one_failed_call_sent_twice_is_one_attempt_and_answered_as_before(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    failed: dict[str, Any] = {"outcome": "not_reached", "person": None, "content": None}

    first = await story.contact(order_id, **failed)
    again = await story.contact(order_id, **failed)
    spelled = await story.contact(order_id, **failed, phone="6891234")
    reply = await story.reply(order_id)

    assert (first.status_code, again.status_code, spelled.status_code) == (201, 200, 200)
    assert again.json() == spelled.json() == first.json()
    assert (first.json()["attempt"], first.json()["counts"]) == (1, False)
    assert reply.json()["code"] == "result_contact_missing"
    assert len(await story.desk.told(CallerContacted)) == 1


@pytest.mark.clause("S2.2.1b")
async def test_one_failed_call_in_other_writings_of_its_number_and_second_is_one_attempt(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    story.pass_time(minutes=1)
    failed: dict[str, Any] = {"outcome": "not_reached", "person": None, "content": None}
    second = story.now.replace(microsecond=0)

    await story.contact(order_id, **failed, contacted_at=second.isoformat())
    again = [
        await story.contact(order_id, **failed, phone=phone, contacted_at=second.isoformat())
        for phone in ("+86 535 6891234", "(86)0535-6891234", "０５３５－６８９１２３４", "0535-6891234转1")
    ]
    finer = await story.contact(order_id, **failed, contacted_at=second.replace(microsecond=700_000).isoformat())

    assert [each.status_code for each in (*again, finer)] == [200] * 5
    assert len(await story.desk.told(CallerContacted)) == 1


@pytest.mark.clause("S2.2.1b")
async def test_the_same_call_with_other_words_is_refused_and_another_moment_or_number_is_another_call(
    story: Story,
) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    story.pass_time(minutes=10)
    await story.contact(order_id)

    other = await story.contact(order_id, content="来电人不在家")
    unreached = await story.contact(order_id, outcome="not_reached", person=None, content=None)
    refused = await story.contact(order_id, outcome="refused", phone="6891234")
    later = await story.contact(order_id, contacted_at=(story.now - timedelta(minutes=1)).isoformat())
    number = await story.contact(order_id, phone="13800138000")

    for each in (other, unreached, refused):
        assert (each.status_code, each.json()["code"]) == (409, "contact_recorded_otherwise")
    assert (later.status_code, later.json()["attempt"]) == (201, 2)
    assert (number.status_code, number.json()["attempt"]) == (201, 3)


@pytest.mark.clause("S2.2.1b")
async def test_a_contact_that_is_sent_again_after_the_reply_is_known_and_changes_nothing(story: Story) -> None:
    order_id, _ = await story.replied()

    again = await story.contact(order_id)

    assert again.status_code == 200
    assert await story.status(order_id) == "leader_review"


@pytest.mark.clause("S2.2.3a")
async def test_a_contact_of_before_the_redo_does_not_count_for_it(story: Story) -> None:
    order_id, _ = await story.answered()
    before = story.now
    story.pass_time(hours=1)
    await story.desk.tell(story.revisited(order_id, "unsolved", "unsatisfied"))

    old = await story.contact(order_id, contacted_at=before.isoformat())
    new = await story.contact(order_id)

    assert (old.status_code, old.json()["code"]) == (422, "contact_outside")
    assert (new.status_code, new.json()["attempt"]) == (201, 1)


@pytest.mark.clause("S2.2.1d", "S2.2.1e")
async def test_the_same_note_sent_twice_is_one_note_and_one_promise(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    path, promised = f"/orders/{order_id}/notes", (story.now + timedelta(hours=3)).isoformat()
    note = {"text": "正在协调", "promised_at": promised}

    first = await story.post(path, note, story.caseworker())
    again = await story.post(path, note, story.caseworker())
    other = await story.post(path, {**note, "text": "已派工"}, story.caseworker())
    story.pass_time(hours=1)
    await story.contact(order_id)
    kept = await story.post(path, note, story.caseworker())

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json() == first.json()
    # The contact has kept the promise: to promise the same moment once more is another note.
    assert kept.status_code == 201
    assert len(await story.desk.told(ProgressNoted)) == 3


@pytest.mark.clause("S2.2.1b")
async def test_the_second_failed_attempt_counts(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)

    first = await story.contact(order_id, outcome="not_reached", person=None, content=None)
    too_early = await story.reply(order_id)
    story.pass_time(minutes=10)
    second = await story.contact(order_id, outcome="not_reached", person=None, content=None)

    assert (first.json()["counts"], second.json()["counts"]) == (False, True)
    assert (first.json()["code"], second.json()["code"]) == ("attempt_failed", None)
    assert (second.json()["next_attempt_at"], second.json()["detail"]) == (None, None)
    assert too_early.json()["code"] == "result_contact_missing"
    assert (await story.reply(order_id)).status_code == 201


@pytest.mark.clause("S2.2.1b")
async def test_failed_calls_in_a_row_are_kept_and_are_one_attempt(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    failed: dict[str, Any] = {"outcome": "not_reached", "person": None, "content": None}
    began = story.now

    first = await story.contact(order_id, **failed)
    number = await story.contact(order_id, **failed, phone="13800138000")
    story.pass_time(seconds=1)
    second = await story.contact(order_id, **failed)
    story.pass_time(minutes=9)
    again = await story.contact(order_id, **failed)
    reply = await story.reply(order_id)

    soon = [number.json(), second.json(), again.json()]
    assert first.json()["separate"]
    assert [(each["attempt"], each["counts"], each["separate"], each["code"]) for each in soon] == [
        (attempt, False, False, "attempt_too_soon") for attempt in (2, 3, 4)
    ]
    minute = began.replace(second=0, microsecond=0)
    assert {datetime.fromisoformat(each["next_attempt_at"]) for each in soon} == {minute + timedelta(minutes=10)}
    assert reply.json()["code"] == "result_contact_missing"
    listed = (await story.get(f"/orders/{order_id}/contacts", story.caseworker())).json()
    assert {each["attempt"]: each["separate"] for each in listed} == {1: True, 2: False, 3: False, 4: False}
    assert [told.counts for told in await story.desk.told(CallerContacted)] == [False] * 4

    story.pass_time(minutes=1)
    counted = await story.contact(order_id, **failed)

    assert (counted.json()["attempt"], counted.json()["counts"], counted.json()["separate"]) == (5, True, True)
    assert (await story.reply(order_id)).status_code == 201


@pytest.mark.clause("S1.2.2d")
async def test_a_contact_without_the_number_is_refused_by_name_and_emits_nothing(story: Story) -> None:
    order_id = await story.arrive()
    await story.assign(order_id)
    told = len(await story.desk.told())

    answer = await story.contact(order_id, phone=None)

    assert (answer.status_code, answer.json()["facts"]["missing"]) == (422, ["phone"])
    assert "联系所用电话号码" in answer.json()["detail"]
    assert len(await story.desk.told()) == told
    assert await story.status(order_id) == "assigned"


@pytest.mark.clause("S2.2.3b")
@pytest.mark.parametrize("element", ["contact_person", "contact_at", "contact_phone", "findings", "satisfaction"])
async def test_a_reply_without_an_element_is_refused_by_its_name(story: Story, element: str) -> None:
    order_id = await story.handled()
    body = story.reply_body()
    del body[element]

    answer = await story.post(f"/orders/{order_id}/reply", body, story.caseworker())

    assert (answer.status_code, answer.json()["facts"]["missing"]) == (422, [element])
    assert await story.status(order_id) == "handling"


@pytest.mark.clause("S2.2.2h")
async def test_a_reply_has_one_disposition_with_its_evidence_in_the_same_submission(story: Story) -> None:
    order_id = await story.handled()

    two = await story.reply(order_id, disposition=["solved", "planned"])
    bare = await story.reply(order_id, disposition="not_true")
    proven = await story.reply(order_id, disposition="not_true", evidence=[material()])

    assert (two.status_code, bare.status_code, proven.status_code) == (422, 422, 201)
    files = (await story.get(f"/orders/{order_id}/attachments")).json()
    assert [(line["purpose"], line["owner_id"]) for line in files] == [("reply", proven.json()["reply_id"])]


@pytest.mark.clause("X2")
async def test_what_the_caller_said_is_sealed_at_rest_and_shown_to_those_who_need_it(story: Story) -> None:
    order_id = await story.handled()
    await story.reply(order_id)

    stored = await story.desk.rows("select sealed from contact union all select sealed from reply")
    handler = (await story.get(f"/orders/{order_id}/contacts", story.caseworker())).json()[0]
    leader = (await story.get(f"/orders/{order_id}/contacts", story.desk.bearer(Role.LEADER))).json()[0]
    audit = await story.desk.rows("select concat(before, after, reason) as said from audit")

    assert all(row["sealed"].startswith("s1.") for row in stored)
    assert (handler["phone"], handler["content"]) == ("0535-6891234", "已与来电人核实情况")
    assert (leader["phone"], leader["content"], leader["outcome"]) == (None, None, "reached")
    assert not any("6891234" in row["said"] or "清运" in row["said"] for row in audit)


async def _nothing(story: Story) -> str:
    order_id = await story.arrive()
    await story.assign(order_id)
    return order_id


@pytest.mark.clause("S2.2.1b", "S2.2.1f", "S2.2.3a")
@pytest.mark.parametrize(
    "command", ["accept", "contact", "note", "return", "accept a return", "reject a return", "reply"]
)
async def test_a_command_that_is_sent_twice_is_known_or_refused_and_never_done_twice(
    story: Story, command: str
) -> None:
    order_id = await (_nothing(story) if command == "accept" else story.handled())
    story.pass_time(minutes=1)
    if command.endswith("a return"):
        assert (await story.ask_return(order_id)).status_code == 202
    note = {"text": "正在协调", "promised_at": (story.now + timedelta(hours=1)).isoformat()}
    send: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "accept": lambda: story.post(f"/orders/{order_id}/accept", who=story.caseworker()),
        "contact": lambda: story.contact(order_id),
        "note": lambda: story.post(f"/orders/{order_id}/notes", note, story.caseworker()),
        "return": lambda: story.ask_return(order_id),
        "accept a return": lambda: story.decide(order_id, "accept"),
        "reject a return": lambda: story.decide(order_id, "reject"),
        "reply": lambda: story.reply(order_id),
    }

    first = await send[command]()
    told, audited = len(await story.desk.told()), await story.desk.rows("select id from audit")
    second = await send[command]()

    assert first.is_success, first.text
    assert second.status_code in {200, 409}
    assert len(await story.desk.told()) == told
    assert await story.desk.rows("select id from audit") == audited


@pytest.mark.clause("S1.3.1b", "S1.3.1a")
async def test_the_queue_has_the_most_urgent_class_first_and_pages_keep_the_sequence(story: Story) -> None:
    classes: list[tuple[Any, ...]] = [
        (),
        ("policy",),
        ("livelihood",),
        ("policy", "safety"),
        (),
        ("safety",),
        ("policy",),
    ]
    ids = []
    for urgent in classes:
        story.pass_time(minutes=1)
        ids.append(await story.arrive(urgent=urgent))

    async def queue(**query: Any) -> list[int]:
        shown, cursor = [], None
        while True:
            page = (await story.get("/orders", limit=2, **query, **({"cursor": cursor} if cursor else {}))).json()
            shown += [ids.index(order["order_id"]) for order in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return shown

    assert await queue() == [3, 5, 2, 1, 6, 0, 4]
    assert await queue(urgent=True) == [3, 5, 2, 1, 6]
    assert await queue(urgent=False) == [0, 4]

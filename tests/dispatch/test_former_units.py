"""What a unit still sees of an order that it had: number, title and its own part; nothing later, and no caller (S4.2a)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.dispatch.story import STREET, URBAN, WATER, Story

pytestmark = pytest.mark.clause("S4.2a")

LISTS = ("assignments", "contacts", "notes", "returns", "replies", "attachments")


async def passed_on(story: Story) -> str:
    """An order that URBAN contacted about and gave back, and that WATER handles now."""
    order_id = await story.handled()
    assert (await story.ask_return(order_id)).status_code == 202
    assert (await story.decide(order_id, "accept")).status_code == 204
    assert (await story.assign(order_id, WATER)).status_code == 200
    assert (await story.contact(order_id, WATER)).status_code == 201
    assert (await story.reply(order_id, WATER)).status_code == 201
    return order_id


async def test_a_former_unit_sees_number_and_title_and_nothing_of_what_came_later(story: Story) -> None:
    order_id = await passed_on(story)
    seen = (await story.get(f"/orders/{order_id}", story.caseworker(URBAN))).json()

    assert set(seen) == {"order_id", "platform", "platform_no", "title", "part", "returned"}
    assert (seen["title"], seen["part"]) == ("垃圾无人清运", "former")


@pytest.mark.clause("S2.2.1i")
@pytest.mark.parametrize("decision", ["accept", "reject"])
async def test_the_unit_that_asked_reads_the_decision_on_its_return_also_when_the_order_is_gone(
    story: Story, decision: str
) -> None:
    order_id = await story.handled()
    assert (await story.ask_return(order_id)).status_code == 202
    [open_one] = (await story.get(f"/orders/{order_id}/returns", story.caseworker(URBAN))).json()
    story.pass_time(minutes=30)
    assert (await story.decide(order_id, decision, "经研判作此决定")).status_code == 204
    if decision == "accept":
        assert (await story.assign(order_id, WATER)).status_code == 200

    [told] = (await story.get(f"/orders/{order_id}/returns", story.caseworker(URBAN))).json()
    [kept] = (await story.get(f"/orders/{order_id}/returns")).json()
    seen = (await story.get(f"/orders/{order_id}", story.caseworker(URBAN))).json()

    assert (open_one["decision"], open_one["decided_as"]) == (None, None)
    assert (told["decision"], told["decision_reason"], told["decided_as"]) == (decision, "经研判作此决定", "dispatcher")
    assert datetime.fromisoformat(told["decided_at"]) == story.now
    # The unit is told in which role somebody decided; the centre knows who.
    assert (told["decided_by"], kept["decided_by"]) == (None, "dispatcher-centre")
    if decision == "accept":
        assert seen["returned"] == told
    else:
        assert seen["no_return"] is True


@pytest.mark.parametrize(("what", "rows"), list(zip(LISTS, (1, 1, 0, 1, 0, 1), strict=True)))
async def test_a_former_unit_sees_its_own_part(story: Story, what: str, rows: int) -> None:
    order_id = await passed_on(story)
    seen = (await story.get(f"/orders/{order_id}/{what}", story.caseworker(URBAN))).json()

    assert len(seen) == rows
    assert all(row.get("unit", URBAN) == URBAN for row in seen)


@pytest.mark.parametrize(("what", "rows"), list(zip(LISTS, (2, 2, 0, 1, 1, 1), strict=True)))
async def test_the_unit_that_has_the_order_sees_all_of_it(story: Story, what: str, rows: int) -> None:
    order_id = await passed_on(story)

    assert len((await story.get(f"/orders/{order_id}/{what}", story.caseworker(WATER))).json()) == rows


@pytest.mark.parametrize("path", ["", "/history", "/recommendations", *(f"/{what}" for what in LISTS)])
async def test_a_unit_that_never_had_the_order_finds_nothing(story: Story, path: str) -> None:
    order_id = await passed_on(story)

    assert (await story.get(f"/orders/{order_id}{path}", story.caseworker(STREET))).status_code == 404


@pytest.mark.parametrize("path", ["/history", "/recommendations"])
async def test_a_former_unit_does_not_see_how_the_order_went_on(story: Story, path: str) -> None:
    order_id = await passed_on(story)

    assert (await story.get(f"/orders/{order_id}{path}", story.caseworker(URBAN))).status_code == 404


async def test_the_order_is_in_no_list_of_a_former_unit(story: Story) -> None:
    order_id = await passed_on(story)
    listed = {who: (await story.get("/orders", story.caseworker(who))).json()["items"] for who in (URBAN, WATER)}
    counts = (await story.get("/orders/counts", story.caseworker(URBAN))).json()["counts"]

    assert [row["order_id"] for row in listed[WATER]] == [order_id]
    assert listed[URBAN] == []
    assert counts == {}


async def test_a_former_unit_can_do_nothing_with_the_order(story: Story) -> None:
    order_id = await passed_on(story)

    assert (await story.contact(order_id, URBAN)).status_code == 404
    assert (await story.reply(order_id, URBAN)).status_code == 404
    assert (await story.ask_return(order_id, URBAN)).status_code == 404


async def test_who_had_the_order_since_when_until_when_is_kept(story: Story) -> None:
    order_id = await passed_on(story)
    parts = await story.desk.rows(
        "select unit, part, until is null as now, since < coalesce(until, 'infinity') or since = until as sound"
        " from order_part where order_id = :order_id order by since, now",
        order_id=order_id,
    )

    assert [(row["unit"], row["part"], row["now"], row["sound"]) for row in parts] == [
        (URBAN, "lead", False, True),
        (WATER, "lead", True, True),
    ]


async def test_a_unit_that_gets_the_order_back_at_the_same_moment_leads_it(story: Story) -> None:
    order_id = await story.arrive()
    for unit in (URBAN, WATER, URBAN):
        assert (await story.assign(order_id, unit, reason="职责调整")).status_code == 200

    assert (await story.contact(order_id, URBAN)).status_code == 201
    assert (await story.contact(order_id, WATER)).status_code == 404

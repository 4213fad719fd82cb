"""Orders named for the lists of other services: number, title, unit and deadline, to whoever may see them (S4.2a)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.identity import Role
from shared.outbox.writer import new_id
from tests.dispatch import clocks
from tests.dispatch.story import URBAN, WATER, Story

pytestmark = pytest.mark.clause("S4.2a")


async def names(story: Story, *order_ids: str, who: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await story.get("/orders/names", who, order_id=list(order_ids))
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def test_orders_are_named_in_the_sequence_in_which_they_were_asked_for(story: Story) -> None:
    first, second = await story.handled(), await story.arrive()
    await story.desk.tell(clocks.started(first, "c", story.now + timedelta(days=1)))

    found = await names(story, second, first, str(new_id()), second)

    assert [one["order_id"] for one in found] == [second, first]
    assert (found[1]["title"], found[1]["unit"], found[1]["status"]) == ("垃圾无人清运", URBAN, "handling")
    assert found[1]["platform_no"]
    assert found[1]["due_at"] == found[1]["clock"]["due_at"]
    assert found[0]["clock"] is None


async def test_a_unit_is_told_of_its_own_and_of_a_former_order_number_and_title_only(story: Story) -> None:
    mine, others, former = await story.handled(), await story.arrive(), await story.arrive()
    assert (await story.assign(others, WATER)).status_code == 200
    await story.returned(former, URBAN)
    assert (await story.assign(former, WATER)).status_code == 200

    found = await names(story, mine, others, former, who=story.caseworker())

    assert [(one["order_id"], one["part"]) for one in found] == [(mine, "lead"), (former, "former")]
    assert (found[1]["title"], found[1]["unit"], found[1]["status"]) == ("垃圾无人清运", None, None)


@pytest.mark.clause("X2")
async def test_who_reads_no_words_is_shown_no_title(story: Story) -> None:
    order_id = await story.arrive()

    [found] = await names(story, order_id, who=story.desk.bearer(Role.AUDITOR))

    assert found["title"] is None


async def test_people_are_named_to_the_centre_and_to_a_unit_its_own(story: Story) -> None:
    asked = [f"h-{WATER}", "nobody", f"h-{URBAN}", f"h-{WATER}"]

    centre = (await story.get("/account-names", account=asked)).json()
    unit = (await story.get("/account-names", story.caseworker(), account=asked)).json()

    assert centre == [{"account": f"h-{WATER}", "name": "经办"}, {"account": f"h-{URBAN}", "name": "经办"}]
    assert [one["account"] for one in unit] == [f"h-{URBAN}"]


@pytest.mark.parametrize("many", [0, 201])
async def test_a_page_of_orders_is_named_at_once_and_no_more(story: Story, many: int) -> None:
    answer = await story.get("/orders/names", order_id=[str(new_id()) for _ in range(many)])

    assert answer.status_code == 422

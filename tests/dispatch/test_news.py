"""What changed for each person: by roles and unit, the newest first, with what is unread (S4.2a)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.news import policy
from services.dispatch.news.policy import AUDIENCES, TITLES
from services.dispatch.news.rules import concerns, interest_of
from services.dispatch.news.store import news_after
from services.dispatch.timeline.model import Topic
from shared.contracts.places import DEMAND
from shared.identity import UNIT, Role
from shared.outbox.writer import new_id
from tests.dispatch import deadlines
from tests.dispatch.story import STREET, URBAN, WATER, Story
from tests.support import facts

pytestmark = pytest.mark.clause("S4.2a")

HOUR = timedelta(hours=1)


async def news(story: Story, who: dict[str, str], **query: Any) -> dict[str, Any]:
    """The page of news that somebody reads."""
    await story.desk.hear_itself()
    answer = await story.get("/news", who, **query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def topics(story: Story, role: Role, unit: str | None = None) -> list[str]:
    """The topics of somebody's news, the oldest first; by another account than those that act."""
    who = story.desk.bearer(role, unit=unit, account="reader")
    return [item["topic"] for item in (await news(story, who))["items"]][::-1]


async def life(story: Story) -> tuple[str, str]:
    """An order that URBAN had and gave back, that WATER answers, and what its deadlines said."""
    order_id = await story.handled()
    await story.desk.hear_itself()
    due = story.now + HOUR
    await story.desk.tell(
        deadlines.warned(order_id, story.now, due),
        deadlines.warned(order_id, story.now, due, kind="next_contact"),
        deadlines.breached(order_id, story.now, due),
        deadlines.breached(order_id, story.now, due, kind="review_turnaround", unit=None),
        deadlines.warned(order_id, story.now, due, kind="same_day_dispatch", unit=None),
        facts.urged(order_id, story.now),
    )
    story.pass_time(minutes=1)
    assert (await story.ask_return(order_id)).status_code == 202
    story.pass_time(minutes=1)
    assert (await story.decide(order_id, "accept")).status_code == 204
    await story.desk.hear_itself()
    story.pass_time(minutes=1)
    await story.desk.tell(facts.urged(order_id, story.now))
    story.pass_time(minutes=1)
    assert (await story.assign(order_id, WATER)).status_code == 200
    assert (await story.contact(order_id, WATER)).status_code == 201
    reply_id = (await story.reply(order_id, WATER)).json()["reply_id"]
    await story.desk.hear_itself()
    await story.desk.tell(facts.leader_approved(order_id, WATER, story.now, reply_id=reply_id))
    return order_id, reply_id


@pytest.mark.parametrize(
    ("role", "unit", "expected"),
    [
        (Role.CASEWORKER, URBAN, ["assigned", "due_soon", "promise_due", "overdue", "urged", "returned"]),
        (Role.CASEWORKER, WATER, ["assigned"]),
        (Role.UNIT_HEAD, WATER, ["assigned", "submitted"]),
        (Role.CASEWORKER, STREET, []),
        (Role.DISPATCHER, None, ["new", "overdue", "due_soon", "return_asked", "returned", "urged"]),
        (Role.REVIEWER, None, ["review_overdue", "to_review"]),
        (Role.REVISITOR, None, []),
        (Role.OFFICE, None, ["overdue"]),
        (Role.AUDITOR, None, []),
    ],
)
async def test_each_person_is_told_what_concerns_the_role_and_the_unit(
    story: Story, role: Role, unit: str | None, expected: list[str]
) -> None:
    await life(story)

    assert await topics(story, role, unit) == expected


async def test_the_streams_rule_and_the_lists_query_decide_alike(story: Story) -> None:
    await life(story)
    async with story.desk.runtime.works.read() as session:
        everything = await news_after(session, 0, 1000)
    for role in sorted(set(Role) - {Role.SYSTEM}):
        for unit in (URBAN, WATER) if role in UNIT else (None,):
            interest = interest_of("reader", {role}, unit)
            listed = await topics(story, role, unit) if role is not Role.ADMIN and role is not Role.SEAT else []
            told = [str(one.topic) for one in everything if concerns(interest, one)]
            assert listed == told, (role, unit)


async def test_nobody_is_told_what_he_did_himself(story: Story) -> None:
    await life(story)
    own = [item["topic"] for item in (await news(story, story.caseworker(URBAN)))["items"]]
    deciding = [item["topic"] for item in (await news(story, story.dispatcher))["items"]]

    assert "returned" in own
    assert "returned" not in deciding
    assert "return_asked" in deciding


async def test_a_piece_of_news_names_order_unit_and_deadline(story: Story) -> None:
    order_id, _ = await life(story)
    order = await story.order(order_id)
    page = await news(story, story.desk.bearer(Role.CASEWORKER, unit=URBAN))
    [overdue] = [item for item in page["items"] if item["topic"] == "overdue"]

    assert overdue["text"].startswith("“首次联系”时限超期，应于 ")
    assert (overdue["topic_title"], overdue["order_id"], overdue["title"]) == ("超期", order_id, "垃圾无人清运")
    assert overdue["platform_no"] == order["platform_no"]
    assert overdue["unit"] == {"code": URBAN, "name": f"单位{URBAN}"}
    assert overdue["clock"]["explain"].endswith(f"{deadlines.CLOCK}/explain")


async def test_a_title_is_masked_by_role(story: Story) -> None:
    order_id = str(new_id())
    demand = {"title": "来电13812345678反映垃圾", "content": "无"}
    sealed = story.desk.runtime.works.sealer.seal_json(demand, DEMAND.at(order_id=order_id))
    await story.handled(order_id=order_id, demand=sealed)
    await story.desk.tell(deadlines.breached(order_id, story.now, story.now))

    async def title(role: Role) -> str:
        [item] = (await news(story, story.desk.bearer(role), limit=1))["items"]
        found: str = item["title"]
        return found

    assert "13812345678" in await title(Role.DISPATCHER)
    assert "13812345678" not in await title(Role.OFFICE)


async def test_unread_news_are_counted_until_they_are_seen(story: Story) -> None:
    for _ in range(3):
        await story.arrive()
    first = await news(story, story.dispatcher, limit=2)
    upto = first["items"][1]["id"]
    seen = await story.post("/news/seen", {"upto": upto})
    second = await news(story, story.dispatcher)
    back = await story.post("/news/seen", {"upto": 0})
    beyond = await story.post("/news/seen", {"upto": 10_000})
    last = await news(story, story.dispatcher)
    other = await news(story, story.desk.bearer(Role.DISPATCHER, account="another"))

    assert (first["unread"], first["unread_more"], first["seen_upto"]) == (3, False, 0)
    assert seen.json() == {"seen_upto": upto}
    assert (second["unread"], second["seen_upto"]) == (1, upto)
    assert back.json() == {"seen_upto": upto}
    assert beyond.json() == {"seen_upto": first["newest"]}
    assert (last["unread"], other["unread"]) == (0, 3)


async def test_a_unit_marks_its_news_as_seen(story: Story) -> None:
    await life(story)
    who = story.desk.bearer(Role.UNIT_HEAD, unit=WATER)
    page = await news(story, who)
    answer = await story.post("/news/seen", {"upto": page["newest"]}, who)

    assert answer.status_code == 200
    assert (page["unread"], (await news(story, who))["unread"]) == (2, 0)


async def test_news_are_read_in_pages_while_there_are_more(story: Story) -> None:
    for _ in range(5):
        await story.arrive()
    first = await news(story, story.dispatcher, limit=3)
    await story.arrive()
    rest = await news(story, story.dispatcher, limit=3, cursor=first["next"])
    fresh = await news(story, story.dispatcher, since=first["newest"])

    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    assert [item["topic"] for item in fresh["items"]] == ["new"]


def test_every_topic_has_its_audience_and_its_title() -> None:
    assert set(AUDIENCES) == set(TITLES) == set(Topic)
    assert policy.UNIT == UNIT
    assert all(one.of_unit | one.of_centre | one.of_nobody <= set(Role) for one in AUDIENCES.values())
    assert all(one.of_unit <= UNIT for one in AUDIENCES.values())
    assert not any((one.of_centre | one.of_nobody) & UNIT for one in AUDIENCES.values())
    assert all(one.of_unit | one.of_centre | one.of_nobody for one in AUDIENCES.values())

"""One timeline per order from the events of all five services: in the order of the facts, each in one sentence (X1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest
from sqlalchemy import text

from services.dispatch.timeline import store
from shared.identity import Role
from shared.outbox.writer import new_id
from tests.dispatch import deadlines
from tests.dispatch.story import STREET, URBAN, WATER, Story
from tests.support import facts
from tests.support.service import MONDAY_0900

pytestmark = pytest.mark.clause("X1", "S4.2a")

HOUR = timedelta(hours=1)


async def shown(story: Story, order_id: str, who: dict[str, str] | None = None, **query: Any) -> list[dict[str, Any]]:
    """The entries of the timeline, after the desk has heard its own events."""
    await story.desk.hear_itself()
    answer = await story.get(f"/orders/{order_id}/timeline", who, **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def kinds(items: list[dict[str, Any]]) -> list[str]:
    return [item["kind"] for item in items]


async def test_a_timeline_says_who_did_what_when_in_one_sentence_each(story: Story) -> None:
    order_id = await story.arrive()
    story.pass_time(minutes=10)
    assert (await story.assign(order_id)).status_code == 200
    story.pass_time(minutes=30)
    assert (await story.contact(order_id)).status_code == 201
    story.pass_time(minutes=30)
    reply_id = (await story.reply(order_id)).json()["reply_id"]
    story.pass_time(minutes=5)
    await story.desk.tell(story.leader_approved(order_id, reply_id), story.approved(order_id, reply_id))
    items = await shown(story, order_id)

    number = (await story.order(order_id))["platform_no"]
    assert [item["text"] for item in items] == [
        f"收到上级平台工单 {number}（市级，城市管理）。",
        f"交办给单位{URBAN}（依据：职责）。",
        f"单位{URBAN}第 1 次联系来电人，已接通。",
        f"单位{URBAN}提交第 1 次答复（办理结论：办结），报本单位主要领导审阅。",
        f"单位{URBAN}主要领导同意第 1 次答复，报中心审核。",
        f"中心审核通过单位{URBAN}第 1 次答复，反馈上级平台。",
    ]
    assert [item["unit"] for item in items] == [None, *[{"code": URBAN, "name": f"单位{URBAN}"}] * 5]
    assert items[1]["who"] == {"role": "dispatcher", "unit": None, "account": "dispatcher-centre", "name": None}
    contact_id = (await story.get(f"/orders/{order_id}/contacts")).json()[0]["contact_id"]
    assert items[2]["references"]["contact_id"] == contact_id
    assert items[3]["references"] | {"reply_id": reply_id, "version": 1} == items[3]["references"]
    assert [datetime.fromisoformat(item["at"]) for item in items[:2]] == [
        MONDAY_0900, MONDAY_0900 + timedelta(minutes=10),
    ]  # fmt: skip


async def test_a_deadline_is_named_with_its_end_and_the_place_of_its_proof(story: Story) -> None:
    order_id = await story.arrive()
    due = MONDAY_0900 + 15 * HOUR
    await story.desk.tell(
        deadlines.started(order_id, story.now, due),
        deadlines.warned(order_id, due - HOUR, due),
        deadlines.breached(order_id, due, due),
        deadlines.stopped(order_id, due + 2 * HOUR, due, met=False),
        deadlines.excused(order_id, due + 3 * HOUR, due),
    )
    items = (await shown(story, order_id))[1:]

    assert [item["text"] for item in items] == [
        f"“首次联系”时限起算，责任单位：单位{URBAN}，2026-11-23 24:00 截止。",
        f"“首次联系”时限临近，2026-11-23 24:00 截止，还剩 1 小时，责任单位：单位{URBAN}。",
        f"“首次联系”时限超期，应于 2026-11-23 24:00 前完成，责任单位：单位{URBAN}。",
        "“首次联系”时限超期完成（2026-11-23 24:00 截止，超出 2 小时）。",
        "撤回“首次联系”时限的超期（原应于 2026-11-23 24:00 前完成）；日历变更。",
    ]
    for item in items:
        clock = item["clock"]
        assert (clock["id"], clock["title"]) == (deadlines.CLOCK, "首次联系")
        assert datetime.fromisoformat(clock["due_at"]) == due
        assert clock["explain"] == f"/api/sla/v1/clocks/{deadlines.CLOCK}/explain"


async def test_each_warning_of_a_digest_stands_in_the_timeline_of_its_order(story: Story) -> None:
    first, second = await story.arrive(), await story.arrive()
    due = MONDAY_0900 + 3 * HOUR
    digest = deadlines.digested(
        story.now + HOUR,
        deadlines.one_of_digest(first, due),
        deadlines.one_of_digest(second, due),
        deadlines.one_of_digest(first, due, clock_id=str(new_id()), kind="final"),
    )
    await story.desk.tell(digest)

    assert [item["clock"]["title"] for item in (await shown(story, first))[1:]] == ["首次联系", "办结"]
    assert kinds(await shown(story, second)) == ["order.received", "clock.warned"]


async def test_an_entry_that_arrives_late_takes_the_place_of_its_moment(story: Story) -> None:
    order_id = await story.arrive()
    story.pass_time(hours=3)
    await story.desk.tell(facts.urged(order_id, story.now))
    await story.desk.tell(deadlines.started(order_id, MONDAY_0900 + HOUR, MONDAY_0900 + 2 * HOUR))

    assert kinds(await shown(story, order_id)) == ["order.received", "clock.started", "order.urged"]


async def test_entries_of_one_moment_stand_as_they_arrived(story: Story) -> None:
    order_id = await story.arrive()
    now = story.now
    due = now + HOUR
    others = [deadlines.started(order_id, now, due, clock_id=str(UUID(int=9 - number))) for number in range(5)]
    await story.desk.tell_together(*others)
    await story.desk.tell(facts.urged(order_id, now))

    items = await shown(story, order_id)
    assert [item["clock"]["id"] for item in items[1:-1]] == [one.clock_id for one in others]
    assert items[-1]["kind"] == "order.urged"


async def test_an_event_that_arrives_twice_stands_once(story: Story) -> None:
    order_id = await story.arrive()
    event_id, urge = new_id(), facts.urged(order_id, story.now)
    await story.desk.tell(urge, event_id=event_id)
    async with story.desk.runtime.works.begin() as work:  # as if the inbox had been lost
        await work.session.execute(text("delete from inbox"))
        await work.session.execute(text("delete from seen"))
    story.desk.forget_sequences()
    await story.desk.tell(urge, event_id=event_id)

    assert kinds(await shown(story, order_id)) == ["order.received", "order.urged"]


async def test_what_arrives_before_its_order_is_kept_and_shown_with_it(story: Story) -> None:
    order_id = str(new_id())
    breach = deadlines.breached(order_id, story.now + HOUR, story.now + HOUR)
    await story.desk.tell(breach)
    before = await story.get(f"/orders/{order_id}/timeline")
    await story.arrive(order_id=order_id)

    assert (before.status_code, before.json()["code"]) == (404, "order_not_found")
    assert kinds(await shown(story, order_id)) == ["order.received", "clock.breached"]
    assert await story.desk.parked() == []


async def test_a_timeline_is_read_in_pages_while_it_grows(story: Story) -> None:
    order_id = await story.arrive()
    for hour in range(1, 6):
        await story.desk.tell(facts.urged(order_id, MONDAY_0900 + hour * HOUR))
    first = (await story.get(f"/orders/{order_id}/timeline", limit=4)).json()
    await story.desk.tell(facts.urged(order_id, MONDAY_0900 + 9 * HOUR))
    rest = (await story.get(f"/orders/{order_id}/timeline", limit=4, cursor=first["next"])).json()

    moments = [item["at"] for item in first["items"] + rest["items"]]
    assert len(moments) == 7
    assert moments == sorted(moments)
    assert rest["next"] is None


async def test_a_round_of_events_is_written_by_one_statement(story: Story) -> None:
    orders = [story.received(order_id=str(uuid5(NAMESPACE_OID, f"round-{n}"))) for n in range(20)]
    await story.desk.tell_together(*orders)
    async with story.desk.runtime.works.read() as session:
        found = await session.execute(
            text(
                "select count(*) as rows, count(distinct xmin::text) as written, max(position) as last from timeline_entry"
            )
        )
        row = found.one()
    head = await story.desk.rows("select last from timeline_head")

    assert (row.rows, row.written, row.last) == (20, 1, head[0]["last"])


async def test_the_words_of_an_upstream_are_shown_by_right_and_stand_in_no_sentence(story: Story) -> None:
    order_id = await story.arrive()
    reason = "来电人13812345678称已自行解决"
    await story.desk.tell(facts.cancelled(order_id, story.now, reason=reason))
    bearer = story.desk.bearer

    def read(items: list[dict[str, Any]]) -> tuple[str, str | None]:
        return items[-1]["text"], items[-1]["reason"]

    assert read(await shown(story, order_id)) == ("上级平台撤单。", reason)
    masked = read(await shown(story, order_id, bearer(Role.ANALYST)))[1]
    assert masked is not None
    assert "13812345678" not in masked
    assert read(await shown(story, order_id, bearer(Role.AUDITOR))) == ("上级平台撤单。", None)


async def passed_on(story: Story) -> str:
    """An order that URBAN gave back and WATER handles; urged in each of their times, and once while nobody had it."""
    order_id = await story.handled()
    story.pass_time(minutes=10)
    await story.desk.tell(facts.urged(order_id, story.now))
    story.pass_time(minutes=10)
    assert (await story.ask_return(order_id)).status_code == 202
    assert (await story.decide(order_id, "accept")).status_code == 204
    story.pass_time(minutes=10)
    await story.desk.tell(facts.urged(order_id, story.now))
    story.pass_time(minutes=10)
    assert (await story.assign(order_id, WATER)).status_code == 200
    story.pass_time(minutes=10)
    await story.desk.tell(facts.urged(order_id, story.now))
    return order_id


async def test_a_former_unit_sees_its_own_part_and_its_own_time(story: Story) -> None:
    order_id = await passed_on(story)
    mine = await shown(story, order_id, story.caseworker(URBAN))
    everything = await shown(story, order_id, story.caseworker(WATER))

    assert kinds(mine) == [
        "order.assigned",
        "order.contacted",
        "order.urged",
        "order.return_requested",
        "order.return_accepted",
    ]
    assert kinds(everything) == [
        "order.received",
        *kinds(mine),
        "order.urged",
        "order.assigned",
        "order.urged",
    ]


async def test_a_unit_is_told_in_which_role_somebody_else_acted_and_not_who(story: Story) -> None:
    order_id = await passed_on(story)
    mine = {item["kind"]: item["who"] for item in await shown(story, order_id, story.caseworker(URBAN))}

    assert mine["order.return_accepted"] == {"role": "dispatcher", "unit": None, "account": None, "name": None}
    assert mine["order.contacted"]["account"] == f"caseworker-{URBAN}"


async def test_a_unit_with_a_task_sees_its_own_matter_and_what_concerns_the_order_since_then(story: Story) -> None:
    order_id = await passed_on(story)
    story.pass_time(minutes=1)
    async with story.desk.runtime.works.begin() as work:
        await work.session.execute(
            text("insert into order_part (order_id, unit, part, since) values (:order_id, :unit, 'joint', :now)"),
            {"order_id": order_id, "unit": STREET, "now": story.now},
        )
    await story.desk.tell(
        facts.urged(order_id, story.now),
        deadlines.started(order_id, story.now, story.now + HOUR, unit=STREET, kind="co_task"),
        deadlines.started(order_id, story.now, story.now + HOUR, unit=WATER, clock_id=str(new_id())),
    )
    items = await shown(story, order_id, story.caseworker(STREET))

    assert kinds(items) == ["order.urged", "clock.started"]
    assert items[1]["clock"]["title"] == "协办任务"


async def test_a_unit_that_never_had_the_order_finds_nothing(story: Story) -> None:
    order_id = await passed_on(story)
    answer = await story.get(f"/orders/{order_id}/timeline", story.caseworker(STREET))

    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


async def test_a_query_without_its_condition_shows_a_unit_nothing_of_others(story: Story) -> None:
    """Row-level security: the rows of a unit's own matter, and those of the orders that it has now."""
    order_id = await passed_on(story)
    await story.desk.hear_itself()
    works = story.desk.runtime.works

    async def rows(unit: str) -> set[str | None]:
        async with works.read(story.desk.person(Role.CASEWORKER, unit=unit)) as session:
            found = await session.execute(
                text("select unit from timeline_entry where order_id = :id"), {"id": order_id}
            )
            return set(found.scalars())

    assert await rows(URBAN) == {URBAN}
    assert await rows(WATER) == {URBAN, WATER, None}
    assert await rows(STREET) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "update timeline_entry set kind = 'order.closed'",
        "delete from timeline_entry",
        "update timeline_head set last = 0",
    ],
)
async def test_no_request_of_a_unit_changes_a_timeline(story: Story, statement: str) -> None:

    await passed_on(story)
    person = story.desk.person(Role.CASEWORKER, unit=WATER)
    with pytest.raises(Exception, match="permission denied"):
        async with story.desk.runtime.works.begin(person) as work:
            await work.session.execute(text(statement))


async def test_a_timeline_goes_with_its_order(story: Story) -> None:
    gone, kept = await story.arrive(), await story.arrive()
    async with story.desk.runtime.works.begin() as work:
        await work.session.execute(text("delete from recommendation where order_id = :id"), {"id": gone})
        await work.session.execute(text("delete from order_case where order_id = :id"), {"id": gone})

    left = await story.desk.rows("select distinct order_id from timeline_entry")
    assert [row["order_id"] for row in left] == [kept]


async def test_positions_become_visible_in_their_order(story: Story) -> None:
    """A reader that has seen a position has seen all before it: a second writer waits until the first has committed."""
    works = story.desk.runtime.works
    first, second = await story.arrive(), await story.arrive()
    async with works.begin() as one, works.begin() as other:
        await store.add_entries(one.session, [])
        await other.session.execute(text("set local lock_timeout = '50ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            await store.add_entries(other.session, [])
        await other.session.rollback()
    assert first != second

"""Which deadline of an order comes first, in lists and in their sequence (S1.3.1b)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from sqlalchemy import event

from services.dispatch.pressing.model import KnownClock
from services.dispatch.pressing.rules import changed, most_pressing, started, stopped
from tests.dispatch import clocks
from tests.dispatch.story import URBAN, WATER, Story
from tests.support import facts

pytestmark = pytest.mark.clause("S1.3.1b")

NOON: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = (NOON + timedelta(days=days) for days in (1, 2, 3))
STARTED = (started, clocks.started("o", "c", FIRST), NOON)
MOVED = (changed, clocks.moved("o", "c", FIRST, SECOND), NOON + timedelta(hours=1))
MOVED_AGAIN = (changed, clocks.moved("o", "c", SECOND, THIRD), NOON + timedelta(hours=2))
STOPPED = (stopped, clocks.ended("o", "c", THIRD), NOON + timedelta(hours=3))


def after(*told: Any) -> KnownClock:
    """The clock after these facts, in the sequence in which they came."""
    known: KnownClock | None = None
    for apply, fact, at in told:
        known = apply(known, fact, at)
    assert known is not None
    return known


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=lambda order: "".join(map(str, order)))
def test_facts_of_a_clock_may_come_in_any_sequence_and_twice(order: tuple[int, ...]) -> None:
    told = [(STARTED, MOVED, MOVED_AGAIN, STOPPED)[number] for number in order]

    known = after(*told, *told)

    assert (known.due_at, known.running) == (THIRD, False)


def test_an_older_move_after_a_newer_changes_nothing() -> None:
    assert after(STARTED, MOVED_AGAIN, MOVED).due_at == THIRD


def test_a_clock_that_was_opened_again_runs_until_its_next_end() -> None:
    opened = (changed, clocks.moved("o", "c", THIRD, SECOND, reopened=True), NOON + timedelta(hours=4))

    assert after(STARTED, MOVED, MOVED_AGAIN, STOPPED, opened).running is True
    # The end from before comes once more, late.
    assert after(STARTED, MOVED, MOVED_AGAIN, opened, STOPPED).running is True
    ended = (stopped, clocks.ended("o", "c", SECOND), NOON + timedelta(hours=5))
    assert after(STARTED, MOVED, MOVED_AGAIN, STOPPED, opened, ended).running is False


def test_a_move_does_not_start_what_has_ended() -> None:
    corrected = (changed, clocks.moved("o", "c", THIRD, SECOND), NOON + timedelta(hours=4))

    known = after(STARTED, MOVED, MOVED_AGAIN, STOPPED, corrected)

    assert (known.due_at, known.running) == (SECOND, False)


def test_a_clock_set_back_does_not_hold_up_what_follows() -> None:
    # The platform's simulated time was set back after the start; the move follows the deadline that is known.
    assert after(STARTED, (changed, MOVED[1], NOON - timedelta(days=9))).due_at == SECOND


def test_a_window_presses_nobody() -> None:
    window = after((started, clocks.started("o", "w", FIRST, "return_window"), NOON))
    final = after((started, clocks.started("o", "f", SECOND), NOON))

    assert most_pressing((window, final)) == final
    assert most_pressing((window,)) is None
    assert most_pressing(()) is None


async def row(story: Story, order_id: str, **query: Any) -> dict[str, Any]:
    """The order in the list of the desk."""
    answer = await story.get("/orders", **query)
    assert answer.status_code == 200, answer.text
    [found] = [one for one in answer.json()["items"] if one["order_id"] == order_id]
    return dict(found)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_list_shows_the_deadline_that_comes_first_and_where_it_stands(story: Story) -> None:
    order_id = await story.handled()
    etag = (await story.get(f"/orders/{order_id}")).headers["etag"]
    await story.desk.tell(
        clocks.started(order_id, "final", SECOND, provisional=True),
        clocks.started(order_id, "note", FIRST, "progress_note"),
    )
    before = await row(story, order_id)
    story.pass_time(days=2)
    late = await row(story, order_id)
    await story.desk.tell(clocks.ended(order_id, "note", FIRST, kind="progress_note"))
    detail = await story.get(f"/orders/{order_id}")
    await story.desk.tell(clocks.ended(order_id, "final", SECOND))
    done = await row(story, order_id)

    assert (moment(before["due_at"]), before["clock"]["state"]) == (FIRST, "running")
    assert before["clock"] | {"due_at": None} == {
        "clock_id": "note",
        "kind": "progress_note",
        "title": "当日进度说明",
        "due_at": None,
        "state": "running",
    }
    assert late["clock"]["state"] == "overdue"
    shown = detail.json()["clock"]
    assert (shown["clock_id"], moment(shown["due_at"]), shown["state"]) == ("final", SECOND, "provisional")
    assert (done["due_at"], done["clock"]) == (None, None)
    # A deadline that moves refuses nobody's command.
    assert detail.headers["etag"] == etag
    assert await story.desk.parked() == []


async def test_what_presses_comes_first_urgent_class_by_urgent_class(story: Story) -> None:
    ordinary = [await story.arrive() for _ in range(3)]
    urgent = await story.arrive(urgent=("safety",))
    none = await story.arrive()
    due = zip([urgent, *ordinary], (THIRD, SECOND, THIRD, FIRST), strict=True)
    await story.desk.tell(*(clocks.started(order_id, f"c-{order_id}", at) for order_id, at in due))

    async def walked(limit: int, **query: Any) -> list[str]:
        found: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = (await story.get("/orders", sort="pressing", limit=limit, **query, **cursor)).json()
            found += [one["order_id"] for one in page["items"]]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    sequence = [urgent, ordinary[2], ordinary[0], ordinary[1], none]
    assert await walked(50) == sequence
    assert await walked(1) == sequence
    assert await walked(50, due_before=SECOND.isoformat()) == [ordinary[2], ordinary[0]]
    assert await walked(50, urgent=True) == [urgent]


async def test_an_order_that_comes_after_its_clocks_has_them(story: Story) -> None:
    received = story.received()
    await story.desk.tell(clocks.started(received.order_id, "c", FIRST))
    await story.desk.tell(received)

    assert moment((await row(story, received.order_id))["due_at"]) == FIRST


async def test_clocks_of_one_batch_are_written_by_one_statement(story: Story) -> None:
    orders = [story.received() for _ in range(20)]
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = story.desk.runtime.works.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await story.desk.tell_together(
            *orders,
            *(clocks.started(one.order_id, f"a-{one.order_id}", SECOND) for one in orders),
            *(clocks.started(one.order_id, f"b-{one.order_id}", FIRST, "accept") for one in orders),
            *(clocks.ended(one.order_id, f"b-{one.order_id}", FIRST, kind="accept") for one in orders[:5]),
        )
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert len([one for one in statements if "update order_case" in one]) == 1
    assert len([one for one in statements if "order_clocks" in one]) == 2  # read once, written once
    found = await story.desk.rows("select pressing_at from order_case order by pressing_at")
    assert [row["pressing_at"] for row in found] == [FIRST] * 15 + [SECOND] * 5


async def groups(story: Story, who: dict[str, str] | None = None) -> dict[str, int]:
    answer = (await story.get("/orders/counts", who)).json()
    assert answer["groups_complete"] is True
    return dict(answer["groups"])


async def listed(story: Story, who: dict[str, str] | None = None, **query: Any) -> set[str]:
    return {one["order_id"] for one in (await story.get("/orders", who, **query)).json()["items"]}


async def test_each_list_of_a_unit_has_its_orders_and_its_count(story: Story) -> None:
    new, contact, progress, back = [await story.arrive() for _ in range(4)]
    others = await story.arrive()
    for order_id in (new, contact, progress):
        assert (await story.assign(order_id)).status_code == 200
    assert (await story.assign(others, WATER)).status_code == 200
    who = story.caseworker()
    assert (await story.post(f"/orders/{contact}/accept", None, who)).status_code == 204
    assert (await story.contact(progress)).status_code == 201
    assert (await story.assign(back)).status_code == 200
    assert (await story.contact(back)).status_code == 201
    reply_id = str((await story.reply(back)).json()["reply_id"])
    in_review = await groups(story, who)
    await story.desk.tell(story.leader_rejected(back, reply_id))
    await story.desk.tell(clocks.started(new, "n", story.now + timedelta(hours=2), "accept"))
    await story.desk.tell(clocks.started(contact, "c", story.now + timedelta(days=2)))
    await story.desk.tell(clocks.started(progress, "p", story.now - timedelta(minutes=1)))

    expected = {
        "new": {new},
        "to_contact": {contact},
        "in_progress": {progress},
        "sent_back": {back},
        "overdue": {progress},
        "due_today": {new},
    }
    assert in_review["leader_review"] == 1
    assert {name: await listed(story, who, group=name) for name in expected} == expected
    assert await groups(story, who) == {name: len(orders) for name, orders in expected.items()}
    assert (await groups(story))["new"] == 2
    assert await listed(story, story.caseworker(WATER)) == {others}


async def test_a_list_is_narrowed_by_what_people_look_for(story: Story) -> None:
    first = await story.arrive(street="初家街道", category="物业管理")
    story.pass_time(hours=1)
    later = story.now
    second = await story.arrive(street="黄务街道", category="市容环境", platform="gov_hotline")
    await story.desk.tell(facts.urged(first, story.now))

    assert await listed(story, street="初家街道") == {first}
    assert await listed(story, category="市容环境") == {second}
    assert await listed(story, platform="gov_hotline") == {second}
    assert await listed(story, urged=True) == {first}
    assert await listed(story, group="urged") == {first}
    assert await listed(story, urged=False) == {second}
    assert await listed(story, received_from=later.isoformat()) == {second}
    assert await listed(story, received_before=later.isoformat()) == {first}
    assert await listed(story, unit=URBAN) == set()
    assert await listed(story, group="to_assign", street="黄务街道") == {second}


@pytest.mark.clause("S1.1.4c")
async def test_what_the_upstream_changed_since_is_found(story: Story) -> None:
    order_id = await story.handled()
    other = await story.handled()
    story.pass_time(hours=1)
    demand = story.desk.runtime.works.sealer.seal(
        '{"title": "仍无人清运", "content": "一周"}', f"order:{order_id}:demand"
    )
    update = facts.updated(order_id, story.now, version=2, changed=("content",), demand=demand)
    await story.desk.tell(update)

    assert await listed(story, changed_since=story.now.isoformat()) == {order_id}
    assert await listed(story, changed_since=(story.now + timedelta(seconds=1)).isoformat()) == set()
    assert await listed(story, group="changed") == {order_id}
    assert await listed(story) == {order_id, other}


@pytest.mark.parametrize("query", [{"group": "everything"}, {"sort": "title"}, {"due_before": "soon"}])
async def test_a_filter_that_is_none_is_refused(story: Story, query: dict[str, Any]) -> None:
    assert (await story.get("/orders", **query)).status_code == 422

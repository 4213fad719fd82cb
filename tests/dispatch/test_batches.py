"""Events that arrive in a batch are applied in one transaction, with the same effect as one by one (R16)."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import event, text

from services.dispatch.service import SERVICE
from shared.contracts import Event
from shared.contracts.intake import OrderReceived, OrderUpdated
from tests.dispatch.story import URBAN, Story
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk, Tell, desk_of, one_by_one, together


def named(name: str) -> str:
    """The same id each time."""
    return str(uuid5(NAMESPACE_OID, name))


def updated(story: Story, order: OrderReceived, **changes: Any) -> OrderUpdated:
    """The upstream changes the order."""
    same = order.model_dump(include=OrderUpdated.model_fields.keys() - {"order_id"})
    return facts.updated(order.order_id, story.now, **{**same, "changed": ("category",), **changes})


async def written(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """All rows that the events wrote, without ids and seals, which differ each time."""
    tables = {
        "order_case": "select * from order_case order by order_id",
        "recommendation": "select order_id, candidates, made_at from recommendation order by order_id",
        "reply": "select order_id, round, state, judged_at from reply order by order_id, round",
        "experience": "select * from experience order by category, unit",
        "outbox": "select type, aggregateid, sequence from outbox order by aggregateid, sequence",
        "audit": "select action, subject, before, after, reason from audit where role = 'system' order by subject, id",
    }
    found = {name: await desk.rows(sql) for name, sql in tables.items()}
    for row in found["order_case"]:
        del row["demand"], row["reply_id"], row["version"]  # sealed anew, drawn anew, counted by each write
    for row in found["audit"]:
        (row["after"] or {}).pop("reply_id", None)
        row["reason"] = (row["reason"] or "").partition(":")[0]  # of a rejection it names the reply
    return found


async def lived_through(server: DatabaseServer, tell: Tell) -> dict[str, list[dict[str, Any]]]:
    """Orders with every kind of history; events of the same moment are applied by `tell`."""
    async with desk_of(SERVICE, server) as desk:
        story = Story(desk)
        await story.enter_units()
        fresh, changed, withdrawn = (story.received(order_id=named(n)) for n in ("fresh", "changed", "withdrawn"))
        first: list[Event] = [
            fresh,
            changed,
            updated(story, changed, category="供水", street="黄海路街道"),
            facts.urged(changed.order_id, story.now),
            withdrawn,
            facts.cancelled(withdrawn.order_id, story.now),
            facts.urged(withdrawn.order_id, story.now),
        ]
        await tell(desk, first)
        closes, reopens, reworks, redone = map(named, ("closes", "reopens", "reworks", "redone"))
        replies = {}
        for order_id in (closes, reopens, reworks, redone):
            await story.handled(order_id=order_id)
            replies[order_id] = str((await story.reply(order_id)).json()["reply_id"])
        later: list[Event] = [story.leader_approved(order_id, reply_id) for order_id, reply_id in replies.items()]
        later.append(story.rejected(reworks, replies[reworks]))
        for order_id in (closes, reopens, redone):
            later += [story.approved(order_id, replies[order_id]), story.fed_back(order_id, replies[order_id])]
        later += [
            story.revisited(closes),
            story.revisited(reopens, "unsolved", "unsatisfied"),
            facts.redo_requested(redone, story.now),
        ]
        await tell(desk, later)
        assert await desk.parked() == []
        assert await story.status(closes) == "closed"
        assert await story.status(reopens) == "handling"
        return await written(desk)


async def test_events_in_a_batch_have_the_same_effect_as_one_by_one(postgres_server: DatabaseServer) -> None:
    assert await lived_through(postgres_server, together) == await lived_through(postgres_server, one_by_one)


async def test_a_batch_locks_each_order_once_and_reads_it_once(story: Story) -> None:
    orders = [story.received(order_id=named(f"many-{n}")) for n in range(20)]
    await story.desk.tell_together(*orders)
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = story.desk.runtime.works.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        await story.desk.tell_together(*(facts.urged(one.order_id, story.now) for one in orders))
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert len([one for one in statements if one.startswith("SELECT") and "FROM order_case" in one]) == 1
    assert {row["urges"] for row in await story.desk.rows("select urges from order_case")} == {1}


async def test_a_known_order_is_not_opened_again_by_a_batch(story: Story) -> None:
    """When the inbox was emptied and the stream begins again, the stored order decides."""
    known = named("known")
    order = story.received(order_id=known)
    await story.desk.tell(order)
    assert (await story.assign(known, URBAN)).status_code == 200
    async with story.desk.runtime.works.begin() as work:
        await work.session.execute(text("delete from inbox"))
        await work.session.execute(text("delete from seen"))
    story.desk.forget_sequences()

    await story.desk.tell_together(order, story.received(order_id=named("another")))

    assert await story.status(known) == "assigned"
    assert await story.status(named("another")) == "triage"

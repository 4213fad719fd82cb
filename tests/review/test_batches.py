"""What arrives together leaves what the same events leave that come one by one (R16)."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from services.review.service import SERVICE
from shared.contracts.intake import OrderCancelled
from tests.review.orders import assigned, contacted, received, submitted
from tests.support.postgres import DatabaseServer
from tests.support.service import Tell, desk_of, one_by_one, together


def named(name: str) -> str:
    """The same id each time."""
    return str(uuid5(NAMESPACE_OID, name))


async def lived_through(server: DatabaseServer, tell: Tell) -> dict[str, list[dict[str, Any]]]:
    """Replies that stay open, that a later one replaces, that another unit inherits, and of an order withdrawn."""
    async with desk_of(SERVICE, server) as desk:
        stays, replaced, inherited, withdrawn = map(named, ("stays", "replaced", "inherited", "withdrawn"))
        events = [
            *(received(desk, order_id) for order_id in (stays, replaced, inherited, withdrawn)),
            *(assigned(desk, order_id, "zhujian") for order_id in (stays, replaced, inherited, withdrawn)),
            contacted(desk, stays, "zhujian"),
            submitted(desk, stays, named("stays-1"), "zhujian"),
            submitted(desk, replaced, named("replaced-1"), "zhujian"),
            submitted(desk, replaced, named("replaced-2"), "zhujian", 2),
            submitted(desk, inherited, named("inherited-1"), "zhujian"),
            assigned(desk, inherited, "shuiwu", 2),
            submitted(desk, withdrawn, named("withdrawn-1"), "zhujian"),
            OrderCancelled(order_id=withdrawn, reason="撤单", cancelled_at=desk.clock.now()),
        ]
        await tell(desk, events)
        assert await desk.parked() == []
        rounds = (
            "select reply_id, order_id, unit, round, state, submitted_by, voided_at from reply_round order by reply_id"
        )
        return {
            "rounds": await desk.rows(rounds),
            "orders": await desk.rows("select * from reviewed_order order by order_id"),
            "handlers": await desk.rows("select * from order_handler order by order_id, account"),
            "audit": await desk.rows("select action, subject, before, after, reason from audit order by subject, id"),
        }


async def test_what_comes_together_leaves_what_comes_one_by_one(postgres_server: DatabaseServer) -> None:
    left = await lived_through(postgres_server, together)

    assert left == await lived_through(postgres_server, one_by_one)
    states = {row["reply_id"]: row["state"] for row in left["rounds"]}
    assert states == {
        named("stays-1"): "leader_review",
        named("replaced-1"): "void",
        named("replaced-2"): "leader_review",
        named("inherited-1"): "void",
        named("withdrawn-1"): "void",
    }

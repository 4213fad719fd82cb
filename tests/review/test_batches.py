"""Events applied in one batch leave the same rows as the same events applied one by one (R16)."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from services.review.service import SERVICE
from tests.review.orders import assigned, cancelled, contacted, received, submitted
from tests.support.postgres import DatabaseServer
from tests.support.service import Tell, desk_of, one_by_one, together


def named(name: str) -> str:
    """The same id each time."""
    return str(uuid5(NAMESPACE_OID, name))


async def rows_after_events(server: DatabaseServer, tell: Tell) -> dict[str, list[dict[str, Any]]]:
    """Of an open reply, of one that is replaced, of one of a reassigned order, and of one of a cancelled order."""
    async with desk_of(SERVICE, server) as desk:
        stays, replaced, reassigned, withdrawn = map(named, ("stays", "replaced", "reassigned", "cancelled"))
        events = [
            *(received(desk, order_id) for order_id in (stays, replaced, reassigned, withdrawn)),
            *(assigned(desk, order_id, "zhujian") for order_id in (stays, replaced, reassigned, withdrawn)),
            contacted(desk, stays, "zhujian"),
            submitted(desk, stays, named("stays-1"), "zhujian"),
            submitted(desk, replaced, named("replaced-1"), "zhujian"),
            submitted(desk, replaced, named("replaced-2"), "zhujian", 2),
            submitted(desk, reassigned, named("reassigned-1"), "zhujian"),
            assigned(desk, reassigned, "shuiwu", 2),
            submitted(desk, withdrawn, named("cancelled-1"), "zhujian"),
            cancelled(desk, withdrawn),
        ]
        await tell(desk, events)
        assert await desk.parked() == []
        rounds = (
            "select reply_id, order_id, unit, round, state, submitted_by, voided_at from reply_round order by reply_id"
        )
        return {
            "rounds": await desk.rows(rounds),
            "orders": await desk.rows("select * from reviewed_order order by order_id"),
            "caseworkers": await desk.rows("select * from order_caseworker order by order_id, account"),
            "audit": await desk.rows("select action, subject, before, after, reason from audit order by subject, id"),
        }


async def test_events_in_one_batch_leave_the_same_rows_as_one_by_one(postgres_server: DatabaseServer) -> None:
    left = await rows_after_events(postgres_server, together)

    assert left == await rows_after_events(postgres_server, one_by_one)
    states = {row["reply_id"]: row["state"] for row in left["rounds"]}
    assert states == {
        named("stays-1"): "leader_review",
        named("replaced-1"): "void",
        named("replaced-2"): "leader_review",
        named("reassigned-1"): "void",
        named("cancelled-1"): "void",
    }

"""Events that are applied in one batch leave the same rows as the same events one by one (R16)."""

from typing import Any

from shared.contracts import Event
from tests.intake.test_orders import assigned
from tests.intake.upstream import Platform, approved, intake_desk
from tests.support import facts
from tests.support.postgres import DatabaseServer
from tests.support.service import Tell, one_by_one, together


async def rows_after(server: DatabaseServer, tell: Tell) -> dict[str, list[dict[str, Any]]]:
    """The rows after orders were assigned, returned, answered, closed and reopened, all at one moment."""
    async with intake_desk(server) as desk:
        platform = Platform(desk)
        numbers = ("YT-1", "YT-2", "YT-3", "YT-4")
        held, back, answered, again = [await platform.accepted(orderNum=number) for number in numbers]
        now = desk.clock.now()
        events: list[Event] = [
            *(assigned(desk, order_id, "zhujian") for order_id in (held, back, answered, again)),
            facts.return_accepted(back, "zhujian", now),
            approved(desk, answered),
            facts.closed(again, "zhujian", now),
            facts.reopened(again, "zhujian", now),
        ]
        await tell(desk, events)
        assert await desk.parked() == []
        audit = "select action, before, after from audit where role = 'system' order by subject, id"
        rows = {
            "orders": await desk.rows(
                "select platform_no, state, holder_unit from upstream_order order by platform_no"
            ),
            "deliveries": await desk.rows("select platform, round, unit, state, attempts from delivery"),
            "audit": sorted(await desk.rows(audit), key=repr),
        }
        for row in rows["audit"]:
            (row["after"] or {}).pop("reply_id", None)
        return rows


async def test_events_applied_in_one_batch_leave_the_same_rows_as_one_by_one(postgres_server: DatabaseServer) -> None:
    left = await rows_after(postgres_server, together)

    assert left == await rows_after(postgres_server, one_by_one)
    assert [(row["state"], row["holder_unit"]) for row in left["orders"]] == [
        ("assigned", "zhujian"),
        ("received", None),
        ("approved", "zhujian"),
        ("assigned", "zhujian"),
    ]
    assert len(left["deliveries"]) == 1

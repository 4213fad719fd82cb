"""Published events are kept for a time, can be sent again, and are deleted afterwards (R10, R17)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.clock import SimulatedClock
from shared.outbox.keeping import BUS_DAYS, INBOX_DAYS, OUTBOX_DAYS, Keeper, forget_old, republish
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny


@pytest.fixture
async def connection(tiny: Tiny) -> AsyncIterator[asyncpg.Connection[Any]]:
    opened = await asyncpg.connect(tiny.runtime.database_url)
    yield opened
    await opened.close()


async def all_published(tiny: Tiny) -> None:
    """As if the relay had sent everything just now, the events an hour apart."""
    now = tiny.clock.now().isoformat()
    await tiny.execute(
        f"update outbox set published_at = '{now}', created_at = created_at + (position - 1) * interval '1 hour'"
    )


async def test_only_the_events_of_the_given_time_are_sent_again(
    tiny: Tiny, connection: asyncpg.Connection[Any]
) -> None:
    await tiny.urge("a", "b", "c")
    await all_published(tiny)
    first = await tiny.one("select min(created_at) from outbox")

    again = await republish(connection, first, first + timedelta(hours=2))

    waiting = "select string_agg(aggregateid, '' order by position) from outbox where published_at is null"
    assert (again, await tiny.one(waiting)) == (2, "ab")


@pytest.mark.parametrize(("days", "kept"), [(OUTBOX_DAYS, 1), (OUTBOX_DAYS + 1, 0)])
async def test_a_published_event_is_deleted_after_its_days(
    tiny: Tiny, connection: asyncpg.Connection[Any], days: int, kept: int
) -> None:
    await tiny.urge("a")
    await all_published(tiny)

    await forget_old(connection, tiny.clock.now() + timedelta(days=days))

    assert await tiny.one("select count(*) from outbox") == kept


async def test_an_event_that_still_waits_is_never_deleted(tiny: Tiny, connection: asyncpg.Connection[Any]) -> None:
    await tiny.urge("a")

    await forget_old(connection, tiny.clock.now() + timedelta(days=10 * INBOX_DAYS))

    assert await tiny.one("select count(*) from outbox") == 1


async def test_more_old_rows_than_one_statement_takes_are_all_deleted(
    tiny: Tiny, connection: asyncpg.Connection[Any]
) -> None:
    await tiny.execute(
        "insert into inbox (event_id, type, received_at) "
        "select gen_random_uuid(), 'order.urged.v1', '2020-01-01' from generate_series(1, 12000)"
    )

    removed = await forget_old(connection, tiny.clock.now())

    assert removed == {"outbox": 0, "inbox": 12000}


async def test_the_bus_keeps_for_thirty_days_what_everybody_has_read_and_its_absence_stops_nothing(
    tiny: Tiny, tmp_path: Path
) -> None:
    bus = MemoryBus()
    later = SimulatedClock(tmp_path / "later.json", at=tiny.clock.now() + timedelta(days=OUTBOX_DAYS + 1), rate=0)
    keeper = Keeper("tiny", tiny.runtime.database_url, later, bus)

    await keeper.forget()
    bus.down = True
    await tiny.urge("a")
    await all_published(tiny)
    await keeper.forget()

    assert bus.trimmed == [timedelta(days=BUS_DAYS)]
    assert BUS_DAYS < INBOX_DAYS
    assert await tiny.one("select count(*) from outbox") == 0

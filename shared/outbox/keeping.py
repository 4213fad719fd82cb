"""What becomes of events that were published: kept for a while, sent again on demand, then removed (R10, R17)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from shared.clock import Clock
from shared.telemetry import logger

log = logger("keeping")

OUTBOX_DAYS: Final = 30
"""A lost topic can be filled again from the outbox for so long."""
INBOX_DAYS: Final = 90
"""Longer than the outbox and the bus keep anything, so that no repeat outlives the memory of it."""
_EVERY: Final = timedelta(hours=1)
_AT_ONCE: Final = 5_000

_REPUBLISH = """
update outbox set published_at = null
where published_at is not null and created_at >= $1 and created_at < $2
"""
_FORGET = {
    "outbox": """
delete from outbox where position in (
  select position from outbox where published_at < $1 order by position limit $2 for update skip locked)
""",
    "inbox": """
delete from inbox where event_id in (
  select event_id from inbox where received_at < $1 limit $2 for update skip locked)
""",
}


async def republish(connection: asyncpg.Connection[Any], since: datetime, until: datetime) -> int:
    """Let the relay send the events of [since, until) again, for a bus that lost them; how many.

    Readers drop what they have applied, so sending too much does no harm.
    """
    return _many(await connection.execute(_REPUBLISH, since, until))


async def forget_old(connection: asyncpg.Connection[Any], now: datetime) -> dict[str, int]:
    """Remove what is older than it has to be kept, a few thousand rows at a time; how many of each table."""
    limits = {"outbox": now - timedelta(days=OUTBOX_DAYS), "inbox": now - timedelta(days=INBOX_DAYS)}
    removed = dict.fromkeys(limits, 0)
    for table, before in limits.items():
        while gone := _many(await connection.execute(_FORGET[table], before, _AT_ONCE)):
            removed[table] += gone
    return removed


def _many(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])


class Keeper:
    """Forgets old rows of one service, once an hour; replicas do no harm to each other."""

    def __init__(self, service: str, database_url: str, clock: Clock) -> None:
        self._service, self._url, self._clock = service, database_url, clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_EVERY.total_seconds())
            connection = await asyncpg.connect(self._url, timeout=10)
            try:
                removed = await forget_old(connection, self._clock.now())
            finally:
                connection.terminate()
            if any(removed.values()):
                log.info("old events forgotten", service=self._service, **removed)

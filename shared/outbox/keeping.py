"""Published events: kept for a while, sent again on demand, then deleted (R10, R17)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from shared.bus import Bus, BusUnavailable
from shared.clock import Clock
from shared.telemetry import logger

log = logger("keeping")

OUTBOX_DAYS: Final = 30
"""How long a lost topic can be filled again from the outbox."""
BUS_DAYS: Final = 30
"""How long the bus on PostgreSQL keeps what every group has read; a broker has a retention of its own.

A rebuild that reads the bus from its beginning finds so much. What a group has not read yet is kept, whatever its age.
"""
INBOX_DAYS: Final = 90
"""Longer than the outbox and the bus keep anything, so that every repeat is recognised."""
_EVERY: Final = timedelta(hours=1)
_BATCH: Final = 5_000

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
    """Have the relay send the events of [since, until) again, for a bus that lost them; returns how many.

    Readers drop what they have applied, so sending too much does no harm.
    """
    return _many(await connection.execute(_REPUBLISH, since, until))


async def forget_old(connection: asyncpg.Connection[Any], now: datetime) -> dict[str, int]:
    """Delete what is older than it has to be kept, a few thousand rows at a time; returns how many of each table."""
    limits = {"outbox": now - timedelta(days=OUTBOX_DAYS), "inbox": now - timedelta(days=INBOX_DAYS)}
    removed = dict.fromkeys(limits, 0)
    for table, before in limits.items():
        while gone := _many(await connection.execute(_FORGET[table], before, _BATCH)):
            removed[table] += gone
    return removed


def _many(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])


class Keeper:
    """Deletes old rows of one service, and of the bus, once an hour; several services and replicas may do so at once."""

    def __init__(self, service: str, database_url: str, clock: Clock, bus: Bus) -> None:
        self._service, self._url, self._clock, self._bus = service, database_url, clock, bus

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(_EVERY.total_seconds())
            await self.forget()

    async def forget(self) -> None:
        """Delete what is older than it has to be kept."""
        connection = await asyncpg.connect(self._url, timeout=10)
        try:
            removed = await forget_old(connection, self._clock.now())
        finally:
            connection.terminate()
        try:
            removed["bus"] = await self._bus.trim(timedelta(days=BUS_DAYS))
        except BusUnavailable as fault:
            log.warning("bus not trimmed", service=self._service, error=fault.reason)
        if any(removed.values()):
            log.info("old events forgotten", service=self._service, **removed)

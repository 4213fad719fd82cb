"""Requests that could not be understood."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.intake.quarantine.model import QuarantineState
from services.intake.quarantine.tables import Quarantined
from shared.errors import NotListed
from shared.lists import Keyset, Listed

_NEWEST_FIRST: Final = Keyset(Quarantined.received_at, Quarantined.id, descending=True)


async def unverified_waiting(session: AsyncSession, source: str) -> tuple[int, int]:
    """Unsigned requests that wait for a decision: of this address, and of all."""
    row = (
        await session.execute(
            select(func.count().filter(Quarantined.source == source), func.count()).where(
                Quarantined.state == QuarantineState.WAITING, Quarantined.verified.is_(False)
            )
        )
    ).one()
    return int(row[0]), int(row[1])


async def quarantined_page(
    session: AsyncSession, *, state: QuarantineState | None, cursor: str | None, limit: int
) -> Listed[Quarantined]:
    """Newest first, without their bodies."""
    query = select(Quarantined).options(defer(Quarantined.body, raiseload=True))
    if state is not None:
        query = query.where(Quarantined.state == state)
    return await _NEWEST_FIRST.page(session, query, cursor=cursor, limit=limit)


async def quarantined(session: AsyncSession, quarantine_id: str, *, lock: bool = False) -> Quarantined:
    """One request, locked if it is to be decided; NotListed when there is none."""
    record = await session.get(Quarantined, quarantine_id, with_for_update=lock or None)
    if record is None:
        raise NotListed("隔离请求", quarantine_id)
    return record

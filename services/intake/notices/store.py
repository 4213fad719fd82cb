"""The notices that were taken in."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.notices.tables import ToldNotice
from services.intake.record import Record

_TOLD: Final = Record.metadata.tables[ToldNotice.__tablename__]
_CONTENTS: Final = select(_TOLD.c.content).where(
    _TOLD.c.order_id == bindparam("of"), _TOLD.c.kind == bindparam("kind"), _TOLD.c.happened_at == bindparam("at")
)


async def contents_told(session: AsyncSession, order_id: str, kind: str, happened_at: datetime) -> frozenset[str]:
    """The keyed hashes of what notices of this kind and moment said of the order."""
    asked = {"of": order_id, "kind": kind, "at": happened_at}
    return frozenset((await (await session.connection()).scalars(_CONTENTS, asked)).all())

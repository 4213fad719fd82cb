"""The notices that were taken in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.notices.tables import Revisit, ToldNotice
from services.intake.orders.tables import OrderVersion, UpstreamOrderRecord
from services.intake.record import Record

_TOLD: Final = Record.metadata.tables[ToldNotice.__tablename__]
_VERSIONS: Final = Record.metadata.tables[OrderVersion.__tablename__]
_CONTENTS: Final = select(_TOLD.c.content).where(
    _TOLD.c.order_id == _VERSIONS.c.order_id, _TOLD.c.kind == bindparam("kind"), _TOLD.c.happened_at == bindparam("at")
)
_BEFORE: Final = select(
    _VERSIONS.c.details["called_at"].astext, func.array(_CONTENTS.scalar_subquery(), type_=ARRAY(Text))
).where(_VERSIONS.c.order_id == bindparam("of"), _VERSIONS.c.version == bindparam("version"))


async def revisits_of(session: AsyncSession, order_id: str) -> Sequence[Revisit]:
    """All calls to the person of an order that the reader was found to reach, the first one first."""
    query = select(Revisit).where(Revisit.order_id == order_id).order_by(Revisit.revisit)
    return (await session.scalars(query)).all()


async def told_before(
    session: AsyncSession, record: UpstreamOrderRecord, kind: str, happened_at: datetime
) -> tuple[datetime | None, frozenset[str]]:
    """When the caller of the present version called, None where the platform does not say, and what it told of this moment.

    That is the keyed hashes of its notices of this kind and moment.
    """
    asked = {"of": record.order_id, "version": record.version, "kind": kind, "at": happened_at}
    called_at, contents = (await (await session.connection()).execute(_BEFORE, asked)).one()
    return None if called_at is None else datetime.fromisoformat(called_at), frozenset(contents)

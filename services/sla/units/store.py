"""The directory of units: kept by events, read when a person names a unit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.sla.units.errors import UnitNotListed
from services.sla.units.tables import UnitRecord
from shared.contracts.dispatch import UnitChanged

# Written beside the session's records, so that rows which wait for the end of a batch are not flushed earlier. An event
# without a version counts by its place in the stream.
_KEEP: Final = text(
    """
insert into unit as u (code, name, active, version, changed_at) values (:code, :name, :active, :version, :changed_at)
on conflict (code) do update set name = excluded.name, active = excluded.active,
  version = coalesce(excluded.version, u.version), changed_at = excluded.changed_at
where (excluded.version < u.version) is not true
"""
)


async def keep_unit(session: AsyncSession, unit: UnitChanged) -> None:
    """Remember how the unit stands now; what is older than what is known changes nothing."""
    await session.execute(
        _KEEP,
        {
            "code": unit.code,
            "name": unit.name,
            "active": unit.active,
            "version": unit.version,
            "changed_at": unit.changed_at,
        },
    )


async def listed_unit(session: AsyncSession, code: str) -> UnitRecord:
    """The unit of this code; UnitNotListed while no event of it has come."""
    unit = await session.get(UnitRecord, code)
    if unit is None:
        raise UnitNotListed(code)
    return unit

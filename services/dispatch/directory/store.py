"""Units: one with what it lacks, the list, and the catalogue that recommendations read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.directory.errors import UnitUnknown
from services.dispatch.directory.model import Duty, Profile, Readiness
from services.dispatch.directory.tables import UnitRecord
from services.dispatch.login.tables import AccountRecord
from shared.contracts.dispatch import Group
from shared.lists import Keyset, Listed

_CASEWORKERS = (
    select(func.count())
    .where(AccountRecord.unit == UnitRecord.code, AccountRecord.active, AccountRecord.roles.contains(["caseworker"]))
    .correlate(UnitRecord)
    .scalar_subquery()
)

_UNIT: Final[Select[UnitRecord, int]] = select(UnitRecord, _CASEWORKERS).where(UnitRecord.code == bindparam("of"))
_BY_CODE: Final = Keyset(UnitRecord.code)


def readiness_of(unit: UnitRecord, caseworkers: int) -> Readiness:
    """What the rule of readiness looks at (S4.1a)."""
    return Readiness(
        active=unit.active,
        first_responsible=unit.first_responsible,
        deputy=unit.deputy,
        office=unit.office,
        caseworkers=caseworkers,
    )


async def unit_with_caseworkers(session: AsyncSession, code: str, *, lock: bool = False) -> tuple[UnitRecord, int]:
    """The unit and how many active caseworkers it has; UnitUnknown."""
    query = _UNIT.with_for_update(of=UnitRecord) if lock else _UNIT
    found = (await session.execute(query, {"of": code})).one_or_none()
    if found is None:
        raise UnitUnknown(code)
    return found[0], found[1]


async def is_active_unit(session: AsyncSession, code: str) -> bool:
    """Whether a unit of this code takes orders at all."""
    found = await session.execute(select(UnitRecord.code).where(UnitRecord.code == code, UnitRecord.active))
    return found.first() is not None


async def names_of_units(session: AsyncSession) -> dict[str, str]:
    """The name of every unit, by its code."""
    return {row[0]: row[1] for row in await session.execute(select(UnitRecord.code, UnitRecord.name))}


async def units_by_code(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> Listed[Row[tuple[UnitRecord, int, str]]]:
    """Units with the number of their caseworkers, by code."""
    query = select(UnitRecord, _CASEWORKERS.label("caseworkers"), UnitRecord.code)
    return await _BY_CODE.page(session, query, cursor=cursor, limit=limit)


async def caseworkers_of(session: AsyncSession, code: str) -> Sequence[AccountRecord]:
    """The active caseworkers of a unit, by account."""
    query = (
        select(AccountRecord)
        .where(AccountRecord.unit == code, AccountRecord.active, AccountRecord.roles.contains(["caseworker"]))
        .order_by(AccountRecord.account)
    )
    return (await session.execute(query)).scalars().all()


async def catalogue(session: AsyncSession) -> tuple[Profile, ...]:
    """The active units with their duties, as the recommendation reads them; for `work.once`."""
    rows = await session.execute(
        select(UnitRecord.code, UnitRecord.name, UnitRecord.group, UnitRecord.duties).where(UnitRecord.active)
    )
    return tuple(Profile(row.code, row.name, cast("Group", row.group), tuple(map(_duty, row.duties))) for row in rows)


def _duty(line: dict[str, Any]) -> Duty:
    return Duty(line["text"], line["kind"], tuple(line["keywords"]), tuple(line["streets"]))

"""Units: one with what it lacks, the list, and the catalogue that recommendations read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.errors import UnitUnknown
from services.dispatch.model import Duty, Profile, Readiness
from services.dispatch.tables import AccountRecord, UnitRecord
from shared.contracts.dispatch import Group

_HANDLERS = (
    select(func.count())
    .where(AccountRecord.unit == UnitRecord.code, AccountRecord.active, AccountRecord.roles.contains(["handler"]))
    .correlate(UnitRecord)
    .scalar_subquery()
)


_UNIT: Final[Select[UnitRecord, int]] = select(UnitRecord, _HANDLERS).where(UnitRecord.code == bindparam("of"))


def readiness_of(unit: UnitRecord, handlers: int) -> Readiness:
    """What the rule of readiness looks at (S4.1a)."""
    return Readiness(
        active=unit.active,
        first_responsible=unit.first_responsible,
        deputy=unit.deputy,
        office=unit.office,
        handlers=handlers,
    )


async def unit_with_handlers(session: AsyncSession, code: str, *, lock: bool = False) -> tuple[UnitRecord, int]:
    """The unit and how many active handlers it has; UnitUnknown."""
    query = _UNIT.with_for_update(of=UnitRecord) if lock else _UNIT
    found = (await session.execute(query, {"of": code})).one_or_none()
    if found is None:
        raise UnitUnknown(code)
    return found[0], found[1]


async def is_active_unit(session: AsyncSession, code: str) -> bool:
    """Whether a unit of this code takes orders at all."""
    found = await session.execute(select(UnitRecord.code).where(UnitRecord.code == code, UnitRecord.active))
    return found.first() is not None


async def units_by_code(session: AsyncSession, *, after: str | None, limit: int) -> Sequence[tuple[UnitRecord, int]]:
    """Units with the number of their handlers, by code."""
    query = select(UnitRecord, _HANDLERS).order_by(UnitRecord.code).limit(limit)
    if after is not None:
        query = query.where(UnitRecord.code > after)
    return [(unit, count) for unit, count in (await session.execute(query)).all()]


async def handlers_of(session: AsyncSession, code: str) -> Sequence[AccountRecord]:
    """The active handlers of a unit, by account."""
    query = (
        select(AccountRecord)
        .where(AccountRecord.unit == code, AccountRecord.active, AccountRecord.roles.contains(["handler"]))
        .order_by(AccountRecord.account)
    )
    return (await session.execute(query)).scalars().all()


# The catalogue is read for every order and changes a few times a year.  Units are never deleted and every change raises
# a version, so that their sum tells whether what was read is still what is written, whichever replica changed it.
_read: WeakKeyDictionary[Engine | Connection, tuple[int, tuple[Profile, ...]]] = WeakKeyDictionary()


_EDITION: Final = select(func.coalesce(func.sum(UnitRecord.version), 0))
_LOOKED: Final = "catalogue"


async def catalogue(session: AsyncSession) -> tuple[Profile, ...]:
    """The active units with their duties, as the recommendation reads them; looked up once in a transaction."""
    looked: tuple[Profile, ...] | None = session.info.get(_LOOKED)
    if looked is None:
        looked = session.info[_LOOKED] = await _catalogue_now(session)
    return looked


async def _catalogue_now(session: AsyncSession) -> tuple[Profile, ...]:
    edition = int((await session.execute(_EDITION)).scalar_one())
    place = session.get_bind()
    known = _read.get(place)
    if known is not None and known[0] == edition:
        return known[1]
    rows = await session.execute(
        select(UnitRecord.code, UnitRecord.name, UnitRecord.group, UnitRecord.duties).where(UnitRecord.active)
    )
    units = tuple(Profile(row.code, row.name, cast("Group", row.group), tuple(map(_duty, row.duties))) for row in rows)
    _read[place] = (edition, units)
    return units


def _duty(line: dict[str, Any]) -> Duty:
    return Duty(line["text"], line["kind"], tuple(line["keywords"]), tuple(line["streets"]))

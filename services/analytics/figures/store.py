"""The statements for figures.  What a person may see is decided here, by `scope`, and nowhere else (S4.2a)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.analytics.figures.errors import UnitNotShown
from services.analytics.figures.model import DISTRICT, Figures, Measure
from services.analytics.figures.tables import FigureRecord, UnitRecord
from shared.access import Scope
from shared.contracts.dispatch import UnitChanged

_ADD_FIGURES: Final = text(
    """
insert into figure as f (unit, day, measure, count)
select unit, day, measure, count
from unnest(cast(:units as text[]), cast(:days as date[]), cast(:measures as text[]), cast(:counts as bigint[]))
  as t(unit, day, measure, count) order by unit, day, measure
on conflict (unit, day, measure) do update set count = f.count + excluded.count
"""
)
_WRITE_UNITS: Final = text(
    """
insert into unit as u (code, name, "group", active, changed_at)
select code, name, kind, active, changed_at
from unnest(cast(:codes as text[]), cast(:names as text[]), cast(:kinds as text[]), cast(:actives as boolean[]),
  cast(:changed as timestamptz[])) as t(code, name, kind, active, changed_at) order by code
on conflict (code) do update set name = excluded.name, "group" = excluded."group", active = excluded.active,
  changed_at = excluded.changed_at
"""
)


def figure_columns(figures: Figures) -> dict[str, list[Any]]:
    """Figures as four arrays."""
    return {
        "units": [key.unit for key in figures],
        "days": [key.day for key in figures],
        "measures": [key.measure.value for key in figures],
        "counts": list(figures.values()),
    }


async def add_figures(session: AsyncSession, change: Figures) -> None:
    """Add to the running figures."""
    if change:
        await session.execute(_ADD_FIGURES, figure_columns(change))


async def write_units(session: AsyncSession, changes: Mapping[str, UnitChanged]) -> None:
    """Write these units as they are now, known before or not."""
    units = list(changes.values())
    await session.execute(
        _WRITE_UNITS,
        {
            "codes": [unit.code for unit in units],
            "names": [unit.name for unit in units],
            "kinds": [unit.group for unit in units],
            "actives": [unit.active for unit in units],
            "changed": [unit.changed_at for unit in units],
        },
    )


def _units_in(scope: Scope) -> Any:
    """A unit reads its own figures and the district's; the centre and the district read all."""
    return None if scope.everything else (DISTRICT, scope.unit)


async def figures_between(
    session: AsyncSession, scope: Scope, first_on: date, last_on: date
) -> dict[str, dict[Measure, int]]:
    """The sums of these days, both included, by unit and measure, as far as the caller may see them."""
    query = (
        select(FigureRecord.unit, FigureRecord.measure, func.sum(FigureRecord.count))
        .where(FigureRecord.day.between(first_on, last_on))
        .group_by(FigureRecord.unit, FigureRecord.measure)
    )
    if (mine := _units_in(scope)) is not None:
        query = query.where(FigureRecord.unit.in_(mine))
    found: dict[str, dict[Measure, int]] = {}
    for unit, measure, count in await session.execute(query):
        found.setdefault(unit, {})[measure] = int(count)
    return found


async def figures_by_day(
    session: AsyncSession, unit: str, first_on: date, last_on: date
) -> dict[date, dict[Measure, int]]:
    """A unit's figures of each day that has any."""
    query = select(FigureRecord.day, FigureRecord.measure, FigureRecord.count).where(
        FigureRecord.unit == unit, FigureRecord.day.between(first_on, last_on)
    )
    found: dict[date, dict[Measure, int]] = {}
    for day, measure, count in await session.execute(query):
        found.setdefault(day, {})[measure] = count
    return found


async def units_seen(session: AsyncSession, scope: Scope) -> dict[str, UnitRecord]:
    """The units that the caller may see, by code."""
    query = select(UnitRecord)
    if (mine := _units_in(scope)) is not None:
        query = query.where(UnitRecord.code.in_(mine))
    return {unit.code: unit for unit in await session.scalars(query)}


async def unit_known(session: AsyncSession, code: str) -> UnitRecord | None:
    """The unit's record, None when only figures name the unit; UnitNotShown when nothing does."""
    unit = await session.get(UnitRecord, code)
    if unit is None:
        figure = select(FigureRecord.unit).where(FigureRecord.unit == code).limit(1)
        if await session.scalar(figure) is None:
            raise UnitNotShown(code)
    return unit

"""The statements for figures.  What a person may see is decided here, by `scope`, and nowhere else (S4.2a)."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.analytics.figures.errors import UnitNotShown
from services.analytics.figures.model import DISTRICT, Figures, Measure
from services.analytics.figures.tables import FigureRecord
from shared.access import Scope
from shared.following.units import FollowedUnit, unit_of, units_of

_ADD_FIGURES: Final = text(
    """
insert into figure as f (unit, day, measure, count)
select unit, day, measure, count
from unnest(cast(:units as text[]), cast(:days as date[]), cast(:measures as text[]), cast(:counts as bigint[]))
  as t(unit, day, measure, count) order by unit, day, measure
on conflict (unit, day, measure) do update set count = f.count + excluded.count
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


def _units_in(scope: Scope) -> tuple[str, ...] | None:
    """A unit reads its own figures and the district's; None stands for all, which the centre and the district read."""
    return None if scope.everything else (DISTRICT, *filter(None, (scope.unit,)))


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


async def units_seen(session: AsyncSession, scope: Scope) -> dict[str, FollowedUnit]:
    """The units that the caller may see, by code."""
    return await units_of(session, _units_in(scope))


async def unit_known(session: AsyncSession, code: str) -> FollowedUnit | None:
    """The unit, None when only figures name it; UnitNotShown when nothing does."""
    unit = await unit_of(session, code)
    if unit is None:
        figure = select(FigureRecord.unit).where(FigureRecord.unit == code).limit(1)
        if await session.scalar(figure) is None:
            raise UnitNotShown(code)
    return unit

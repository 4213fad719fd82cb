"""The running figures: a batch of events takes four statements, whatever its size.  Scope is applied here only (S4.2a)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.analytics.errors import UnitNotShown
from services.analytics.model import DISTRICT, Fact, Figures, Kind, Measure
from services.analytics.tables import FigureRecord, UnitRecord
from shared.contracts.dispatch import UnitChanged
from shared.identity import Scope

FACT: Final = "event_id, order_id, kind, at, unit, weight, disposition, solved, satisfied, clock"
FACT_ARRAYS: Final = """unnest(cast(:event_ids as uuid[]), cast(:order_ids as text[]), cast(:kinds as text[]),
  cast(:ats as timestamptz[]), cast(:units as text[]), cast(:weights as bigint[]), cast(:dispositions as text[]),
  cast(:solved as text[]), cast(:satisfied as text[]), cast(:clocks as text[]))"""

_LOCK_ORDERS = text(
    """
insert into tracked_order (order_id) select order_id from unnest(cast(:ids as text[])) as t(order_id) order by 1
on conflict (order_id) do update set order_id = excluded.order_id
"""
)
_FACTS_OF = text(
    f"select {FACT} from fact where order_id = any(cast(:ids as text[])) order by order_id, position"  # noqa: S608 - fixed words
)
_ADD_FACTS = text(
    f"""
insert into fact ({FACT})
select {FACT} from {FACT_ARRAYS} with ordinality as t({FACT}, n) order by n
on conflict (event_id) do nothing returning event_id
"""  # noqa: S608 - fixed words
)
_ADD_FIGURES = text(
    """
insert into figure as f (unit, day, measure, count)
select unit, day, measure, count
from unnest(cast(:units as text[]), cast(:days as date[]), cast(:measures as text[]), cast(:counts as bigint[]))
  as t(unit, day, measure, count) order by unit, day, measure
on conflict (unit, day, measure) do update set count = f.count + excluded.count
"""
)
_KEEP_UNITS = text(
    """
insert into unit as u (code, name, "group", active, changed_at)
select code, name, kind, active, changed_at
from unnest(cast(:codes as text[]), cast(:names as text[]), cast(:kinds as text[]), cast(:actives as boolean[]),
  cast(:changed as timestamptz[])) as t(code, name, kind, active, changed_at) order by code
on conflict (code) do update set name = excluded.name, "group" = excluded."group", active = excluded.active,
  changed_at = excluded.changed_at
"""
)


async def lock_orders(session: AsyncSession, order_ids: Collection[str]) -> None:
    """Hold these orders until the transaction ends, in the order of their ids."""
    await session.execute(_LOCK_ORDERS, {"ids": sorted(order_ids)})


async def facts_of(session: AsyncSession, order_ids: Collection[str]) -> dict[str, list[tuple[UUID, Fact]]]:
    """The facts of each order with their events' ids, in the order in which they came."""
    found: dict[str, list[tuple[UUID, Fact]]] = {order_id: [] for order_id in order_ids}
    for row in await session.execute(_FACTS_OF, {"ids": sorted(order_ids)}):
        found[row.order_id].append((row.event_id, fact_in(row)))
    return found


def fact_in(row: Any) -> Fact:
    """The fact in a row that has the columns FACT."""
    return Fact(
        order_id=row.order_id,
        kind=Kind(row.kind),
        at=row.at,
        unit=row.unit,
        weight=row.weight,
        disposition=row.disposition,
        solved=row.solved,
        satisfied=row.satisfied,
        clock=row.clock,
    )


def fact_columns(facts: Sequence[tuple[UUID, Fact]]) -> dict[str, Any]:
    """Facts with their events' ids as the arrays of FACT_ARRAYS."""
    return {
        "event_ids": [event_id for event_id, _ in facts],
        "order_ids": [fact.order_id for _, fact in facts],
        "kinds": [fact.kind.value for _, fact in facts],
        "ats": [fact.at for _, fact in facts],
        "units": [fact.unit for _, fact in facts],
        "weights": [fact.weight for _, fact in facts],
        "dispositions": [fact.disposition for _, fact in facts],
        "solved": [fact.solved for _, fact in facts],
        "satisfied": [fact.satisfied for _, fact in facts],
        "clocks": [fact.clock for _, fact in facts],
    }


async def add_facts(session: AsyncSession, facts: Sequence[tuple[UUID, Fact]]) -> set[UUID]:
    """Append facts in this order; the ids of those that were not there before."""
    return {row[0] for row in await session.execute(_ADD_FACTS, fact_columns(facts))}


def figure_columns(figures: Figures) -> dict[str, list[Any]]:
    """Figures as four arrays."""
    places = list(figures)
    return {
        "units": [place.unit for place in places],
        "days": [place.day for place in places],
        "measures": [place.measure.value for place in places],
        "counts": [figures[place] for place in places],
    }


async def add_figures(session: AsyncSession, change: Figures) -> None:
    """Add to the running figures."""
    if change:
        await session.execute(_ADD_FIGURES, figure_columns(change))


async def keep_units(session: AsyncSession, changes: Mapping[str, UnitChanged]) -> None:
    """Remember the units' names as they are now."""
    units = list(changes.values())
    await session.execute(
        _KEEP_UNITS,
        {
            "codes": [unit.code for unit in units],
            "names": [unit.name for unit in units],
            "kinds": [unit.group for unit in units],
            "actives": [unit.active for unit in units],
            "changed": [unit.changed_at for unit in units],
        },
    )


# -- reading --------------------------------------------------------------------------------------------------------


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
        found.setdefault(unit, {})[Measure(measure)] = int(count)
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
        found.setdefault(day, {})[Measure(measure)] = count
    return found


async def units_seen(session: AsyncSession, scope: Scope) -> dict[str, UnitRecord]:
    """The units that the caller may see, by code."""
    query = select(UnitRecord)
    if (mine := _units_in(scope)) is not None:
        query = query.where(UnitRecord.code.in_(mine))
    return {unit.code: unit for unit in await session.scalars(query)}


async def unit_known(session: AsyncSession, code: str) -> UnitRecord | None:
    """The unit's record, None when only figures name it; UnitNotShown when nothing does."""
    unit = await session.get(UnitRecord, code)
    if unit is None:
        figure = select(FigureRecord.unit).where(FigureRecord.unit == code).limit(1)
        if await session.scalar(figure) is None:
            raise UnitNotShown(code)
    return unit

"""The figures of a week, of a day, and of a unit over the last weeks."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncSession

from services.analytics.figures import store
from services.analytics.figures.errors import BadDay, UnitNotShown
from services.analytics.figures.model import DISTRICT, FIRST_YEAR, LAST_YEAR, Measure, Week
from services.analytics.figures.policy import TREND_WEEKS
from services.analytics.figures.schemas import Figures, Row, Trend, WeekFigures, WeekRow
from shared.access import Scope
from shared.calendar import local_day
from shared.deps import CurrentScope, InRead, ThisRuntime
from shared.web import Code, DeskRoute

router = APIRouter(prefix="/v1", route_class=DeskRoute)

_MOST_WEEKS: Final = 53

WeekText = Annotated[
    str | None, Query(pattern=r"^\d{4}-W\d{2}$", title="周", description="ISO 周，如 2026-W48；默认本周")
]

_FROM_WEEK: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "links": {
            "weekly_of_unit": {
                "operationId": "weekly_of_unit",
                "parameters": {"code": "$response.body#/units/0/unit"},
            }
        }
    }
}


def _week(text: str | None, runtime: ThisRuntime) -> Week:
    return Week.parse(text) if text is not None else Week.of(local_day(runtime.clock.now()))


async def _rows(session: AsyncSession, scope: Scope, first_on: date, last_on: date) -> tuple[Row, list[Row]]:
    """The district's row and the units', departments before streets: every active unit, and every other that has figures."""
    figures = await store.figures_between(session, scope, first_on, last_on)
    units = await store.units_seen(session, scope)
    codes = {code for code, unit in units.items() if unit.active} | figures.keys() | {scope.unit or DISTRICT}
    rows = [Row.of(code, units.get(code), figures.get(code, {})) for code in codes - {DISTRICT}]
    rows.sort(key=lambda row: (row.group or "", row.unit or ""))
    return Row.of(DISTRICT, None, figures.get(DISTRICT, {})), rows


@router.get(
    "/weekly",
    operation_id="weekly_figures",
    summary="各单位周统计",
    tags=["统计"],
    responses=_FROM_WEEK,
)
async def weekly_figures(
    session: InRead, scope: CurrentScope, runtime: ThisRuntime, week: WeekText = None
) -> WeekFigures:
    """A week's figures per unit (S3.2b); a unit sees its own row and the district's."""
    wanted = _week(week, runtime)
    district, units = await _rows(session, scope, wanted.first_on(), wanted.last_on())
    return WeekFigures(
        week=str(wanted), first_on=wanted.first_on(), last_on=wanted.last_on(), district=district, units=units
    )


@router.get("/daily", operation_id="daily_figures", summary="各单位日统计", tags=["统计"])
async def daily_figures(
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    day: Annotated[date | None, Query(alias="date", title="日期", description="日期，如 2026-11-23；默认今天")] = None,
) -> Figures:
    """A day's figures per unit (S3.2a); a unit sees its own row and the district's."""
    wanted = day or local_day(runtime.clock.now())
    if not FIRST_YEAR <= wanted.year <= LAST_YEAR:
        raise BadDay(wanted.isoformat())
    district, units = await _rows(session, scope, wanted, wanted)
    return Figures(first_on=wanted, last_on=wanted, district=district, units=units)


@router.get("/units/{code}/weekly", operation_id="weekly_of_unit", summary="单位周统计走势", tags=["统计"])
async def weekly_of_unit(
    code: Annotated[Code, Path(title="单位编码", description="单位编码")],
    session: InRead,
    scope: CurrentScope,
    runtime: ThisRuntime,
    until: WeekText = None,
    weeks: Annotated[int, Query(ge=1, le=_MOST_WEEKS, title="周数", description="周数")] = TREND_WEEKS,
) -> Trend:
    """A unit's figures of the last weeks, the earliest first; a unit sees its own (S3.2b)."""
    last = _week(until, runtime)
    if not scope.sees(code):
        raise UnitNotShown(code)
    unit = await store.unit_known(session, code)
    first = last.before(weeks - 1)
    days = await store.figures_by_day(session, code, first.first_on(), last.last_on())
    sums: dict[Week, Counter[Measure]] = {last.before(back): Counter() for back in reversed(range(weeks))}
    for day, counts in days.items():
        sums[Week.of(day)].update(counts)
    rows = [
        WeekRow(
            week=str(week), first_on=week.first_on(), last_on=week.last_on(), figures=Row.of(code, unit, sums[week])
        )
        for week in sums
    ]
    return Trend(unit=code, name=unit.name if unit else code, weeks=rows)

"""Rebuilds: whether the figures are right, and putting them right."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path

from services.analytics.rebuilds import handlers, store
from services.analytics.rebuilds.schemas import RebuildOrder, RebuildReport
from shared.deps import CurrentPerson, Cursor, InRead, Limit, ThisRuntime
from shared.web import DeskRoute, Identifier, Page

router = APIRouter(prefix="/v1", route_class=DeskRoute)

_FROM_REBUILD: Final[dict[int | str, dict[str, Any]]] = {
    201: {"links": {"get_rebuild": {"operationId": "get_rebuild", "parameters": {"rebuild_id": "$response.body#/id"}}}}
}
_FROM_REBUILDS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "links": {
            "get_rebuild": {"operationId": "get_rebuild", "parameters": {"rebuild_id": "$response.body#/items/0/id"}}
        }
    }
}


@router.post(
    "/rebuild",
    operation_id="rebuild_figures",
    summary="重算统计并与现有结果核对",
    tags=["重算"],
    status_code=201,
    responses=_FROM_REBUILD,
)
async def rebuild_figures(body: RebuildOrder, runtime: ThisRuntime, person: CurrentPerson) -> RebuildReport:
    """Compute every figure anew and compare each; replace the running ones only when asked to."""
    rebuild_id = await handlers.rebuild(runtime, person, source=body.source, swap=body.swap)
    async with runtime.works.read() as session:
        return RebuildReport.of(await store.rebuild_of(session, rebuild_id))


@router.get(
    "/rebuild",
    operation_id="list_rebuilds",
    summary="历次重算",
    tags=["重算"],
    responses=_FROM_REBUILDS,
)
async def list_rebuilds(session: InRead, cursor: Cursor = None, limit: Limit = 20) -> Page[RebuildReport]:
    """Rebuilds, the latest first."""
    found = await store.page_of_rebuilds(session, cursor=cursor, limit=limit)
    return Page(items=[RebuildReport.of(record) for record in found.rows], next=found.next)


@router.get(
    "/rebuild/{rebuild_id}",
    operation_id="get_rebuild",
    summary="重算结果",
    tags=["重算"],
)
async def get_rebuild(
    rebuild_id: Annotated[Identifier, Path(title="重算编号", description="重算编号")], session: InRead
) -> RebuildReport:
    """One rebuild's report."""
    return RebuildReport.of(await store.rebuild_of(session, UUID(rebuild_id)))

"""The units that have come under a trigger of supervision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.sla.candidates import store
from services.sla.candidates.schemas import Candidate
from shared.contracts.sla import SupervisionCause
from shared.deps import CurrentScope, Cursor, InRead, Limit
from shared.web import Code, DeskRoute, Page

router = APIRouter(prefix="/v1", route_class=DeskRoute, tags=["看板"])


@router.get("/supervision-candidates", operation_id="list_candidates", summary="督办建议名单")
async def list_candidates(
    session: InRead,
    scope: CurrentScope,
    cause: Annotated[SupervisionCause | None, Query(title="情形", description="情形")] = None,
    unit: Annotated[Code | None, Query(title="单位", description="单位")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Candidate]:
    """Units that have come under a trigger of supervision, the latest first; the office decides (S3.4a)."""
    listed = await store.candidates(session, scope, cause=cause, unit=unit, cursor=cursor, limit=limit)
    return Page(items=[Candidate.of(record) for record in listed.rows], next=listed.next)

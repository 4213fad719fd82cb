"""Clocks that an operator starts and stops by hand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.sla.by_hand import handlers
from services.sla.by_hand.schemas import ClockBody, StopBody
from services.sla.clocks.schemas import Clock
from shared.deps import InWork
from shared.web import CommandRoute, Identifier

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["延期"])


_TO_STOP = {201: {"links": {"stop": {"operationId": "stop_clock", "parameters": {"clock_id": "$response.body#/id"}}}}}


@router.post(
    "/clocks",
    operation_id="start_clock",
    summary="手工启动时限",
    status_code=201,
    responses=_TO_STOP,  # type: ignore[arg-type]
)
async def start_clock(body: ClockBody, work: InWork) -> Clock:
    """Start a clock that no event starts yet, with a reason (S3.1f, S3.3h, S2.2.3i, S3.4b, S3.2g)."""
    return Clock.of(await handlers.start_clock(work, body.as_wanted()), work.now)


@router.post("/clocks/{clock_id}/stop", operation_id="stop_clock", summary="手工停止时限")
async def stop_clock(
    clock_id: Annotated[Identifier, Path(title="时限编号", description="时限编号")], body: StopBody, work: InWork
) -> Clock:
    """Stop a clock that was started by hand; one that follows events cannot be stopped by hand (A04)."""
    return Clock.of(await handlers.stop_clock(work, UUID(clock_id), body.reason), work.now)

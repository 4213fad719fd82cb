"""What people ask of the rules."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from services.sla.policy import CIRCULAR_2022
from services.sla.schemas.rulesets import Rules
from shared.deps import allow
from shared.identity import Role

router = APIRouter(prefix="/v1")


# The calendar and the rules are the same for everybody who is logged in, and name nobody.
ANYBODY = Depends(allow(*Role))


@router.get("/rules", operation_id="rules_in_force", summary="时限规则", tags=["规则"], dependencies=[ANYBODY])
async def rules_in_force() -> Rules:
    """Every number that new clocks are started by, with its clause (X3)."""
    return Rules.of(CIRCULAR_2022)

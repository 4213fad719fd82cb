"""The job that writes the orders that arrive."""

from __future__ import annotations

from services.intake.acceptance.handlers import Acceptance
from shared.service import Runtime


async def write_orders(runtime: Runtime) -> None:
    """The writers of the group commit."""
    await runtime.parts.of(Acceptance).run()

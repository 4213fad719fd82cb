"""A unit that comes under one of the triggers of supervision."""

from __future__ import annotations

from typing import NamedTuple

from shared.contracts.sla import SupervisionCause


class Proposal(NamedTuple):
    """Which unit is to be named for supervision, why, and the occasion, which names it once."""

    unit: str
    cause: SupervisionCause
    occasion: str
    facts: str
    order_id: str | None = None

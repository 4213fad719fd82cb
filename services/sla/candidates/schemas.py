"""Candidates of supervision as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.candidates.tables import CandidateRecord
from shared.contracts.sla import SupervisionCause


class Candidate(BaseModel):
    """A unit that has come under one of the triggers of supervision; the office decides (S3.4a)."""

    id: str
    unit: str
    cause: Annotated[SupervisionCause, Field(description="超期未办、解决不力、拒不承办、反映问题集中")]
    order_id: str | None
    facts: str
    raised_at: datetime

    @classmethod
    def of(cls, record: CandidateRecord) -> Candidate:
        """The record's public side."""
        return cls(
            id=str(record.id),
            unit=record.unit,
            cause=record.cause,
            order_id=record.order_id,
            facts=record.facts,
            raised_at=record.raised_at,
        )

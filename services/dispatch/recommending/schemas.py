"""What is shown of a recommendation."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.dispatch.recommending.tables import RecommendationRecord


class EvidenceOut(BaseModel):
    """Why a unit is recommended."""

    kind: str = Field(description="catalogue 职责目录 / territory 属地 / similar_orders 同类工单")
    text: str
    order_id: str | None = Field(default=None, description="同类工单中最近一件的标识；其他依据为空")


class CandidateOut(BaseModel):
    """A recommended unit."""

    unit: str
    name: str
    basis: str
    score: float
    evidence: list[EvidenceOut]


class RecommendationOut(BaseModel):
    """What was recommended, best first."""

    made_at: datetime | None
    candidates: list[CandidateOut]

    @classmethod
    def of(cls, record: RecommendationRecord | None) -> RecommendationOut:
        """From the row, or empty."""
        if record is None:
            return cls(made_at=None, candidates=[])
        return cls(made_at=record.made_at, candidates=[CandidateOut(**line) for line in record.candidates])

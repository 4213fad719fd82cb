"""What is shown of a recommendation."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.dispatch.recommending.tables import RecommendationRecord


class EvidenceOut(BaseModel):
    """Why a unit is recommended."""

    kind: str = Field(
        description="catalogue 职责目录 / territory 属地 / similar_orders 同类工单 / proposed 回退单位建议 / returned 此单已由该单位回退"
    )
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
    returned_by: list[str] = Field(
        description="已回退此单（回退获同意）的单位编码；不在候选之列，其他单位不足三个时列于最后。仍交其承办的，不得再次回退"
    )

    @classmethod
    def of(cls, record: RecommendationRecord | None) -> RecommendationOut:
        """From the row, or empty."""
        if record is None:
            return cls(made_at=None, candidates=[], returned_by=[])
        return cls(
            made_at=record.made_at,
            candidates=[CandidateOut(**line) for line in record.candidates],
            returned_by=[each["unit"] for each in record.returned],
        )

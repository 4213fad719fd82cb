"""Units that have come under a trigger of supervision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record
from shared.contracts.sla import SupervisionCause
from shared.db.logins import PROTECTED, OwnRows


class CandidateRecord(Record):
    """A unit that has come under one of the four triggers of supervision (S3.4a); the office decides what follows."""

    __tablename__ = "supervision_candidate"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit: Mapped[str]
    cause: Mapped[SupervisionCause] = mapped_column(Text, comment="overdue, unsolved, refused, concentrated")
    occasion: Mapped[str] = mapped_column(comment="the clock, the order, or the week: each raises it once")
    order_id: Mapped[str | None]
    facts: Mapped[str]
    raised_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("unit", "cause", "occasion", name="uq_supervision_candidate_occasion"),
        CheckConstraint("cause in ('overdue', 'unsolved', 'refused', 'concentrated')", name="known_cause"),
        Index("ix_supervision_candidate_raised_at", "raised_at", "id"),
        Index("ix_supervision_candidate_unit", "unit", "raised_at", "id"),
        {"info": {PROTECTED: OwnRows("unit")}},
    )

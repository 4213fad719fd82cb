"""How far the clocks have been counted anew by each version of the calendar."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.recomputing.model import Progress
from services.sla.record import Record
from shared.db.logins import GRANTED_TO_UNITS


class RecomputationRecord(Record):
    """How far the clocks have been recomputed by a version; the row is the lock between replicas."""

    __tablename__ = "recomputation"

    number: Mapped[int] = mapped_column(ForeignKey("calendar_version.number"), primary_key=True, autoincrement=False)
    state: Mapped[Progress] = mapped_column(comment="open, done")
    expected: Mapped[int] = mapped_column(comment="clocks whose span holds a changed day, counted at the start")
    seen: Mapped[int]
    moved: Mapped[int]
    excused: Mapped[int] = mapped_column(comment="breaches of the due moments of before that were taken back")
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state in ('open', 'done')", name="known_state"),
        {"info": {GRANTED_TO_UNITS: "select"}},
    )

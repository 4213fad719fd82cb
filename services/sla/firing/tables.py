"""How many warnings each unit was sent in the current minute."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.record import Record


class StormRecord(Record):
    """How many warnings one unit was sent in the current minute, and when it was last sent a digest."""

    __tablename__ = "warning_storm"

    unit: Mapped[str] = mapped_column(primary_key=True, comment="the unit, or district")
    since: Mapped[datetime]
    told: Mapped[int] = mapped_column(Integer)
    digested_at: Mapped[datetime | None]

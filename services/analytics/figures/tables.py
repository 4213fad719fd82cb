"""The rows of figures."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.analytics.figures.model import Measure
from services.analytics.record import Record
from shared.db.logins import PROTECTED, OwnRows

_MEASURES: Final = f"measure in ({', '.join(repr(measure.value) for measure in Measure)})"


class FigureRecord(Record):
    """One count: unit (empty for the district), day in Asia/Shanghai, what is counted."""

    __tablename__ = "figure"

    unit: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    measure: Mapped[Measure] = mapped_column(primary_key=True)
    count: Mapped[int]

    __table_args__ = (
        CheckConstraint(_MEASURES, name="known_measure"),
        Index("ix_figure_day", "day"),
        {"info": {PROTECTED: OwnRows("unit", everybodys="")}},
    )

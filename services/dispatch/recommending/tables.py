"""What was recommended for orders, and what recommendations learn from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import PROTECTED, RowsOfUnit


class RecommendationRecord(Record):
    """What was recommended for an order, with its evidence (S2.1a)."""

    __tablename__ = "recommendation"

    # Checked at the commit: a batch of events writes new orders and their recommendations in one flush, and which of
    # the two tables comes first in it, SQLAlchemy does not take from a foreign key.
    order_id: Mapped[str] = mapped_column(
        ForeignKey("order_case.order_id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    candidates: Mapped[list[dict[str, Any]]]
    returned: Mapped[list[dict[str, Any]]] = mapped_column(comment="accepted returns: unit and suggested_unit")
    made_at: Mapped[datetime]

    __table_args__ = ({"info": {PROTECTED: RowsOfUnit(None)}},)


class ExperienceRecord(Record):
    """How many orders of a category a unit has closed to the caller's satisfaction: what recommendations learn from."""

    __tablename__ = "experience"

    category: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    solved: Mapped[int]
    last_order_id: Mapped[str]

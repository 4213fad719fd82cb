"""The chain of responsibility of an order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from shared.db.logins import PROTECTED, RowsOfUnit


class AssignmentRecord(Record):
    """One link of the chain of responsibility (S2.1c, S3.1a)."""

    __tablename__ = "assignment"

    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[str]
    cause: Mapped[str]
    basis: Mapped[str]
    grounds: Mapped[str] = mapped_column(comment="sealed")
    recommended: Mapped[list[str]] = mapped_column(comment="what was recommended then")
    followed: Mapped[bool] = mapped_column(comment="whether the first recommended unit was taken (S2.1c)")
    decision: Mapped[str | None] = mapped_column(comment="sealed: the panel's decision, S3.1h")
    reason: Mapped[str | None] = mapped_column(comment="sealed: why it was reassigned, S2.2.1h")
    no_return: Mapped[bool]
    determined_at: Mapped[datetime]
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(one_of("cause", "first", "returned", "reassigned", "redo"), name="cause"),
        CheckConstraint(one_of("basis", "duty", "territory", "industry"), name="basis"),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )

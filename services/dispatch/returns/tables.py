"""The requests to give an order back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from shared.db.logins import PROTECTED, RowsOfUnit


class ReturnRecord(Record):
    """A request to give an order back, and what the centre decided (S2.2.1g, S2.2.1i)."""

    __tablename__ = "return_request"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    assignment: Mapped[int]
    unit: Mapped[str]
    reason: Mapped[str] = mapped_column(comment="sealed")
    policy_basis: Mapped[str] = mapped_column(comment="sealed")
    suggested_unit: Mapped[str]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    decision: Mapped[str | None]
    decision_reason: Mapped[str | None] = mapped_column(comment="sealed")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_as: Mapped[str | None] = mapped_column(comment="in which role: what the unit that asked is told")

    __table_args__ = (
        UniqueConstraint("order_id", "unit", name="uq_return_request_order_id"),
        CheckConstraint(one_of("decision", "accept", "reject"), name="decision"),
        Index("ix_return_request_open", "order_id", unique=True, postgresql_where=text("decision is null")),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )

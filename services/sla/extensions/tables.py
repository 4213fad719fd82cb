"""Requests for more working days."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.sla.extensions.model import ExtensionState, ReasonCode
from services.sla.record import Record
from shared.db.logins import PROTECTED, RowsOfUnit


class ExtensionRecord(Record):
    """A request for more working days, with the caller's consent and the centre's decision (S1.3.2)."""

    __tablename__ = "extension"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("clocked_order.order_id"))
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clock.id"))
    unit: Mapped[str]
    state: Mapped[ExtensionState] = mapped_column(comment="requested, granted, refused, declined (by the caller)")
    reason_code: Mapped[ReasonCode] = mapped_column(Text)
    citation: Mapped[str | None] = mapped_column(comment="sealed")
    explanation: Mapped[str | None] = mapped_column(comment="sealed")
    workdays: Mapped[int] = mapped_column(Integer)
    overridden: Mapped[bool] = mapped_column(comment="over the cap, by the head of the centre (S1.3.2d)")
    override_reason: Mapped[str | None] = mapped_column(comment="sealed")
    consented_at: Mapped[datetime]
    agreed: Mapped[bool]
    consent: Mapped[str] = mapped_column(comment="sealed: person, phone, evidence")
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    was_due_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(comment="once granted")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision_reason: Mapped[str | None] = mapped_column(comment="sealed")
    version: Mapped[int] = mapped_column()

    __table_args__ = (
        CheckConstraint("state in ('requested', 'granted', 'refused', 'declined')", name="known_state"),
        CheckConstraint("reason_code in ('legal', 'complex')", name="known_reason"),
        CheckConstraint("workdays > 0", name="some_workdays"),
        CheckConstraint("(state = 'granted') = (due_at is not null)", name="granted_has_due"),
        Index("ix_extension_order_id", "order_id", "requested_at"),
        Index("ix_extension_state", "state", "requested_at", "id"),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

"""The contacts with callers, and the progress notes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from shared.db.logins import PROTECTED, RowsOfUnit


class ContactRecord(Record):
    """One attempt to speak with the caller (S2.2.1b); who, number and text are sealed."""

    __tablename__ = "contact"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    unit: Mapped[str]
    turn: Mapped[int] = mapped_column(comment="of the order: a turn's contacts count for its reply")
    attempt: Mapped[int]
    outcome: Mapped[str]
    counts: Mapped[bool]
    separate: Mapped[bool] = mapped_column(comment="false: a failed call too soon after another one (A39)")
    sealed: Mapped[str] = mapped_column(comment="phone, person, content")
    contacted_at: Mapped[datetime]
    promised_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(one_of("outcome", "reached", "not_reached", "refused"), name="outcome"),
        Index("ix_contact_order_id", "order_id", "recorded_at"),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )


class NoteRecord(Record):
    """How far the unit is, and when it will call again (S2.2.1d)."""

    __tablename__ = "note"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    unit: Mapped[str]
    sealed: Mapped[str]
    promised_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str]

    __table_args__ = (Index("ix_note_order_id", "order_id", "noted_at"), {"info": {PROTECTED: RowsOfUnit("unit")}})

"""Notices that were taken in, and results of revisits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.record import ID, Record
from shared.db.logins import PROTECTED, RowsOfUnit


class ToldNotice(Record):
    """A notice that was taken in: the same once more, at any time and under another webhook-id, is known (S1.1.4c)."""

    __tablename__ = "told_notice"

    order_id: Mapped[str] = mapped_column(ID, ForeignKey("upstream_order.order_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True, comment="cancellations, urges, revisits, redos")
    happened_at: Mapped[datetime] = mapped_column(primary_key=True, comment="its own moment, as the platform wrote it")
    content: Mapped[str] = mapped_column(primary_key=True, comment="keyed hash of what it says")
    received_at: Mapped[datetime]


class Revisit(Record):
    """One call of a platform to the person, and its result (A31, A32)."""

    __tablename__ = "revisit"

    order_id: Mapped[str] = mapped_column(ID, ForeignKey("upstream_order.order_id"), primary_key=True)
    revisit: Mapped[int] = mapped_column(Integer, primary_key=True)
    redos: Mapped[int] = mapped_column(Integer, comment="the cycle of the reply that it is about")
    valid: Mapped[bool]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    opinion: Mapped[str | None] = mapped_column(comment="sealed")
    revisited_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("valid = (solved is not null and satisfied is not null)", name="valid_is_answered"),
        {"info": {PROTECTED: RowsOfUnit(None, written=False)}},
    )

"""What somebody has typed and not sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import PROTECTED, OwnRows


class DraftRecord(Record):
    """The content of one form about one order, of one person."""

    __tablename__ = "draft"

    account: Mapped[str] = mapped_column(primary_key=True, comment="whose; nobody else reads it")
    unit: Mapped[str] = mapped_column(primary_key=True, comment="for which unit the person works; empty for none")
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str] = mapped_column(deferred=True, comment="sealed")
    version: Mapped[int] = mapped_column(comment="the moment of the change in milliseconds, or more")
    changed_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_draft_changed_at", "changed_at"),
        {"info": {PROTECTED: OwnRows("unit", written=True)}},
    )

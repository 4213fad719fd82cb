"""The signed requests that were answered, and what of them we have no field for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.record import ID, Record
from shared.db.logins import PROTECTED, RowsOfUnit


class Receipt(Record):
    """A signed request that was answered, kept for ever: the same id again gets the same answer (R34).

    No foreign keys here, nor among the other tables of the hot path (upstream_order, caller, order_version): one
    statement writes them together, and the check of each row would cost more than the row.
    """

    __tablename__ = "receipt"

    channel: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="SHA-256 of the body")
    status: Mapped[int] = mapped_column(SmallInteger, comment="of the answer")
    order_id: Mapped[str | None] = mapped_column(ID)
    version: Mapped[int | None] = mapped_column(Integer)
    quarantine_id: Mapped[str | None] = mapped_column(ID)
    not_applied: Mapped[str | None] = mapped_column(comment="why nothing was done: older_revision")
    received_at: Mapped[datetime]


class UnknownFields(Record):
    """The fields of one applied request that we do not know; sealed, because nobody knows what stands in them."""

    __tablename__ = "unknown_fields"

    channel: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str] = mapped_column(comment="orders, cancellations, urges, revisits, redos")
    fields: Mapped[str] = mapped_column(comment="sealed JSON: the platform's name -> text")
    received_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_unknown_fields_order", "order_id", "received_at"),
        {"info": {PROTECTED: RowsOfUnit(None)}},
    )

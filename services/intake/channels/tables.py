"""The signed requests that were answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.record import ID, Record


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

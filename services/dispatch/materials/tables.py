"""The files of returns and of replies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from shared.contracts.places import ATTACHMENT
from shared.db.logins import PROTECTED, RowsOfUnit
from shared.personal.sealing import Sealer


class AttachmentRecord(Record):
    """A file that a unit attached to a return or to a reply."""

    __tablename__ = "attachment"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    purpose: Mapped[str]
    owner_id: Mapped[str] = mapped_column(comment="the return's or the reply's id")
    unit: Mapped[str] = mapped_column(comment="whose file it is")
    name: Mapped[str] = mapped_column(comment="sealed: a file's name may name its caller")
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(comment="under which the file store keeps its bytes")
    size: Mapped[int]
    attached_at: Mapped[datetime]
    attached_by: Mapped[str]

    __table_args__ = (
        CheckConstraint(one_of("purpose", "return", "reply"), name="purpose"),
        Index("ix_attachment_order_id", "order_id", "attached_at"),
        Index("ix_attachment_sha256", "sha256"),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )

    def open_name(self, sealer: Sealer) -> str:
        """The file's name, opened."""
        return sealer.open(self.name, ATTACHMENT.at(order_id=self.order_id, attachment_id=self.id))

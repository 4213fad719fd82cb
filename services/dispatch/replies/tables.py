"""The replies."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record, one_of
from services.dispatch.replies.model import ReplyState
from shared.db.logins import PROTECTED, RowsOfUnit


class ReplyRecord(Record):
    """A reply as it was submitted, and what became of it (S2.2.3b); its texts are sealed."""

    __tablename__ = "reply"

    id: Mapped[str] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_case.order_id"))
    round: Mapped[int]
    unit: Mapped[str]
    disposition: Mapped[str]
    sealed: Mapped[str] = mapped_column(comment="the five elements")
    grounds: Mapped[str | None] = mapped_column(comment="sealed: statement, legal_basis, site_record")
    plan_on: Mapped[date | None]
    state: Mapped[ReplyState]
    opinion: Mapped[str | None] = mapped_column(comment="sealed: why it came back")
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str]
    judged_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("order_id", "round", name="uq_reply_order_id"),
        CheckConstraint(one_of("state", *ReplyState), name="state"),
        CheckConstraint(
            one_of("disposition", "solved", "out_of_scope", "not_true", "explanation", "planned"), name="disposition"
        ),
        {"info": {PROTECTED: RowsOfUnit("unit")}},
    )

"""Replies on their way to the platforms, and each attempt to send one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.feedback.model import AckedBy, DeliveryState
from services.intake.record import ID, Record
from shared.contracts.dispatch import Disposition


class Delivery(Record):
    """One approved reply on its way to its platform; its id is the idempotency key of every attempt (S2.3b)."""

    __tablename__ = "delivery"

    id: Mapped[str] = mapped_column(ID, primary_key=True, comment="webhook-id of all its attempts")
    order_id: Mapped[str] = mapped_column(ID, ForeignKey("upstream_order.order_id"))
    reply_id: Mapped[str] = mapped_column(unique=True)
    platform: Mapped[str]
    round: Mapped[int] = mapped_column(Integer)
    redos: Mapped[int] = mapped_column(Integer, comment="the cycle that it answers")
    unit: Mapped[str]
    disposition: Mapped[Disposition]
    demand_version: Mapped[int] = mapped_column(Integer, comment="of the content that the reply answers")
    reply: Mapped[str] = mapped_column(comment="sealed, as it came with the approval")
    leader_name: Mapped[str] = mapped_column(comment="sealed: the unit's leader who let the reply go")
    leader_at: Mapped[datetime]
    approved_at: Mapped[datetime] = mapped_column(comment="by the centre: no notice of before is about this reply")
    created_at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    scheduled: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="attempts of the present schedule"
    )
    next_at: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(ID, comment="the attempt that is alive")
    leased_until: Mapped[datetime | None] = mapped_column(comment="by the database's own clock")
    acked_at: Mapped[datetime | None]
    acked_by: Mapped[AckedBy | None] = mapped_column(
        comment="answer, or the notice that proves that the platform has it"
    )

    __table_args__ = (
        CheckConstraint("(acked_at is null) = (acked_by is null)", name="acked_has_a_cause"),
        CheckConstraint("state in ('waiting', 'sending', 'acked', 'failed', 'cancelled')", name="known_state"),
        CheckConstraint("(state = 'sending') = (lease is not null)", name="sending_is_leased"),
        CheckConstraint("state <> 'waiting' or next_at is not null", name="waiting_is_scheduled"),
        Index("ix_delivery_order", "order_id", "id"),
        Index("ix_delivery_next", "next_at", "id", postgresql_where=text("state in ('waiting', 'sending')")),
        Index("ix_delivery_listing", "state", "created_at", "id"),
    )


class DeliveryAttempt(Record):
    """One attempt to send a reply, and how it ended; `ended_at` is null when that is not known."""

    __tablename__ = "delivery_attempt"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ID, ForeignKey("delivery.id"))
    number: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    status: Mapped[int | None] = mapped_column(SmallInteger, comment="HTTP status of the answer")
    outcome: Mapped[str | None] = mapped_column(comment="acked, or a fixed word for what went wrong")
    reason: Mapped[str | None] = mapped_column(comment="why an answer with 2xx is no acknowledgement")

    __table_args__ = (Index("uq_delivery_attempt_number", "delivery_id", "number", unique=True),)

"""The rows of facts."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.analytics.facts.model import Kind
from services.analytics.record import Record

_KINDS: Final = f"kind in ({', '.join(repr(kind.value) for kind in Kind)})"


class TrackedOrder(Record):
    """An order that has facts; its row is locked while its figures change.

    The events of an order and its breaches come on two topics, which two replicas may read at the same time.
    """

    __tablename__ = "tracked_order"

    order_id: Mapped[str] = mapped_column(primary_key=True)


class FactRecord(Record):
    """One event as far as figures need it."""

    __tablename__ = "fact"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    order_id: Mapped[str]
    kind: Mapped[Kind]
    at: Mapped[datetime]
    unit: Mapped[str | None]
    weight: Mapped[int]
    disposition: Mapped[str | None]
    solved: Mapped[str | None]
    satisfied: Mapped[str | None]
    clock: Mapped[str | None] = mapped_column(comment="whose deadline, for overdue and excused")
    reply: Mapped[str | None] = mapped_column(comment="for approved, rejected and not_sent")

    __table_args__ = (
        CheckConstraint(_KINDS, name="known_kind"),
        CheckConstraint("weight in (0, 1)", name="known_weight"),
        Index("ix_fact_order", "order_id", "position"),
    )

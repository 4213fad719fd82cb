"""The timelines of all orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from services.dispatch.record import Record
from shared.db.logins import GRANTED_TO_UNITS, PROTECTED, RowsOfUnit


class TimelineRecord(Record):
    """What one event says of one order.

    No foreign key leads to the order: an entry may arrive before it. When the order is deleted a trigger deletes its
    entries. Positions become visible in their order: the head's row is locked until the commit, after all locks of
    orders.
    """

    __tablename__ = "timeline_entry"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="of the event: a digest tells of several deadlines"
    )
    position: Mapped[int] = mapped_column(comment="in the sequence of arrival, of all orders")
    at: Mapped[datetime] = mapped_column(comment="when it happened")
    kind: Mapped[str]
    topic: Mapped[str | None] = mapped_column(comment="what it changed for somebody; null for nobody")
    unit: Mapped[str | None] = mapped_column(
        comment="whose matter it is: the event's unit, or who led the order then; null is the centre"
    )
    actor: Mapped[str]
    actor_role: Mapped[str]
    actor_unit: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(comment="of its sentence, and its references; no words of people")

    __table_args__ = (
        Index("uq_timeline_entry_news", "position", unique=True, postgresql_where=text("topic is not null")),
        Index("ix_timeline_entry_news_of_unit", "unit", "position", postgresql_where=text("topic is not null")),
        {"info": {PROTECTED: RowsOfUnit("unit", written=False)}},
    )


class TimelineHead(Record):
    """The position of the last entry; one row."""

    __tablename__ = "timeline_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]

    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"info": {GRANTED_TO_UNITS: "select"}})
